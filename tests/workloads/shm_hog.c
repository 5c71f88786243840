/* SPDX-License-Identifier: MIT
 *
 * shm_hog SIZE - touch SIZE bytes of System V shared memory. The segment is marked for removal
 * before it is touched, so that it goes with its last user however that ends.
 */
#include "workload.h"

#include <sys/ipc.h>
#include <sys/shm.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("shm_hog SIZE");

	size_t size = size_of(argv[1]);
	int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	void *memory;

	if (segment < 0)
		cannot("shmget");
	memory = shmat(segment, NULL, 0);
	if (shmctl(segment, IPC_RMID, NULL) < 0)
		cannot("shmctl");
	if (memory == (void *)-1)
		cannot("shmat");
	touch(memory, size);
	return 0;
}
