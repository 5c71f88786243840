/* SPDX-License-Identifier: MIT
 *
 * batch_ids.h - the ids of a batch, each once: a hash table that grows. It costs some 25 bytes for
 * each job beside the id itself.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_IDS_H
#define MEMCAGE_COMMANDS_BATCH_IDS_H

#include <stdbool.h>
#include <stddef.h>

enum id_mark {
	ID_NEW,  /* not there */
	ID_DONE, /* its report was there before */
	ID_TAKEN /* a job of this batch has it */
};

struct id_set {
	char **ids;         /* each is a byte of enum id_mark, then the text; NULL: free */
	size_t count, room; /* room is a power of two, or 0 */
};

/* Marks an id, adding it if it is new. Returns what it was before, or -ENOMEM. */
int id_set_mark(struct id_set *set, const char *id, enum id_mark mark);

void id_set_done(struct id_set *set);

#endif
