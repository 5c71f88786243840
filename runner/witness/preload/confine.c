/* SPDX-License-Identifier: MIT */
#include "witness/preload/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "witness/preload/attach.h"
#include "witness/preload/interpose.h"
#include "witness/preload/kernel.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

/* clang jumps where it is told to, gcc at -O2 wherever it can: a filter's caller sees itself. */
#if __has_attribute(musttail)
#define JUMP __attribute__((musttail))
#else
#define JUMP
#endif

/* What is asked of the kernel after a refusal, but for the calls that were refused. */
static const int asked[] = { SYS_openat, SYS_read, SYS_close, SYS_getpid, SYS_clock_gettime,
	SYS_prlimit64, SYS_process_vm_readv, SYS_pipe2, SYS_write, SYS_nanosleep, SYS_msync,
	SYS_rt_sigprocmask };

bool confined;
static int pid;

int confine_pid(void)
{
	return pid;
}

/* ---- what a filter says ---- */

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
};

static uint32_t calculate(uint32_t operation, uint32_t a, uint32_t operand)
{
	switch (operation) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		return operand == 0 ? 0 : a / operand;
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return operand > 31 ? 0 : a << operand;
	case BPF_RSH:
		return operand > 31 ? 0 : a >> operand;
	default:
		return 0 - a; /* BPF_NEG */
	}
}

static bool holds(uint32_t test, uint32_t a, uint32_t operand)
{
	switch (test) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	default:
		return (a & operand) != 0; /* BPF_JSET */
	}
}

static uint32_t load(const struct machine *machine, const struct sock_filter *at, int call)
{
	switch (BPF_MODE(at->code)) {
	case BPF_ABS: /* all else of a call is 0: address and arguments */
		return at->k == offsetof(struct seccomp_data, nr)     ? (uint32_t)call
		       : at->k == offsetof(struct seccomp_data, arch) ? OUR_ARCH
								      : 0;
	case BPF_LEN:
		return sizeof(struct seccomp_data);
	case BPF_MEM:
		return machine->memory[at->k % BPF_MEMWORDS];
	default:
		return at->k; /* BPF_IMM */
	}
}

/* What filter answers to a call without arguments; the end where it is no filter. */
static uint32_t answer(const struct sock_fprog *filter, int call)
{
	struct machine machine = { 0 };

	for (uint32_t i = 0; i < filter->len; i++) {
		const struct sock_filter *at = &filter->filter[i];
		uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine.x : at->k;

		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			machine.a = load(&machine, at, call);
			break;
		case BPF_LDX:
			machine.x = load(&machine, at, call);
			break;
		case BPF_ST:
			machine.memory[at->k % BPF_MEMWORDS] = machine.a;
			break;
		case BPF_STX:
			machine.memory[at->k % BPF_MEMWORDS] = machine.x;
			break;
		case BPF_ALU:
			machine.a = calculate(BPF_OP(at->code), machine.a, operand);
			break;
		case BPF_JMP: /* forwards only, which ends */
			i += BPF_OP(at->code) == BPF_JA                    ? at->k
			     : holds(BPF_OP(at->code), machine.a, operand) ? at->jt
									   : at->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(at->code) == BPF_TAX)
				machine.x = machine.a;
			else
				machine.a = machine.x;
			break;
		default:
			return BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool lets_go_on(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_ERRNO;
}

void confine_by(const struct sock_fprog *filter)
{
	if (confine_is_on() || !attach_can_read(filter) || filter->len == 0 ||
		filter->len > BPF_MAXINSNS || !attach_can_read(filter->filter) ||
		!attach_can_read(filter->filter + filter->len - 1))
		return; /* the kernel will not take it either */
	pid = kernel_pid();
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		if (!lets_go_on(answer(filter, asked[i])))
			__atomic_store_n(&confined, true, __ATOMIC_RELAXED);
}

/* ---- who loads one ---- */

int prctl(int option, long a, long b, long c, long d);

/* Not declared with "...": see interpose_syscall.c. */
EXPORTED int prctl(int option, long a, long b, long c, long d)
{
	if (__builtin_expect(!real.ready, false))
		resolve_real_functions();
	if (option == PR_SET_SECCOMP && a == SECCOMP_MODE_FILTER && b != 0)
		confine_by((const struct sock_fprog *)b);
	JUMP return real.prctl(option, a, b, c, d);
}
