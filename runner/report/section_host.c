/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "report/build.h"

/* What the system says of itself: constant while the run lasts, so asked for only here. */
json_t *section_host(const struct report_facts *facts)
{
	struct builder object = build_object();
	struct utsname system;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

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
	put_counter(&object, "cpus", (struct counter){ processors > 0, (uint64_t)processors });
	return build_end(&object);
}

json_t *section_tool(void)
{
	struct builder object = build_object();

	put_text(&object, "name", "memcage");
	put_text(&object, "version", MEMCAGE_VERSION);
	return build_end(&object);
}

/* RFC 3339, UTC, with milliseconds. */
json_t *section_started_at(const struct report_facts *facts)
{
	char seconds[40], text[TEXT_NUMBER_SIZE + sizeof(seconds)];
	struct tm parts;

	if (facts->started_at.tv_sec <= 0 || gmtime_r(&facts->started_at.tv_sec, &parts) == NULL ||
		strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
		return json_null();
	(void)snprintf(
		text, sizeof(text), "%s.%03ldZ", seconds, facts->started_at.tv_nsec / 1000000);
	return json_string(text);
}
