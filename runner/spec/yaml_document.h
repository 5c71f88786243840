/* SPDX-License-Identifier: MIT
 *
 * yaml_document.h - what yaml_places.c and yaml_check.c share.
 */
#ifndef MEMCAGE_SPEC_YAML_DOCUMENT_H
#define MEMCAGE_SPEC_YAML_DOCUMENT_H

#include <yaml.h>

#include "spec/yaml_places.h"

struct yaml_places {
	char *name;
	yaml_document_t document;
	yaml_node_t *root;
};

/* "name:line:column: message" in one line, whatever stands in the file. Returns -EINVAL. */
int yaml_complain_at(const char *name, yaml_mark_t mark, struct memcage_failure *failure,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
