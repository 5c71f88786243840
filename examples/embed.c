/* SPDX-License-Identifier: MIT
 *
 * embed.c - the C library in use: run a command with 256 MiB, and say what became of it.
 *
 *     cc embed.c -o embed $(pkg-config --cflags --libs memcage)
 *     ./embed python3 job.py
 */
#define _POSIX_C_SOURCE 200809L /* under -std=c17: memcage.h speaks of sigset_t */
#include <stdio.h>

#include <memcage/memcage.h>

int main(int argc, char **argv)
{
	struct memcage_spec spec = { .struct_size = sizeof(spec) };
	struct memcage_result *result;
	struct memcage_failure failure;
	int status;

	if (argc < 2) {
		(void)fprintf(stderr, "Usage: %s COMMAND [ARG...]\n", argv[0]);
		return 125;
	}
	spec.argv = (const char *const *)&argv[1];
	spec.memory_max_bytes = 256 << 20;
	spec.at_limit = MEMCAGE_FAIL_AT_LIMIT;
	if (memcage_run(&spec, &result, &failure) < 0) {
		(void)fprintf(stderr, "%s\n", failure.detail);
		return 125;
	}
	(void)fprintf(stderr, "%s/%s: %s\n", memcage_result_verdict(result),
		memcage_result_reason(result), memcage_result_summary(result));
	status = memcage_result_exit_status(
		result); /* memcage_result_json() has the whole report */
	memcage_result_free(result);
	return status;
}
