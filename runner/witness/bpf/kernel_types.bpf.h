/* SPDX-License-Identifier: MIT
 *
 * kernel_types.bpf.h - of the kernel's types the fields that the program reads. Where they are on a
 * given kernel is found out when it is loaded there, by name (CO-RE); order and size here mean
 * nothing.
 */
#ifndef MEMCAGE_WITNESS_BPF_KERNEL_TYPES_BPF_H
#define MEMCAGE_WITNESS_BPF_KERNEL_TYPES_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs { /* x86-64 */
	unsigned long di, si, dx, r10, r8, orig_ax;
};

struct kernfs_node {
	unsigned long long id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[1]; /* level + 1 of them; itself is the last */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* by enum cgroup_subsys_id */
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id { memory_cgrp_id };

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* level + 1 of them */
};

struct rlimit {
	unsigned long rlim_cur;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	struct rlimit rlim[16];
};

struct mm_struct {
	unsigned long total_vm, data_vm;
	int map_count;
};

struct super_block {
	unsigned int s_dev;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct thread_info {
	unsigned int status;
};

struct sched_entity {
	unsigned long long sum_exec_runtime;
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	struct sched_entity se;
	unsigned long long start_time;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct css_set *cgroups;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct files_struct *files;
	char comm[16];
};

#pragma clang attribute pop

#endif
