/* SPDX-License-Identifier: MIT
 *
 * identity.h - who the command is: its ids inside and outside of its user namespace, and the
 * capabilities that are left. All but identity_write_maps() runs between clone and exec.
 */
#ifndef MEMCAGE_CAGE_IDENTITY_H
#define MEMCAGE_CAGE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One user and one group, as the namespace and as the host sees them. Nobody else is in the
 * namespace, 0 of the host least of all. */
struct identity {
	uid_t inside_user, outside_user;
	gid_t inside_group, outside_group;
	bool may_set_groups; /* an ordinary user has to renounce setgroups(2) to map a group */
	bool own_user;       /* outside a user of this run alone, where there is one to be had */
};

/* In the supervisor: maps the ids in the new user namespace of pid, a process of ours. Returns 0 or
 * -errno. */
int identity_write_maps(pid_t pid, const struct identity *identity);

/* Become the identity, without other groups; capabilities stay until they are dropped. Return 0,
 * or -1 with errno. */
int identity_become(const struct identity *identity);

/* Takes all but kept (bits 1 << CAP_*) out of the bounding set, for good, and makes ids mean
 * nothing for capabilities. Needs CAP_SETPCAP; before identity_become(). */
int identity_bound_capabilities(uint64_t kept);

/* Drops all but kept from every other set; what is kept survives exec. Looks whether it took. */
int identity_drop_capabilities(uint64_t kept);

#endif
