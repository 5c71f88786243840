/* SPDX-License-Identifier: MIT
 *
 * exit_with STATUS - nothing but an exit status.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("exit_with STATUS");
	return number_of(argv[1]);
}
