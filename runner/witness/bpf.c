/* SPDX-License-Identifier: MIT */
#include "witness/bpf.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/failure.h"
#include "witness/bpf/module.h"
#include "witness/bpf_events.h"
#include "witness/library.h"

/* Some milliseconds of work. */
#define EVENTS_AT_ONCE 1000

static int load_module(struct bpf_witness *witness, struct memcage_failure *failure)
{
	char path[4096];
	const char *why;

	if (library_find(BPF_MODULE_FILE, path, sizeof(path)) < 0)
		return failure_set(failure, ENOTSUP, "there is no " BPF_MODULE_FILE);
	witness->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (witness->library == NULL) {
		why = dlerror();
		return failure_set(failure, ENOTSUP,
			"the bpf witness cannot be loaded (is libbpf installed?): %s",
			why != NULL ? why : path);
	}
	witness->module = dlsym(witness->library, BPF_MODULE_SYMBOL);
	if (witness->module == NULL || witness->module->version != BPF_MODULE_VERSION)
		return failure_set(failure, ENOTSUP, "%s is of another version of memcage", path);
	return 0;
}

static int aim(struct bpf_target *target, int group_directory, bool is_v1, int page)
{
	struct stat group, space, file;

	if (fstat(group_directory, &group) < 0 || stat("/proc/self/ns/pid", &space) < 0)
		return -errno;
	*target = (struct bpf_target){
		.group = group.st_ino, .pid_space = (uint32_t)space.st_ino, .by_memory = is_v1
	};
	if (page >= 0 && fstat(page, &file) == 0) {
		target->page_inode = file.st_ino;
		target->page_device = major(file.st_dev) << 20 | minor(file.st_dev);
	}
	return 0;
}

int bpf_open(struct bpf_witness *ret_witness, int group_directory, bool is_v1, int page,
	struct memcage_failure *reterr_failure)
{
	struct bpf_witness witness = { 0 };
	struct bpf_target target;
	char why[256] = "";
	int result = load_module(&witness, reterr_failure);

	if (result == 0) {
		witness.events = calloc(1, sizeof(*witness.events));
		result = witness.events == NULL ? -ENOMEM
						: aim(&target, group_directory, is_v1, page);
		if (result == 0)
			result = witness.module->open(&target, &witness.sight, why, sizeof(why));
		if (result < 0)
			result = failure_set(reterr_failure, ENOTSUP,
				"the kernel does not take the bpf witness: %s%s%s",
				strerrordesc_np(-result), why[0] != '\0' ? ": " : "", why);
	}
	if (result < 0) {
		bpf_close(&witness);
		return result;
	}
	*ret_witness = witness;
	return 0;
}

int bpf_descriptor(const struct bpf_witness *witness)
{
	return witness->sight == NULL ? -1 : witness->module->descriptor(witness->sight);
}

static void take(const struct bpf_event *event, void *data)
{
	bpf_events_take(data, event);
}

bool bpf_read(struct bpf_witness *witness)
{
	int taken = witness->module->read(witness->sight, EVENTS_AT_ONCE, take, witness->events);

	if (taken < 0)
		witness->read_error = taken;
	return taken == EVENTS_AT_ONCE;
}

int bpf_collect(struct bpf_witness *witness, bool with_library, struct refusals *ret_refusals)
{
	struct bpf_totals totals = { 0 };
	int result;

	*ret_refusals = (struct refusals){ 0 };
	witness->module->detach(witness->sight);
	while (bpf_read(witness))
		;
	result = witness->module->totals(witness->sight, &totals);
	if (result == 0)
		result = witness->read_error;
	if (result == 0 && totals.executed == 0)
		result = -ENOEXEC;
	if (result == 0)
		bpf_events_sum(witness->events, &totals, with_library, ret_refusals);
	return result;
}

int bpf_victims(const struct bpf_witness *witness, struct bpf_victim ret_victims[BPF_VICTIMS_MAX])
{
	memcpy(ret_victims, witness->events->victims, sizeof(witness->events->victims));
	return witness->events->victim_count;
}

void bpf_close(struct bpf_witness *witness)
{
	if (witness->sight != NULL)
		witness->module->close(witness->sight);
	free(witness->events);
	if (witness->library != NULL)
		(void)dlclose(witness->library);
	*witness = (struct bpf_witness){ 0 };
}
