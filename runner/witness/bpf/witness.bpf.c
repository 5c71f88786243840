/* SPDX-License-Identifier: MIT
 *
 * witness.bpf.c - the program in the kernel. At the end of every system call of this machine it
 * asks for the call's number; what goes on from there is only about four calls of the cage's
 * processes. Which calls are one refused allocation is judged outside (witness/call_tally.h).
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "witness/bpf/event.h"
#include "witness/bpf/kernel_types.bpf.h"
#include "witness/call_attempt.h"

#include "witness/bpf/cage.bpf.h"

#define REFUSED (-12) /* -ENOMEM */
#define ERRORS_FROM (-4095)
#define SHARED_FILE(flags) (((flags) & (0x01 | 0x20)) == 0x01) /* MAP_SHARED, no MAP_ANONYMOUS */
#define FOR_32_BIT 0x02 /* TS_COMPAT: a call with the numbers of another architecture */
#define LIMIT_DATA 2
#define LIMIT_ADDRESS_SPACE 9

char program_license[] SEC("license") = "Dual MIT/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

static __always_inline uint32_t function_of(unsigned long number)
{
	switch (number) { /* of x86-64 */
	case 9:
		return CALL_MMAP;
	case 10:
		return CALL_MPROTECT;
	case 12:
		return CALL_BRK;
	case 25:
		return CALL_MREMAP;
	}
	return 0;
}

static __always_inline struct bpf_event *event_make(void)
{
	struct bpf_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (event == NULL) {
		__sync_fetch_and_add(&totals.lost, 1);
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->boottime_ns = bpf_ktime_get_boot_ns();
	return event;
}

static __always_inline void tell_call(struct process *process, uint32_t function,
	struct pt_regs *regs, long result, uint64_t heap_before)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_event *event = event_make();

	if (event == NULL)
		return;
	event->kind = BPF_EVENT_CALL;
	event->function = function;
	event->arguments[0] = regs->di;
	event->arguments[1] = regs->si;
	event->arguments[2] = regs->dx;
	event->arguments[3] = regs->r10;
	event->result = result;
	event->heap_before = heap_before;
	event->as_limit = BPF_CORE_READ(task, signal, rlim[LIMIT_ADDRESS_SPACE].rlim_cur);
	event->data_limit = BPF_CORE_READ(task, signal, rlim[LIMIT_DATA].rlim_cur);
	event->as_pages = BPF_CORE_READ(task, mm, total_vm);
	event->data_pages = BPF_CORE_READ(task, mm, data_vm);
	event->mappings = (uint32_t)BPF_CORE_READ(task, mm, map_count);
	event->runtime_ns = task->se.sum_exec_runtime;
	event->thread_start_ns = task->start_time;
	event->tid = (uint32_t)task->pid;
	event->global_pid = task->tgid;
	event->program = process->program;
	event->flags = process->flags;
	event->pid = process->pid;
	(void)bpf_get_current_comm(event->command, sizeof(event->command));
	bpf_ringbuf_submit(event, 0);
}

/* The preloaded witness maps its file first thing in every program that it is in. */
static __always_inline void look_for_library(struct process *process, unsigned long descriptor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct inode *inode;
	struct file *file;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return;
	file = pointer_at(BPF_CORE_READ(table, fd) + descriptor);
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_ino) == target.page_inode &&
		BPF_CORE_READ(inode, i_sb, s_dev) == target.page_device)
		process->flags |= BPF_HAS_LIBRARY;
}

/* Bytes asked for; of a brk how far the heap moved. */
static __always_inline uint64_t size_of(
	uint32_t function, struct pt_regs *regs, long result, uint64_t heap_before)
{
	switch (function) {
	case CALL_MREMAP:
		return regs->dx;
	case CALL_BRK:
		if (regs->di > (unsigned long)result)
			return regs->di - (unsigned long)result;
		return (unsigned long)result - heap_before;
	}
	return regs->si;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_call_end, struct pt_regs *regs, long result)
{
	uint32_t function = function_of(regs->orig_ax), key;
	struct process *process;
	uint64_t size, heap_before;
	int refused;

	if (function == 0)
		return 0;
	key = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
	process = bpf_map_lookup_elem(&processes, &key);
	if (process == NULL || (bpf_get_current_task_btf()->thread_info.status & FOR_32_BIT) != 0)
		return 0;
	heap_before = process->heap_end;
	refused = result == REFUSED;
	if (function == CALL_BRK) {
		process->heap_end = (uint64_t)result;
		refused = regs->di > (unsigned long)result;
	}
	if (function == CALL_MMAP && target.page_inode != 0 && result > 0 && SHARED_FILE(regs->r10))
		look_for_library(process, regs->r8);
	size = size_of(function, regs, result, heap_before);
	if (refused) {
		if (size < process->smallest)
			process->smallest = size;
	} else if (process->smallest > size || (result < 0 && result >= ERRORS_FROM)) {
		return 0; /* it settles no refusal */
	}
	tell_call(process, function, regs, result, heap_before);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	uint32_t key = (uint32_t)parent->tgid;

	if (child->pid == child->tgid && is_in_cage(child))
		(void)begin(child, bpf_map_lookup_elem(&processes, &key));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	uint32_t key = (uint32_t)task->tgid;
	struct process *process = bpf_map_lookup_elem(&processes, &key);

	if (process == NULL && is_in_cage(task))
		process = begin(task, NULL);
	if (process == NULL)
		return 0;
	process->program++;
	process->heap_end = 0;
	process->smallest = UINT64_MAX;
	process->flags &= ~BPF_HAS_LIBRARY;
	(void)bpf_get_current_comm(process->command, sizeof(process->command));
	if (__sync_fetch_and_add(&totals.executed, 1) == 0)
		process->flags |= BPF_IS_MAIN;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	uint32_t key = (uint32_t)task->tgid;

	if (task->signal->live.counter == 0) /* its last thread */
		(void)bpf_map_delete_elem(&processes, &key);
	return 0;
}

/* Old kernels tell the pid of a thread of the victim, which is the process's own but for those that
 * outlived their first thread; newer ones the task itself. */
SEC("raw_tp/mark_victim")
int on_victim(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];
	int is_task = context->args[0] >> 32 != 0;
	uint32_t key = is_task ? (uint32_t)BPF_CORE_READ(task, tgid) : (uint32_t)context->args[0];
	struct process *process = bpf_map_lookup_elem(&processes, &key);
	struct bpf_event *event = process == NULL ? NULL : event_make();

	if (event == NULL)
		return 0;
	event->kind = BPF_EVENT_VICTIM;
	event->flags = process->flags;
	event->pid = process->pid;
	event->global_pid = (int32_t)key;
	__builtin_memcpy(event->command, process->command, sizeof(event->command));
	if (is_task)
		(void)BPF_CORE_READ_STR_INTO(&event->command, task, comm);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
