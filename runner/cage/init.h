/* SPDX-License-Identifier: MIT
 *
 * init.h - the first process of the command's pid namespace. It makes the mounts, as the user that
 * the command will be; then it has given up everything and only waits for the end of the
 * supervisor: with it the kernel ends every process of the namespace, in whatever session or group
 * it hides. It stands outside of the cage's limited group, so that no limit can hit it, and orphans
 * are reaped with it. Without a pid namespace it ends when the mounts are made.
 */
#ifndef MEMCAGE_CAGE_INIT_H
#define MEMCAGE_CAGE_INIT_H

#include "cage/porter.h"

/* Writes a byte to ready when everything is in place. Failures are told on the plan's news. */
_Noreturn void init_become(struct porter_plan *plan, int ready);

#endif
