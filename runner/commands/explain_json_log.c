/* SPDX-License-Identifier: MIT */
#include "commands/explain_json_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define MESSAGE_SIZE 8192 /* more than a record holds */
#define PREFIX_SIZE 512

static const char *text_of(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

bool json_log_is_journal(const char *text, size_t length)
{
	const char *newline = memchr(text, '\n', length);
	json_t *entry = json_loadb(
		text, newline != NULL ? (size_t)(newline - text) : length, JSON_ALLOW_NUL, NULL);
	bool is = text_of(entry, "__REALTIME_TIMESTAMP") != NULL;

	json_decref(entry);
	return is;
}

/* A text, or where it is no UTF-8 a list of its bytes. */
static size_t message_of(const json_t *message, char *buffer, size_t size)
{
	size_t length = json_is_array(message) ? json_array_size(message)
					       : json_string_length(message);

	if (length > size)
		length = size;
	if (json_is_array(message))
		for (size_t i = 0; i < length; i++)
			buffer[i] = (char)json_integer_value(json_array_get(message, i));
	else if (length > 0)
		memcpy(buffer, json_string_value(message), length);
	return length;
}

/* "2024-01-05T02:12:02.123456+00:00 " */
static void append_time(char *prefix, size_t size, const json_t *entry)
{
	const char *text = text_of(entry, "__REALTIME_TIMESTAMP");
	size_t length = strlen(prefix);
	struct tm utc;
	uint64_t us;
	time_t seconds;

	if (text == NULL || parse_number(text, &us) < 0)
		return;
	seconds = (time_t)(us / 1000000);
	if (gmtime_r(&seconds, &utc) == NULL)
		return;
	length += strftime(prefix + length, size - length, "%Y-%m-%dT%H:%M:%S", &utc);
	text_format(prefix + length, size - length, ".%06" PRIu64 "+00:00 ", us % 1000000);
}

/* A word without blanks, so that it is none of the kernel's. */
static void append_word(char *prefix, size_t size, const char *word)
{
	size_t length = strlen(prefix);

	for (; *word != '\0' && length + 1 < size; word++)
		prefix[length++] = *word;
	prefix[length] = '\0';
	for (char *blank = prefix + length; blank > prefix && blank[-1] != ' '; blank--)
		if ((unsigned char)blank[-1] < ' ')
			blank[-1] = '?';
}

/* The journal itself says by which way a message came: no client can write that field. */
static void write_prefix(char *prefix, size_t size, const json_t *entry)
{
	const char *host = text_of(entry, "_HOSTNAME"), *way = text_of(entry, "_TRANSPORT");
	const char *writer = text_of(entry, "SYSLOG_IDENTIFIER"), *pid = text_of(entry, "_PID");

	prefix[0] = '\0';
	append_time(prefix, size, entry);
	if (host != NULL && host[0] != '\0' && strpbrk(host, " \t\n") == NULL) {
		append_word(prefix, size, host);
		append_word(prefix, size, " ");
	}
	if (way != NULL && strcmp(way, "kernel") == 0) {
		append_word(prefix, size, "kernel: ");
		return;
	}
	/* with a process, which the kernel never has */
	append_word(prefix, size,
		writer != NULL && writer[0] != '\0' && strpbrk(writer, " \t\n[]:") == NULL
			? writer
			: "somebody");
	append_word(prefix, size, "[");
	append_word(prefix, size, pid != NULL && strpbrk(pid, " \t\n[]:") == NULL ? pid : "0");
	append_word(prefix, size, "]: ");
}

/* Each line of a message behind the prefix. */
static void feed_message(struct oom_log *log, const char *prefix, const json_t *message)
{
	char text[MESSAGE_SIZE], line[MESSAGE_SIZE + PREFIX_SIZE];
	size_t left = message_of(message, text, sizeof(text)), head = strlen(prefix);
	const char *at = text;

	memcpy(line, prefix, head);
	do {
		const char *newline = left > 0 ? memchr(at, '\n', left) : NULL;
		size_t length = newline != NULL ? (size_t)(newline - at) : left;

		memcpy(line + head, at, length);
		oom_log_feed(log, line, head + length);
		length += newline != NULL;
		at += length;
		left -= length;
	} while (left > 0);
}

void json_log_feed_entry(struct oom_log *log, const char *text, size_t length)
{
	json_t *entry = json_loadb(text, length, JSON_ALLOW_NUL, NULL);
	char prefix[PREFIX_SIZE];

	write_prefix(prefix, sizeof(prefix), entry);
	feed_message(log, prefix, json_object_get(entry, "MESSAGE"));
	json_decref(entry);
}

/* "<6>[ 12.345678] " */
static void write_dmesg_prefix(char *prefix, size_t size, const json_t *entry)
{
	const json_t *priority = json_object_get(entry, "pri"),
		     *time = json_object_get(entry, "time");

	prefix[0] = '\0';
	if (json_is_integer(priority))
		text_format(
			prefix, size, "<%" JSON_INTEGER_FORMAT ">", json_integer_value(priority));
	if (json_is_number(time))
		text_format(prefix + strlen(prefix), size - strlen(prefix), "[%.6f] ",
			json_number_value(time));
}

bool json_log_feed_dmesg(struct oom_log *log, const json_t *root)
{
	const json_t *entries = json_object_get(root, "dmesg"), *entry;
	char prefix[PREFIX_SIZE];
	size_t i;

	if (!json_is_array(entries))
		return false;
	json_array_foreach(entries, i, entry)
	{
		write_dmesg_prefix(prefix, sizeof(prefix), entry);
		feed_message(log, prefix, json_object_get(entry, "msg"));
	}
	return true;
}
