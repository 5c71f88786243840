/* SPDX-License-Identifier: MIT
 *
 * snapshot.h - what a backtrace of a refused request is made of later.
 *
 * The library does not unwind. It keeps the registers, the end of the stack and the list of mapped
 * program files; memcage unwinds them when everything is over, with libdw, in a process of its own.
 * An unwinder in here would be one more parser of everybody's tables at the worst of moments,
 * inside a failing allocation of a program that is not ours; with dl_iterate_phdr() it would also
 * wait for a lock of the loader that the caller may hold. Both ways were weighed: reading the list
 * of mappings costs the most (10 to 40 us, by their number) and either way has to do it; copying 16
 * KiB of stack costs about 2 us, unwinding 20 frames 20 to 40 us; and names and lines can only be
 * had outside anyway.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_SNAPSHOT_H
#define MEMCAGE_WITNESS_PRELOAD_SNAPSHOT_H

#include "witness/preload/page.h"

/* Fills the snapshot for the record of that sequence. Allocates nothing, takes no lock, reads
 * nothing by pointers but frames of this library. On machines other than x86-64 the snapshot stays
 * empty. */
void snapshot_take(struct page_snapshot *snapshot, uint64_t sequence);

#endif
