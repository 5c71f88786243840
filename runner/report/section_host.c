/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/processors.h"
#include "base/text.h"
#include "report/build.h"

/* What the system says of itself: constant while the run lasts, so asked for only here. */
json_t *section_host(const struct report_facts *facts)
{
	struct builder object = build_object();
	struct utsname system;

	if (uname(&system) == 0) {
		put_text(&object, "kernel", system.release);
		put_text(&object, "machine", system.machine);
	}
	put_text(&object, "cgroup_mode", facts->cgroup_mode);
	/* a host without memory does not exist; one without swap does */
	put_counter(&object, "memory_bytes",
		(struct counter){ facts->host_memory_bytes > 0, facts->host_memory_bytes });
	put_counter(&object, "swap_bytes",
		(struct counter){ facts->host_memory_bytes > 0, facts->host_swap_bytes });
	put_counter(&object, "overcommit_memory",
		(struct counter){ facts->overcommit_mode >= 0, (uint64_t)facts->overcommit_mode });
	put_counter(&object, "cpus", counter_of(processors_online()));
	return build_end(&object);
}

json_t *section_tool(void)
{
	struct builder object = build_object();

	put_text(&object, "name", "memcage");
	put_text(&object, "version", MEMCAGE_VERSION);
	return build_end(&object);
}

struct date {
	int64_t year;
	int month, day;
};

/* Of a day since 1970. gmtime(3) would read the file of the local time zone first. Counted from a
 * March, each year ends with its leap day, and in 400 years all repeats. */
static struct date date_of(int64_t days)
{
	int64_t since = days + 719468; /* from 1 March of the year 0 to 1970 */
	int64_t era = since / 146097, day = since % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int of_year = (int)(day - (365 * year + year / 4 - year / 100));
	int month = (5 * of_year + 2) / 153; /* 0: March */

	return (struct date){ .year = era * 400 + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1 };
}

/* RFC 3339, UTC, with milliseconds. */
json_t *section_started_at(const struct report_facts *facts)
{
	int64_t seconds = facts->started_at.tv_sec;
	struct date date = date_of(seconds / 86400);
	int of_day = (int)(seconds % 86400);
	char text[80];

	if (seconds <= 0)
		return json_null();
	(void)snprintf(text, sizeof(text), "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03ldZ",
		date.year, date.month, date.day, of_day / 3600, of_day / 60 % 60, of_day % 60,
		facts->started_at.tv_nsec / 1000000);
	return json_string(text);
}
