/* SPDX-License-Identifier: MIT
 *
 * Which hierarchies a host shows, from the texts of hosts of many kinds (tests/fixtures/hosts). The
 * parsers take the texts alone; the whole search runs in a mount namespace where they are what
 * /proc says.
 */
#include "cage/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "fixture.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define V1_MEMORY "/sys/fs/cgroup/memory"
#define WHOLE "/sys/fs/cgroup"

/* What one host shows. own is NULL where our group is not visible; unified is NULL where there is
 * none. */
static const struct host {
	const char *because, *fixture, *mode;
	bool namespaced; /* looked at from a cgroup namespace of our own */
	bool is_v2, read_only, pids;
	const char *mount, *root, *own;
	const char *unified, *unified_own;
} hosts[] = {
	{ "v1 alone", "v1", "v1", false, false, false, true, V1_MEMORY, "/",
		"/system.slice/cron.service", NULL, NULL },
	{ "v1 with a v2 tree beside it", "hybrid", "hybrid", false, false, false, true, V1_MEMORY,
		"/", "/user.slice/user-0.slice/session-1.scope", WHOLE "/unified",
		"/user.slice/user-0.slice/session-1.scope" },
	{ "v2 alone, and a colon in a group's name", "v2", "v2", false, true, false, false, WHOLE,
		"/", "/user.slice/user-1000.slice/user@1000.service/app.slice/term:1.scope", WHOLE,
		"/user.slice/user-1000.slice/user@1000.service/app.slice/term:1.scope" },
	{ "read-only by the mount, though not by its file system", "docker", "v2", true, true, true,
		false, WHOLE, "/", "", WHOLE, "" },
	{ "the mount shows our own group as its root", "docker-v1", "v1", false, false, true, true,
		V1_MEMORY, "/docker/6f3a", "", NULL, NULL },
	{ "the mount shows a group above ours", "bind", "v2", false, true, false, false, WHOLE,
		"/machine.slice/box", "/payload", WHOLE, "/payload" },
	{ "a name that only begins like the root is beside it", "bind-beside", "v2", false, true,
		false, false, WHOLE, "/machine.slice/box", NULL, WHOLE, NULL },
	{ "our group lies outside the namespace", "outside", "v2", true, true, false, false, WHOLE,
		"/", NULL, WHOLE, NULL },
	{ "the mount's root lies outside the namespace", "outside-mount", "v2", true, true, false,
		false, WHOLE, "/../..", NULL, WHOLE, NULL },
	{ "two dots at the start of a longer name", "dots", "v2", false, true, false, false, WHOLE,
		"/", "/..odd/...", WHOLE, "/..odd/..." },
	{ "escaped characters", "escaped", "v2", false, true, false, false,
		WHOLE "/my own\tgroup\\s", "/", "/a b", WHOLE "/my own\tgroup\\s", "/a b" },
	{ "the root group, and a backslash in another mount", "wsl2", "hybrid", false, false, false,
		true, V1_MEMORY, "/", "", WHOLE "/unified", "" },
	{ "the mount that shows the root is better than a part", "twice", "v2", false, true, false,
		false, WHOLE "/whole", "/", "/user.slice/shell", WHOLE "/whole",
		"/user.slice/shell" },
	{ "no cgroup mounted", "none", "none", false, false, false, false, NULL, NULL, NULL, NULL,
		NULL },
};

/* ---- the parsers ---- */

static void test_mountinfo(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct host *host = &hosts[i];
		struct mount_facts facts;
		char name[64], *text, *mountinfo;

		(void)snprintf(name, sizeof(name), "hosts/%s", host->fixture);
		text = fixture_load(name);
		mountinfo = fixture_section(text, "mountinfo");
		if (mountinfo_find(mountinfo, "", &facts) != (host->unified != NULL) ||
			(host->unified != NULL && strcmp(facts.mount, host->unified) != 0))
			fail_msg("%s: the v2 mount", host->because);
		if (host->mount != NULL &&
			(!mountinfo_parse(mountinfo, host->mount, &facts) ||
				facts.is_v2 != host->is_v2 || facts.read_only != host->read_only ||
				strcmp(facts.root, host->root) != 0))
			fail_msg("%s: the memory mount", host->because);
		assert_false(mountinfo_parse(
			mountinfo, "/proc", &facts)); /* a mount, but of no cgroup */
		assert_false(mountinfo_parse(mountinfo, WHOLE "/no", &facts));
		free(mountinfo);
		free(text);
	}
}

static void test_mounted_twice(void **state)
{
	char *text = fixture_load("hosts/twice"), *mountinfo = fixture_section(text, "mountinfo");
	struct mount_facts facts;

	(void)state;
	assert_true(mountinfo_find(mountinfo, "", &facts));
	assert_string_equal(facts.mount, WHOLE "/whole"); /* one that shows the root is better */
	assert_true(mountinfo_parse(mountinfo, WHOLE "/whole", &facts));
	assert_false(facts.read_only); /* the last one there covers the first */
	assert_true(mountinfo_parse(mountinfo, WHOLE "/part", &facts));
	assert_string_equal(facts.root, "/user.slice");
	free(mountinfo);
	free(text);
}

/* Which mount a v1 controller has is among the options of the file system. */
static void test_controllers(void **state)
{
	static const char v1[] =
		"30 25 0:26 / /cg/systemd rw - cgroup systemd rw,xattr,name=memory\n"
		"31 25 0:27 /part /cg/part rw - cgroup cgroup rw,cpuset,memory\n"
		"32 25 0:27 / /cg/memory ro - cgroup cgroup rw,cpuset,memory\n"
		"33 25 0:28 / /cg/pids rw - cgroup cgroup rw,pids\n"
		"34 25 0:29 / /cg/unified rw - cgroup2 cgroup2 rw,rdma\n"
		"35 25 0:30 / /tmp rw - tmpfs tmpfs rw,freezer\n";
	static const struct {
		const char *controller, *mount; /* NULL: none */
	} rows[] = { { "memory", "/cg/memory" }, { "cpuset", "/cg/memory" }, { "pids", "/cg/pids" },
		{ "", "/cg/unified" }, { "pid", NULL }, { "rdma", NULL }, { "freezer", NULL } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mount_facts facts;
		bool found = mountinfo_find(v1, rows[i].controller, &facts);

		if (found != (rows[i].mount != NULL) ||
			(found && strcmp(facts.mount, rows[i].mount) != 0))
			fail_msg("%s: %s", rows[i].controller, found ? facts.mount : "none");
	}
}

/* Lines that are cut anywhere are no mounts, and are not read beyond their end. */
static void test_cut_mountinfo(void **state)
{
	static const char line[] = "28 24 0:25 / /sys/fs/cgroup ro,nosuid shared:9 master:1 - "
				   "cgroup2 cgroup2 rw,nsdelegate";
	const size_t enough = (size_t)(strstr(line, "cgroup2 cgroup2") + strlen("cgroup2 ") - line);

	(void)state;
	for (size_t length = 0; length < sizeof(line); length++) {
		char *cut = strndup(line, length);
		struct mount_facts facts = { .read_only = false };

		assert_non_null(cut);
		assert_int_equal(mountinfo_parse(cut, WHOLE, &facts), length >= enough);
		assert_int_equal(facts.read_only, length >= enough);
		free(cut);
	}
}

static const struct {
	const char *because, *text, *controller;
	const char *path; /* NULL: not listed */
} own_groups[] = {
	{ "one of the list", "4:cpuacct,cpu:/a\n", "cpu", "/a" },
	{ "the first of the list", "4:cpuacct,cpu:/a\n", "cpuacct", "/a" },
	{ "a part of a name is no name", "4:cpuacct,cpu:/a\n", "acct", NULL },
	{ "the beginning neither", "4:cpuset:/a\n", "cpu", NULL },
	{ "named hierarchies are not controllers", "1:name=memory:/a\n", "memory", NULL },
	{ "they have their own name", "1:name=systemd:/a\n", "name=systemd", "/a" },
	{ "v2 has an empty list", "9:memory:/a\n0::/b\n", "", "/b" },
	{ "v2 is not to be had from v1 lines", "9:memory:/a\n", "", NULL },
	{ "v2's line is no controller's", "0::/b\n", "memory", NULL },
	{ "colons belong to the path", "0::/a:b:/c\n", "", "/a:b:/c" },
	{ "blanks too", "0::/a b\n", "", "/a b" },
	{ "the root", "0::/\n", "", "/" },
	{ "the last line may lack its newline", "0::/b", "", "/b" },
	{ "a group that was removed says so, and is not there", "0::/b (deleted)\n", "",
		"/b (deleted)" },
	{ "nothing", "", "memory", NULL },
	{ "garbage", "::::\n\n9\n9:memory\n", "memory", NULL },
};

static void test_own_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(own_groups); i++) {
		char path[64] = "untouched";
		bool found = own_group_parse(
			own_groups[i].text, own_groups[i].controller, path, sizeof(path));

		if (found != (own_groups[i].path != NULL) ||
			strcmp(path, found ? own_groups[i].path : "untouched") != 0)
			fail_msg("%s: %d '%s'", own_groups[i].because, found, path);
	}
}

static void test_own_group_too_long(void **state)
{
	char path[8];

	(void)state;
	assert_true(own_group_parse("0::/345678\n", "", path, sizeof(path)));
	assert_false(
		own_group_parse("0::/3456789\n", "", path, sizeof(path))); /* never a part of it */
}

/* ---- the whole search ---- */

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(2);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0,
		path);
}

static void cover(const char *from, const char *over)
{
	must(mount(from, over, NULL, MS_BIND, NULL) == 0, over);
}

/* The texts of one host, loaded before the fork: in the child no assertion may fail. */
struct texts {
	char *mountinfo, *cgroup, *controllers;
};

static void texts_load(const struct host *host, struct texts *texts)
{
	char name[64], *text;

	(void)snprintf(name, sizeof(name), "hosts/%s", host->fixture);
	text = fixture_load(name);
	texts->mountinfo = fixture_section(text, "mountinfo");
	texts->cgroup = fixture_section(text, "cgroup");
	texts->controllers = host->unified != NULL ? fixture_section(text, "controllers") : NULL;
	free(text);
}

static void texts_free(struct texts *texts)
{
	free(texts->mountinfo);
	free(texts->cgroup);
	free(texts->controllers);
}

/* From now on this process sees the host of a fixture. */
static void become_guest(const struct host *host, const struct texts *texts)
{
	char path[256];

	must(unshare(CLONE_NEWNS | (host->namespaced ? CLONE_NEWCGROUP : 0)) == 0, "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make the mounts private");
	must(mount("tmpfs", WHOLE, "tmpfs", 0, NULL) == 0, "tmpfs");
	must(mkdir(WHOLE "/.text", 0755) == 0, "mkdir");
	if (texts->controllers != NULL) {
		(void)mkdir(host->unified, 0755);
		(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", host->unified);
		put(path, texts->controllers);
	}
	put(WHOLE "/.text/mountinfo", texts->mountinfo);
	put(WHOLE "/.text/cgroup", texts->cgroup);
	cover(WHOLE "/.text/cgroup", "/proc/self/cgroup");
	cover(WHOLE "/.text/mountinfo", "/proc/self/mountinfo");
}

static bool same(const char *what, const char *is, const char *expected)
{
	if (strcmp(is, expected) == 0)
		return true;
	(void)fprintf(stderr, "%s is '%s', not '%s'\n", what, is, expected);
	return false;
}

static bool same_flag(const char *what, bool is, bool expected)
{
	return same(what, is ? "true" : "false", expected ? "true" : "false");
}

static bool as_expected(const struct host *host, const struct hierarchies *found)
{
	const struct hierarchy *memory = &found->memory, *unified = &found->unified;
	bool right = same("mode", hierarchies_mode(found), host->mode) &&
		     same_flag("namespaced", found->namespaced, host->namespaced) &&
		     same_flag("memory", memory->found, host->mount != NULL) &&
		     same_flag("pids", found->pids.found, host->pids) &&
		     same_flag("unified", unified->found, host->unified != NULL);

	if (memory->found)
		right = right && same_flag("v2", memory->is_v2, host->is_v2) &&
			same_flag("read-only", memory->read_only, host->read_only) &&
			same("mount", memory->mount, host->mount) &&
			same("root", memory->root, host->root) &&
			same("controller", memory->controller, "memory") &&
			same_flag("visible", memory->own_visible, host->own != NULL) &&
			(host->own == NULL || same("own", memory->own, host->own));
	if (unified->found)
		right = right && same("unified mount", unified->mount, host->unified) &&
			same_flag("unified visible", unified->own_visible,
				host->unified_own != NULL) &&
			(host->unified_own == NULL ||
				same("unified own", unified->own, host->unified_own));
	return right;
}

static void test_whole_search(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct texts texts;
		int status;
		pid_t pid;

		texts_load(&hosts[i], &texts);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct hierarchies found;
			struct memcage_failure failure;

			(void)signal(SIGSEGV, SIG_DFL); /* cmocka would run on in two processes */
			become_guest(&hosts[i], &texts);
			must(hierarchies_find(&found, &failure) == 0, "hierarchies_find");
			_exit(as_expected(&hosts[i], &found) ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		texts_free(&texts);
		if (status != 0)
			fail_msg("%s (%s): %#x", hosts[i].fixture, hosts[i].because,
				(unsigned)status);
	}
}

/* This host, whatever it is. */
static void test_here(void **state)
{
	struct hierarchies found;
	struct memcage_failure failure;
	char path[2 * GROUP_PATH_SIZE + 32];

	(void)state;
	assert_int_equal(hierarchies_find(&found, &failure), 0);
	if (!found.memory.found || !found.memory.own_visible)
		return;
	(void)snprintf(
		path, sizeof(path), "%s%s/cgroup.procs", found.memory.mount, found.memory.own);
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_mounted_twice),
		cmocka_unit_test(test_controllers),
		cmocka_unit_test(test_cut_mountinfo),
		cmocka_unit_test(test_own_groups),
		cmocka_unit_test(test_own_group_too_long),
		cmocka_unit_test(test_whole_search),
		cmocka_unit_test(test_here),
	};

	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL),
		geteuid() == 0 ? NULL
			       : "the search on foreign hosts needs root (mount namespaces)");
}
