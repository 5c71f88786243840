/* SPDX-License-Identifier: MIT
 *
 * phrases.h - sentences about a report, made from templates:
 *
 *     {peak}           what the word or phrase of that name says; where it is not known, the
 *                      template does not fit
 *     [ of {limit}]    left out where it does not fit
 *     {?victim=main}   says nothing; fits only where the word says so
 *     {?victim}        says nothing; fits only where the word is known
 *
 * A word is a member of the report with its unit; a phrase has one or more templates, of which the
 * first that fits is taken. What comes from the workload is made harmless: no control characters.
 */
#ifndef MEMCAGE_REPORT_PHRASES_H
#define MEMCAGE_REPORT_PHRASES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One template of a phrase; those of the same name stand together, the best first. */
struct phrase {
	const char *name;
	const char *template;
};

/* Ends with a row of NULL. The names of verdicts are "verdict/reason". */
extern const struct phrase phrases[];

/* Expands a template into buffer, always ended with NUL; what does not fit into size is cut at a
 * whole character. false, and "" in buffer, where the template does not fit the report. */
bool phrase_expand(const json_t *report, const char *template, char *buffer, size_t size);

/* The same for the first fitting template of a phrase. */
bool phrase_say(const json_t *report, const char *name, char *buffer, size_t size);

#endif
