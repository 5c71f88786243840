/* SPDX-License-Identifier: MIT
 *
 * refuse.c - how --at-limit fail is done:
 *
 *     RLIMIT_DATA  below the limit, for each process before exec: refuses what one process could
 *                  never have, however fast it asks
 *     second_look  by the witness that sees such a refusal (witness/room.h): granted after all
 *                  while the cage has room, because RLIMIT_DATA counts what is mapped and the cage
 *                  what is in use
 *     squeeze      where we may change limits from outside: RLIMIT_DATA follows what is in use, and
 *                  stops a tree of processes that is too large together (watch/squeeze.h)
 */
#include "engine/refuse.h"

#include <string.h>

#include "base/text.h"
#include "engine/run.h"

struct room refuse_room(const struct cage *cage)
{
	struct room room = { 0 };

	if (cage->rlimit_data_bytes == UINT64_MAX)
		return room;
	room.start_bytes = cage->rlimit_data_bytes;
	if (cage->kind == CAGE_RLIMIT || strlen(cage->memory.path) >= sizeof(room.directory))
		return room;
	room.is_v2 = cage->kind == CAGE_V2;
	text_copy(room.directory, sizeof(room.directory), cage->memory.path);
	return room;
}

void refuse_prepare(struct memcage_run *run)
{
	if (run->spec.at_limit != MEMCAGE_FAIL_AT_LIMIT || run->cage.kind == CAGE_RLIMIT)
		return;
	name_list_add(&run->cage.mechanisms, "RLIMIT_DATA");
	if (run->witnesses.preload.fd >= 0 || run->witnesses.trace.page != NULL)
		name_list_add(&run->cage.mechanisms, "second_look");
	run->squeezes = squeeze_is_allowed(&run->spec);
	if (run->squeezes)
		name_list_add(&run->cage.mechanisms, "squeeze");
}
