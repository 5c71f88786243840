/* SPDX-License-Identifier: MIT
 *
 * stack_overflow - crash on the stack's own limit, which has nothing to do with the cage's.
 */
#include "workload.h"

static volatile int deep_enough;

static int deeper(int depth)
{
	volatile char frame[4096];

	frame[0] = (char)depth;
	return deep_enough ? frame[0] : deeper(depth + 1) + frame[0];
}

int main(void)
{
	return deeper(0);
}
