/* SPDX-License-Identifier: MIT
 *
 * refuse.c - how --at-limit fail is done: each process gets an RLIMIT_DATA below the limit before
 * exec, which refuses what one process could never have, however fast it asks; and where we may
 * change limits from outside the squeeze (watch/squeeze.h) adds what a tree uses together.
 */
#include "engine/run.h"

void refuse_prepare(struct memcage_run *run)
{
	if (run->spec.at_limit != MEMCAGE_FAIL_AT_LIMIT || run->cage.kind == CAGE_RLIMIT)
		return;
	text_list_add(&run->cage.mechanisms, "RLIMIT_DATA");
	run->squeezes = squeeze_is_allowed(&run->spec);
	if (run->squeezes)
		text_list_add(&run->cage.mechanisms, "squeeze");
}

struct preload_limits refuse_limits(const struct memcage_run *run)
{
	return (struct preload_limits){
		.set_bytes = run->cage.rlimit_data_bytes,
		.squeezed = run->watch.squeeze.times > 0,
		.inherited_bytes = run->watch.squeeze.inherited_bytes,
	};
}
