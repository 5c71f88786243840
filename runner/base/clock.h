/* SPDX-License-Identifier: MIT
 *
 * clock.h - the one clock of a run: CLOCK_BOOTTIME, which /dev/kmsg can be compared with and which
 * goes on through a suspend, as a person's watch does.
 */
#ifndef MEMCAGE_BASE_CLOCK_H
#define MEMCAGE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

#endif
