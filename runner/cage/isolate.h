/* SPDX-License-Identifier: MIT
 *
 * isolate.h - a run behind walls: what a policy's isolation becomes on this host.
 *
 *     isolate.c         what can be given, decided before anything is started; names for reports
 *     isolate_start.c   the supervisor's half of the start
 *     porter.c init.c   the two processes that make namespaces and mounts (porter.h)
 *     mounts.c          the new root;  identity.c  ids and capabilities
 *     confine.c         what the command's process gives up;  landlock.c  once more, by Landlock
 *
 * A guarantee that this host does not give is an error, unless the policy only prefers it or the
 * caller accepts degraded runs: then it is left out, and named. Nothing is probed beforehand that
 * the start itself finds out: it is repeated without what was refused.
 */
#ifndef MEMCAGE_CAGE_ISOLATE_H
#define MEMCAGE_CAGE_ISOLATE_H

#include "cage/cage.h"
#include "cage/porter.h"
#include "cage/spawn.h"
#include "spec/policy.h"

/* Whether a specification asks for any isolation. */
bool isolate_is_wanted(const struct memcage_spec *spec);

/* Whether it makes processes of the run belong to another user than ours, whom we still rule: the
 * user namespace is ours. */
bool isolate_has_user_namespace(const struct memcage_spec *spec);

struct isolate {
	const struct memcage_spec *spec;
	const struct isolation *isolation;
	uint32_t given; /* bits of guarantees: wanted, and not left out so far */
	const struct mount_share *shares;
	char directory[4096];          /* ours, which "." stands for */
	struct seccomp_filter seccomp; /* owned */
	struct porter_plan porter;
};

/* Decides what can be given and plans the mounts. cage gets what is left out. Returns 0 or -errno
 * with a failure; to be freed in both cases. */
int isolate_open(struct isolate *isolate, const struct memcage_spec *spec, struct cage *cage,
	struct memcage_failure *reterr_failure);

/* Whether namespaces are to be made; else the command's process can do all by itself, with
 * porter.confinement of a plan. */
bool isolate_needs_porter(const struct isolate *isolate);

/* The plan for what is given now. Returns 0 or -errno with a failure. */
int isolate_plan(struct isolate *isolate, struct memcage_failure *reterr_failure);

/* Plans, and starts the command behind walls in the cage's group; child is what spawn() prepared.
 * Returns 0 or -errno with a failure; then nothing runs. */
int isolate_start(struct isolate *isolate, struct cage *cage, const struct child_plan *child,
	struct spawned *ret_spawned, struct memcage_failure *reterr_failure);

/* Names in the cage what was given, now that it was. */
void isolate_name_given(
	const struct isolate *isolate, struct cage *cage, struct spawned *ret_spawned);

void isolate_free(struct isolate *isolate);

/* ---- between the files ---- */

/* Leaves out what cannot be had without what was left out before. */
int isolate_decide(
	struct isolate *isolate, struct cage *cage, struct memcage_failure *reterr_failure);

/* A guarantee cannot be had: leaves it out with a note, or returns -errno with a failure. */
int isolate_leave_out(struct isolate *isolate, struct cage *cage, enum guarantee guarantee,
	int error_number, const char *why, struct memcage_failure *reterr_failure);

/* Why this host may have refused a guarantee, and what can be done about it. Static. */
const char *isolate_remedy(enum guarantee guarantee, int error_number);

#endif
