/* SPDX-License-Identifier: MIT
 *
 * interpose_mappings.h - what was asked of the kernel directly and refused, by a function of the C
 * library or by syscall(3). The first two end the call.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_INTERPOSE_MAPPINGS_H
#define MEMCAGE_WITNESS_PRELOAD_INTERPOSE_MAPPINGS_H

#include "witness/preload/interpose.h"

/* A refusal, soft where it is not for memory of one's own; or the caller's own mistake: errno,
 * which the real function left, tells. */
void mapping_refused(struct call call, enum page_function function, size_t size, bool own);

/* The heap would not grow by size bytes: a refusal only where a limit or a filter explains it. */
void heap_refused(struct call call, enum page_function function, size_t size);

/* Whether mmap's arguments ask for private writable memory that counts. */
bool mapping_is_own(int protection, int flags);

/* Whether the program has no other way when it is refused that. */
bool mapping_is_hard(size_t size, bool own);

bool mapping_exists(const void *address, size_t length);

#endif
