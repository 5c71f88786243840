/* SPDX-License-Identifier: MIT
 *
 * text.h - a report in people's words, several lines. memcage_report_text() of memcage.h is this
 * and the strict reading of the JSON before it.
 */
#ifndef MEMCAGE_REPORT_TEXT_H
#define MEMCAGE_REPORT_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Prints the whole text. Members that are missing or of another type are passed over. */
void text_print(const json_t *report, FILE *out);

/* The parts of it that are lists, each with its label; nothing where there is nothing to tell. */
void text_print_because(const json_t *report, FILE *out);
void text_print_command(const json_t *report, FILE *out);
void text_print_allowed(const json_t *report, FILE *out);
void text_print_ancestors(const json_t *report, FILE *out);
void text_print_timeline(const json_t *report, FILE *out);
void text_print_counters(const json_t *report, FILE *out);
void text_print_refusals(const json_t *report, FILE *out);
void text_print_backtrace(const json_t *report, FILE *out);
void text_print_kills(const json_t *report, FILE *out);
void text_print_snapshot(const json_t *report, FILE *out);
void text_print_last_words(const json_t *report, FILE *out);
void text_print_streams(const json_t *report, FILE *out);
void text_print_enforcement(const json_t *report, FILE *out);
void text_print_warnings(const json_t *report, FILE *out);

/* "label        ": every line starts with one, or with "" under the same label. */
void text_label(FILE *out, const char *label);

/* text with every character that could harm a terminal as '?'. */
void text_harmless(FILE *out, const char *text);

#endif
