/* SPDX-License-Identifier: MIT */
#include "witness/preload/python.h"

#include "witness/preload/bytes.h"
#include "witness/preload/kernel.h"
#include "witness/preload/python_frames.h"
#include "witness/preload/resolve.h"

bool python_present(void)
{
	return real.python_holds_gil != NULL && real.python_current_thread != NULL &&
	       real.python_own_thread != NULL;
}

/* Where there is no room for the whole path, its last part. */
static const char *shorten(const char *name, const char *end, size_t room)
{
	const char *part = name;

	if ((size_t)(end - name) <= room)
		return name;
	for (const char *at = name; at < end; at++)
		if (*at == '/')
			part = at + 1;
	return (size_t)(end - part) <= room ? part : end;
}

/* `  File "script.py", line 2 in function` becomes "script.py:2". The file name is the program's
 * own choice and may hold quotes: the last `", line ` of the line counts. */
static void take_frame(const char *line, char *to, size_t size)
{
	static const char middle[] = "\", line ";
	const char *name = line, *end = NULL;
	size_t length;

	while (*name != '\0' && !bytes_start(name, "File \""))
		name++;
	if (*name == '\0')
		return;
	name += sizeof("File \"") - 1;
	for (const char *at = name; *at != '\0' && *at != '\n'; at++)
		if (bytes_start(at, middle))
			end = at;
	if (end == NULL)
		return;
	name = shorten(name, end, size - sizeof(":1234567890"));
	length = (size_t)(end - name);
	if (length == 0)
		return;
	bytes_copy(to, size, name, length);
	to[length++] = ':';
	for (end += sizeof(middle) - 1; *end >= '0' && *end <= '9' && length + 1 < size; end++)
		to[length++] = *end;
	to[length] = '\0';
}

/* Only the thread that holds the interpreter may look at its frames. PyGILState_Check() says yes
 * without looking where sub-interpreters were used; then the two answers below differ, or agree and
 * are right. */
static void *thread_that_runs(void)
{
	void *own;

	if (!python_present() || real.python_holds_gil() != 1)
		return NULL;
	own = real.python_own_thread();
	return own == real.python_current_thread() ? own : NULL;
}

/* As faulthandler does in a signal handler. */
static void dump(void *thread, char *text, size_t size)
{
	int ends[2];
	long got;

	text[0] = '\0';
	if (kernel_pipe(ends) < 0)
		return;
	real.python_dump_traceback(ends[1], thread);
	got = kernel_read(ends[0], text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	kernel_close(ends[0]);
	kernel_close(ends[1]);
}

void python_source_line(char *to, size_t size)
{
	char text[640]; /* the header and one frame */
	void *thread = thread_that_runs();

	to[0] = '\0';
	if (thread == NULL)
		return;
	if (real.python_dump_traceback != NULL)
		dump(thread, text, sizeof(text));
	else
		python_frames_describe(thread, text, sizeof(text));
	take_frame(text, to, size);
}
