/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include "report/build.h"
#include "witness/last_words.h"

json_t *section_last_words(const struct report_facts *facts)
{
	const struct last_words *words = facts->last_words;
	const struct backtrace *calls = facts->last_calls;
	struct builder object;

	if (words == NULL || !words->asked || words->at_us < facts->started_boottime_us)
		return json_null();
	object = build_object();
	put_number(&object, "at_ms", (words->at_us - facts->started_boottime_us) / 1000);
	put_number(&object, "held_us", words->held_us);
	if (words->pid > 0)
		put_number(&object, "pid", (uint64_t)words->pid);
	put_text(&object, "command", words->command);
	put_text(&object, "source_line", words->source_line);
	put_value(&object, "backtrace", section_backtrace(calls));
	put_text(&object, "note",
		words->why[0] != '\0' ? words->why
		: calls != NULL       ? calls->note
				      : "");
	return build_end(&object);
}
