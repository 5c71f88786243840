/* SPDX-License-Identifier: MIT
 *
 * What is seen of living processes: the files that they execute from, and that a pid which executed
 * another program, or ended, is not taken for the one before.
 */
#include "watch/processes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct processes processes;

static void names_of_executable_files_are_kept(void **state)
{
	static const char maps[] =
		"55d0c0a00000-55d0c0a21000 r--p 00000000 fe:00 1    /usr/bin/data\n"
		"55d0c0a21000-55d0c0a31000 r-xp 00021000 fe:00 1    /usr/bin/node\n"
		"55d0c0a31000-55d0c0a41000 r-xp 00021000 fe:00 1    /usr/bin/node\n"
		"55d0c0a41000-55d0c0a51000 rwxp 00000000 00:00 0 \n"
		"55d0c0a51000-55d0c0a61000 rw-p 00000000 00:00 0    [heap]\n"
		"7f0000000000-7f0000001000 r-xp 00000000 fe:00 2    /a b/lib c.so (deleted)\n"
		"7fff00000000-7fff00001000 r-xp 00000000 00:00 0    [vdso]\n"
		"7fff00001000-7fff00002000 r-xp 00000000 fe:00 3    /x/\n"
		"garbage\n"
		"\n"
		"7fff00002000-7fff00003000 r-xp 00000000 fe:00 4    /not/whole";
	struct process process = { 0 };
	const char *image = NULL;
	int count = 0;

	(void)state;
	process_add_images(&process, maps, sizeof(maps) - 1);
	assert_true(process_maps(&process, "node"));
	assert_true(process_maps(&process, "lib c.so (deleted)"));
	assert_false(process_maps(&process, "data"));
	assert_false(process_maps(&process, "whole"));
	assert_false(process_maps(&process, ""));
	while ((image = process_image_next(&process, image)) != NULL)
		count++;
	assert_int_equal(count, 2);
	assert_false(process.images_cut);
}

static void too_many_names_are_told(void **state)
{
	struct process process = { 0 };
	char line[128];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(line, sizeof(line), "1-2 r-xp 0 0:0 1 /lib/library-%d.so\n", i);
		process_add_images(&process, line, strlen(line));
	}
	assert_true(process.images_cut);
	assert_true(process.images_length <= sizeof(process.images));
	assert_true(process_maps(&process, "library-0.so"));
}

/* A child that executes `program 1000`, and has done so; NULL: that waits and executes nothing. */
static pid_t child_of(const char *program)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (program != NULL)
			(void)execl(program, program, "1000", (char *)NULL);
		(void)close(ready[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	(void)!read(ready[0], &(char){ 0 }, 1); /* exec, or the child, closes it */
	(void)close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_program_is_seen_with_its_images(void **state)
{
	const struct process *process;
	pid_t pid = child_of("/bin/sleep");

	(void)state;
	processes_begin(&processes);
	processes_look_at(&processes, pid);
	process = processes_last_of(&processes, pid);
	assert_non_null(process);
	assert_string_equal(process->command, "sleep");
	assert_non_null(strstr(process->executable, "/"));
	assert_true(process->start_ticks > 0);
	assert_true(process->looks == 1);
	assert_true(process_maps(process, strrchr(process->executable, '/') + 1));
	processes_look_at(&processes, pid);
	assert_true(processes.seen == 1);
	assert_int_equal(processes.count, 1);
	end(pid);
	processes_look_at(&processes, pid); /* gone: what was seen stays */
	assert_ptr_equal(processes_last_of(&processes, pid), process);
	assert_null(processes_last_of(&processes, 0));
	assert_null(processes_last_of(&processes, pid + 1));
}

/* What has not executed anything yet is still we ourselves, and no program of the cage. */
static void our_own_copy_is_not_counted(void **state)
{
	pid_t pid = child_of(NULL);

	(void)state;
	processes_begin(&processes);
	processes_look_at(&processes, pid);
	assert_null(processes_last_of(&processes, pid));
	assert_true(processes.seen == 0);
	end(pid);
}

/* sh becomes sleep when it is told to. */
static void another_program_takes_the_place(void **state)
{
	int order[2];
	const struct process *shell;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(order), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(order[0], 0);
		(void)execl("/bin/sh", "sh", "-c", "read line; exec sleep 1000", (char *)NULL);
		_exit(127);
	}
	processes_begin(&processes);
	for (int i = 0; i < 2000 && processes.count == 0; i++, (void)usleep(1000))
		processes_look_at(&processes, pid);
	shell = processes_last_of(&processes, pid);
	assert_non_null(shell);
	assert_int_equal(write(order[1], "\n", 1), 1);
	for (int i = 0; i < 2000 && processes.count == 1; i++, (void)usleep(1000))
		processes_look_at(&processes, pid);
	assert_true(shell->is_past);
	assert_ptr_not_equal(processes_last_of(&processes, pid), shell);
	assert_true(processes.seen == 2);
	end(pid);
}

/* As a zombie it shows nothing but its name, which exec changes: the last look was at another. */
static void a_zombie_of_another_name_is_another_program(void **state)
{
	for (int renamed = 0; renamed < 2; renamed++) {
		pid_t pid = child_of("/bin/sleep");
		siginfo_t info;

		(void)state;
		processes_begin(&processes);
		processes_look_at(&processes, pid);
		assert_non_null(processes_last_of(&processes, pid));
		if (renamed)
			processes.list[0].command[0] = 'x';
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		processes_look_at(&processes, pid);
		assert_int_equal(processes_last_of(&processes, pid) == NULL, renamed);
		end(pid);
	}
}

/* A directory with a file cgroup.procs is as good as a group. */
static void looks_come_with_time_and_growth(void **state)
{
	char directory[] = "/tmp/memcage-test-XXXXXX", path[64];
	struct group group = GROUP_NONE;
	pid_t pids[3];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	file = fopen(path, "we");
	assert_non_null(file);
	for (int i = 0; i < 3; i++) {
		pids[i] = child_of("/bin/sleep");
		(void)fprintf(file, "%d\n", (int)pids[i]);
	}
	(void)fputs("nonsense\n0\n99999999999\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(group_open(&group, directory), 0);

	processes_begin(&processes);
	processes_look_if_due(&processes, &group, pids[0], 1000, 4096);
	assert_true(processes.seen == 0); /* too early */
	processes_look_if_due(&processes, &group, pids[0], 4000, 4096);
	assert_true(processes.seen == 3);
	assert_int_equal(processes.list[0].looks, 1);
	processes_look_if_due(&processes, &group, pids[0], 7000, 4096);
	assert_int_equal(processes.list[0].looks, 1);
	processes_look_if_due(&processes, &group, pids[0], 7000, 64 << 20);
	assert_int_equal(processes.list[0].looks, 2);
	processes_look_if_due(&processes, &group, pids[0], 7500, 65 << 20);
	assert_int_equal(processes.list[0].looks, 2);
	processes_look_if_due(&processes, &group, pids[0], 8000, 65 << 20);
	assert_int_equal(processes.list[0].looks, 3); /* the main process loads more as it goes */
	assert_int_equal(processes.list[1].looks, 2); /* the others have had enough */
	assert_true(processes.seen == 3);
	for (int i = 0; i < 3; i++)
		end(pids[i]);
	group_close(&group);
	(void)unlink(path);
	(void)rmdir(directory);
}

static void a_full_list_counts_on(void **state)
{
	pid_t pid = child_of("/bin/sleep");

	(void)state;
	processes_begin(&processes);
	processes.count = PROCESSES_MAX;
	processes_look_at(&processes, pid);
	processes_look_at(&processes, pid);
	assert_int_equal(processes.count, PROCESSES_MAX);
	assert_true(processes.seen == 1);
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_executable_files_are_kept),
		cmocka_unit_test(too_many_names_are_told),
		cmocka_unit_test(a_program_is_seen_with_its_images),
		cmocka_unit_test(our_own_copy_is_not_counted),
		cmocka_unit_test(another_program_takes_the_place),
		cmocka_unit_test(a_zombie_of_another_name_is_another_program),
		cmocka_unit_test(looks_come_with_time_and_growth),
		cmocka_unit_test(a_full_list_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
