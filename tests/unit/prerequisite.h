/* SPDX-License-Identifier: MIT
 *
 * prerequisite.h - a test program that lacks something says what, and exits 77: never a silent
 * skip.
 */
#ifndef MEMCAGE_TESTS_PREREQUISITE_H
#define MEMCAGE_TESTS_PREREQUISITE_H

#include <stdio.h>

#define EXIT_SKIPPED 77

/* The end of main(): failed is how many tests failed; missing is NULL, or what kept some of them
 * from running. */
static inline int tests_finish(int failed, const char *missing)
{
	if (failed != 0)
		return 1;
	if (missing == NULL)
		return 0;
	(void)printf("skipped: %s\n", missing);
	return EXIT_SKIPPED;
}

#endif
