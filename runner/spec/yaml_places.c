/* SPDX-License-Identifier: MIT */
#include "spec/yaml_places.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/yaml_document.h"

#define DEPTH_MAX 16
#define MESSAGE_SIZE 800

__attribute__((format(printf, 4, 0))) static int complain(const char *name, yaml_mark_t mark,
	struct memcage_failure *failure, const char *format, va_list arguments)
{
	char message[MESSAGE_SIZE];

	(void)vsnprintf(message, sizeof(message), format, arguments);
	(void)failure_set(
		failure, EINVAL, "%s:%zu:%zu: %s", name, mark.line + 1, mark.column + 1, message);
	/* The file's words may be anything: one line is promised, and no escape sequences. */
	text_to_one_line(failure->detail);
	return -EINVAL;
}

int yaml_complain_at(const char *name, yaml_mark_t mark, struct memcage_failure *failure,
	const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = complain(name, mark, failure, format, arguments);
	va_end(arguments);
	return result;
}

/* libyaml tells of bytes that are no UTF-8 by their offset only. */
static yaml_mark_t mark_of_offset(const char *text, size_t length, size_t offset)
{
	yaml_mark_t mark = { .index = offset };

	for (size_t i = 0; i < offset && i < length; i++) {
		if (text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static int syntax_error(const char *name, const yaml_parser_t *parser, const char *text,
	size_t length, struct memcage_failure *failure)
{
	if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
		return failure_set(failure, ENOMEM, "%s: no memory to read it", name);
	if (parser->error == YAML_READER_ERROR)
		return yaml_complain_at(name, mark_of_offset(text, length, parser->problem_offset),
			failure, "not a text: %s; save it as plain UTF-8", parser->problem);
	return yaml_complain_at(name, parser->problem_mark, failure,
		"not YAML: %s%s%s; see to indentation, colons and quotes", parser->problem,
		parser->context != NULL ? " " : "", parser->context != NULL ? parser->context : "");
}

/* What an event has that policies do without; NULL where nothing. */
static const char *unwanted(const yaml_event_t *event, int documents, int depth)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "an alias (*) is not understood here; write the value out";
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	case YAML_DOCUMENT_START_EVENT:
		return documents > 0 ? "a second document; a policy is one, so drop what follows"
				     : NULL;
	default:
		return NULL;
	}
	if (anchor != NULL)
		return "an anchor (&) is not understood here; write the value out each time";
	if (tag != NULL)
		return "a tag (!) is not understood here; drop it";
	return depth > DEPTH_MAX ? "too deep; no policy nests this much" : NULL;
}

/* All events once, before anything is built of them: an alias could stand for itself. */
static int check_events(const char *name, yaml_parser_t *parser, const char *text, size_t length,
	struct memcage_failure *failure)
{
	int depth = 0, documents = 0;

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		yaml_mark_t mark;
		const char *why;

		if (!yaml_parser_parse(parser, &event))
			return syntax_error(name, parser, text, length, failure);
		type = event.type;
		mark = event.start_mark;
		depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
		depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
		why = unwanted(&event, documents, depth);
		documents += type == YAML_DOCUMENT_START_EVENT;
		yaml_event_delete(&event);
		if (why != NULL)
			return yaml_complain_at(name, mark, failure, "%s", why);
		if (type == YAML_STREAM_END_EVENT)
			return 0;
	}
}

static void parser_begin(yaml_parser_t *parser, const char *text, size_t length)
{
	yaml_parser_set_input_string(parser, (const unsigned char *)text, length);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
}

int yaml_places_read(const char *name, const char *text, size_t length,
	struct yaml_places **ret_places, struct memcage_failure *reterr_failure)
{
	struct yaml_places *places = calloc(1, sizeof(*places));
	yaml_parser_t parser;
	int result;

	if (places != NULL)
		places->name = strdup(name);
	if (places == NULL || places->name == NULL || !yaml_parser_initialize(&parser)) {
		if (places != NULL)
			free(places->name);
		free(places);
		return failure_set(reterr_failure, ENOMEM, "%s: no memory to read it", name);
	}
	parser_begin(&parser, text, length);
	result = check_events(name, &parser, text, length, reterr_failure);
	yaml_parser_delete(&parser);
	if (result == 0 && !yaml_parser_initialize(&parser)) {
		result = failure_set(reterr_failure, ENOMEM, "%s: no memory to read it", name);
	} else if (result == 0) {
		parser_begin(&parser, text, length);
		if (!yaml_parser_load(&parser, &places->document))
			result = syntax_error(name, &parser, text, length, reterr_failure);
		yaml_parser_delete(&parser);
	}
	if (result < 0) {
		free(places->name);
		free(places);
		return result;
	}
	places->root = yaml_document_get_root_node(&places->document);
	*ret_places = places;
	return 0;
}

struct yaml_places *yaml_places_free(struct yaml_places *places)
{
	if (places != NULL) {
		yaml_document_delete(&places->document);
		free(places->name);
		free(places);
	}
	return NULL;
}

/* What stands in node at the first word of a path; NULL where nothing. */
static yaml_node_t *step(
	yaml_document_t *document, const yaml_node_t *node, const char *word, size_t length)
{
	char text[24];
	uint64_t index;

	if (node->type == YAML_MAPPING_NODE) {
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			pair < node->data.mapping.pairs.top; pair++) {
			const yaml_node_t *key = yaml_document_get_node(document, pair->key);

			if (key->type == YAML_SCALAR_NODE && key->data.scalar.length == length &&
				memcmp(key->data.scalar.value, word, length) == 0)
				return yaml_document_get_node(document, pair->value);
		}
	} else if (node->type == YAML_SEQUENCE_NODE && length < sizeof(text)) {
		const yaml_node_item_t *start = node->data.sequence.items.start;

		memcpy(text, word, length);
		text[length] = '\0';
		if (parse_number(text, &index) == 0 &&
			index < (uint64_t)(node->data.sequence.items.top - start))
			return yaml_document_get_node(document, start[index]);
	}
	return NULL;
}

/* The node at the path, or the last one on the way there. */
static const yaml_node_t *find(
	const struct yaml_places *places, const char *path, bool *ret_all_the_way)
{
	/* libyaml knows no const; nothing is changed. */
	yaml_document_t *document = (yaml_document_t *)(uintptr_t)&places->document;
	const yaml_node_t *node = places->root;

	*ret_all_the_way = node != NULL;
	while (node != NULL && *path != '\0') {
		size_t length = strcspn(path, "/");
		const yaml_node_t *next = step(document, node, path, length);

		if (next == NULL) {
			*ret_all_the_way = false;
			break;
		}
		node = next;
		path += length;
		path += *path == '/';
	}
	return node;
}

bool yaml_places_has(const struct yaml_places *places, const char *path)
{
	bool there;

	(void)find(places, path, &there);
	return there;
}

int yaml_places_complain(const struct yaml_places *places, const char *path,
	struct memcage_failure *failure, const char *format, ...)
{
	yaml_mark_t start = { 0 };
	bool there;
	const yaml_node_t *node = find(places, path, &there);
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = complain(
		places->name, node != NULL ? node->start_mark : start, failure, format, arguments);
	va_end(arguments);
	return result;
}
