/* SPDX-License-Identifier: MIT
 *
 * job.h - one line of a batch: a JSON object with an id, argv, and options by their names, with _
 * for -. Their values are read by the option table; here is only what JSON adds to it.
 */
#ifndef MEMCAGE_SPEC_JOB_H
#define MEMCAGE_SPEC_JOB_H

#include <jansson.h>

#include "spec/options.h"

#define JOB_ID_MAX 255 /* bytes */

struct job {
	json_t *line;           /* owns the strings of all others */
	const char *id;         /* NULL: it could not be read */
	struct options options; /* the defaults, and what the line says */
	const char **argv;      /* NULL-terminated; options.spec.argv */
	char **variables;       /* NAME=VALUE, each of them owned; NULL-terminated */
};

/* Reads a line of length bytes. Values that the line does not have are those of defaults, which is
 * borrowed. Returns 0, -EINVAL with what is wrong, or -ENOMEM. How the values go together is not
 * checked: a policy may come in. To be freed by job_done() in any case; the id is there also after
 * a failure if the line has one. */
int job_parse(const char *text, size_t length, const struct options *defaults, struct job *ret_job,
	struct memcage_failure *reterr_failure);
void job_done(struct job *job);

#endif
