/* SPDX-License-Identifier: MIT
 *
 * attack_children.h - what an attack leaves running.
 */
#ifndef MEMCAGE_COMMANDS_ATTACK_CHILDREN_H
#define MEMCAGE_COMMANDS_ATTACK_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Waits until no child of ours is left but one (0: none), at most for ms; who is still there is
 * killed. We have to be the subreaper. Returns whether anybody had to be. */
bool children_end(pid_t except, uint64_t ms);

#endif
