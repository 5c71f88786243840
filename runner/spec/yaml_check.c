/* SPDX-License-Identifier: MIT
 *
 * yaml_check.c - a document against libcyaml's schema, with the place of everything that is wrong.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "spec/yaml_document.h"

#define WORDS_MAX 40 /* keys of one mapping, words of one enumeration */

struct checking {
	const struct yaml_places *places;
	yaml_document_t *document;
	struct memcage_failure *failure;
};

static int check_value(struct checking *checking, const char *key, const yaml_node_t *node,
	const cyaml_schema_value_t *schema);

static int wrong(
	const struct checking *checking, const yaml_node_t *node, const char *key, const char *what)
{
	return yaml_complain_at(
		checking->places->name, node->start_mark, checking->failure, "%s %s", key, what);
}

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* A word that is none of those that there are: the nearest one, or all of them. */
static int unknown_word(const struct checking *checking, const yaml_node_t *node, const char *what,
	const char *const *words)
{
	const char *near = nearest_word(text_of(node), words);
	char all[400] = "";

	if (near != NULL)
		return yaml_complain_at(checking->places->name, node->start_mark, checking->failure,
			"%s '%s'; did you mean '%s'?", what, text_of(node), near);
	for (size_t i = 0; words[i] != NULL; i++) {
		(void)strncat(all, i > 0 ? ", " : "", sizeof(all) - strlen(all) - 1);
		(void)strncat(all, words[i], sizeof(all) - strlen(all) - 1);
	}
	return yaml_complain_at(checking->places->name, node->start_mark, checking->failure,
		"%s '%s'; there are %s", what, text_of(node), all);
}

static const cyaml_schema_field_t *field_of(const cyaml_schema_field_t *fields, const char *key)
{
	for (; fields->key != NULL; fields++)
		if (strcmp(fields->key, key) == 0)
			return fields;
	return NULL;
}

static int unknown_key(const struct checking *checking, const yaml_node_t *node,
	const cyaml_schema_field_t *fields)
{
	const char *words[WORDS_MAX + 1] = { 0 };

	for (size_t i = 0; i < WORDS_MAX && fields[i].key != NULL; i++)
		words[i] = fields[i].key;
	return unknown_word(checking, node, "unknown key", words);
}

static bool is_repeated(const struct checking *checking, const yaml_node_t *mapping,
	const yaml_node_pair_t *pair, const char *key)
{
	for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair;
		other++) {
		const yaml_node_t *node = yaml_document_get_node(checking->document, other->key);

		if (node->type == YAML_SCALAR_NODE && strcmp(text_of(node), key) == 0)
			return true;
	}
	return false;
}

static int check_mapping(struct checking *checking, const char *name, const yaml_node_t *node,
	const cyaml_schema_field_t *fields)
{
	if (node->type != YAML_MAPPING_NODE)
		return wrong(checking, node, name, "takes keys with values, as in 'key: value'");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(checking->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(checking->document, pair->value);
		const cyaml_schema_field_t *field;
		int result;

		if (key->type != YAML_SCALAR_NODE ||
			strlen(text_of(key)) != key->data.scalar.length)
			return wrong(checking, key, name, "has a key that is no word");
		field = field_of(fields, text_of(key));
		if (field == NULL)
			return unknown_key(checking, key, fields);
		if (is_repeated(checking, node, pair, field->key))
			return wrong(checking, key, field->key, "stands here twice; drop one");
		result = check_value(checking, field->key, value, &field->value);
		if (result < 0)
			return result;
	}
	return 0;
}

static int check_sequence(struct checking *checking, const char *key, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	const yaml_node_item_t *start, *top;

	if (node->type != YAML_SEQUENCE_NODE)
		return wrong(checking, node, key,
			"takes a list, as in '[a, b]' or with '- ' before each");
	start = node->data.sequence.items.start;
	top = node->data.sequence.items.top;
	if (top - start > (ptrdiff_t)schema->sequence.max)
		return wrong(checking, node, key, "is too long a list");
	for (const yaml_node_item_t *item = start; item < top; item++) {
		int result = check_value(checking, key,
			yaml_document_get_node(checking->document, *item), schema->sequence.entry);

		if (result < 0)
			return result;
	}
	return 0;
}

static int check_enumeration(struct checking *checking, const char *key, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	const char *words[WORDS_MAX + 1] = { 0 };
	char what[64] = "unknown value for ";

	for (uint32_t i = 0; i < schema->enumeration.count && i < WORDS_MAX; i++) {
		words[i] = schema->enumeration.strings[i].str;
		if (strcmp(words[i], text_of(node)) == 0)
			return 0;
	}
	(void)strncat(what, key, sizeof(what) - strlen(what) - 1);
	return unknown_word(checking, node, what, words);
}

static int check_scalar(struct checking *checking, const char *key, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	if (node->type != YAML_SCALAR_NODE)
		return wrong(checking, node, key, "takes one value, not several");
	if (node->data.scalar.length == 0)
		return wrong(checking, node, key, "has no value; give it one, or drop it");
	if (strlen(text_of(node)) != node->data.scalar.length)
		return wrong(checking, node, key, "has a NUL in its value; drop it");
	/* To libcyaml whatever is not false is true. */
	if (schema->type == CYAML_BOOL && strcmp(text_of(node), "true") != 0 &&
		strcmp(text_of(node), "false") != 0)
		return wrong(checking, node, key, "is true or false");
	return schema->type == CYAML_ENUM ? check_enumeration(checking, key, node, schema) : 0;
}

static int check_value(struct checking *checking, const char *key, const yaml_node_t *node,
	const cyaml_schema_value_t *schema)
{
	switch (schema->type) {
	case CYAML_MAPPING:
		return check_mapping(checking, key, node, schema->mapping.fields);
	case CYAML_SEQUENCE:
		return check_sequence(checking, key, node, schema);
	default:
		return check_scalar(checking, key, node, schema);
	}
}

int yaml_places_check(const struct yaml_places *places, const cyaml_schema_value_t *schema,
	struct memcage_failure *reterr_failure)
{
	/* libyaml knows no const; nothing is changed. */
	struct checking checking = { .places = places,
		.document = (yaml_document_t *)(uintptr_t)&places->document,
		.failure = reterr_failure };

	if (places->root == NULL)
		return yaml_places_complain(places, "", reterr_failure,
			"the file is empty; a policy has at least a summary");
	return check_value(&checking, "a policy", places->root, schema);
}
