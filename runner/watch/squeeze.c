/* SPDX-License-Identifier: MIT */
#include "watch/squeeze.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"
#include "cage/isolate.h"

#define MIB (UINT64_C(1) << 20)

#define BYTES_PER_US 8192 /* faster than a processor fills pages: no need to look earlier */
#define LOOK_MIN_US 500
#define LOOK_MAX_US 20000
#define LOOK_CACHE_US 5000 /* at the limit with page cache: memory.stat is dear */
#define LOOK_TIGHT_US 2000

/* What a process may still touch of what it has mapped, page tables, and what grows between two
 * looks must fit between the mark and the limit. */
static uint64_t margin_of(uint64_t limit_bytes)
{
	uint64_t margin = limit_bytes / 16;

	if (margin < 8 * MIB)
		margin = 8 * MIB;
	if (margin > 64 * MIB)
		margin = 64 * MIB;
	return margin < limit_bytes / 4 ? margin : limit_bytes / 4;
}

void squeeze_begin(struct squeeze *squeeze, uint64_t limit_bytes, uint64_t start_bytes)
{
	struct rlimit own = { RLIM_INFINITY, RLIM_INFINITY };

	(void)getrlimit(RLIMIT_DATA, &own);
	*squeeze = (struct squeeze){ .limit_bytes = limit_bytes,
		.inherited_bytes = own.rlim_cur,
		.start_bytes = start_bytes };
}

bool squeeze_is_allowed(const struct memcage_spec *spec)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	/* A user namespace that we made is ours, whoever runs in it. */
	if (isolate_has_user_namespace(spec) || !spec->set_user || spec->user_id == geteuid())
		return true;
	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_SYS_RESOURCE)) != 0;
}

/* VmData of a process, in bytes: what RLIMIT_DATA counts. 0 where it is gone. */
static uint64_t data_bytes(pid_t pid)
{
	char path[64], text[4096], digits[TEXT_NUMBER_SIZE];
	const char *line;
	uint64_t kilobytes;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0 ||
		(line = strstr(text, "\nVmData:")) == NULL)
		return 0;
	line += strlen("\nVmData:");
	line += strspn(line, " \t");
	text_copy(digits, sizeof(digits), line);
	digits[strcspn(digits, " \n")] = '\0';
	return parse_number(digits, &kilobytes) == 0 ? kilobytes * 1024 : 0;
}

/* 0 where it is gone. */
static uint64_t start_time_of(pid_t pid)
{
	struct process_stat stat;

	return process_stat_read(pid, &stat) == 0 ? stat.start_ticks : 0;
}

static struct squeezed *entry_of(struct squeeze *squeeze, pid_t pid)
{
	uint64_t start_time = start_time_of(pid);

	for (int i = 0; i < squeeze->count; i++)
		if (squeeze->list[i].pid == pid && squeeze->list[i].start_time == start_time)
			return &squeeze->list[i];
	if (start_time == 0 || squeeze->count == SQUEEZED_MAX)
		return NULL;
	squeeze->list[squeeze->count] = (struct squeezed){ .pid = pid, .start_time = start_time };
	return &squeeze->list[squeeze->count++];
}

/* A child that was forked while its parent was squeezed starts with the parent's. */
static bool is_one_of_ours(const struct squeeze *squeeze, uint64_t bytes)
{
	for (int i = 0; i < squeeze->count; i++)
		if (squeeze->list[i].set_bytes == bytes)
			return true;
	return false;
}

static void tighten_one(struct squeeze *squeeze, pid_t pid)
{
	struct squeezed *entry = entry_of(squeeze, pid);
	uint64_t data = data_bytes(pid);
	struct rlimit limit;

	if (entry == NULL || data == 0 || prlimit(pid, RLIMIT_DATA, NULL, &limit) < 0 ||
		limit.rlim_cur <= data)
		return;
	if (entry->set_bytes == 0)
		entry->own_bytes = is_one_of_ours(squeeze, limit.rlim_cur) ? squeeze->start_bytes
									   : limit.rlim_cur;
	limit.rlim_cur = data;
	if (prlimit(pid, RLIMIT_DATA, &limit, NULL) == 0)
		entry->set_bytes = data;
}

/* One process alone has its RLIMIT_DATA, which refuses at the same size in every run. */
static void tighten(struct squeeze *squeeze, const struct cage *cage)
{
	static const size_t size = 65536;
	char text[65536], *state, *line;
	uint64_t pid;

	if (file_read(cage->memory.directory, "cgroup.procs", text, size) < 0)
		return;
	line = strchr(text, '\n');
	if (!squeeze->tight && (line == NULL || line[1] == '\0'))
		return;
	if (!squeeze->tight)
		squeeze->times++;
	squeeze->tight = true;
	for (line = strtok_r(text, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state))
		if (parse_number(line, &pid) == 0 && pid > 0)
			tighten_one(squeeze, (pid_t)pid);
}

static void loosen(struct squeeze *squeeze)
{
	for (int i = 0; i < squeeze->count; i++) {
		struct squeezed *entry = &squeeze->list[i];
		struct rlimit limit;

		/* Not what has a limit of its own making by now, nor another with the same pid. */
		if (entry->set_bytes == 0 || start_time_of(entry->pid) != entry->start_time ||
			prlimit(entry->pid, RLIMIT_DATA, NULL, &limit) < 0 ||
			limit.rlim_cur != entry->set_bytes)
			continue;
		limit.rlim_cur = entry->own_bytes < limit.rlim_max ? entry->own_bytes
								   : limit.rlim_max;
		(void)prlimit(entry->pid, RLIMIT_DATA, &limit, NULL);
	}
	squeeze->count = 0;
	squeeze->tight = false;
}

/* What the kernel cannot take back by itself. A part that is not known counts for nothing: then the
 * squeeze comes late, and the kernel's limit stays behind it. */
static uint64_t pinned_bytes(const struct counter_source *source)
{
	struct memory_split split;

	memory_split_read(source, &split);
	return split.anon_bytes.value + split.shmem_bytes.value + split.kernel_bytes.value;
}

/* How long what is missing to the mark takes at the least. */
static uint64_t wait_for(uint64_t missing_bytes, uint64_t max_us)
{
	uint64_t wait = missing_bytes / (BYTES_PER_US * (uint64_t)get_nprocs());

	return wait < LOOK_MIN_US ? LOOK_MIN_US : wait > max_us ? max_us : wait;
}

uint64_t squeeze_look(struct squeeze *squeeze, const struct cage *cage)
{
	struct counter_source source = cage_counters(cage);
	struct counter now = memory_current(&source);
	uint64_t margin = margin_of(squeeze->limit_bytes), mark = squeeze->limit_bytes - margin;
	uint64_t pinned;

	if (!now.known)
		return LOOK_MAX_US;
	if (now.value < mark && !squeeze->tight)
		return wait_for(mark - now.value, LOOK_MAX_US);
	pinned = now.value < mark - margin ? now.value : pinned_bytes(&source);
	if (pinned >= mark)
		tighten(squeeze, cage);
	else if (squeeze->tight && pinned < mark - margin)
		loosen(squeeze);
	if (squeeze->tight || pinned >= mark)
		return LOOK_TIGHT_US;
	return wait_for(mark - pinned, LOOK_CACHE_US);
}
