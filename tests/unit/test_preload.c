/* SPDX-License-Identifier: MIT
 *
 * The preloaded witness against real programs, and its page against forgeries. Needs
 * libmemcage-witness.so and tests/workloads/refused_calls of the same build.
 */
#include "witness/preload.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "cage/data_limit.h"
#include "witness/preload/page.h"

#define LIMIT (UINT64_C(240) << 20)

#define HUGE (UINT64_C(8) << 30)
#define MIDDLE (UINT64_C(64) << 20)

extern char **environ;

static char workload[4096];

/* Runs arguments under RLIMIT_DATA of limit (0: none) with the witness; the pid and wait status. */
struct run {
	int pid, status;
	struct refusals refusals;
};

static struct run run_watched(uint64_t limit, const char *const *arguments)
{
	struct preload_witness witness = PRELOAD_NONE;
	const struct room room = { .start_bytes = limit };
	const uint64_t marked = data_limit_make(limit, DATA_LIMIT_START);
	struct memcage_failure failure;
	struct run run;
	char **environment;

	if (preload_open(&witness, NULL, &room, &failure) < 0)
		fail_msg("%s", failure.detail);
	assert_int_equal(
		preload_environment(&witness, (const char *const *)environ, &environment), 0);
	run.pid = fork();
	assert_true(run.pid >= 0);
	if (run.pid == 0) {
		const struct rlimit data = { marked, marked }, core = { 0, 0 };

		if (setrlimit(RLIMIT_CORE, &core) < 0 ||
			(limit > 0 && setrlimit(RLIMIT_DATA, &data) < 0))
			_exit(126);
		execve(arguments[0], (char *const *)arguments, environment);
		_exit(127);
	}
	free(environment);
	assert_int_equal(waitpid(run.pid, &run.status, 0), run.pid);
	preload_collect(&witness, run.pid, &run.refusals);
	assert_int_equal(access(witness.page_path, F_OK), 0);
	preload_close(&witness);
	assert_int_equal(access(witness.page_path, F_OK), -1);
	preload_close(&witness);
	return run;
}

/* A workload of a sanitizer build cannot be watched. */
static void need_watchable_workload(void)
{
	const char *why = NULL;

	if (preload_possible_for(workload, &why))
		return;
	if (strstr(why, "sanitizer") == NULL)
		fail_msg("%s: %s", workload, why);
	print_message("refused_calls is %s\n", why);
	skip();
}

static const struct {
	const char *name;
	uint64_t size, hard, main_hard, retried, impossible;
	bool last;
	enum refusal_cause cause;
	const char *function;
} cases[] = {
	{ "malloc", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "malloc" },
	{ "calloc", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "calloc" },
	{ "realloc", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "realloc" },
	{ "reallocarray", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "reallocarray" },
	{ "posix_memalign", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "posix_memalign" },
	{ "aligned_alloc", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "aligned_alloc" },
	{ "memalign", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "memalign" },
	{ "valloc", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "valloc" },
	{ "mmap", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "mmap" },
	{ "mremap", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "mremap" },
	{ "mistake", HUGE, 0, 0, 0, 0, false, CAUSE_UNKNOWN, NULL },
	{ "impossible", HUGE, 0, 0, 0, 2, false, CAUSE_UNKNOWN, NULL },
	{ "overflow", HUGE, 0, 0, 0, 2, false, CAUSE_UNKNOWN, NULL },
	/* The program lowered the limit itself: not memcage's doing. */
	{ "retry", MIDDLE, 1, 1, 1, 0, false, CAUSE_RLIMIT_DATA, "malloc" },
	{ "outlived", MIDDLE, 1, 1, 0, 0, false, CAUSE_RLIMIT_DATA, "malloc" },
	{ "threads", HUGE, 400, 400, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "malloc" },
	{ "children", HUGE, 11, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "malloc" },
	{ "files", HUGE, 1, 1, 0, 0, true, CAUSE_AT_LIMIT_FAIL, "malloc" },
};

static void counts_each_way_to_ask(void **state)
{
	(void)state;
	need_watchable_workload();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char size[32];
		const char *const arguments[] = { workload, cases[i].name, size, NULL };
		uint64_t begin = clock_us();
		struct run run;
		const struct refusals *seen = &run.refusals;

		(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)cases[i].size);
		run = run_watched(LIMIT, arguments);
		if (run.status != 0)
			fail_msg("%s: wait status %#x", cases[i].name, (unsigned int)run.status);
		print_message("%s\n", cases[i].name);
		assert_true(seen->watched);
		assert_int_equal(seen->covered, 1);
		assert_int_equal(seen->hard, cases[i].hard);
		assert_int_equal(seen->main_hard, cases[i].main_hard);
		assert_int_equal(seen->retried, cases[i].retried);
		assert_int_equal(seen->impossible, cases[i].impossible);
		assert_int_equal(seen->hard_was_last, cases[i].last);
		assert_int_equal(seen->by_cause[cases[i].cause], cases[i].hard);
		assert_int_equal(seen->first_known, cases[i].hard > 0);
		if (cases[i].hard == 0)
			continue;
		assert_int_equal(seen->largest_bytes, cases[i].size);
		assert_int_equal(seen->first.request_bytes, cases[i].size);
		assert_int_equal(seen->first.cause, cases[i].cause);
		assert_string_equal(seen->first.function, cases[i].function);
		assert_string_equal(seen->first.command, "refused_calls");
		assert_string_equal(seen->first.source_line, "");
		assert_int_equal(seen->first.pid, run.pid);
		assert_in_range(seen->first.boottime_us, begin, clock_us());
		assert_memory_equal(seen->first.cause_detail, "RLIMIT_DATA ", 12);
	}
}

static void sees_the_crash_of_a_careless_program(void **state)
{
	const char *const arguments[] = { workload, "unchecked", "8G", NULL };
	struct run run;

	(void)state;
	need_watchable_workload();
	run = run_watched(LIMIT, arguments);
	assert_true(WIFSIGNALED(run.status));
	assert_int_equal(WTERMSIG(run.status), SIGSEGV);
	assert_int_equal(run.refusals.main_hard, 1);
	assert_true(run.refusals.hard_was_last);
}

static void tells_other_causes(void **state)
{
	static const struct {
		const char *shell;
		enum refusal_cause cause;
	} limited[] = {
		{ "ulimit -v 200000; exec \"$0\" malloc 8G", CAUSE_RLIMIT_AS },
		{ "ulimit -d 100000; exec \"$0\" malloc 8G", CAUSE_RLIMIT_DATA },
	};

	(void)state;
	need_watchable_workload();
	for (size_t i = 0; i < sizeof(limited) / sizeof(*limited); i++) {
		const char *const arguments[] = { "/bin/sh", "-c", limited[i].shell, workload,
			NULL };
		struct run run = run_watched(LIMIT, arguments);

		assert_int_equal(run.status, 0);
		assert_int_equal(run.refusals.covered, 2); /* the shell, and what it became */
		assert_int_equal(run.refusals.hard, 1);
		assert_int_equal(run.refusals.by_cause[limited[i].cause], 1);
	}
}

static void follows_into_a_cleared_environment(void **state)
{
	const char *const arguments[] = { "/usr/bin/env", "-i", workload, "malloc", "8G", NULL };
	struct run run;

	(void)state;
	need_watchable_workload();
	run = run_watched(LIMIT, arguments);
	assert_int_equal(run.status, 0);
	assert_int_equal(run.refusals.covered, 2);
	assert_int_equal(run.refusals.hard, 1);
}

static void finds_the_line_of_a_python_program(void **state)
{
	static const char program[] = "x = 1\n"
				      "try:\n"
				      "    y = [0] * 10**9\n"
				      "except MemoryError:\n"
				      "    pass\n";
	const char *const arguments[] = { "/usr/bin/python3", "-c", program, NULL };
	const char *why;
	struct run run;

	(void)state;
	if (!preload_possible_for(arguments[0], &why)) {
		print_message("/usr/bin/python3: %s\n", why);
		skip();
	}
	run = run_watched(LIMIT, arguments);
	assert_int_equal(run.status, 0);
	assert_int_equal(run.refusals.hard, 1);
	assert_int_equal(run.refusals.first.request_bytes, 8000000000u);
	assert_string_equal(run.refusals.first.source_line, "<string>:3");
}

/* ---- the environment ---- */

static void environment_is_extended(void **state)
{
	struct preload_witness witness = { -1, "/dev/shm/page", "/x/lib.so" };
	const char *const before[] = { "A=1", "LD_PRELOAD=/first.so", "MEMCAGE_WITNESS=/old",
		"LD_PRELOADED=no", "LD_PRELOAD=/a.so:/b.so", NULL };
	const char *const none[] = { NULL };
	char **after;

	(void)state;
	assert_int_equal(preload_environment(&witness, before, &after), 0);
	assert_string_equal(after[0], "A=1");
	assert_string_equal(after[1], "LD_PRELOADED=no");
	assert_string_equal(after[2], "LD_PRELOAD=/x/lib.so:/a.so:/b.so");
	assert_string_equal(after[3], "MEMCAGE_WITNESS=/dev/shm/page");
	assert_null(after[4]);
	free(after);
	assert_int_equal(preload_environment(&witness, none, &after), 0);
	assert_string_equal(after[0], "LD_PRELOAD=/x/lib.so");
	assert_null(after[2]);
	free(after);
}

static void library_must_be_usable(void **state)
{
	struct preload_witness witness = PRELOAD_NONE;
	struct memcage_failure failure = { 0 };
	char directory[] = "/tmp/memcage test XXXXXX", path[64];
	cleanup_fd int fd = -1;

	(void)state;
	assert_int_equal(preload_open(&witness, "/nowhere/lib.so", NULL, &failure), -ENOENT);
	assert_int_equal(failure.error_number, ENOENT);
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/lib.so", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(preload_open(&witness, path, NULL, &failure), -EINVAL);
	assert_int_equal(witness.fd, -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* ---- programs that can be watched ---- */

/* A program file made of bytes, with mode; why it cannot be watched, or NULL where it can. */
static const char *why_not(const void *bytes, size_t size, mode_t mode)
{
	char path[] = "/tmp/memcage-test-XXXXXX";
	cleanup_fd int fd = mkostemp(path, O_CLOEXEC);
	const char *why = NULL;
	bool possible;

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	possible = preload_possible_for(path, &why);
	assert_int_equal(unlink(path), 0);
	assert_true(possible || why != NULL);
	return possible ? NULL : why;
}

static const char *why_not_script(const char *text)
{
	return why_not(text, strlen(text), 0755);
}

static void tells_what_can_be_watched(void **state)
{
	static char program[1 << 20];
	char script[PRELOAD_PATH_SIZE + 16];
	const char *why;
	cleanup_fd int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, program, sizeof(program));
	Elf64_Ehdr *elf = (Elf64_Ehdr *)program;
	Elf64_Phdr *headers = (Elf64_Phdr *)(program + sizeof(*elf));

	(void)state;
	assert_true(size > (ssize_t)sizeof(*elf));
	assert_int_equal(elf->e_phoff, sizeof(*elf));
	assert_null(why_not(program, (size_t)size, 0755));
	assert_true(preload_possible_for("/bin/sh", &why));
	assert_null(why_not_script("#!/bin/sh\necho\n"));
	assert_null(why_not_script("#! \t/bin/sh -e"));
	(void)snprintf(script, sizeof(script), "#!%s\n", "/nowhere/sh");
	assert_string_equal(why_not_script(script), "cannot be read");
	assert_non_null(why_not_script("#!sh\n"));
	assert_non_null(why_not_script("echo\n"));
	assert_non_null(why_not_script("#!"));
	assert_non_null(why_not_script(""));
	assert_false(preload_possible_for("/dev", &why));
	assert_false(preload_possible_for("/dev/zero", &why));

	/* Another user's only where we are root and can make one. */
	if (geteuid() == 0) {
		char path[] = "/tmp/memcage-test-XXXXXX";
		int other = mkostemp(path, O_CLOEXEC);

		assert_int_equal(fd_write_all(other, program, (size_t)size), 0);
		assert_int_equal(fchown(other, 65534, 65534), 0);
		assert_int_equal(fchmod(other, 04755), 0);
		fd_close(&other);
		assert_false(preload_possible_for(path, &why));
		assert_non_null(strstr(why, "set-user-ID"));
		assert_int_equal(unlink(path), 0);
	}
	for (size_t cut = 0; cut < 1200; cut++)
		(void)why_not(program, cut, 0755);
	elf->e_ident[EI_CLASS] = ELFCLASS32;
	assert_non_null(why_not(program, (size_t)size, 0755));
	elf->e_ident[EI_CLASS] = ELFCLASS64;
	for (size_t i = 0; i < elf->e_phnum; i++)
		if (headers[i].p_type == PT_INTERP)
			headers[i].p_type = PT_NULL;
	assert_string_equal(why_not(program, (size_t)size, 0755), "statically linked");
}

/* ---- a page that the workload has written to ---- */

static void check_sense(const struct refusals *refusals)
{
	uint64_t causes = 0;

	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		assert_true(refusals->by_cause[i] <= refusals->hard);
		causes += refusals->by_cause[i];
	}
	assert_true(causes == refusals->hard);
	assert_true(refusals->main_hard <= refusals->hard);
	assert_true((unsigned int)refusals->first.cause < CAUSE_COUNT);
	assert_true(refusals->hard > 0 || !refusals->first_known);
	for (const char *at = refusals->first.source_line; *at != '\0'; at++)
		assert_true((unsigned char)*at >= 0x20);
	assert_true(strlen(refusals->first.command) < sizeof(refusals->first.command));
}

static void forged_pages_are_read_with_care(void **state)
{
	struct preload_witness witness = PRELOAD_NONE;
	struct memcage_failure failure;
	struct refusals refusals;
	struct witness_page page;
	cleanup_fd int fd = -1;

	(void)state;
	assert_int_equal(preload_open(&witness, NULL, NULL, &failure), 0);
	fd = open(witness.page_path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	preload_collect(&witness, 1, &refusals);
	assert_true(refusals.watched);
	assert_int_equal(refusals.covered, 0);
	assert_int_equal(refusals.hard, 0);
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		unsigned char *bytes = (unsigned char *)&page;

		for (size_t i = 0; i < sizeof(page); i++)
			bytes[i] = (unsigned char)(random() >> 8);
		page.magic = PAGE_MAGIC;
		page.size = sizeof(struct page_file);
		for (size_t i = 0; i < PAGE_RECORDS; i++) {
			page.records[i].state = (uint32_t)random() % 4;
			page.records[i].cause = (uint32_t)random() % (CAUSE_COUNT + 2);
		}
		/* counts that a program might reach; with more the whole page is not believed */
		page.hard = (uint64_t)random() % 100;
		page.retried = (uint64_t)random();
		page.impossible = (uint64_t)random();
		page.attached = (uint64_t)random();
		page.processes[5].pid = 77;
		assert_int_equal(pwrite(fd, &page, sizeof(page), 0), sizeof(page));
		preload_collect(&witness, 77, &refusals);
		assert_true(refusals.watched);
		assert_false(refusals.counted);
		assert_int_equal(refusals.injected, 0); /* nobody asked for that */
		assert_int_equal(refusals.by_cause[CAUSE_INJECTED], 0);
		assert_true(!refusals.first_known || refusals.first.cause != CAUSE_INJECTED);
		check_sense(&refusals);
	}
	page.hard = UINT64_C(1) << 50;
	assert_int_equal(pwrite(fd, &page, sizeof(page), 0), sizeof(page));
	preload_collect(&witness, 77, &refusals);
	assert_false(refusals.watched);
	page.hard = 1;
	page.magic ^= 1;
	assert_int_equal(pwrite(fd, &page, sizeof(page), 0), sizeof(page));
	preload_collect(&witness, 77, &refusals);
	assert_false(refusals.watched);
	page.magic ^= 1;
	assert_int_equal(pwrite(fd, &page, sizeof(page), 0), sizeof(page));
	assert_int_equal(ftruncate(fd, (off_t)sizeof(page) - 1), 0);
	preload_collect(&witness, 77, &refusals);
	assert_false(refusals.watched);
	preload_close(&witness);
}

static void directory_of(const char *page_path, char to[static PAGE_PATH_SIZE])
{
	text_copy(to, PAGE_PATH_SIZE, page_path);
	*strrchr(to, '/') = '\0';
}

/* Who is told the name gets in; nobody else finds it. */
static void strangers_cannot_find_the_page(void **state)
{
	struct preload_witness witness = PRELOAD_NONE;
	struct memcage_failure failure;
	char directory[PAGE_PATH_SIZE];
	struct stat facts;
	mode_t mask = umask(0777);
	int child, status;

	(void)state;
	assert_int_equal(preload_open(&witness, NULL, NULL, &failure), 0);
	(void)umask(mask);
	directory_of(witness.page_path, directory);
	assert_int_equal(stat(directory, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0711);
	if (geteuid() == 0) {
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			if (setresgid(65534, 65534, 65534) < 0 ||
				setresuid(65534, 65534, 65534) < 0)
				_exit(1);
			if (open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0)
				_exit(2);
			_exit(open(witness.page_path, O_RDWR | O_CLOEXEC) < 0 ? 3 : 0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	preload_close(&witness);
	assert_int_equal(access(directory, F_OK), -1);
}

/* A memcage that was killed leaves its file; a running one's stays. */
static void abandoned_files_are_removed(void **state)
{
	struct preload_witness kept = PRELOAD_NONE;
	struct memcage_failure failure;
	int child, status, ends[2];
	char path[sizeof(kept.page_path)] = "", directory[PAGE_PATH_SIZE];

	(void)state;
	assert_int_equal(preload_open(&kept, NULL, NULL, &failure), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct preload_witness lost = PRELOAD_NONE;

		if (preload_open(&lost, NULL, NULL, &failure) < 0)
			_exit(1);
		_exit(fd_write_all(ends[1], lost.page_path, sizeof(lost.page_path)) < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(ends[0], path, sizeof(path)), sizeof(path));
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(preload_clean() >= 1);
	directory_of(path, directory);
	assert_int_equal(access(directory, F_OK), -1);
	assert_int_equal(access(kept.page_path, F_OK), 0);
	preload_close(&kept);
}

static void causes_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < CAUSE_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(refusal_cause_name((enum refusal_cause)i),
				refusal_cause_name((enum refusal_cause)j));
	assert_string_equal(refusal_cause_name(CAUSE_AT_LIMIT_FAIL), "at_limit_fail");
	assert_string_equal(refusal_cause_name(CAUSE_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_way_to_ask),
		cmocka_unit_test(sees_the_crash_of_a_careless_program),
		cmocka_unit_test(tells_other_causes),
		cmocka_unit_test(follows_into_a_cleared_environment),
		cmocka_unit_test(finds_the_line_of_a_python_program),
		cmocka_unit_test(environment_is_extended),
		cmocka_unit_test(library_must_be_usable),
		cmocka_unit_test(tells_what_can_be_watched),
		cmocka_unit_test(forged_pages_are_read_with_care),
		cmocka_unit_test(strangers_cannot_find_the_page),
		cmocka_unit_test(abandoned_files_are_removed),
		cmocka_unit_test(causes_have_names),
	};
	ssize_t length = readlink("/proc/self/exe", workload, sizeof(workload) - 64);

	while (length > 0 && workload[length - 1] != '/')
		length--;
	(void)snprintf(workload + (length > 0 ? length : 0), 64, "workloads/refused_calls");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
