/* SPDX-License-Identifier: MIT
 *
 * Any line of a batch: either it is a job whose parts hold what they promise, or there is one clear
 * line that says why not.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct job *job)
{
	static char path[] = "PATH=/bin", *environment[] = { path, NULL };
	const char **envp;

	if (job->id == NULL || *job->id == '\0' || strlen(job->id) > JOB_ID_MAX ||
		job->argv == NULL || job->argv[0] == NULL || job->options.spec.argv != job->argv)
		abort();
	for (size_t i = 0; i < job->options.environment_count; i++)
		if (strchr(job->options.environment[i], '=') == NULL)
			abort();
	if (options_environment(&job->options, environment, &envp) != 0)
		abort();
	free(envp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *variables[] = { "A=1" };
	struct options defaults = { .spec.struct_size = sizeof(defaults.spec),
		.environment = variables,
		.environment_count = 1 };
	struct memcage_failure failure = { 0 };
	struct job job;
	int result = job_parse((const char *)data, size, &defaults, &job, &failure);

	if (result == 0)
		check_accepted(&job);
	else if (result != -EINVAL || failure.detail[0] == '\0' ||
		 memchr(failure.detail, '\0', sizeof(failure.detail)) == NULL)
		abort();
	job_done(&job);
	return 0;
}
