/* SPDX-License-Identifier: MIT
 *
 * From clone to exec, in a real cage: what fails is named, what is inherited is what was asked for.
 * Every case runs in a process of its own, and a second time where clone3(2) does not exist.
 */
#include "cage/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "apart.h"
#include "base/fd.h"
#include "base/text.h"
#include "fixture.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (UINT64_C(1) << 20)
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char directory[] = "/tmp/memcage-test-XXXXXX";
static const char *missing;

/* What became of one child. */
struct outcome {
	bool about_to_exec, failed, known, through;
	int step, error_number, status;
	char output[4096];
};

static struct memcage_spec spec_of(const char *const *argv)
{
	return (struct memcage_spec){
		.struct_size = sizeof(struct memcage_spec), .argv = argv, .allow_degraded = false
	};
}

static void read_records(int fd, struct outcome *outcome)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct child_record record;
	ssize_t got;

	for (;;) {
		CHECK(poll(&ready, 1, 20000) == 1);
		got = read(fd, &record, sizeof(record));
		if (got == 0)
			return;
		CHECK(got == sizeof(record));
		if (record.step == STEP_ABOUT_TO_EXEC) {
			outcome->about_to_exec = true;
			continue;
		}
		CHECK(!outcome->failed); /* one failure is all there can be */
		outcome->failed = true;
		outcome->step = record.step;
		outcome->error_number = record.error_number;
	}
}

/* Waits for the end of a child and takes what it said. */
static void finish(struct spawned *child, int output, struct outcome *outcome)
{
	struct pollfd ended = { .fd = child->pidfd, .events = POLLIN };
	bool gone;

	if (output >= 0)
		read_to_end(output, outcome->output, sizeof(outcome->output));
	read_records(child->records, outcome);
	CHECK(poll(&ended, 1, 20000) == 1);
	outcome->known = exec_is_through(child->pid, &outcome->through) == 0;
	CHECK(waitpid(child->pid, &outcome->status, 0) == child->pid);
	CHECK(exec_is_through(child->pid, &gone) < 0); /* reaped: nobody knows any more */
	spawned_close(child);
}

/* Runs a specification in a cage of its own, its output through a pipe. */
static struct outcome run_spec(const struct memcage_spec *spec)
{
	static struct cage cage;
	struct memcage_failure failure;
	struct outcome outcome = { 0 };
	struct spawned child = SPAWNED_NONE;
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(fd_above_stdio(&ends[0]) == 0 && fd_above_stdio(&ends[1]) == 0);
	CHECK(cage_open(&cage, spec, &failure) == 0);
	CHECK(spawn(spec, &cage, (const int[]){ -1, ends[1], ends[1] }, false, &child, &failure) ==
		0);
	CHECK(child.pid > 0 && child.pidfd > 0 && child.records >= 0);
	fd_close(&ends[1]);
	finish(&child, ends[0], &outcome);
	fd_close(&ends[0]);
	cage_close(&cage);
	return outcome;
}

static struct outcome run_words(const char *const *argv)
{
	struct memcage_spec spec = spec_of(argv);

	return run_spec(&spec);
}

static bool exited_with(const struct outcome *outcome, int code)
{
	return WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) == code;
}

/* ---- what cannot be executed ---- */

static void make_files(void)
{
	static const struct {
		const char *path, *text;
		mode_t mode;
	} files[] = {
		{ "plain", "#!/bin/sh\necho plain\n", 0644 },
		{ "here", "#!/bin/sh\necho here\n", 0755 },
		{ "one/tool", "#!/bin/sh\necho one\n", 0755 },
		{ "two/tool", "#!/bin/sh\necho two\n", 0755 },
		{ "locked/tool", "#!/bin/sh\necho locked\n", 0644 },
		{ "bad-elf", "\177ELF is all that it has of one", 0755 },
		{ "no-magic", "neither a program nor a script\n", 0755 },
		{ "empty", "", 0755 },
		{ "lost-interpreter", "#!/no/such/interpreter\n", 0755 },
		{ "root-only", "#!/bin/sh\necho root\n", 0700 },
	};
	char path[128];

	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, files[i].path);
		fixture_directories(path);
		fixture_write(path, files[i].text, strlen(files[i].text));
		assert_int_equal(chmod(path, files[i].mode), 0);
	}
}

static void failures(void)
{
	static const struct {
		const char *because, *command, *work, *path;
		int step, error_number;
		bool about_to_exec;
	} rows[] = {
		{ "no such file", "/no/such/file", NULL, NULL, STEP_EXEC, ENOENT, true },
		{ "a file where a directory should be", "/etc/passwd/x", NULL, NULL, STEP_EXEC,
			ENOENT, true },
		{ "in no directory of PATH", "no-such-tool", NULL, NULL, STEP_EXEC, ENOENT, true },
		{ "an empty name is no directory of PATH", "", NULL, "/bin:/usr/bin", STEP_EXEC,
			ENOENT, true },
		{ "not executable", "./plain", directory, NULL, STEP_EXEC, EACCES, true },
		{ "not executable, by PATH", "plain", directory, ".", STEP_EXEC, EACCES, true },
		{ "not executable counts more than not there", "tool", directory, "locked:/nowhere",
			STEP_EXEC, EACCES, true },
		{ "a directory", "/etc", NULL, NULL, STEP_EXEC, EACCES, true },
		{ "no program", "./bad-elf", directory, NULL, STEP_EXEC, ENOEXEC, true },
		{ "neither", "./no-magic", directory, NULL, STEP_EXEC, ENOEXEC, true },
		{ "an empty file", "./empty", directory, NULL, STEP_EXEC, ENOEXEC, true },
		{ "a script whose interpreter is lost", "./lost-interpreter", directory, NULL,
			STEP_EXEC, ENOENT, true },
		{ "no such directory to run in", "true", "/no/such/directory", NULL, STEP_DIRECTORY,
			ENOENT, false },
		{ "a file to run in", "true", "/etc/passwd", NULL, STEP_DIRECTORY, ENOTDIR, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memcage_spec spec = spec_of(WORDS(rows[i].command));
		char path[128];
		struct outcome outcome;

		spec.working_directory = rows[i].work;
		(void)snprintf(path, sizeof(path), "PATH=%s", rows[i].path ? rows[i].path : "");
		spec.envp = rows[i].path ? WORDS(path) : NULL;
		outcome = run_spec(&spec);
		CHECKING("%s: ", rows[i].because);
		CHECK(outcome.failed && outcome.step == rows[i].step);
		CHECK(outcome.error_number == rows[i].error_number);
		CHECK(outcome.about_to_exec == rows[i].about_to_exec);
		CHECK(outcome.known && !outcome.through);
		CHECK(exited_with(&outcome, 127));
	}
}

/* A program's own 127 is its own business. */
static void own_status(void)
{
	struct outcome outcome = run_words(WORDS("sh", "-c", "exit 127"));

	CHECK(!outcome.failed && outcome.about_to_exec && outcome.known && outcome.through);
	CHECK(exited_with(&outcome, 127));
	outcome = run_words(WORDS("sh", "-c", "no-such-tool"));
	CHECK(!outcome.failed && outcome.through && exited_with(&outcome, 127));
	outcome = run_words(WORDS("sh", "-c", "kill -KILL $$"));
	CHECK(!outcome.failed && outcome.through && WIFSIGNALED(outcome.status));
}

static void search(void)
{
	static const struct {
		const char *because, *command, *path, *output;
	} rows[] = {
		{ "the first that has it", "tool", "PATH=one:two", "one\n" },
		{ "the other way round", "tool", "PATH=two:one", "two\n" },
		{ "past what may not be executed", "tool", "PATH=locked:two", "two\n" },
		{ "past what is no directory", "tool", "PATH=plain:/no/such:two", "two\n" },
		{ "an empty element in front is the directory we are in", "here", "PATH=:/bin",
			"here\n" },
		{ "in the middle", "here", "PATH=/nowhere::/bin", "here\n" },
		{ "at the end", "here", "PATH=/bin:", "here\n" },
		{ "alone", "here", "PATH=", "here\n" },
		{ "only colons", "here", "PATH=:::", "here\n" },
		{ "a name with a slash is not looked up", "./here", "PATH=/bin", "here\n" },
		{ "a slash in the middle too", "two/tool", "PATH=one", "two\n" },
		{ "without PATH there is a usual one", "echo", "UNUSED=", "\n" },
		{ "PATHS is not PATH", "echo", "PATHS=/nowhere", "\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memcage_spec spec = spec_of(WORDS(rows[i].command));
		struct outcome outcome;

		spec.working_directory = directory;
		spec.envp = WORDS(rows[i].path);
		outcome = run_spec(&spec);
		CHECKING("%s: %s", rows[i].because, outcome.output);
		CHECK(!outcome.failed && exited_with(&outcome, 0));
		CHECK(strcmp(outcome.output, rows[i].output) == 0);
	}
}

/* ---- what the command finds ---- */

static void surroundings(void)
{
	struct memcage_spec spec = spec_of(WORDS("sh", "-c", "echo $0 $A; pwd", "name"));
	struct outcome outcome;

	spec.envp = WORDS("A=b", "PATH=/usr/bin:/bin");
	spec.working_directory = "/usr";
	outcome = run_spec(&spec);
	CHECK(strcmp(outcome.output, "name b\n/usr\n") == 0);
	CHECK(setenv("A", "ours", 1) == 0);
	spec.envp = NULL;
	CHECK(strcmp(run_spec(&spec).output, "name ours\n/usr\n") == 0);
}

/* The value of a line "Name:\thex" of /proc/PID/status. */
static uint64_t status_bits(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	uint64_t bits = 0;

	CHECK(at != NULL);
	for (at += strlen(name) + 2; strchr("0123456789abcdef", *at) != NULL && *at != '\0'; at++)
		bits = bits * 16 + (uint64_t)(*at >= 'a' ? *at - 'a' + 10 : *at - '0');
	return bits;
}

static uint64_t bit(int number)
{
	return UINT64_C(1) << (number - 1);
}

static void on_signal(int number)
{
	(void)number;
}

static void signals(void)
{
	struct memcage_spec spec = spec_of(WORDS("cat", "/proc/self/status"));
	struct outcome outcome;
	sigset_t blocked, now, none;

	(void)sigemptyset(&blocked);
	(void)sigemptyset(&none);
	(void)sigaddset(&blocked, SIGUSR1);
	CHECK(sigprocmask(SIG_SETMASK, &blocked, NULL) == 0);
	CHECK(signal(SIGUSR2, on_signal) != SIG_ERR && signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	outcome = run_spec(&spec);
	CHECK(status_bits(outcome.output, "SigBlk") == bit(SIGUSR1)); /* ours as it was */
	CHECK(status_bits(outcome.output, "SigCgt") == 0);            /* no handler of ours */
	CHECK(status_bits(outcome.output, "SigIgn") & bit(SIGPIPE));  /* as without us */
	CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
	CHECK(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGTERM) == 0);
	spec.signal_mask = &none;
	CHECK(status_bits(run_spec(&spec).output, "SigBlk") == 0); /* as asked for */
}

/* With SIGCHLD ignored a program could not wait for its children. */
static void child_signal(void)
{
	static struct cage cage;
	struct memcage_spec spec = spec_of(
		WORDS("sh", "-c", "read go; exec cat /proc/self/status"));
	struct memcage_failure failure;
	struct spawned child = SPAWNED_NONE;
	struct outcome outcome = { 0 };
	int in[2], ends[2];

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(ends, O_CLOEXEC) == 0);
	CHECK(cage_open(&cage, &spec, &failure) == 0);
	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	CHECK(spawn(&spec, &cage, (const int[]){ in[0], ends[1], -1 }, false, &child, &failure) ==
		0);
	CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	CHECK(write(in[1], "go\n", 3) == 3);
	fd_close(&ends[1]);
	read_to_end(ends[0], outcome.output, sizeof(outcome.output));
	CHECK((status_bits(outcome.output, "SigIgn") & bit(SIGCHLD)) == 0);
	while (!cage_is_empty(&cage))
		(void)usleep(1000);
	spawned_close(&child);
	cage_close(&cage);
}

static void descriptors(void)
{
	struct memcage_spec spec = spec_of(WORDS("ls", "/proc/self/fd"));
	int stray = dup2(STDIN_FILENO, 77);

	CHECK(stray == 77);
	/* 3 is ls looking at the directory; nothing of ours, nothing of the caller's */
	CHECK(strcmp(run_spec(&spec).output, "0\n1\n2\n3\n") == 0);
	spec.keep_fds = true;
	CHECK(strcmp(run_spec(&spec).output, "0\n1\n2\n3\n77\n") == 0);
	CHECK(fcntl(stray, F_GETFD) == 0); /* still the caller's */
}

/* A caller without standard streams. */
static void no_standard_streams(void)
{
	struct memcage_spec spec = spec_of(
		WORDS("sh", "-c", "for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && echo $fd; done"));

	(void)close(0);
	(void)close(1);
	(void)close(2);
	CHECK(strcmp(run_spec(&spec).output, "1\n2\n") == 0); /* what was closed stays closed */
}

static void limits(void)
{
	struct memcage_spec spec = spec_of(WORDS("sh", "-c", "ulimit -d"));
	char expected[32];

	spec.memory_max_bytes = 64 * MIB;
	spec.at_limit = MEMCAGE_FAIL_AT_LIMIT;
	(void)snprintf(expected, sizeof(expected), "%llu\n",
		(unsigned long long)(limits_data_below(64 * MIB) / 1024));
	CHECK(strcmp(run_spec(&spec).output, expected) == 0);
	spec.at_limit = MEMCAGE_KILL_AT_LIMIT; /* watching changes nothing */
	CHECK(strcmp(run_spec(&spec).output, "unlimited\n") == 0);
}

static void user(void)
{
	struct memcage_spec spec = spec_of(WORDS("id"));
	struct outcome outcome;

	spec.set_user = true;
	spec.user_id = 12345;
	spec.group_id = 23456;
	outcome = run_spec(&spec);
	CHECK(strcmp(outcome.output, "uid=12345 gid=23456 groups=23456\n") == 0);
	spec.argv = WORDS("./root-only");
	spec.working_directory = directory;
	outcome = run_spec(&spec);
	CHECK(outcome.failed && outcome.step == STEP_EXEC && outcome.error_number == EACCES);
}

/* ---- inside the cage ---- */

static void inside(void)
{
	static struct cage cage;
	struct memcage_spec spec = spec_of(WORDS("sleep", "1000"));
	struct memcage_failure failure;
	struct spawned child = SPAWNED_NONE;
	struct outcome outcome = { 0 };
	bool through = false;

	CHECK(cage_open(&cage, &spec, &failure) == 0);
	CHECK(spawn(&spec, &cage, (const int[]){ -1, -1, -1 }, true, &child, &failure) == 0);
	read_records(child.records, &outcome); /* until exec is through */
	CHECK(outcome.about_to_exec && !outcome.failed);
	CHECK(exec_is_through(child.pid, &through) == 0 && through);
	CHECK(cage_holds(&cage, child.pid) && cage_count_processes(&cage) == 1);
	CHECK(!group_exists(&cage.twin) || group_holds(&cage.twin, child.pid));
	CHECK(!group_exists(&cage.pids) || group_holds(&cage.pids, child.pid));
	CHECK(!cage_holds(&cage, getpid())); /* nothing of ours in it */
	CHECK(getpgid(child.pid) == child.pid);
	cage_kill(&cage);
	finish(&child, -1, &outcome);
	CHECK(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGKILL);
	CHECK(outcome.known && outcome.through); /* a zombie still shows it */
	CHECK(cage_is_empty(&cage));
	cage_close(&cage);
}

/* Moves a process into the group above. */
static int write_above(const struct group *leaf, const char *pid)
{
	struct group above = GROUP_NONE;
	char path[GROUP_PATH_SIZE];
	int result;

	text_copy(path, sizeof(path), leaf->path);
	*strrchr(path, '/') = '\0';
	result = group_open(&above, path);
	if (result == 0)
		result = group_write(&above, "cgroup.procs", pid);
	group_close(&above);
	return result;
}

/* On v1 root can leave the trees one by one. Who is still in the last one is killed with the cage.
 */
static void left_other_trees(void)
{
	static struct cage cage;
	struct memcage_spec spec = spec_of(WORDS("sleep", "1000"));
	struct memcage_failure failure;
	struct spawned child = SPAWNED_NONE;
	struct outcome outcome = { 0 };
	char text[32];

	CHECK(cage_open(&cage, &spec, &failure) == 0);
	CHECK(spawn(&spec, &cage, (const int[]){ -1, -1, -1 }, true, &child, &failure) == 0);
	read_records(child.records, &outcome);
	(void)snprintf(text, sizeof(text), "%d", (int)child.pid);
	CHECK(write_above(&cage.memory, text) == 0);
	CHECK(!group_exists(&cage.twin) || write_above(&cage.twin, text) == 0);
	CHECK(!cage_holds(&cage, child.pid));
	CHECK(cage_is_empty(&cage) == !group_exists(&cage.pids));
	if (!group_exists(&cage.pids))
		CHECK(kill(child.pid, SIGKILL) == 0);
	cage_close(&cage);
	finish(&child, -1, &outcome);
	CHECK(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGKILL);
}

/* The limit is too small for the setup itself. */
static void killed_in_setup(void)
{
	struct memcage_spec spec = spec_of(WORDS("true"));
	struct outcome outcome;

	spec.memory_max_bytes = 4096;
	outcome = run_spec(&spec);
	CHECK(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGKILL);
	CHECK(!outcome.failed && outcome.known && !outcome.through);
}

/* The kernel's flag, of processes of any name, living and dead. */
static void exec_flag(void)
{
	static const char *const names[] = { "plain", "a) R 1 (b", ") ) ) ) )", "\n0 0 0 0" };
	bool through = true;

	for (size_t i = 0; i < COUNT(names); i++) {
		int ready[2];
		pid_t pid;
		char byte;

		CHECK(pipe(ready) == 0);
		pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			(void)prctl(PR_SET_NAME, names[i]);
			(void)!write(ready[1], "", 1);
			(void)pause();
		}
		CHECK(read(ready[0], &byte, 1) == 1);
		through = true;
		CHECK(exec_is_through(pid, &through) == 0 && !through);
		CHECK(kill(pid, SIGKILL) == 0);
		CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
		through = true;
		CHECK(exec_is_through(pid, &through) == 0 && !through); /* a zombie too */
		CHECK(waitpid(pid, NULL, 0) == pid);
		CHECK(exec_is_through(pid, &through) == -ENOENT);
		(void)close(ready[0]);
		(void)close(ready[1]);
	}
	CHECK(exec_is_through(1, &through) == 0 && through);
}

static void oom_score(void)
{
	struct memcage_spec spec = spec_of(WORDS("cat", "/proc/self/oom_score_adj"));

	CHECK(oom_score_adj_of(999999999) == 0);
	CHECK(file_write(AT_FDCWD, "/proc/self/oom_score_adj", "321") == 0);
	CHECK(oom_score_adj_of(getpid()) == 321);
	CHECK(strcmp(run_spec(&spec).output, "321\n") == 0); /* only a negative one is raised */
}

/* ---- each case twice ---- */

static const struct {
	const char *name;
	void (*check)(void);
	bool root, v1;
} cases[] = {
	{ "failures", failures, false, false },
	{ "a program's own status", own_status, false, false },
	{ "PATH", search, false, false },
	{ "arguments, environment, directory", surroundings, false, false },
	{ "signals", signals, false, false },
	{ "SIGCHLD", child_signal, false, false },
	{ "descriptors", descriptors, false, false },
	{ "no standard streams", no_standard_streams, false, false },
	{ "limits", limits, false, false },
	{ "user", user, true, false },
	{ "inside the cage", inside, false, false },
	{ "outside all trees but one", left_other_trees, true, true },
	{ "killed in setup", killed_in_setup, false, true },
	{ "the exec flag", exec_flag, false, false },
	{ "oom_score_adj", oom_score, false, false },
};

/* As in containers whose filter does not know clone3(2). */
static void forbid_clone3(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = COUNT(rules), .filter = rules };
	struct clone_args arguments = { .exit_signal = SIGCHLD };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	CHECK(syscall(SYS_clone3, &arguments, sizeof(arguments)) == -1 && errno == ENOSYS);
}

struct run {
	void (*check)(void);
	bool without_clone3;
};

static void run_case(const void *data)
{
	const struct run *run = data;

	if (run->without_clone3)
		forbid_clone3();
	run->check();
}

static bool memory_is_v1(void)
{
	struct hierarchies hierarchies;
	struct memcage_failure failure;

	return hierarchies_find(&hierarchies, &failure) == 0 && hierarchies.memory.found &&
	       !hierarchies.memory.is_v2;
}

static void run_all(bool without_clone3)
{
	if (missing != NULL)
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run run = { cases[i].check, without_clone3 };

		if ((!cases[i].root || geteuid() == 0) && (!cases[i].v1 || memory_is_v1()))
			run_apart(cases[i].name, run_case, &run);
	}
}

static void test_with_clone3(void **state)
{
	(void)state;
	run_all(false);
}

static void test_without_clone3(void **state)
{
	(void)state;
	run_all(true);
}

static void test_step_names(void **state)
{
	(void)state;
	for (int step = 0; step < STEP_COUNT; step++)
		assert_true(strlen(child_step_name((enum child_step)step)) > 3);
}

static const char *what_is_missing(void)
{
	static struct cage cage;
	static struct memcage_failure failure;
	struct memcage_spec spec = spec_of(WORDS("true"));

	if (cage_open(&cage, &spec, &failure) < 0)
		return failure.detail;
	cage_close(&cage);
	return geteuid() == 0 ? NULL : "changing the user needs root";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_names),
		cmocka_unit_test(test_with_clone3),
		cmocka_unit_test(test_without_clone3),
	};
	int failed;

	missing = what_is_missing();
	make_files();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_remove(directory);
	return tests_finish(failed, missing);
}
