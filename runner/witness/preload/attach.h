/* SPDX-License-Identifier: MIT
 *
 * attach.h - the page as this process has it mapped.
 *
 * A program may take the mapping away: one that unmaps all that it does not know, makes everything
 * read-only, or cuts the file. It must not die of that. So whoever is about to touch the page, and
 * has the time, asks first.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_ATTACH_H
#define MEMCAGE_WITNESS_PRELOAD_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

#include "witness/preload/page.h"

/* NULL: nobody is watching. What it points to may be gone. */
extern struct page_file *attached_file;

/* The page's file, once it was seen that it can be read and written; NULL where nobody is watching.
 * A mapping that went away is made anew, where the file can still be opened; if not, nobody is
 * watching from then on. errno is kept. */
struct page_file *attach_look(void);

/* Whether there are eight bytes to read. */
bool attach_can_read(const void *address);

#endif
