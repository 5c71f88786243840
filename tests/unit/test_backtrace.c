/* SPDX-License-Identifier: MIT
 *
 * Backtraces of a real refusal, and of snapshots that somebody forged. Needs
 * libmemcage-witness.so and tests/workloads/nested_calls of the same build.
 */
#include "witness/backtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "witness/modules.h"
#include "witness/preload.h"

#define LIMIT (UINT64_C(240) << 20)

#ifdef MEMCAGE_LIBDW
#define UNWINDS true
#else
#define UNWINDS false
#endif

extern char **environ;

static char directory[4096]; /* of this test program */

/* ---- lists of mappings ---- */

static size_t parse(const char *text, struct module modules[static MODULES_MAX])
{
	static char copy[65536];
	size_t size = strlen(text);

	assert_true(size < sizeof(copy));
	memcpy(copy, text, size);
	return modules_parse(copy, size, modules);
}

static void takes_executable_mappings_of_files(void **state)
{
	static struct module modules[MODULES_MAX];

	(void)state;
	assert_int_equal(
		parse("7f10-7f20 r-xp 00001000 fe:01 1234                       /usr/lib/a b.so\n"
		      "7f20-7f30 r--p 00002000 fe:01 1234    /usr/lib/a b.so\n"
		      "7f30-7f40 r-xp 00000000 00:00 0      [vdso]\n"
		      "8f30-8f40 --xp 00000000 103:0a 7      /x (deleted)\n",
			modules),
		2);
	assert_string_equal(modules[0].path, "/usr/lib/a b.so");
	assert_true(modules[0].start == 0x7f10 && modules[0].end == 0x7f20);
	assert_true(modules[0].position == 0x1000 && modules[0].inode == 1234);
	assert_true(modules[0].major == 0xfe && modules[0].minor == 1);
	assert_true(modules[1].major == 0x103 && modules[1].minor == 10);
	assert_ptr_equal(modules_find(modules, 2, 0x7f10), &modules[0]);
	assert_ptr_equal(modules_find(modules, 2, 0x8f3f), &modules[1]);
	assert_null(modules_find(modules, 2, 0x7f20));
	assert_null(modules_find(modules, 2, 0));
}

static void leaves_out_what_is_no_mapping(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"7f10-7f20 r-xp 00001000 fe:01 1234 /no/newline",
		"7f10 7f20 r-xp 00001000 fe:01 1234 /x\n",
		"7f10-7f20 r-x\n",
		"7f10-7f20 r-xp\n",
		"7f10-7f20 r-xp 1000 fe:01\n",
		"7f10-7f20 r-xp 1000 fe:01 12\n",
		"7f10-7f20 r-xp 1000 fe:01 12 relative\n",
		"7f20-7f10 r-xp 1000 fe:01 12 /backwards\n",
		"7f10-7f10 r-xp 1000 fe:01 12 /empty\n",
		"-7f10 r-xp 1000 fe:01 12 /x\n",
		"11112222333344445-7f10 r-xp 1000 fe:01 12 /x\n",
		"7G10-7f20 r-xp 1000 fe:01 12 /x\n",
	};
	static struct module modules[MODULES_MAX];
	char many[MODULES_MAX * 2 * 32] = "";
	size_t length = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (parse(lines[i], modules) != 0)
			fail_msg("taken: %s", lines[i]);
	for (int i = 0; i < MODULES_MAX + 50; i++)
		length += (size_t)snprintf(
			many + length, sizeof(many) - length, "%x-%x r-xp 0 0:0 1 /x\n", i, i + 1);
	assert_int_equal(parse(many, modules), MODULES_MAX);
}

/* ---- files ---- */

static struct module module_of(const char *path, uint64_t start, uint64_t position)
{
	struct module module = { .start = start, .end = start + 1, .position = position };
	struct stat facts;

	assert_int_equal(lstat(path, &facts), 0);
	module.path = path;
	module.major = major(facts.st_dev);
	module.minor = minor(facts.st_dev);
	module.inode = facts.st_ino;
	return module;
}

static int try_open(struct module module)
{
	int result = module_open(&module), fd = result;

	assert_int_equal(result >= 0, module.known);
	fd_close(&fd);
	return result;
}

/* A FIFO would keep us, a device may do anything when it is opened; a link leads anywhere. */
static void opens_nothing_but_the_mapped_file(void **state)
{
	char place[] = "/tmp/memcage-test-XXXXXX", fifo[64], link[64], text[64];
	struct module module;
	cleanup_fd int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(place));
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", place);
	(void)snprintf(link, sizeof(link), "%s/link", place);
	(void)snprintf(text, sizeof(text), "%s/text", place);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("/bin/sh", link), 0);
	fd = open(text, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(fd, "#!/bin/sh\n", 10), 0);
	assert_int_equal(try_open(module_of(fifo, 0x1000, 0)), -EINVAL);
	assert_int_equal(try_open(module_of("/dev/null", 0x1000, 0)), -EINVAL);
	assert_int_equal(try_open(module_of(link, 0x1000, 0)), -EINVAL);
	assert_int_equal(try_open(module_of("/tmp", 0x1000, 0)), -EINVAL);
	assert_int_equal(try_open(module_of(text, 0x1000, 0)), -ENOEXEC);
	module = module_of("/usr/bin/env", 0x1000, 0);
	module.path = "/nowhere/env";
	assert_int_equal(try_open(module), -ENOENT);
	module = module_of("/usr/bin/env", 0x1000, 0);
	module.inode++;
	assert_int_equal(try_open(module), -ESTALE);
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(text), 0);
	assert_int_equal(rmdir(place), 0);
}

/* ---- a real refusal ---- */

/* Runs the workload, and keeps the page's file open. */
static void run_watched(const char *program, const char *way, struct preload_witness *witness,
	struct refusals *ret_refusals)
{
	char path[sizeof(directory) + 64];
	struct memcage_failure failure;
	char **environment;
	int status;
	pid_t child;

	(void)snprintf(path, sizeof(path), "%s/workloads/%s", directory, program);
	assert_int_equal(preload_open(witness, NULL, NULL, &failure), 0);
	assert_int_equal(
		preload_environment(witness, (const char *const *)environ, &environment), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit data = { LIMIT, LIMIT };
		char *const arguments[] = { path, (char *)(uintptr_t) "8G", (char *)(uintptr_t)way,
			NULL };

		(void)setrlimit(RLIMIT_DATA, &data);
		execve(path, arguments, environment);
		_exit(127);
	}
	free(environment);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 1);
	preload_collect(witness, child, ret_refusals);
	assert_int_equal(ret_refusals->hard, 1);
}

static bool is_watchable(void)
{
	char path[sizeof(directory) + 64];
	const char *why;

	(void)snprintf(path, sizeof(path), "%s/workloads/nested_calls", directory);
	if (preload_possible_for(path, &why))
		return true;
	print_message("%s: %s\n", path, why);
	return false;
}

static const struct backtrace_frame *frame_of(
	const struct backtrace *backtrace, const char *function)
{
	for (size_t i = 0; i < backtrace->count; i++)
		if (strcmp(backtrace->frames[i].function, function) == 0)
			return &backtrace->frames[i];
	return NULL;
}

static void finds_the_calls(void **state)
{
	static const struct {
		const char *program, *way, *outermost;
		bool names;
	} runs[] = {
		{ "nested_calls", "directly", "main", true },
		{ "nested_calls", "thread", "in_thread", true },
		{ "nested_calls", "vfork", "with_vfork", true },
		{ "nested_calls_plain", "directly", "main", true },
		{ "nested_calls_fixed", "directly", "main", true },
		{ "nested_calls_stripped", "directly", "main", false },
	};

	(void)state;
	if (!is_watchable())
		skip();
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		struct preload_witness witness = PRELOAD_NONE;
		struct refusals refusals;
		struct backtrace backtrace;

		print_message("%s %s\n", runs[i].program, runs[i].way);
		run_watched(runs[i].program, runs[i].way, &witness, &refusals);
		assert_int_equal(backtrace_find(witness.fd, refusals.first.record,
					 refusals.first.sequence, &backtrace),
			0);
		assert_true(backtrace.count >= 1);
		assert_non_null(strstr(backtrace.frames[0].module, runs[i].program));
		assert_true(backtrace.frames[0].offset_known);
		if (UNWINDS && runs[i].names) {
			assert_string_equal(backtrace.frames[0].function, "ask");
			assert_string_equal(backtrace.frames[1].function, "middle");
			assert_non_null(frame_of(&backtrace, runs[i].outermost));
		} else if (UNWINDS) {
			assert_true(backtrace.count >= 4);
			assert_string_equal(backtrace.frames[0].function, "");
		} else {
			assert_int_equal(backtrace.count, 1);
		}
		assert_int_equal(backtrace.note[0] == '\0', UNWINDS);
		preload_close(&witness);
	}
}

/* ---- which line is told ---- */

static void tells_the_line_of_the_program(void **state)
{
	static const struct {
		struct backtrace_frame frames[3];
		const char *line;
	} cases[] = {
		{ { { .source = "/me/a.c:1", .function = "f" } }, "/me/a.c:1" },
		{ { { .source = "", .function = "f" }, { .source = "/me/a.c:2" } }, "/me/a.c:2" },
		{ { { .source = "/me/x.c:9", .function = "xmalloc" }, { .source = "/me/a.c:3" } },
			"/me/a.c:3" },
		{ { { .source = "/me/x.c:9", .function = "xmalloc_table" },
			  { .source = "/me/a.c:3" } },
			"/me/x.c:9" },
		{ { { .source = "/usr/include/c++/12/bits/x.h:9", .function = "g" },
			  { .source = "/me/a.cc:4", .function = "main" } },
			"/me/a.cc:4" },
		{ { { .source = "/me/new.cc:9", .function = "operator new(unsigned long)" },
			  { .source = "/me/a.cc:5" } },
			"/me/a.cc:5" },
		{ { { .source = "./string/strdup.c:1", .module = "/usr/lib/x/libc.so.6" },
			  { .source = "/me/a.c:6", .module = "/me/a" } },
			"/me/a.c:6" },
		{ { { .source = "Objects/obmalloc.c:1", .module = "/opt/bin/python3.9" } }, "" },
		{ { { .source = "library/alloc/x.rs:1" }, { .source = "/me/a.rs:7" } },
			"/me/a.rs:7" },
		{ { { .source = "", .function = "f" } }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct backtrace backtrace = { .count = 3 };

		memcpy(backtrace.frames, cases[i].frames, sizeof(cases[i].frames));
		assert_string_equal(backtrace_source_line(&backtrace), cases[i].line);
	}
}

/* ---- what somebody forged ---- */

static void check_sense(const struct backtrace *backtrace)
{
	assert_true(backtrace->count >= 1 && backtrace->count <= BACKTRACE_FRAMES);
	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_frame *frame = &backtrace->frames[i];
		const char *const texts[] = { frame->module, frame->function, frame->source };

		for (size_t j = 0; j < sizeof(texts) / sizeof(*texts); j++) {
			assert_true(strlen(texts[j]) < sizeof(frame->module));
			for (const char *at = texts[j]; *at != '\0'; at++)
				assert_true((unsigned char)*at >= 0x20);
		}
	}
}

/* A snapshot of a real refusal, with bytes changed here and there. */
static void survives_forged_snapshots(void **state)
{
	struct preload_witness witness = PRELOAD_NONE;
	static struct page_snapshot genuine, forged;
	struct backtrace backtrace;
	struct refusals refusals;
	off_t at;

	(void)state;
	if (!is_watchable())
		skip();
	run_watched("nested_calls", "directly", &witness, &refusals);
	at = (off_t)(offsetof(struct page_file, snapshots) +
		     refusals.first.record * sizeof(genuine));
	assert_int_equal(pread(witness.fd, &genuine, sizeof(genuine), at), sizeof(genuine));
	assert_true(genuine.stack_bytes > 0 && genuine.modules_bytes > 0);
	assert_int_equal(genuine.modules_cut, 0);
	srandom(1);
	for (int round = 0; round < 60; round++) {
		uint64_t begin = clock_ms();
		int changes = 1 << (round % 10);
		int result;

		forged = genuine;
		for (int i = 0; i < changes; i++)
			if (round % 3 == 0)
				forged.stack[random() % 512] = (unsigned char)random();
			else if (round % 3 == 1)
				forged.modules[(size_t)random() % genuine.modules_bytes] = (char)
					random();
			else
				forged.registers[random() % SNAPSHOT_REGISTERS] +=
					(uint64_t)(random() % 4096);
		assert_int_equal(pwrite(witness.fd, &forged, sizeof(forged), at), sizeof(forged));
		result = backtrace_find(
			witness.fd, refusals.first.record, refusals.first.sequence, &backtrace);
		assert_int_equal(result, 0);
		check_sense(&backtrace);
		assert_in_range(clock_ms() - begin, 0, 5000);
	}
	preload_close(&witness);
}

static int find(int fd, const struct page_snapshot *snapshot, uint64_t sequence)
{
	struct backtrace backtrace;

	assert_int_equal(pwrite(fd, snapshot, sizeof(*snapshot),
				 (off_t)offsetof(struct page_file, snapshots)),
		sizeof(*snapshot));
	return backtrace_find(fd, 0, sequence, &backtrace);
}

static void refuses_what_does_not_fit(void **state)
{
	static struct page_snapshot snapshot = { .sequence = 3, .caller = 0x1234 };
	struct backtrace backtrace;
	cleanup_fd int fd = memfd_create("page", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, sizeof(struct page_file)), 0);
	assert_int_equal(find(fd, &snapshot, 3), 0); /* a call from nowhere */
	assert_int_equal(find(fd, &snapshot, 4), -ENOENT);
	snapshot.stack_bytes = UINT32_MAX;
	assert_int_equal(find(fd, &snapshot, 3), -ENOENT);
	snapshot.stack_bytes = 0;
	snapshot.modules_bytes = SNAPSHOT_MODULES + 1;
	assert_int_equal(find(fd, &snapshot, 3), -ENOENT);
	snapshot.modules_bytes = 0;
	snapshot.caller = 0;
	assert_int_equal(find(fd, &snapshot, 3), -ENOENT);
	snapshot.sequence = 0;
	assert_int_equal(find(fd, &snapshot, 0), -ENOENT);
	assert_int_equal(backtrace_find(fd, PAGE_SNAPSHOTS, 3, &backtrace), -ENOENT);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(backtrace_find(fd, 0, 3, &backtrace), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_executable_mappings_of_files),
		cmocka_unit_test(leaves_out_what_is_no_mapping),
		cmocka_unit_test(opens_nothing_but_the_mapped_file),
		cmocka_unit_test(finds_the_calls),
		cmocka_unit_test(tells_the_line_of_the_program),
		cmocka_unit_test(survives_forged_snapshots),
		cmocka_unit_test(refuses_what_does_not_fit),
	};
	ssize_t length = readlink("/proc/self/exe", directory, sizeof(directory) - 1);

	if (length <= 0)
		return 2;
	directory[length] = '\0';
	*strrchr(directory, '/') = '\0';
	return cmocka_run_group_tests(tests, NULL, NULL);
}
