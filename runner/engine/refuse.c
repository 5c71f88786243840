/* SPDX-License-Identifier: MIT
 *
 * refuse.c - how --at-limit fail is done for this run. The squeeze acts on what the whole cage
 * really uses, but needs the library in the program for single requests that can never fit, and the
 * right to change limits from outside. Without these each process gets an RLIMIT_DATA below the
 * limit, before exec: it sees every request, but counts what is never touched too, and each process
 * by itself.
 */
#include "engine/run.h"

void refuse_prepare(struct memcage_run *run)
{
	const struct witnesses *witnesses = &run->witnesses;

	if (run->spec.at_limit != MEMCAGE_FAIL_AT_LIMIT || run->cage.kind == CAGE_RLIMIT)
		return;
	run->squeezes = witnesses->preload.fd >= 0 && !witnesses->main_uncovered &&
			squeeze_is_allowed(&run->spec) &&
			preload_refuse_above(&witnesses->preload, run->cage.limit_bytes.value) == 0;
	if (run->squeezes) {
		run->cage.rlimit_data_bytes = UINT64_MAX;
		text_list_add(&run->cage.mechanisms, "squeeze");
		text_list_add(&run->cage.mechanisms, "preload_refuses_above_limit");
	} else {
		text_list_add(&run->cage.mechanisms, "RLIMIT_DATA");
	}
}

struct preload_limits refuse_limits(const struct memcage_run *run)
{
	return (struct preload_limits){
		.set_bytes = run->cage.rlimit_data_bytes,
		.squeezed = run->watch.squeeze.times > 0,
		.inherited_bytes = run->watch.squeeze.inherited_bytes,
	};
}
