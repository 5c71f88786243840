/* SPDX-License-Identifier: MIT
 *
 * fixed.h - --at-limit fail and memory that is mapped over a reservation of the process's own
 * (MAP_FIXED, as Java takes its heap): the kernel counts it only once it is there, however much it
 * is. So it is looked at before.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_FIXED_H
#define MEMCAGE_WITNESS_PRELOAD_FIXED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether such a mapping has to be refused in the kernel's place: it is more than RLIMIT_DATA
 * allows, and the cage has no room for it. errno is kept. */
bool fixed_is_denied(const void *address, size_t length);

#endif
