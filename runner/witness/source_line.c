/* SPDX-License-Identifier: MIT
 *
 * source_line.c - which line of a backtrace is the one that a person would name.
 */
#include <string.h>

#include "base/text.h"
#include "witness/backtrace.h"

/* Code that came with the compiler or the system, compiled into the program or not. */
static const char *const foreign_sources[] = {
	"/usr/include/",
	"/usr/lib/gcc/",
	"/usr/src/",
	"/rustc/",
	"library/", /* Rust's own */
	NULL,
};

static const char *const system_places[] = { "/usr/lib/", "/usr/lib64/", "/lib/", "/lib64/", NULL };

/* Their lines are not those of the program that they run. */
static const char *const interpreters[] = { "python", "libpython", "ruby", "libruby", "perl",
	"libperl", "php", "node", "lua", "liblua", "libjvm", NULL };

/* Functions that programs put around malloc(). */
static const char *const wrappers[] = {
	"xmalloc",
	"xcalloc",
	"xrealloc",
	"xzalloc",
	"xnmalloc",
	"safe_malloc",
	"safe_calloc",
	"safe_realloc",
	"checked_malloc",
};

static bool starts_with_one(const char *text, const char *const *starts)
{
	for (; *starts != NULL; starts++)
		if (strncmp(text, *starts, strlen(*starts)) == 0)
			return true;
	return false;
}

bool backtrace_is_system_module(const char *path)
{
	return starts_with_one(path, system_places);
}

static bool is_wrapper(const char *function)
{
	size_t length = strcspn(function, "("); /* C++ */

	if (strncmp(function, "operator new", strlen("operator new")) == 0)
		return true;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (strlen(wrappers[i]) == length && strncmp(function, wrappers[i], length) == 0)
			return true;
	return false;
}

const char *backtrace_source_line(const struct backtrace *backtrace)
{
	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_frame *frame = &backtrace->frames[i];

		if (frame->source[0] != '\0' && !starts_with_one(frame->source, foreign_sources) &&
			!backtrace_is_system_module(frame->module) &&
			!starts_with_one(base_name(frame->module), interpreters) &&
			!is_wrapper(frame->function))
			return frame->source;
	}
	return "";
}
