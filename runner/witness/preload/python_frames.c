/* SPDX-License-Identifier: MIT
 *
 * What is called here is exported, allocates nothing and takes no lock; what is only read is read
 * by the kernel, so that a build that is laid out in another way gives no line, and no crash.
 *
 * 3.9 and 3.10 tell frame and line; where a code object has its file name is fixed for these two.
 * 3.13 begins its exported _PyRuntime with a table of such offsets, for debuggers. Others with a
 * table (3.14 has another one) are not looked at.
 */
#include "witness/preload/python_frames.h"

#include <stdint.h>
#include <sys/uio.h>

#include "witness/preload/bytes.h"
#include "witness/preload/kernel.h"
#include "witness/preload/resolve.h"

#define FRAMES_MAX 8
#define FRAME_OF_C_STACK 3 /* stands for a call from C, and has no line */

/* struct _Py_DebugOffsets of 3.13, as numbers of 8 bytes. */
enum offset {
	OFFSET_COOKIE = 0,
	OFFSET_VERSION = 1,
	OFFSET_FREE_THREADED = 2,
	OFFSET_CURRENT_FRAME = 23,
	OFFSET_PREVIOUS = 29,
	OFFSET_EXECUTABLE = 30,
	OFFSET_OWNER = 33,
	OFFSET_FILENAME = 35,
	OFFSET_OBJECT_TYPE = 45,
	OFFSET_TYPE_NAME = 47,
	OFFSET_TEXT_STATE = 68,
	OFFSET_TEXT_LENGTH = 69,
	OFFSET_TEXT_BYTES = 70,
	OFFSET_COUNT = 71,
};

#define COOKIE UINT64_C(0x7970677562656478) /* "xdebugpy" */
#define VERSION_3_13 0x030d

/* What differs between builds. */
struct layout {
	uint64_t filename;                            /* in a code object */
	uint64_t text_state, text_length, text_bytes; /* in an ASCII text */
};

static bool read_memory(const void *from, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)from, size };

	return kernel_call(SYS_process_vm_readv, kernel_pid(), (long)&here, 1, (long)&there, 1,
		       0) == (long)size;
}

static const char *read_pointer(const char *object, uint64_t offset)
{
	const char *pointer = NULL;

	return read_memory(object + offset, (void *)&pointer, sizeof(pointer)) ? pointer : NULL;
}

/* ---- the text ---- */

static char *append(char *to, const char *end, const char *text)
{
	while (*text != '\0' && to + 1 < end)
		*to++ = *text++;
	*to = '\0';
	return to;
}

static char *append_number(char *to, const char *end, unsigned number)
{
	char digits[16];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return append(to, end, digits + at);
}

/* Of a name that is too long the end. */
static char *append_name(const char *code, const struct layout *layout, char *to, const char *end)
{
	const uint32_t compact_ascii = 0x60; /* both bits */
	const char *name = read_pointer(code, layout->filename);
	size_t room = (size_t)(end - to) - sizeof("\", line 1234567890");
	uint32_t state = 0;
	uint64_t length = 0;

	if (name == NULL || !read_memory(name + layout->text_state, &state, sizeof(state)) ||
		(state & compact_ascii) != compact_ascii ||
		!read_memory(name + layout->text_length, &length, sizeof(length)) || length == 0)
		return NULL;
	name += layout->text_bytes;
	if (length > room) {
		name += length - room;
		length = room;
	}
	if (!read_memory(name, to, length))
		return NULL;
	to[length] = '\0';
	return to + length;
}

static void describe(const char *code, const struct layout *layout, int line, char *to, size_t size)
{
	const char *end = to + size;
	char *at = append(to, end, "File \"");

	at = line > 0 ? append_name(code, layout, at, end) : NULL;
	if (at == NULL) {
		to[0] = '\0';
		return;
	}
	at = append(at, end, "\", line ");
	(void)append_number(at, end, (unsigned)line);
}

/* ---- 3.9 and 3.10 ---- */

static bool is_older(void)
{
	const char *version;

	if (real.python_version == NULL || real.python_frame == NULL ||
		real.python_frame_line == NULL)
		return false;
	version = real.python_version();
	return bytes_start(version, "3.9.") || bytes_start(version, "3.10.");
}

static void describe_older(char *to, size_t size)
{
	static const struct layout layout = {
		.filename = 104, .text_state = 32, .text_length = 16, .text_bytes = 48
	};
	const uint64_t code_of_frame = 32;
	void *frame = real.python_frame();
	const char *code = frame != NULL ? read_pointer(frame, code_of_frame) : NULL;

	if (code != NULL)
		describe(code, &layout, real.python_frame_line(frame), to, size);
}

/* ---- 3.13 ---- */

static bool read_offsets(uint64_t offsets[static OFFSET_COUNT])
{
	return real.python_runtime != NULL && real.python_interpreter_frame_line != NULL &&
	       read_memory(real.python_runtime, offsets, OFFSET_COUNT * sizeof(*offsets)) &&
	       offsets[OFFSET_COOKIE] == COOKIE && offsets[OFFSET_VERSION] >> 16 == VERSION_3_13 &&
	       offsets[OFFSET_FREE_THREADED] == 0;
}

/* Whether it is a code object, by the name of its type. */
static bool is_code(const char *object, const uint64_t *offsets)
{
	const char *type = read_pointer(object, offsets[OFFSET_OBJECT_TYPE]);
	const char *name = type != NULL ? read_pointer(type, offsets[OFFSET_TYPE_NAME]) : NULL;
	char text[sizeof("code")];

	return name != NULL && read_memory(name, text, sizeof(text)) &&
	       text[sizeof(text) - 1] == '\0' && bytes_equal(text, "code");
}

static void describe_by_offsets(const char *thread, const uint64_t *offsets, char *to, size_t size)
{
	const struct layout layout = { .filename = offsets[OFFSET_FILENAME],
		.text_state = offsets[OFFSET_TEXT_STATE],
		.text_length = offsets[OFFSET_TEXT_LENGTH],
		.text_bytes = offsets[OFFSET_TEXT_BYTES] };
	const char *frame = read_pointer(thread, offsets[OFFSET_CURRENT_FRAME]), *code;

	for (int i = 0; frame != NULL && i < FRAMES_MAX; i++) {
		char owner = 0;

		if (!read_memory(frame + offsets[OFFSET_OWNER], &owner, sizeof(owner)))
			return;
		if (owner != FRAME_OF_C_STACK)
			break;
		frame = read_pointer(frame, offsets[OFFSET_PREVIOUS]);
	}
	code = frame != NULL ? read_pointer(frame, offsets[OFFSET_EXECUTABLE]) : NULL;
	if (code != NULL && is_code(code, offsets))
		describe(code, &layout,
			real.python_interpreter_frame_line((void *)(uintptr_t)frame), to, size);
}

void python_frames_describe(const void *thread, char *to, size_t size)
{
	uint64_t offsets[OFFSET_COUNT];

	to[0] = '\0';
	if (is_older())
		describe_older(to, size);
	else if (read_offsets(offsets))
		describe_by_offsets(thread, offsets, to, size);
}
