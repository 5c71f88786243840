/* SPDX-License-Identifier: MIT
 *
 * ignore_term - say "ready", ignore SIGTERM and SIGINT, and wait for what comes.
 */
#include "workload.h"

#include <signal.h>
#include <unistd.h>

int main(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)printf("ready\n");
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}
