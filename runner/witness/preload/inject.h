/* SPDX-License-Identifier: MIT
 *
 * inject.h - --fail-alloc inside the process: counts the requests of its program and refuses those
 * that the plan in the page names. Where the plan names none of this program, nothing is counted
 * and no call asks.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_INJECT_H
#define MEMCAGE_WITNESS_PRELOAD_INJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "witness/preload/page.h"

/* Once, when the page has been mapped. */
void inject_begin(struct witness_page *page);

bool inject_is_on(void);

/* A request from outside of the interposed functions, while it is on. true: it is refused, that is
 * recorded, and errno is ENOMEM. 0 bytes and impossible sizes are no requests. */
bool inject(enum page_function function, size_t size);

#endif
