/* SPDX-License-Identifier: MIT
 *
 * policy_merge.c - goes by the schema, so that no key can be forgotten here.
 */
#include <string.h>

#include "base/text.h"
#include "spec/policy_read.h"

#define PATH_SIZE 128

static void **value_at(void *structure, const cyaml_schema_field_t *field)
{
	return (void **)(void *)((char *)structure + field->data_offset);
}

/* Takes the parent's value, and for a list how long it is, and leaves the parent without. */
static void take(void *child, void *parent, const cyaml_schema_field_t *field)
{
	*value_at(child, field) = *value_at(parent, field);
	*value_at(parent, field) = NULL;
	if (field->value.type == CYAML_SEQUENCE) {
		memcpy((char *)child + field->count_offset, (char *)parent + field->count_offset,
			field->count_size);
		memset((char *)parent + field->count_offset, 0, field->count_size);
	}
}

static void merge(const struct yaml_places *places, const char *path,
	const cyaml_schema_field_t *fields, void *child, void *parent)
{
	for (; fields->key != NULL; fields++) {
		char at[PATH_SIZE];

		text_format(at, sizeof(at), "%s%s%s", path, *path != '\0' ? "/" : "", fields->key);
		/* An empty list or map that was written looks like none, once it is read. */
		if (!yaml_places_has(places, at) ||
			(fields->value.type == CYAML_MAPPING && *value_at(child, fields) == NULL))
			take(child, parent, fields);
		else if (fields->value.type == CYAML_MAPPING && *value_at(parent, fields) != NULL)
			merge(places, at, fields->value.mapping.fields, *value_at(child, fields),
				*value_at(parent, fields));
	}
}

/* A profile says all of it, and so do the lists: what the child has replaces the parent's. */
static bool replaces(const struct policy_seccomp *child, const struct policy_seccomp *parent)
{
	return child != NULL && parent != NULL &&
	       (child->profile != NULL || parent->profile != NULL);
}

void policy_merge(struct policy_document *child, struct policy_file *parent)
{
	struct policy_seccomp *replaced = NULL;

	if (replaces(child->file->seccomp, parent->seccomp)) {
		replaced = parent->seccomp;
		parent->seccomp = NULL;
	}
	merge(child->places, "", policy_schema.mapping.fields, child->file, parent);
	if (replaced != NULL)
		parent->seccomp = replaced;
}
