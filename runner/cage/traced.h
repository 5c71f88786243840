/* SPDX-License-Identifier: MIT
 *
 * traced.h - the child's part of being watched by a tracer: before exec it waits until the tracer
 * has taken hold of it, then loads the filter that stops it at the calls the tracer asks for.
 * Without the tracer such a call would come back ENOSYS, hence the order.
 */
#ifndef MEMCAGE_CAGE_TRACED_H
#define MEMCAGE_CAGE_TRACED_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child_tracer {
	pid_t pid;
	int socket; /* >= 3, close-on-exec: our pid (int32_t) goes out, 0 or an errno comes back */
	struct sock_fprog filter;
	int32_t *loaded; /* shared with the tracer: 1 once the filter is loaded, or -errno */
};

/* Async-signal-safe. own_pid_namespace: the tracer knows us by another pid than we do; the host's
 * /proc, which must still be there, has it. Whatever fails here, the command runs: unwatched, and
 * *loaded says why. Where the filter needs it (no CAP_SYS_ADMIN), sets no_new_privs. */
void child_be_traced(const struct child_tracer *tracer, bool own_pid_namespace);

#endif
