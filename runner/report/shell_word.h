/* SPDX-License-Identifier: MIT
 *
 * shell_word.h - a word of a command line as a shell reads it back.
 */
#ifndef MEMCAGE_REPORT_SHELL_WORD_H
#define MEMCAGE_REPORT_SHELL_WORD_H

#include <stdbool.h>
#include <stdio.h>

/* Whether a shell takes it as it stands. */
bool shell_word_is_plain(const char *word);

/* As it stands, or between single quotes; what could harm a terminal, or is no UTF-8, as $'\033',
 * which bash, zsh and ksh read. */
void shell_word_print(const char *word, FILE *out);

#endif
