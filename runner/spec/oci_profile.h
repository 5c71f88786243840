/* SPDX-License-Identifier: MIT
 *
 * oci_profile.h - seccomp profiles in JSON as container engines read them: those of the OCI runtime
 * specification, with Docker's archMap, includes and excludes.
 */
#ifndef MEMCAGE_SPEC_OCI_PROFILE_H
#define MEMCAGE_SPEC_OCI_PROFILE_H

#include "memcage/memcage.h"
#include "spec/isolation.h"

/* What includes and excludes are compared with. */
struct oci_host {
	uint64_t capabilities; /* kept ones, bits 1 << CAP_* */
	const char *arch;      /* as Go calls it: "amd64" */
	const char *kernel;    /* release, as of uname(2) */
};

/* Reads a profile. name is the file's, for messages. Returns 0 and rules for seccomp_rules_free(),
 * -ENOMEM, or -EINVAL with "file:line:column: what is wrong; what to do". text ends with a NUL that
 * length does not count. A condition that stands twice for one argument makes rules of their own,
 * of which one is enough, as runc does. */
int oci_profile_parse(const char *name, const char *text, size_t length,
	const struct oci_host *host, struct seccomp_rules *ret_rules,
	struct memcage_failure *reterr_failure);

/* What this process runs on. release is where host->kernel points. */
void oci_host_here(uint64_t capabilities, char release[static 72], struct oci_host *ret_host);

void seccomp_rules_free(struct seccomp_rules *rules);

#endif
