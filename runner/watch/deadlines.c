/* SPDX-License-Identifier: MIT */
#include "watch/deadlines.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fd.h"

int deadlines_open(struct deadlines *deadlines)
{
	memset(deadlines, 0, sizeof(*deadlines));
	deadlines->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return deadlines->timer < 0 ? -errno : 0;
}

void deadlines_close(struct deadlines *deadlines)
{
	fd_close(&deadlines->timer);
}

void deadline_set(struct deadlines *deadlines, enum deadline deadline, uint64_t at_us)
{
	deadlines->at_us[deadline] = at_us;
}

void deadline_clear(struct deadlines *deadlines, enum deadline deadline)
{
	deadlines->at_us[deadline] = 0;
}

bool deadline_due(struct deadlines *deadlines, enum deadline deadline, uint64_t now_us)
{
	if (deadlines->at_us[deadline] == 0 || now_us < deadlines->at_us[deadline])
		return false;
	deadlines->at_us[deadline] = 0;
	return true;
}

void deadlines_arm(struct deadlines *deadlines)
{
	struct itimerspec when = { 0 };
	uint64_t nearest = 0, fired;

	(void)!read(deadlines->timer, &fired, sizeof(fired)); /* forget that it fired, if it did */
	for (int i = 0; i < DEADLINE_COUNT; i++)
		if (deadlines->at_us[i] != 0 && (nearest == 0 || deadlines->at_us[i] < nearest))
			nearest = deadlines->at_us[i];
	when.it_value.tv_sec = (time_t)(nearest / 1000000);
	when.it_value.tv_nsec = (long)(nearest % 1000000) * 1000;
	/* An absolute time that is past fires at once; zero disarms. */
	(void)timerfd_settime(deadlines->timer, TFD_TIMER_ABSTIME, &when, NULL);
	deadlines->armed_us = nearest;
}
