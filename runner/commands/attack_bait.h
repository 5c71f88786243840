/* SPDX-License-Identifier: MIT
 *
 * attack_bait.h - what an attack may reach on the host, made for it (tests/attacks/bait.c).
 */
#ifndef MEMCAGE_COMMANDS_ATTACK_BAIT_H
#define MEMCAGE_COMMANDS_ATTACK_BAIT_H

#include <sys/types.h>

struct bait {
	pid_t pid;
	int input; /* which ends it */
	char word[512];
	char directory[64];
};

/* Starts it from memcage-attacks. Returns 0 or -errno; to be stopped in both cases. */
int bait_start(const char *program, struct bait *ret_bait);

/* Ends it, and waits until it has cleaned up. */
void bait_stop(struct bait *bait);

#endif
