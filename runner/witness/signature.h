/* SPDX-License-Identifier: MIT
 *
 * signature.h - the runtimes' own out-of-memory messages, matched while the streams pass. A program
 * can print anything: a match is never proof alone and never overrules a counter.
 */
#ifndef MEMCAGE_WITNESS_SIGNATURE_H
#define MEMCAGE_WITNESS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

struct signature {
	const char *runtime; /* "python" */
	const char *start;   /* the line starts so; NULL: anywhere */
	const char *holds;   /* and holds this; NULL: nothing more */
	int exit_codes[3];   /* documented ends: exit codes, 0-terminated */
	int signals[2];      /* documented ends: signals, 0-terminated */
	bool is_heap_cap;    /* the runtime's own limit, not the system's refusal */
	const char
		*images; /* blank-separated: files of which the runtime maps one; for a heap cap */
	bool at_start;   /* the loader's or the runtime's word before any user code ran */
};

/* The first row that matches a line is the line's. start and holds see the line with its newline:
 * "x\n" is the end of the line. start and holds together have at least one of signature_keys, each
 * four bytes. */
extern const struct signature signatures[];
extern const size_t signature_count;
extern const char *const signature_keys[]; /* NULL-terminated */

#define SIGNATURE_LINE_MAX 512

/* One per stream: the line so far. Starts as all zero. */
struct signature_matcher {
	size_t length;
	char line[SIGNATURE_LINE_MAX];
	const struct signature *first; /* the first match, or NULL */
	char text[160];                /* its line, cut, made printable */
};

/* Feed the next bytes of the stream. Lines longer than SIGNATURE_LINE_MAX are matched by their
 * first bytes. Costs little: text without any of signature_keys is passed over at the speed of
 * memory, and nothing is read any more after the first match. */
void signature_feed(struct signature_matcher *matcher, const char *data, size_t size);

/* The stream has ended: match the last line without a newline too. */
void signature_end(struct signature_matcher *matcher);

/* Whether a mapped file (its base name) is the runtime's: one of images, with or without a version
 * behind it. */
bool signature_image_fits(const struct signature *signature, const char *name);

/* Whether an end (exit code, or signal number when signaled) is one that the runtime documents. */
bool signature_status_matches(const struct signature *signature, bool signaled, int status);

/* Whether any message of this runtime has that documented end. */
bool signature_runtime_ends(const char *runtime, bool signaled, int status);

#endif
