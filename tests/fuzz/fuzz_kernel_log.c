/* SPDX-License-Identifier: MIT
 *
 * Kernel log records, one per line of the input. Whatever comes, each kill must be well formed, and
 * what user space wrote must tell of none.
 */
#include "witness/kernel_log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

static void check_kill(const struct kernel_kill *kill)
{
	if (kill->pid <= 0)
		abort();
	check_text(kill->command, sizeof(kill->command));
	check_text(kill->constraint, sizeof(kill->constraint));
	check_text(kill->oom_memcg, sizeof(kill->oom_memcg));
	check_text(kill->task_memcg, sizeof(kill->task_memcg));
	if (kill->host_wide && kill->oom_memcg[0] != '\0')
		abort();
	if (kill->oom_memcg[0] != '\0' && kill->oom_memcg[0] != '/')
		abort();
	if (kill->task_memcg[0] != '\0' && kill->task_memcg[0] != '/')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_log_parser parser = { 0 }, user = { 0 };
	struct kernel_kill kill;
	char record[4096] = "12,1,1,-;";
	const size_t prefix = strlen(record);

	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t length = newline != NULL ? (size_t)(newline + 1 - data) : size;

		if (kernel_log_feed(&parser, (const char *)data, length, &kill))
			check_kill(&kill);
		if (prefix + length <= sizeof(record)) {
			memcpy(record + prefix, data, length);
			if (kernel_log_feed(&user, record, prefix + length, &kill))
				abort();
		}
		data += length;
		size -= length;
	}
	for (int i = 0; kernel_log_flush(&parser, &kill); i++) {
		check_kill(&kill);
		if (i > 2)
			abort();
	}
	if (kernel_log_flush(&user, &kill))
		abort();
	return 0;
}
