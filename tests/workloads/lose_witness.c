/* SPDX-License-Identifier: MIT
 *
 * lose_witness HOW SIZE - does to itself what HOW names, asks for SIZE bytes, and exits 1 when it
 * does not get them. "unmapped", "read_only" and "cut" take away every file in /dev/shm or /tmp
 * that it has mapped writable; the others load a seccomp filter: "forbids_open" ends a program that
 * opens a file, "allows_few" one that does anything but get memory, write and exit, and "says_no"
 * answers with EPERM to opening.
 */
#include "workload.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#define OUR_ARCH AUDIT_ARCH_X86_64
#else
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

enum what { UNMAP, PROTECT, CUT };

static void take_away(enum what what)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from[16], to[16];
	char line[512], path[16][256], access[8];
	int count = 0;

	if (maps == NULL)
		cannot("open /proc/self/maps");
	while (count < 16 && fgets(line, sizeof(line), maps) != NULL)
		count += sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from[count], &to[count],
				 access, path[count]) == 4 &&
			 access[1] == 'w' && access[3] == 's' &&
			 (strncmp(path[count], "/dev/shm/", 9) == 0 ||
				 strncmp(path[count], "/tmp/", 5) == 0);
	(void)fclose(maps);
	for (int i = 0; i < count; i++)
		if ((what == UNMAP && munmap((void *)from[i], to[i] - from[i]) < 0) ||
			(what == PROTECT &&
				mprotect((void *)from[i], to[i] - from[i], PROT_READ) < 0) ||
			(what == CUT && truncate(path[i], 0) < 0))
			cannot("take %s away", path[i]);
}

#define CALL(number, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, yes, no)
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define ANSWER(answer) BPF_STMT(BPF_RET | BPF_K, answer)

static void load_filter(struct sock_filter *code, size_t count, int by_syscall)
{
	struct sock_fprog program = { (unsigned short)count, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		(by_syscall ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0
			    : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0))
		cannot("load a filter");
}

static void filter_open(uint32_t answer)
{
	struct sock_filter code[] = { LOAD(nr), CALL(SYS_openat, 0, 1), ANSWER(answer),
		ANSWER(SECCOMP_RET_ALLOW) };

	/* as programs find out whether there are filters */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == 0 || errno != EFAULT)
		cannot("ask for filters");
	load_filter(code, sizeof(code) / sizeof(*code), 0);
}

static void filter_nearly_all(void)
{
	struct sock_filter code[] = { LOAD(arch), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_IMM, OUR_ARCH), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS), LOAD(nr), CALL(SYS_getrandom, 7, 0),
		CALL(SYS_mmap, 6, 0), CALL(SYS_munmap, 5, 0), CALL(SYS_mprotect, 4, 0),
		CALL(SYS_brk, 3, 0), CALL(SYS_write, 2, 0), CALL(SYS_exit_group, 1, 0),
		ANSWER(SECCOMP_RET_TRAP), ANSWER(SECCOMP_RET_ALLOW) };

	load_filter(code, sizeof(code) / sizeof(*code), 1);
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	void *volatile memory; /* compilers leave out what nobody uses */

	if (strcmp(how, "unmapped") == 0)
		take_away(UNMAP);
	else if (strcmp(how, "read_only") == 0)
		take_away(PROTECT);
	else if (strcmp(how, "cut") == 0)
		take_away(CUT);
	else if (strcmp(how, "forbids_open") == 0)
		filter_open(SECCOMP_RET_KILL_PROCESS);
	else if (strcmp(how, "says_no") == 0)
		filter_open(SECCOMP_RET_ERRNO | EPERM);
	else if (strcmp(how, "allows_few") == 0)
		filter_nearly_all();
	else
		usage("lose_witness HOW SIZE");
	memory = malloc(size_of(argv[2]));
	if (write(1, "alive\n", 6) != 6)
		return 2;
	_exit(memory == NULL);
}
