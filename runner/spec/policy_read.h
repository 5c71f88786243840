/* SPDX-License-Identifier: MIT
 *
 * policy_read.h - files become one policy file.
 */
#ifndef MEMCAGE_SPEC_POLICY_READ_H
#define MEMCAGE_SPEC_POLICY_READ_H

#include "spec/policy_file.h"
#include "spec/yaml_places.h"

#define POLICY_DEPTH_MAX 8 /* files, one extending the other */

struct policy_document {
	struct policy_file *file;
	struct yaml_places *places;
};

/* One text by itself. name is the file's, for messages, and where relative paths in it begin.
 * Returns 0, -ENOMEM or -EINVAL with "file:line:column: ...". */
int policy_document_parse(const char *name, const char *text, size_t length,
	struct policy_document *ret_document, struct memcage_failure *reterr_failure);

/* A file, with everything that it extends merged in; each file's values were checked by
 * themselves. */
int policy_document_load(const char *path, struct policy_document *ret_document,
	struct memcage_failure *reterr_failure);

void policy_document_close(struct policy_document *document);

/* policy_merge.c: what the child does not say, the parent does: maps are merged key by key, values
 * and lists of the child replace the parent's, and so does a seccomp profile. parent keeps what was
 * not taken. */
void policy_merge(struct policy_document *child, struct policy_file *parent);

/* policy.c: what the values of a file mean, into a policy that begins as zeros and borrows from the
 * document; policy_release() frees the rest, also after a failure. whole: with all that it extends,
 * so that the parts must go together. */
struct memcage_policy;
void policy_release(struct memcage_policy *policy);
int policy_take(const struct policy_document *document, bool whole, struct memcage_policy *policy,
	struct memcage_failure *failure);

#endif
