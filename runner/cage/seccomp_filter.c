/* SPDX-License-Identifier: MIT */
#include "cage/seccomp_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static uint32_t action_of(enum seccomp_action action, int error_number)
{
	switch (action) {
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO((uint32_t)error_number);
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_KILL:
		break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static struct scmp_arg_cmp comparison_of(const struct seccomp_argument *argument)
{
	static const enum scmp_compare operators[] = {
		[SECCOMP_NOT_EQUAL] = SCMP_CMP_NE,
		[SECCOMP_LESS] = SCMP_CMP_LT,
		[SECCOMP_LESS_EQUAL] = SCMP_CMP_LE,
		[SECCOMP_EQUAL] = SCMP_CMP_EQ,
		[SECCOMP_GREATER_EQUAL] = SCMP_CMP_GE,
		[SECCOMP_GREATER] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQUAL] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp){ .arg = argument->index,
		.op = operators[argument->operator],
		.datum_a = argument->value,
		.datum_b = argument->value_two };
}

static scmp_filter_ctx begin(uint32_t default_action)
{
	scmp_filter_ctx context = seccomp_init(default_action);

	/* x32 is one more foreign ABI to libseccomp as long as nobody adds it. */
	if (context != NULL &&
		seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0) {
		seccomp_release(context);
		return NULL;
	}
	return context;
}

int seccomp_program_export(void *context, struct sock_fprog *ret_program)
{
	cleanup_fd int fd = memfd_create("memcage-filter", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
	off_t size = result == 0 ? lseek(fd, 0, SEEK_END) : 0;
	struct sock_filter *program;

	if (result < 0)
		return result;
	if (size <= 0 || size > (off_t)(BPF_MAXINSNS * sizeof(*program)))
		return -EINVAL;
	program = malloc((size_t)size);
	if (program == NULL)
		return -ENOMEM;
	if (pread(fd, program, (size_t)size, 0) != size) {
		free(program);
		return -EIO;
	}
	*ret_program = (struct sock_fprog){
		.len = (unsigned short)((size_t)size / sizeof(*program)),
		.filter = program,
	};
	return 0;
}

/* One call, by its rule. One rule that is there already is as good. */
static int add_call(
	scmp_filter_ctx context, const char *name, const struct seccomp_rule *rule, uint32_t action)
{
	struct scmp_arg_cmp comparisons[6];
	int number = seccomp_syscall_resolve_name(name), result;

	if (number < 0) /* not here */
		return 0;
	for (size_t i = 0; i < rule->argument_count; i++)
		comparisons[i] = comparison_of(&rule->arguments[i]);
	result = seccomp_rule_add_array(
		context, action, number, (unsigned)rule->argument_count, comparisons);
	return result == -EEXIST ? 0 : result;
}

static bool lets_through(const struct seccomp_rule *rule)
{
	return rule->action == SECCOMP_ALLOW || rule->action == SECCOMP_LOG;
}

/* Whether another rule lets the same call through, under whatever condition. */
static bool is_allowed_elsewhere(const struct seccomp_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		for (size_t at = 0;
			lets_through(&rules->rules[i]) && at < rules->rules[i].name_count; at++)
			if (strcmp(rules->rules[i].names[at], name) == 0)
				return true;
	return false;
}

/* libseccomp drops a rule with conditions for a call that another rule decides without: a call that
 * is both allowed and denied has its denial in a program of its own, where it always counts. */
static int compile_rules(
	const struct seccomp_rules *rules, bool denials_apart, struct sock_fprog *ret_program)
{
	uint32_t default_action = denials_apart ? SCMP_ACT_ALLOW
						: action_of(rules->default_action,
							  rules->default_error_number);
	scmp_filter_ctx context = begin(default_action);
	int result = context == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct seccomp_rule *rule = &rules->rules[i];
		uint32_t action = action_of(rule->action, rule->error_number);

		for (size_t at = 0; at < rule->name_count && result == 0; at++) {
			bool apart = !lets_through(rule) &&
				     is_allowed_elsewhere(rules, rule->names[at]);

			if (apart == denials_apart && action != default_action)
				result = add_call(context, rule->names[at], rule, action);
		}
	}
	if (result == 0)
		result = seccomp_program_export(context, ret_program);
	if (context != NULL)
		seccomp_release(context);
	return result;
}

static bool has_denials_apart(const struct seccomp_rules *rules)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		for (size_t at = 0;
			!lets_through(&rules->rules[i]) && at < rules->rules[i].name_count; at++)
			if (is_allowed_elsewhere(rules, rules->rules[i].names[at]))
				return true;
	return false;
}

/* clone3() has its flags in memory, where no filter can look: the C library falls back to clone()
 * on ENOSYS. */
static int compile_no_namespaces(struct sock_fprog *ret_program)
{
	static const uint64_t flags[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };
	scmp_filter_ctx context = begin(SCMP_ACT_ALLOW);
	uint32_t refusal = SCMP_ACT_ERRNO(EPERM);
	int result = context == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags) && result == 0; i++) {
		const struct scmp_arg_cmp has = SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]);

		result = seccomp_rule_add(context, refusal, SCMP_SYS(clone), 1, has);
		if (result == 0)
			result = seccomp_rule_add(context, refusal, SCMP_SYS(unshare), 1, has);
	}
	if (result == 0)
		result = seccomp_rule_add(context, refusal, SCMP_SYS(unshare), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWTIME, CLONE_NEWTIME));
	if (result == 0)
		result = seccomp_rule_add(context, refusal, SCMP_SYS(setns), 0);
	if (result == 0)
		result = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (result == 0)
		result = seccomp_program_export(context, ret_program);
	if (context != NULL)
		seccomp_release(context);
	return result;
}

static bool wants(const struct isolation *isolation, enum guarantee guarantee)
{
	return (isolation->wanted >> guarantee & 1) != 0;
}

/* ---- kept with a policy ---- */

struct kept_filter {
	uint32_t wanted; /* a run may have to do without some of it */
	struct seccomp_filter filter;
};

static uint32_t wanted_filters(const struct isolation *isolation)
{
	return isolation->wanted & (1u << GUARANTEE_NO_NESTED_NAMESPACES | 1u << GUARANTEE_SECCOMP);
}

static bool find_kept(const struct isolation *isolation, struct seccomp_filter *ret_filter)
{
	struct isolation_kept *kept = isolation->kept;
	const struct kept_filter *found = kept != NULL
						  ? __atomic_load_n(&kept->made, __ATOMIC_ACQUIRE)
						  : NULL;

	if (found == NULL || found->wanted != wanted_filters(isolation))
		return false;
	*ret_filter = found->filter;
	return true;
}

static void release_kept(void *made)
{
	struct kept_filter *kept = made;

	kept->filter.is_kept = false;
	seccomp_filter_free(&kept->filter);
	free(kept);
}

/* Where another was first, this one stays the caller's. */
static void keep(const struct isolation *isolation, struct seccomp_filter *filter)
{
	struct isolation_kept *kept = isolation->kept;
	struct kept_filter *made = kept != NULL ? malloc(sizeof(*made)) : NULL;
	void *none = NULL;

	if (made == NULL)
		return;
	*made = (struct kept_filter){ wanted_filters(isolation), *filter };
	made->filter.is_kept = true;
	__atomic_store_n(&kept->release, release_kept, __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(
		    &kept->made, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		filter->is_kept = true;
	else
		free(made);
}

int seccomp_filter_compile(const struct isolation *isolation, struct seccomp_filter *ret_filter,
	struct memcage_failure *reterr_failure)
{
	const struct seccomp_rules *rules = &isolation->seccomp;
	struct seccomp_filter filter = { 0 };
	int result = 0;

	if (find_kept(isolation, ret_filter))
		return 0;
	/* The policy's own rules come last: they may not let another filter through. */
	if (wants(isolation, GUARANTEE_NO_NESTED_NAMESPACES)) {
		result = compile_no_namespaces(&filter.programs[filter.count]);
		filter.count += result == 0;
	}
	if (result == 0 && wants(isolation, GUARANTEE_SECCOMP) && has_denials_apart(rules)) {
		result = compile_rules(rules, true, &filter.programs[filter.count]);
		filter.count += result == 0;
	}
	if (result == 0 && wants(isolation, GUARANTEE_SECCOMP)) {
		result = compile_rules(rules, false, &filter.programs[filter.count]);
		filter.count += result == 0;
	}
	if (result < 0) {
		seccomp_filter_free(&filter);
		return failure_errno(
			reterr_failure, -result, "make a seccomp filter of the policy's rules");
	}
	keep(isolation, &filter);
	*ret_filter = filter;
	return 0;
}

void seccomp_filter_free(struct seccomp_filter *filter)
{
	if (filter->is_kept)
		filter->count = 0;
	while (filter->count > 0)
		free(filter->programs[--filter->count].filter);
}

int seccomp_filter_load(const struct seccomp_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++)
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, &filter->programs[i]) < 0)
			return -errno;
	return 0;
}
