/* SPDX-License-Identifier: MIT
 *
 * json_place.h - where in a JSON text a value stands: jansson keeps no places.
 */
#ifndef MEMCAGE_SPEC_JSON_PLACE_H
#define MEMCAGE_SPEC_JSON_PLACE_H

#include <stddef.h>

/* Line and column, from 1 and in characters, of what stands at a path such as "syscalls/3/names/0",
 * or of the nearest value around it that is there. The text is valid JSON and ends with NUL. A
 * member's place is that of its value. */
void json_place(const char *text, const char *path, size_t *ret_line, size_t *ret_column);

#endif
