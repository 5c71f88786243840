/* SPDX-License-Identifier: MIT
 *
 * shared.c - what runs have in common, held beyond each of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/failure.h"
#include "base/text.h"
#include "cage/guard.h"
#include "cage/home.h"

struct memcage_shared {
	struct home *home; /* NULL: there are no groups, each run is degraded */
};

static int limit_home(
	const struct home *home, uint64_t bytes, struct memcage_failure *reterr_failure)
{
	const char *file = home->place.memory->is_v2 ? "memory.max" : "memory.limit_in_bytes";
	char size[TEXT_NUMBER_SIZE];
	int result = group_set_bytes(&home->memory, file, bytes);

	return result < 0 ? failure_errno(reterr_failure, -result,
				    "limit all cages together to %s in cgroup %s",
				    format_size(bytes, size), home->memory.path)
			  : 0;
}

static int hold(const struct memcage_spec *spec, uint64_t memory_max_bytes,
	struct memcage_shared *shared, struct memcage_failure *failure)
{
	int result = home_acquire(spec->backend, spec->parent_group, false, &shared->home, failure);

	if (result < 0)
		return result;
	if (memory_max_bytes != 0)
		result = limit_home(shared->home, memory_max_bytes, failure);
	if (result == 0)
		result = guard_hold(failure);
	if (result < 0) {
		home_release(shared->home);
		shared->home = NULL;
	}
	return result;
}

int memcage_shared_open(const struct memcage_spec *spec, uint64_t memory_max_bytes,
	struct memcage_shared **ret_shared, struct memcage_failure *reterr_failure)
{
	struct memcage_shared *shared = calloc(1, sizeof(*shared));
	int result = 0;

	if (shared == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for runs");
	if (spec->backend != MEMCAGE_BACKEND_RLIMIT)
		result = hold(spec, memory_max_bytes, shared, reterr_failure);
	else if (memory_max_bytes != 0)
		result = failure_set(reterr_failure, ENOTSUP,
			"a limit on all runs together needs a cgroup; the rlimit backend has none");
	if (result < 0 && memory_max_bytes == 0 && spec->allow_degraded &&
		spec->backend == MEMCAGE_BACKEND_AUTO)
		result = 0; /* each run says so */
	if (result < 0) {
		free(shared);
		return result;
	}
	*ret_shared = shared;
	return 0;
}

struct memcage_shared *memcage_shared_free(struct memcage_shared *shared)
{
	if (shared != NULL && shared->home != NULL) {
		guard_let_go();
		guard_reap();
		home_release(shared->home);
	}
	free(shared);
	return NULL;
}
