/* SPDX-License-Identifier: MIT
 *
 * A supervisor that is killed, at any moment, leaves no process and no group.
 */
#include "cage/guard.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include <cmocka.h>

#include "apart.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cage/spawn.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define PATIENCE_MS 10000
#define CAGES 2
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *missing;

/* How far the supervisor got; it tells each moment. */
enum moment { MADE, GUARDED, STARTED, RUNNING };

static void sleep_us(long us)
{
	(void)nanosleep(
		&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

/* ---- the supervisor, in a process of its own ---- */

/* A workload with a child, a child in a session of its own, and one that lost its parent; all of
 * them hold life, the write end of a pipe, and one of them says that all are there. */
static const char workload[] =
	"sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; echo; exec sleep 1000";

/* It goes no further than stop_at. */
static void tell(int news, enum moment moment, enum moment stop_at)
{
	CHECK(fd_write_all(news, &moment, sizeof(moment)) == 0);
	while (moment == stop_at)
		(void)pause();
}

static _Noreturn void supervise(int news, int life, int count, enum moment stop_at)
{
	static struct cage cages[CAGES];
	struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = WORDS("sh", "-c", workload) };
	struct memcage_failure failure;
	struct spawned child = SPAWNED_NONE;

	for (int i = 0; i < count; i++)
		CHECK(cage_open(&cages[i], &spec, &failure) == 0);
	tell(news, MADE, stop_at);
	for (int i = 0; i < count; i++)
		CHECK(guard_add(&cages[i], &failure) == 0);
	tell(news, GUARDED, stop_at);
	for (int i = 0; i < count; i++)
		CHECK(spawn(&spec, &cages[i], (const int[]){ -1, life, -1 }, true, &child,
			      &failure) == 0);
	tell(news, STARTED, stop_at);
	for (;;)
		(void)pause();
}

/* ---- the one who kills it ---- */

struct scene {
	pid_t supervisor;
	int news, life;
	enum moment last;
	bool told;
};

static void scene_open(struct scene *scene, int count, enum moment stop_at)
{
	int news[2], life[2];

	*scene = (struct scene){ 0 };
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) ==
		0); /* who loses his parent becomes ours */
	CHECK(pipe2(news, O_CLOEXEC) == 0 && pipe2(life, O_CLOEXEC) == 0);
	scene->supervisor = fork();
	CHECK(scene->supervisor >= 0);
	if (scene->supervisor == 0) {
		(void)close(life[0]);
		supervise(news[1], life[1], count, stop_at);
	}
	(void)close(news[1]);
	(void)close(life[1]);
	scene->news = news[0];
	scene->life = life[0];
}

static bool readable(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, ms) == 1;
}

/* Takes the supervisor's messages that are there, or up to that moment. */
static void follow(struct scene *scene, int until)
{
	while (readable(scene->news, until >= 0 ? PATIENCE_MS : 0)) {
		if (read(scene->news, &scene->last, sizeof(scene->last)) != sizeof(scene->last))
			break; /* it is dead */
		scene->told = true;
		if ((int)scene->last == until)
			return;
	}
	CHECK(until < 0);
}

/* Every process that the supervisor started ends, the guard included. */
static void all_end(void)
{
	uint64_t start = clock_ms();
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		CHECK(clock_ms() - start < PATIENCE_MS);
		if (pid == 0)
			sleep_us(1000);
	}
	CHECK(errno == ECHILD);
}

/* A home of that supervisor's is still there, in any tree. */
static bool any_home(pid_t supervisor)
{
	struct hierarchies hierarchies;
	struct memcage_failure failure;
	const struct hierarchy *trees[] = { &hierarchies.memory, &hierarchies.unified,
		&hierarchies.pids };
	char name[64], path[2 * GROUP_PATH_SIZE];
	bool found = false;

	CHECK(hierarchies_find(&hierarchies, &failure) == 0);
	(void)snprintf(name, sizeof(name), OWN_NAME_PREFIX "%d-", (int)supervisor);
	for (size_t i = 0; i < COUNT(trees); i++) {
		struct dirent *entry;
		DIR *groups;

		(void)snprintf(path, sizeof(path), "%s%s", trees[i]->mount, trees[i]->own);
		groups = trees[i]->found ? opendir(path) : NULL;
		while (groups != NULL && (entry = readdir(groups)) != NULL)
			found = found || strncmp(entry->d_name, name, strlen(name)) == 0;
		if (groups != NULL)
			(void)closedir(groups);
	}
	return found;
}

/* What a supervisor leaves that was killed before it had a guard is for doctor --clean, which lets
 * a home grow a little old first. */
static void cleaned(pid_t supervisor)
{
	struct memcage_failure failure;
	uint64_t start = clock_ms();

	while (any_home(supervisor)) {
		CHECK(clock_ms() - start < PATIENCE_MS);
		CHECK(home_clean(&failure) >= 0);
		sleep_us(50000);
	}
}

static void scene_close(struct scene *scene)
{
	(void)close(scene->news);
	(void)close(scene->life);
}

/* Nobody holds life any more: every process of the workload is dead, wherever it fled. */
static void all_dead(const struct scene *scene)
{
	char text[64];
	ssize_t got;

	do {
		CHECK(readable(scene->life, PATIENCE_MS));
		got = read(scene->life, text, sizeof(text));
	} while (got > 0);
	CHECK(got == 0);
}

static void kill_at(int moment, int count)
{
	struct scene scene;

	scene_open(&scene, count, (enum moment)moment);
	follow(&scene, moment < RUNNING ? moment : STARTED);
	for (int i = 0; moment == RUNNING && i < count; i++) {
		char byte;

		CHECK(readable(scene.life, PATIENCE_MS) && read(scene.life, &byte, 1) == 1);
	}
	if (moment == RUNNING)
		sleep_us(20000); /* the last ones on their way into their sessions */
	CHECK(kill(scene.supervisor, SIGKILL) == 0);
	all_dead(&scene);
	all_end();
	CHECK(any_home(scene.supervisor) == (moment == MADE));
	cleaned(scene.supervisor);
	scene_close(&scene);
}

static void killed_before_guard(const void *data)
{
	(void)data;
	kill_at(MADE, 1);
}

static void killed_before_start(const void *data)
{
	(void)data;
	kill_at(GUARDED, 1);
}

static void killed_at_start(const void *data)
{
	(void)data;
	kill_at(STARTED, 1);
}

static void killed_while_running(const void *data)
{
	(void)data;
	kill_at(RUNNING, 1);
}

static void killed_with_two_cages(const void *data)
{
	(void)data;
	kill_at(RUNNING, CAGES);
}

/* Whenever: once it said that there is a guard, nothing is left; before, nothing that runs. */
static void killed_at_any_time(const void *data)
{
	pid_t unguarded[64];
	int count = 0;

	(void)data;
	for (long us = 0; us < 10000; us += 200) {
		struct scene scene;

		scene_open(&scene, 1, RUNNING);
		sleep_us(us);
		CHECK(kill(scene.supervisor, SIGKILL) == 0);
		all_dead(&scene);
		all_end();
		follow(&scene, -1);
		CHECKING("after %ld us: ", us);
		if (scene.told && scene.last >= GUARDED)
			CHECK(!any_home(scene.supervisor));
		else
			unguarded[count++] = scene.supervisor;
		scene_close(&scene);
	}
	while (count > 0)
		cleaned(unguarded[--count]);
}

/* ---- the guard's own life ---- */

/* A child of ours by the name of the guard's, or 0. */
static pid_t find_guard(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	CHECK(processes != NULL);
	while ((entry = readdir(processes)) != NULL) {
		char path[300], text[512], command[32];
		int pid, parent;

		(void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (file_read(AT_FDCWD, path, text, sizeof(text)) > 0 &&
			sscanf(text, "%d (%31[^)]) %*c %d", &pid, command, &parent) == 3 &&
			parent == getpid() && strcmp(command, "memcage-guard") == 0) {
			CHECK(found == 0); /* one is enough for all cages */
			found = pid;
		}
	}
	(void)closedir(processes);
	return found;
}

static pid_t wait_for_guard(void)
{
	pid_t guard;

	for (int i = 0; (guard = find_guard()) == 0; i++) {
		CHECK(i < 1000); /* it gives itself its name */
		sleep_us(1000);
	}
	return guard;
}

static void ordinary_life(const void *data)
{
	static struct cage cages[CAGES];
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = WORDS("true") };
	struct memcage_failure failure;
	int ends[2];
	pid_t guard;
	char byte;

	(void)data;
	CHECK(pipe(ends) == 0);
	for (int i = 0; i < CAGES; i++)
		CHECK(cage_open(&cages[i], &spec, &failure) == 0 &&
			guard_add(&cages[i], &failure) == 0);
	guard = wait_for_guard();
	CHECK(!cage_holds(&cages[0], guard) && !cage_holds(&cages[1], guard));
	CHECK(getsid(guard) == guard); /* no terminal's signals */
	(void)close(ends[1]);
	CHECK(readable(ends[0], PATIENCE_MS) &&
		read(ends[0], &byte, 1) == 0); /* it holds nothing of ours */
	for (int number = 1; number < SIGRTMIN; number++)
		if (number != SIGKILL && number != SIGSTOP)
			CHECK(kill(guard, number) == 0);
	sleep_us(20000);
	CHECK(wait_for_guard() == guard); /* unmoved */
	guard_remove(&cages[0]);
	CHECK(wait_for_guard() == guard); /* for the other one */
	guard_remove(&cages[1]);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* it ended, and is no zombie */
	CHECK(cage_is_there(&cages[0]) &&
		cage_is_there(&cages[1])); /* what was taken back is not touched */
	for (int i = 0; i < CAGES; i++)
		cage_close(&cages[i]);
	CHECK(cage_open(&cages[0], &spec, &failure) == 0 &&
		guard_add(&cages[0], &failure) == 0); /* once more */
	guard_remove(&cages[0]);
	cage_close(&cages[0]);
}

/* Held, it is there before the first cage and after the last. */
static void held(const void *data)
{
	static struct cage cage;
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = WORDS("true") };
	struct memcage_failure failure;
	pid_t guard;

	(void)data;
	CHECK(guard_hold(&failure) == 0);
	guard = wait_for_guard();
	guard_reap(); /* somebody needs it */
	CHECK(wait_for_guard() == guard);
	CHECK(cage_open(&cage, &spec, &failure) == 0 && guard_add(&cage, &failure) == 0);
	guard_remove(&cage);
	CHECK(wait_for_guard() == guard);
	guard_let_go();
	guard_reap();
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* it ended, and is no zombie */
	CHECK(cage_is_there(&cage));
	cage_close(&cage);
}

/* Without a guard no cage is entrusted to anybody, and the caller learns it. */
static void dead_guard(const void *data)
{
	static struct cage cages[CAGES];
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = WORDS("true") };
	struct memcage_failure failure = { 0 };
	pid_t guard;

	(void)data;
	for (int i = 0; i < CAGES; i++)
		CHECK(cage_open(&cages[i], &spec, &failure) == 0);
	CHECK(guard_add(&cages[0], &failure) == 0);
	guard = wait_for_guard();
	CHECK(kill(guard, SIGKILL) == 0);
	CHECK(waitid(P_PID, (id_t)guard, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	CHECK(guard_add(&cages[1], &failure) == -ECHILD && strstr(failure.detail, "guard") != NULL);
	guard_remove(&cages[0]);
	CHECK(guard_add(&cages[1], &failure) == 0); /* a new one */
	guard_remove(&cages[1]);
	for (int i = 0; i < CAGES; i++)
		cage_close(&cages[i]);
}

/* A cage without groups needs none. */
static void no_groups(const void *data)
{
	static struct cage cage;
	const struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = WORDS("true"),
		.backend = MEMCAGE_BACKEND_RLIMIT };
	struct memcage_failure failure;

	(void)data;
	CHECK(cage_open(&cage, &spec, &failure) == 0 && guard_add(&cage, &failure) == 0);
	CHECK(find_guard() == 0);
	guard_remove(&cage);
	cage_close(&cage);
}

/* A fork of a supervisor has a guard of its own, and its parent keeps his. */
static void forked_supervisor(const void *data)
{
	static struct cage cages[CAGES];
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = WORDS("true") };
	struct memcage_failure failure;
	int status;
	pid_t pid;

	(void)data;
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	for (int i = 0; i < CAGES; i++)
		CHECK(cage_open(&cages[i], &spec, &failure) == 0);
	CHECK(guard_add(&cages[0], &failure) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(guard_add(&cages[1], &failure) == 0);
		CHECK(wait_for_guard() != 0);
		_exit(0); /* and so its guard empties and removes the second cage */
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	for (int i = 0; cage_is_there(&cages[1]); i++) {
		CHECK(i < PATIENCE_MS);
		sleep_us(1000);
	}
	CHECK(cage_is_there(&cages[0]));
	guard_remove(&cages[0]);
	all_end(); /* both guards */
	CHECK(cage_is_there(&cages[0]));
	for (int i = 0; i < CAGES; i++)
		cage_close(&cages[i]);
}

static const struct {
	const char *name;
	void (*check)(const void *data);
} cases[] = {
	{ "killed before there is a guard", killed_before_guard },
	{ "killed before the start", killed_before_start },
	{ "killed at the start", killed_at_start },
	{ "killed while it runs", killed_while_running },
	{ "killed with two cages", killed_with_two_cages },
	{ "killed at any time", killed_at_any_time },
	{ "an ordinary life", ordinary_life },
	{ "held without a cage", held },
	{ "a dead guard", dead_guard },
	{ "no groups", no_groups },
	{ "a forked supervisor", forked_supervisor },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		run_apart(cases[i].name, cases[i].check, NULL);
}

static const char *what_is_missing(void)
{
	static struct cage cage;
	static struct memcage_failure failure;
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = WORDS("true") };

	if (cage_open(&cage, &spec, &failure) < 0)
		return failure.detail;
	cage_close(&cage);
	return NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	missing = what_is_missing();
	if (missing != NULL)
		return tests_finish(0, missing);
	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), NULL);
}
