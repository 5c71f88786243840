/* SPDX-License-Identifier: MIT */
#include "witness/python_line.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "witness/elf_functions.h"
#include "witness/modules.h"
#include "witness/printable.h"

#define CHAIN_MAX 4096 /* of threads, of frames */
#define TABLE_MAX 65536

/* CPython 3.11 on x86-64: where members stand in the interpreter's structures. */
enum {
	RUNTIME_INTERPRETERS = 40,
	INTERPRETER_THREADS = 16,
	THREAD_NEXT = 8,
	THREAD_CFRAME = 56,
	THREAD_NATIVE_ID = 160,
	CFRAME_FRAME = 8,
	FRAME_CODE = 32,
	FRAME_INSTRUCTION = 56,
	CODE_FIRST_LINE = 72,
	CODE_FILE_NAME = 112,
	CODE_LINE_TABLE = 136,
	CODE_INSTRUCTIONS = 184,
	BYTES_SIZE = 16,
	BYTES_DATA = 32,
	TEXT_LENGTH = 16,
	TEXT_STATE = 32,
	TEXT_DATA = 48,
};
#define TEXT_IS_COMPACT_ASCII 0x60 /* of the state: compact and ascii */

static bool read_memory(int memory, uint64_t address, void *to, size_t size)
{
	return address < INT64_MAX && pread(memory, to, size, (off_t)address) == (ssize_t)size;
}

static uint64_t word_at(int memory, uint64_t address)
{
	uint64_t word = 0;

	return address != 0 && read_memory(memory, address, &word, sizeof(word)) ? word : 0;
}

/* ---- where the interpreter is ---- */

static bool is_python(const char *path)
{
	const char *name = base_name(path);

	return strcmp(name, "python3.11") == 0 || strncmp(name, "libpython3.11.so", 16) == 0;
}

/* The address of _PyRuntime in the process; 0: it has none. */
static uint64_t find_runtime(pid_t pid)
{
	char path[64], line[4096 + 128];
	uint64_t address = 0;
	FILE *maps;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps != NULL && address == 0 && fgets(line, sizeof(line), maps) != NULL) {
		struct elf_function symbol = { .pattern = "_PyRuntime", .is_data = true };
		struct module modules[MODULES_MAX];
		cleanup_fd int fd = -1;

		if (modules_parse(line, strlen(line), modules) == 0 || !is_python(modules->path))
			continue;
		fd = module_open(modules);
		if (fd >= 0 && elf_functions_find(fd, &symbol, 1) == 1)
			address = modules->bias + symbol.address;
	}
	if (maps != NULL)
		(void)fclose(maps);
	return address;
}

/* The innermost frame of the thread; 0: none. */
static uint64_t find_frame(int memory, pid_t thread, uint64_t runtime)
{
	uint64_t interpreter = word_at(memory, runtime + RUNTIME_INTERPRETERS);
	uint64_t state = interpreter != 0 ? word_at(memory, interpreter + INTERPRETER_THREADS) : 0;
	uint64_t cframe;

	for (int i = 0; i < CHAIN_MAX && state != 0; i++) {
		if (word_at(memory, state + THREAD_NATIVE_ID) != (uint64_t)thread) {
			state = word_at(memory, state + THREAD_NEXT);
			continue;
		}
		cframe = word_at(memory, state + THREAD_CFRAME);
		return cframe != 0 ? word_at(memory, cframe + CFRAME_FRAME) : 0;
	}
	return 0;
}

/* ---- its line ---- */

/* Six bits a byte, the lowest first; bit 6 says that there are more. */
static uint64_t take_varint(const unsigned char *table, size_t size, size_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < size && shift < 60; shift += 6) {
		unsigned char byte = table[(*at)++];

		value |= (uint64_t)(byte & 63) << shift;
		if ((byte & 64) == 0)
			break;
	}
	return value;
}

int python_line_in_table(
	const unsigned char *table, size_t size, int first_line, uint64_t instruction)
{
	int64_t line = first_line;
	uint64_t unit = 0;

	for (size_t at = 0; at < size;) {
		unsigned kind = (table[at] >> 3) & 15;
		uint64_t length = (table[at] & 7u) + 1, delta;

		at++;
		if (kind >= 13 && kind <= 14) { /* a signed step, the sign in the lowest bit */
			delta = take_varint(table, size, &at);
			line += (delta & 1) != 0 ? -(int64_t)(delta >> 1) : (int64_t)(delta >> 1);
			for (int i = 0; kind == 14 && i < 3; i++)
				(void)take_varint(table, size, &at);
		} else if (kind >= 10 && kind <= 12) {
			line += kind - 10;
		}
		if (instruction < unit + length)
			return kind == 15 || line <= 0 || line > INT32_MAX ? 0 : (int)line;
		unit += length;
		while (at < size && table[at] < 128)
			at++; /* columns */
	}
	return 0;
}

static int line_of(int memory, uint64_t code, uint64_t instruction)
{
	uint64_t bytes = word_at(memory, code + CODE_LINE_TABLE), size;
	unsigned char table[TABLE_MAX];
	int first_line = 0;

	if (bytes == 0 || instruction < code + CODE_INSTRUCTIONS)
		return 0;
	size = word_at(memory, bytes + BYTES_SIZE);
	if (size == 0 || size > sizeof(table) ||
		!read_memory(memory, code + CODE_FIRST_LINE, &first_line, sizeof(first_line)) ||
		!read_memory(memory, bytes + BYTES_DATA, table, size))
		return 0;
	return python_line_in_table(
		table, size, first_line, (instruction - code - CODE_INSTRUCTIONS) / 2);
}

/* Names of other than ASCII characters are left out. */
static bool file_of(int memory, uint64_t code, char *to, size_t size)
{
	uint64_t text = word_at(memory, code + CODE_FILE_NAME), length;
	uint32_t state = 0;
	char name[4096];

	if (text == 0)
		return false;
	length = word_at(memory, text + TEXT_LENGTH);
	if (length == 0 || length > sizeof(name) ||
		!read_memory(memory, text + TEXT_STATE, &state, sizeof(state)) ||
		(state & TEXT_IS_COMPACT_ASCII) != TEXT_IS_COMPACT_ASCII ||
		!read_memory(memory, text + TEXT_DATA, name, length))
		return false;
	if (length >= size) {
		const char *slash = memrchr(name, '/', length);
		size_t skip = slash != NULL ? (size_t)(slash + 1 - name) : 0;

		length -= skip;
		memmove(name, name + skip, length);
	}
	(void)printable_copy(to, size, name, length);
	return true;
}

bool python_line_of(pid_t pid, pid_t thread, int memory, char *to, size_t size)
{
	uint64_t runtime = find_runtime(pid);
	uint64_t frame = runtime != 0 ? find_frame(memory, thread, runtime) : 0;
	uint64_t code = frame != 0 ? word_at(memory, frame + FRAME_CODE) : 0;
	const size_t room = size - sizeof(":1234567890");
	int line;

	*to = '\0';
	if (code == 0 || !file_of(memory, code, to, room))
		return false;
	line = line_of(memory, code, word_at(memory, frame + FRAME_INSTRUCTION));
	if (line == 0) {
		*to = '\0';
		return false;
	}
	(void)snprintf(to + strlen(to), size - strlen(to), ":%d", line);
	return true;
}
