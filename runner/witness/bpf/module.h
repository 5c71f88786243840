/* SPDX-License-Identifier: MIT
 *
 * module.h - what libmemcage-bpf.so offers: it holds the program for the kernel and links libbpf,
 * so that a run which does not ask for the witness never loads either.
 */
#ifndef MEMCAGE_WITNESS_BPF_MODULE_H
#define MEMCAGE_WITNESS_BPF_MODULE_H

#include <stddef.h>

#include "witness/bpf/event.h"

#define BPF_MODULE_FILE "libmemcage-bpf.so"
#define BPF_MODULE_SYMBOL "memcage_bpf_module"

/* Raised with every change of what is below or in event.h. */
#define BPF_MODULE_VERSION 1u

struct bpf_sight; /* one loaded and attached program */

typedef void bpf_event_seen(const struct bpf_event *event, void *data);

/* Functions return 0 or -errno where nothing else is said. */
struct bpf_module {
	unsigned version;

	/* Loads and attaches a program for target, some 50 ms. Where that fails, why has a line of
	 * what libbpf says, or is "". */
	int (*open)(const struct bpf_target *target, struct bpf_sight **ret_sight, char *why,
		size_t why_size);

	/* A descriptor that polls readable while events wait; lives as long as sight. */
	int (*descriptor)(const struct bpf_sight *sight);

	/* Hands out events, oldest first, but not more than max. Returns how many, or -errno. */
	int (*read)(struct bpf_sight *sight, int max, bpf_event_seen *seen, void *data);

	int (*totals)(const struct bpf_sight *sight, struct bpf_totals *ret_totals);

	/* From now on nothing more is seen; what waits can still be read. */
	void (*detach)(struct bpf_sight *sight);

	/* NULL is allowed. */
	void (*close)(struct bpf_sight *sight);
};

#endif
