/* SPDX-License-Identifier: MIT
 *
 * oci_reading.h - what oci_profile.c and oci_condition.c share.
 */
#ifndef MEMCAGE_SPEC_OCI_READING_H
#define MEMCAGE_SPEC_OCI_READING_H

#include <jansson.h>

#include "spec/oci_profile.h"

#define OCI_PATH_SIZE 96

struct oci_reading {
	const char *name, *text;
	const struct oci_host *host;
	struct seccomp_rules *rules;
	struct memcage_failure *failure;
};

/* "file:line:column: message" for what stands at the path. Returns -EINVAL. */
int oci_complain(const struct oci_reading *reading, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether an object has none but these members. */
int oci_check_members(const struct oci_reading *reading, const char *path, const json_t *object,
	const char *const *names);

/* oci_condition.c: whether a rule's includes and excludes let it stand here. */
int oci_rule_applies(
	const struct oci_reading *reading, const char *path, const json_t *rule, bool *ret_applies);

/* oci_rules.c: one more rule like the pattern for these names, or several where an argument has
 * more than one condition. */
int oci_add_rules(const struct oci_reading *reading, const char *path, const json_t *names,
	struct seccomp_rule *pattern);

#endif
