/* SPDX-License-Identifier: MIT */
#include "witness/log_time.h"

#include <string.h>

#define BRACKET_MAX 48

/* A pattern of one form: 9 is a digit, 1 a digit or a blank, A a letter; + one or more digits;
 * everything else is itself. */
static bool take_pattern(struct span *text, const char *pattern)
{
	struct span rest = *text;

	for (; *pattern != '\0'; pattern++) {
		char c = rest.length > 0 ? *rest.at : '\0';
		bool is_digit = c >= '0' && c <= '9';
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		uint64_t ignored;

		if (*pattern == '+') {
			if (!span_take_number(&rest, &ignored))
				return false;
			continue;
		}
		if (!(*pattern == '9'         ? is_digit
			    : *pattern == '1' ? is_digit || c == ' '
			    : *pattern == 'A' ? is_letter
					      : c == *pattern && c != '\0'))
			return false;
		rest = span_from(rest, rest.at + 1);
	}
	*text = rest;
	return true;
}

bool log_time_bracket(struct span *text, struct span *ret_at)
{
	static const char *const patterns[] = {
		"+.+",                      /* since boot */
		"AAA AAA 11 99:99:99 9999", /* dmesg -T */
		"AAA11 99:99",              /* dmesg --reltime, and what has passed since */
	};
	size_t reach = text->length < BRACKET_MAX ? text->length : BRACKET_MAX;
	const char *end = reach > 0 ? memchr(text->at, ']', reach) : NULL;
	struct span inside;

	if (end == NULL || text->at[0] != '[')
		return false;
	inside = span_between(text->at + 1, end);
	while (inside.length > 0 && (*inside.at == ' ' || *inside.at == '+' || *inside.at == '<'))
		inside = span_from(inside, inside.at + 1);
	*ret_at = inside;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct span rest = inside;

		if (!take_pattern(&rest, patterns[i]) || rest.length != 0)
			continue;
		*text = span_from(*text, end + 1);
		(void)span_take_prefix(text, " ");
		return true;
	}
	return false;
}

/* "+0000", "+00:00" or "Z" */
static bool take_zone(struct span *text, bool *ret_is_utc)
{
	*ret_is_utc = span_take_prefix(text, "Z");
	if (*ret_is_utc)
		return true;
	if (text->length == 0 || (*text->at != '+' && *text->at != '-'))
		return false;
	*text = span_from(*text, text->at + 1);
	return take_pattern(text, "99:99") || take_pattern(text, "9999") ||
	       take_pattern(text, "99");
}

bool log_time_daemon(struct span *text, struct log_time *ret_time)
{
	static const struct {
		const char *pattern, *fraction;
		bool zone, zone_name, needs_fraction;
	} forms[] = {
		{ "AAA 11 99:99:99", ".+", false, false }, /* syslog, journalctl short(-precise) */
		{ "9999-99-99T99:99:99", ",+", true, false }, /* dmesg --time-format iso */
		{ "9999-99-99T99:99:99", ".+", true, false }, /* short-iso(-precise), rsyslog */
		{ "9999-99-99 99:99:99", ".+", true, false },
		{ "AAA 9999-99-99 99:99:99", ".+", false, true }, /* short-full */
		{ "9999999999", ".+", false, false, true },       /* short-unix */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct log_time time = { 0 };
		struct span rest = *text;
		bool has_fraction;

		if (!take_pattern(&rest, forms[i].pattern))
			continue;
		has_fraction = take_pattern(&rest, forms[i].fraction);
		time.is_kernel = has_fraction && forms[i].fraction[0] == ',';
		if (forms[i].needs_fraction && !has_fraction)
			continue; /* ten digits alone are any number */
		if (forms[i].zone && !take_zone(&rest, &time.is_utc))
			continue;
		if (forms[i].zone_name &&
			!(take_pattern(&rest, " AAAA") || take_pattern(&rest, " AAA")))
			continue;
		time.at = span_between(text->at, rest.at);
		if (!span_take_prefix(&rest, " "))
			continue;
		*text = rest;
		*ret_time = time;
		return true;
	}
	return false;
}
