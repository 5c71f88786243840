/* SPDX-License-Identifier: MIT
 *
 * system_names.h - the kernel's words that policies and profiles use, as numbers.
 */
#ifndef MEMCAGE_SPEC_SYSTEM_NAMES_H
#define MEMCAGE_SPEC_SYSTEM_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* "CAP_CHOWN", or "CHOWN" as Docker has it: its number, or -EINVAL. */
int capability_number(const char *name);

/* "EPERM": its number, or -EINVAL. */
int error_number_of(const char *name);

/* Whether libseccomp knows the system call, on any machine. */
bool system_call_is_known(const char *name);

/* The name that is spelled most alike, copied into text, or false where none is near. */
bool capability_near(const char *name, char *text, size_t size);
bool error_number_near(const char *name, char *text, size_t size);
bool system_call_near(const char *name, char *text, size_t size);

#endif
