/* SPDX-License-Identifier: MIT
 *
 * The second look of --at-limit fail: what is promised, for how long, and whose a limit is. Pure.
 */
#include "witness/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cage/data_limit.h"
#include "witness/refusals.h"

#define MIB (UINT64_C(1) << 20)
#define NOW (UINT64_C(1000) * ROOM_PERIOD_US)

static void promises_count_until_they_could_be_touched(void **state)
{
	struct room room = { .start_bytes = 60 * MIB };

	(void)state;
	assert_int_equal(room_promised(&room, NOW), 0);
	room_promise(&room, NOW, 8 * MIB, false);
	room_promise(&room, NOW + ROOM_PERIOD_US, 4 * MIB + 1, false);
	assert_int_equal(room_promised(&room, NOW + ROOM_PERIOD_US), 12 * MIB + ROOM_PAGE);
	assert_int_equal(room_promised(&room, NOW + 2 * ROOM_PERIOD_US), 4 * MIB + ROOM_PAGE);
	assert_int_equal(room_promised(&room, NOW + 3 * ROOM_PERIOD_US), 0);
	/* a new promise begins anew where an old one stood */
	room_promise(&room, NOW + 4 * ROOM_PERIOD_US, MIB, false);
	assert_int_equal(room_promised(&room, NOW + 4 * ROOM_PERIOD_US), MIB);
	room_promise(&room, NOW + 4 * ROOM_PERIOD_US, 2 * MIB, true);
	assert_int_equal(room_promised(&room, NOW + 4 * ROOM_PERIOD_US), 0);
}

static enum room_answer ask(struct room *room, uint64_t in_use, uint64_t bytes)
{
	room_promise(room, NOW, bytes, false);
	return room_answer(room, NOW, in_use, bytes);
}

static void answers_by_what_is_in_use(void **state)
{
	struct room room = { .start_bytes = 60 * MIB };

	(void)state;
	assert_int_equal(ask(&room, 59 * MIB, MIB), ROOM_GRANTED);
	/* that one is promised now: to be waited for, for who fits beside what is in use */
	assert_int_equal(ask(&room, 59 * MIB, MIB), ROOM_WAIT);
	room_promise(&room, NOW, MIB, true);
	assert_int_equal(ask(&room, 59 * MIB + ROOM_PAGE, MIB), ROOM_NONE);
	assert_int_equal(ask(&room, 61 * MIB, ROOM_PAGE), ROOM_NONE);
	assert_int_equal(ask(&room, 0, 61 * MIB), ROOM_NONE);
	assert_int_equal(ask(&room, UINT64_MAX, ROOM_PAGE), ROOM_NONE); /* cannot be read */
	assert_int_equal(ask(&room, 0, UINT64_MAX), ROOM_NONE);
}

static void limits_tell_whose_they_are(void **state)
{
	(void)state;
	for (int kind = DATA_LIMIT_START; kind <= DATA_LIMIT_SQUEEZED; kind++) {
		uint64_t bytes = data_limit_make(60 * MIB + 17, (enum data_limit)kind);

		assert_int_equal(data_limit_of(bytes), kind);
		assert_int_equal(data_limit_bytes(bytes), 60 * MIB);
		assert_int_equal(bytes / 1024, 60 * MIB / 1024); /* as a shell shows it */
	}
	assert_int_equal(data_limit_of(60 * MIB), DATA_LIMIT_FOREIGN);
	assert_int_equal(data_limit_of(UINT64_MAX), DATA_LIMIT_FOREIGN);
	assert_int_equal(data_limit_of(0), DATA_LIMIT_FOREIGN);
	assert_int_equal(data_limit_bytes(60 * MIB + 17), 60 * MIB + 17);
}

static void refusals_tell_the_mechanism(void **state)
{
	static const struct {
		uint64_t request_bytes;
		enum data_limit kind;
		bool looked;
		enum refusal_cause cause;
		const char *name;
	} rows[] = {
		{ MIB, DATA_LIMIT_START, true, CAUSE_AT_LIMIT_FAIL, "second_look" },
		{ MIB, DATA_LIMIT_RAISED, true, CAUSE_AT_LIMIT_FAIL, "second_look" },
		{ MIB, DATA_LIMIT_SQUEEZED, true, CAUSE_AT_LIMIT_FAIL, "squeeze" },
		{ MIB, DATA_LIMIT_START, false, CAUSE_AT_LIMIT_FAIL, "RLIMIT_DATA" },
		{ 61 * MIB, DATA_LIMIT_RAISED, true, CAUSE_AT_LIMIT_FAIL, "RLIMIT_DATA" },
		{ MIB, DATA_LIMIT_START, true, CAUSE_RLIMIT_DATA, "" },
	};
	const struct room room = { .start_bytes = 60 * MIB };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct refusal refusal = { .request_bytes = rows[i].request_bytes,
			.cause = rows[i].cause };

		refusal_set_mechanism(&refusal, &room, data_limit_make(MIB, rows[i].kind),
			rows[i].looked ? counter_of(59 * MIB) : (struct counter){ 0 });
		assert_string_equal(refusal.refused_by, rows[i].name);
		assert_int_equal(refusal.cage_bytes.known,
			rows[i].looked && rows[i].cause == CAUSE_AT_LIMIT_FAIL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_count_until_they_could_be_touched),
		cmocka_unit_test(answers_by_what_is_in_use),
		cmocka_unit_test(limits_tell_whose_they_are),
		cmocka_unit_test(refusals_tell_the_mechanism),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
