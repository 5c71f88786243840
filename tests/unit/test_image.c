/* SPDX-License-Identifier: MIT
 *
 * Which file's code a process has mapped.
 */
#include "witness/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CODE "7f0000000000-7f0000001000 r-xp 00000000 08:01 42    "
#define DATA "7f0000000000-7f0000001000 r--p 00000000 08:01 42    "

static void lines(void **state)
{
	static const struct {
		const char *line, *image;
		bool found;
	} rows[] = {
		{ CODE "/usr/bin/php8.2\n", "php", true },
		{ CODE "/usr/lib/jvm/java-17/lib/server/libjvm.so\n", "libjvm.so", true },
		{ CODE "/usr/bin/node (deleted)\n", "node", true },
		{ DATA "/usr/bin/php8.2\n", "php", false },              /* no code */
		{ CODE "/opt/node/bin/program\n", "node", false },       /* a folder of that name */
		{ CODE "/usr/lib/not-libjvm.so\n", "libjvm.so", false }, /* it ends so */
		{ CODE "\n", "node", false },
		{ "7f00-7f01 [vdso]", "node", false },
		{ "/", "node", false },
		{ "", "node", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (image_is_in_line(rows[i].line, rows[i].image) != rows[i].found)
			fail_msg("row %zu: %s", i, rows[i].line);
}

static void own_process(void **state)
{
	static const char *const ours[] = { "libjvm.so", "test_image", NULL };
	static const char *const library[] = { "libcmocka", NULL };
	static const char *const others[] = { "libjvm.so", "node", NULL };

	(void)state;
	assert_ptr_equal(image_mapped(getpid(), ours), ours[1]);
	assert_ptr_equal(image_mapped(getpid(), library), library[0]);
	assert_null(image_mapped(getpid(), others));
	assert_null(image_mapped(0, ours));
	assert_null(image_mapped(-1, ours));
}

static void ended_process(void **state)
{
	static const char *const ours[] = { "test_image", NULL };
	pid_t pid = fork();
	siginfo_t info;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_null(image_mapped(pid, ours)); /* a zombie has no memory */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_null(image_mapped(pid, ours));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(own_process),
		cmocka_unit_test(ended_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
