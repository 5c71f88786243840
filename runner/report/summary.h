/* SPDX-License-Identifier: MIT
 *
 * summary.h - the one line that says why the run ended. Its sentences are in phrases.c.
 */
#ifndef MEMCAGE_REPORT_SUMMARY_H
#define MEMCAGE_REPORT_SUMMARY_H

#include <jansson.h>
#include <stddef.h>

/* Enough for any summary without a long path. */
#define SUMMARY_SIZE 1024

/* Writes the summary of a report, without "memcage: " and newline, into buffer of size > 0 bytes;
 * what does not fit is cut. Never empty: a verdict that is not known is said by its name. What came
 * from the workload is harmless to print. */
void summary_line(const json_t *report, char *buffer, size_t size);

#endif
