/* SPDX-License-Identifier: MIT
 *
 * injection.h - the text of --fail-alloc.
 */
#ifndef MEMCAGE_SPEC_INJECTION_H
#define MEMCAGE_SPEC_INJECTION_H

#include <stddef.h>

#include "memcage/memcage.h"

#define INJECTION_TEXT_SIZE 96

/* One rule: "nth=3,comm=ls". Returns NULL, or what is wrong with it and what would be right. */
const char *injection_parse(const char *text, struct memcage_injection *ret_injection);

/* The number-th request of programs of that comm, as --fail-alloc takes it. */
void injection_nth_text(uint64_t number, const char *command, char text[INJECTION_TEXT_SIZE]);

#endif
