/* SPDX-License-Identifier: MIT
 *
 * runtime_images.h - the files in which probes are planted: each file once, by its inode.
 */
#ifndef MEMCAGE_WITNESS_RUNTIME_IMAGES_H
#define MEMCAGE_WITNESS_RUNTIME_IMAGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/tracing.h"

#define RUNTIME_IMAGES_MAX 256

struct runtime_images {
	unsigned count; /* of files and directories that were looked into */
	struct {
		dev_t device;
		ino_t inode;
	} seen[RUNTIME_IMAGES_MAX];
	unsigned probes, enabled; /* that were planted, and those that can be hit */
	unsigned batches; /* of probes that were planted together, as one event of the kernel's */
	bool cut;         /* more files than we keep */
	bool failed;      /* the kernel refused a probe */
};

/* Where the runtimes of this host are: the programs in the command's PATH, the command's own, and
 * libraries beside them and in the system's directories. */
void runtime_images_begin(struct runtime_images *images, const struct tracing *tracing,
	const struct memcage_spec *spec);

/* A process has executed a program. */
void runtime_images_executed(
	struct runtime_images *images, const struct tracing *tracing, pid_t pid);

/* A process lives, and may have mapped a runtime's library. */
void runtime_images_mapped(struct runtime_images *images, const struct tracing *tracing, pid_t pid);

#endif
