/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <stdio.h>

#include "report/lookup.h"
#include "report/phrases.h"

void summary_line(const json_t *report, char *buffer, size_t size)
{
	const char *verdict = report_text(report, "verdict"),
		   *reason = report_text(report, "reason");
	char name[128];

	(void)snprintf(name, sizeof(name), "%s/%s", verdict != NULL ? verdict : "",
		reason != NULL ? reason : "");
	if (!phrase_say(report, name, buffer, size))
		(void)phrase_say(report, "other", buffer, size);
}
