/* SPDX-License-Identifier: MIT
 *
 * yaml_places.h - where in a YAML file each value stands, and whether the file fits a schema.
 *
 * libcyaml turns the text into structs, but tells neither the place of a value that it took, nor
 * the keys that there would have been. So the document is looked at with libyaml first, by the same
 * schema: whatever passes here is taken by libcyaml, and whoever finds fault with a value later can
 * say where it stands.
 */
#ifndef MEMCAGE_SPEC_YAML_PLACES_H
#define MEMCAGE_SPEC_YAML_PLACES_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>

#include "memcage/memcage.h"

struct yaml_places;

/* Reads one document. name is the file's, for messages; copied. Returns 0, -ENOMEM, or -EINVAL with
 * "file:line:column: what is wrong; what to do" in one line. Anchors, aliases, tags and further
 * documents are refused: a policy means what stands there. */
int yaml_places_read(const char *name, const char *text, size_t length,
	struct yaml_places **ret_places, struct memcage_failure *reterr_failure);

/* NULL is allowed; always returns NULL. */
struct yaml_places *yaml_places_free(struct yaml_places *places);

/* Whether the document is of the schema: known keys, each once, with values of their kinds, and no
 * empty ones. */
int yaml_places_check(const struct yaml_places *places, const cyaml_schema_value_t *schema,
	struct memcage_failure *reterr_failure);

/* Whether something stands at a path such as "seccomp/deny/3/calls". */
bool yaml_places_has(const struct yaml_places *places, const char *path);

/* Fills the failure with "file:line:column: " and the message, where line and column are those of
 * the path, or of the nearest thing around it that is there. Returns -EINVAL. */
int yaml_places_complain(const struct yaml_places *places, const char *path,
	struct memcage_failure *failure, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
