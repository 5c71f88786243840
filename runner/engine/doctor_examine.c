/* SPDX-License-Identifier: MIT */
#include "engine/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

void tell(struct finding *finding, enum check_status status, const char *remedy, const char *format,
	...)
{
	va_list arguments;

	finding->status = status;
	va_start(arguments, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	text_copy(finding->remedy, sizeof(finding->remedy), remedy != NULL ? remedy : "");
}

void examination_open(struct examination *exam)
{
	/* Without limits of its own first: each is a check by itself. */
	const struct memcage_spec bare = { .struct_size = sizeof(bare) };
	const struct memcage_spec limited = { .struct_size = sizeof(limited),
		.memory_max_bytes = TRIAL_LIMIT_BYTES };

	struct counter_source source;

	*exam = (struct examination){ 0 };
	exam->looked = hierarchies_find(&exam->hierarchies, &exam->looked_failure);
	exam->opened = cage_open(&exam->cage, &bare, &exam->opened_failure);
	if (!has_cage(exam)) {
		exam->limited = exam->opened;
		exam->limited_failure = exam->opened_failure;
		return;
	}
	source = cage_counters(&exam->cage);
	exam->counters_are_new = counters_are_new(&source);
	exam->limited = limits_apply(&exam->cage, &limited, &exam->limited_failure);
	trial_child_run(&exam->cage, &exam->child);
}

void examination_close(struct examination *exam)
{
	if (has_cage(exam))
		cage_close(&exam->cage);
}
