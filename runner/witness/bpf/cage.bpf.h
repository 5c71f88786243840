/* SPDX-License-Identifier: MIT
 *
 * cage.bpf.h - which processes are watched: those that were forked or executed a program inside the
 * cage or a group below it. Each has an entry from then until its end.
 */
#ifndef MEMCAGE_WITNESS_BPF_CAGE_BPF_H
#define MEMCAGE_WITNESS_BPF_CAGE_BPF_H

#define GROUP_LEVELS_MAX 64
#define PID_LEVELS_MAX 33 /* the kernel allows 32 pid namespaces inside the first one */
#define PROCESSES_MAX 16384
#define POINTER_SIZE 8

/* Fixed before loading. */
const volatile struct bpf_target target;

struct bpf_totals totals;

struct process {
	uint64_t heap_end; /* 0: not seen yet */
	uint64_t smallest; /* of what it was refused since exec; UINT64_MAX: nothing */
	uint32_t program;
	uint32_t flags;
	int32_t pid; /* as the supervisor sees it */
	char command[BPF_COMMAND_SIZE];
};

/* By tgid of the first pid namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PROCESSES_MAX);
	__type(key, uint32_t);
	__type(value, struct process);
} processes SEC(".maps");

static __always_inline void *pointer_at(const void *address)
{
	void *value = NULL;

	(void)bpf_probe_read_kernel(&value, sizeof(value), address);
	return value;
}

static __always_inline struct cgroup *group_of(struct task_struct *task)
{
	struct css_set *groups = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *state;

	if (!target.by_memory)
		return BPF_CORE_READ(groups, dfl_cgrp);
	state = pointer_at(
		(char *)groups + bpf_core_field_offset(struct css_set, subsys) +
		POINTER_SIZE * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	return BPF_CORE_READ(state, cgroup);
}

static __always_inline int is_in_cage(struct task_struct *task)
{
	struct cgroup *group = group_of(task);
	char *ancestors = (char *)group + bpf_core_field_offset(struct cgroup, ancestors);
	int level = BPF_CORE_READ(group, level);

	if (BPF_CORE_READ(group, kn, id) == target.group)
		return 1;
	for (int i = 0; i < GROUP_LEVELS_MAX && i < level; i++) {
		struct cgroup *ancestor = pointer_at(ancestors + POINTER_SIZE * i);

		if (BPF_CORE_READ(ancestor, kn, id) == target.group)
			return 1;
	}
	return 0;
}

/* The number of a process in the supervisor's pid namespace, 0 where it has none there. */
static __always_inline int pid_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	char *numbers = (char *)pid + bpf_core_field_offset(struct pid, numbers);
	unsigned level = BPF_CORE_READ(pid, level);

	for (unsigned i = 0; i < PID_LEVELS_MAX && i <= level; i++) {
		struct upid *number = (void *)(numbers + bpf_core_type_size(struct upid) * i);

		if (BPF_CORE_READ(number, ns, ns.inum) == target.pid_space)
			return BPF_CORE_READ(number, nr);
	}
	return 0;
}

/* A process begins to be watched; parent may be NULL. */
static __always_inline struct process *begin(struct task_struct *task, const struct process *parent)
{
	struct process process = { .smallest = UINT64_MAX };
	uint32_t key = (uint32_t)task->tgid;

	if (parent != NULL)
		process = *parent;
	process.flags &= ~BPF_IS_MAIN;
	process.smallest = UINT64_MAX;
	process.pid = pid_of(task);
	if (bpf_map_update_elem(&processes, &key, &process, BPF_ANY) != 0) {
		__sync_fetch_and_add(&totals.unwatched, 1);
		return NULL;
	}
	__sync_fetch_and_add(&totals.processes, 1);
	return bpf_map_lookup_elem(&processes, &key);
}

#endif
