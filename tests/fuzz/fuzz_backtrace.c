/* SPDX-License-Identifier: MIT
 *
 * A snapshot of a refusal as a workload may have forged it: a list of mappings up to the first NUL,
 * and behind that the stack, whose first words are the registers too. Whatever comes, there is a
 * backtrace of texts that are fit for a terminal, and nothing of it reaches this process.
 */
#include "witness/backtrace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

static void check_list(const uint8_t *data, size_t size)
{
	static struct module modules[MODULES_MAX];
	char *text = malloc(size + 1);
	size_t count;

	if (text == NULL)
		return;
	memcpy(text, data, size);
	count = modules_parse(text, size, modules);
	for (size_t i = 0; i < count; i++) {
		if (modules[i].path[0] != '/' || modules[i].start >= modules[i].end ||
			modules_find(modules, count, modules[i].start) == NULL)
			abort();
		if (modules[i].path < text ||
			modules[i].path + strlen(modules[i].path) >= text + size)
			abort();
	}
	free(text);
}

static void forge(const uint8_t *data, size_t size, struct page_snapshot *snapshot)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t modules = nul != NULL ? (size_t)(nul - data) : size;
	size_t stack = nul != NULL ? size - modules - 1 : 0;

	memset(snapshot, 0, sizeof(*snapshot));
	if (modules > sizeof(snapshot->modules))
		modules = sizeof(snapshot->modules);
	if (stack > sizeof(snapshot->stack))
		stack = sizeof(snapshot->stack);
	memcpy(snapshot->modules, data, modules);
	if (stack > 0) {
		memcpy(snapshot->stack, nul + 1, stack);
		memcpy(snapshot->registers, nul + 1,
			stack < sizeof(snapshot->registers) ? stack : sizeof(snapshot->registers));
	}
	snapshot->modules_bytes = (uint32_t)modules;
	snapshot->stack_bytes = (uint32_t)stack;
	snapshot->sequence = 1;
	snapshot->caller = snapshot->registers[16] | 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct page_snapshot snapshot;
	static struct backtrace backtrace;
	cleanup_fd int fd = memfd_create("page", MFD_CLOEXEC);
	const off_t at = (off_t)offsetof(struct page_file, snapshots);

	check_list(data, size);
	forge(data, size, &snapshot);
	if (fd < 0 || pwrite(fd, &snapshot, sizeof(snapshot), at) != (ssize_t)sizeof(snapshot) ||
		backtrace_find(fd, 0, 1, &backtrace) < 0)
		abort();
	if (backtrace.count < 1 || backtrace.count > BACKTRACE_FRAMES)
		abort();
	check_text(backtrace.note, sizeof(backtrace.note));
	for (size_t i = 0; i < backtrace.count; i++) {
		check_text(backtrace.frames[i].module, sizeof(backtrace.frames[i].module));
		check_text(backtrace.frames[i].function, sizeof(backtrace.frames[i].function));
		check_text(backtrace.frames[i].source, sizeof(backtrace.frames[i].source));
	}
	return 0;
}
