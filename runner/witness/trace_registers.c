/* SPDX-License-Identifier: MIT
 *
 * PTRACE_GET_SYSCALL_INFO is the same on every machine, but not in every kernel: user-mode Linux
 * lacks it. Then the registers themselves say the same, where we know their names.
 */
#include "witness/trace_registers.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define KNOWN_ARGUMENTS 4

static int take(struct memory_call *ret_call, uint64_t number, const uint64_t *arguments)
{
	if (number < CALL_MMAP || number > CALL_BRK)
		return -ENOENT; /* of a filter that the program loaded itself */
	ret_call->function = (enum memory_function)number;
	memcpy(ret_call->arguments, arguments, sizeof(ret_call->arguments));
	return 0;
}

#ifdef __x86_64__
static int begin_by_registers(pid_t tid, struct memory_call *ret_call)
{
	struct user_regs_struct registers;
	unsigned long number;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &number) < 0 ||
		ptrace(PTRACE_GETREGS, tid, NULL, &registers) < 0)
		return -errno;
	return take(ret_call, number,
		(const uint64_t[KNOWN_ARGUMENTS]){
			registers.rdi, registers.rsi, registers.rdx, registers.r10 });
}

static int end_by_registers(pid_t tid, int64_t *ret_result)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) < 0)
		return -errno;
	*ret_result = (int64_t)registers.rax;
	return 0;
}

int trace_registers_answer(pid_t tid, int64_t result)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) < 0)
		return -errno;
	registers.orig_rax = ~0ULL; /* no call */
	registers.rax = (unsigned long long)result;
	return ptrace(PTRACE_SETREGS, tid, NULL, &registers) < 0 ? -errno : 0;
}

/* As the kernel itself does it for a call that a signal interrupted. */
#define CALL_INSTRUCTION_BYTES 2

int trace_registers_again(pid_t tid)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) < 0)
		return -errno;
	registers.rax = registers.orig_rax;
	registers.rip -= CALL_INSTRUCTION_BYTES;
	return ptrace(PTRACE_SETREGS, tid, NULL, &registers) < 0 ? -errno : 0;
}
#else
int trace_registers_answer(pid_t tid, int64_t result)
{
	(void)tid;
	(void)result;
	return -EIO;
}

int trace_registers_again(pid_t tid)
{
	(void)tid;
	return -EIO;
}

static int begin_by_registers(pid_t tid, struct memory_call *ret_call)
{
	(void)tid;
	(void)ret_call;
	return -EIO;
}

static int end_by_registers(pid_t tid, int64_t *ret_result)
{
	(void)tid;
	(void)ret_result;
	return -EIO;
}
#endif

int trace_registers_begin(pid_t tid, struct memory_call *ret_call)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0)
		return errno == EIO || errno == EINVAL ? begin_by_registers(tid, ret_call) : -errno;
	if (info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return -ENOENT;
	return take(ret_call, info.seccomp.ret_data, (const uint64_t *)info.seccomp.args);
}

int trace_registers_end(pid_t tid, int64_t *ret_result)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0)
		return errno == EIO || errno == EINVAL ? end_by_registers(tid, ret_result) : -errno;
	if (info.op != PTRACE_SYSCALL_INFO_EXIT)
		return -ENOENT;
	*ret_result = info.exit.rval;
	return 0;
}
