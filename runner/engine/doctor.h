/* SPDX-License-Identifier: MIT
 *
 * doctor.h - the examination behind memcage_doctor_json(): a cage is made as a run would make it, a
 * child is started in it and killed, and every check is one probe that looks at what came of it.
 *
 *     doctor.c           the list of checks, and the JSON
 *     doctor_examine.c   the trial cage
 *     doctor_trial.c     the trial children
 *     doctor_limits.c    probes: what can be enforced
 *     doctor_cage.c      probes: where the cage goes, and how processes get in and out
 *     doctor_evidence.c  probes: what can be seen
 *     doctor_host.c      probes: what else on this host acts on memory
 *     doctor_isolation.c  probes: what can be kept from a command besides memory
 *     doctor_systemd.c   whether systemd has a place for us
 */
#ifndef MEMCAGE_ENGINE_DOCTOR_H
#define MEMCAGE_ENGINE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/cage.h"
#include "memcage/memcage.h"
#include "spec/isolation.h"

/* A child that was started in the trial cage and killed there. */
struct trial_child {
	int clone_error;   /* errno of cloning straight into the cage, 0 when that worked */
	int start_error;   /* errno when it could not even start and join by itself */
	bool inside;       /* seen in every group of the cage */
	int kill_error;    /* errno of cgroup.kill */
	bool killed;       /* and it ended of that */
	int oom_score_adj; /* after it tried to raise a negative one */
};

struct examination {
	int looked; /* 0, or -errno of finding the hierarchies */
	struct hierarchies hierarchies;
	int opened; /* 0, or -errno of making the trial cage */
	struct memcage_failure looked_failure, opened_failure;
	struct cage cage;      /* valid when opened == 0 */
	bool counters_are_new; /* they began at 0 */
	int limited; /* 0, or -errno of giving it a memory limit as `memcage run -m` does */
	struct memcage_failure limited_failure;
	struct trial_child child; /* valid when opened == 0 */
};

#define TRIAL_LIMIT_BYTES (UINT64_C(64) << 20)

/* Never fails: what did not work is the result. close removes everything again. */
void examination_open(struct examination *exam);
void examination_close(struct examination *exam);

static inline bool has_cage(const struct examination *exam)
{
	return exam->opened == 0;
}

/* Starts a child in the cage and kills it there. */
void trial_child_run(const struct cage *cage, struct trial_child *ret_child);

/* Whether RLIMIT_DATA refuses a private mapping here, tried in a child. 0, -ENOTSUP when the
 * mapping was granted, or another -errno. */
int trial_refusal(void);

enum check_status {
	CHECK_OK,
	CHECK_DEGRADED, /* something weaker takes its place */
	CHECK_MISSING,
};

/* The answer of one check. Sentences without a full stop. */
struct finding {
	enum check_status status;
	char text[1024];
	char remedy[512]; /* "": none is needed, or none is known */
};

/* Every probe calls this once. remedy may be NULL. */
void tell(struct finding *finding, enum check_status status, const char *remedy, const char *format,
	...) __attribute__((format(printf, 4, 5)));

#define REMEDY_MEMORY_ON_V2                                                                        \
	"boot with cgroup_no_v1=memory (under systemd: systemd.unified_cgroup_hierarchy=1), so "   \
	"that "                                                                                    \
	"memory is on cgroup v2"
#define REMEDY_MOUNT_TWIN "as root: mount -t cgroup2 none /sys/fs/cgroup/unified (make it first)"
#define REMEDY_HIDDEN_GROUPS                                                                       \
	"start it in the host's cgroup namespace (docker run --cgroupns=host), or ask the host "   \
	"what "                                                                                    \
	"this container was given"

/* The probes; exam is not const because some set limits on the trial cage. */
void probe_cgroups(struct examination *exam, struct finding *finding);
void probe_cage(struct examination *exam, struct finding *finding);
void probe_start_in_cage(struct examination *exam, struct finding *finding);
void probe_cgroup_kill(struct examination *exam, struct finding *finding);
void probe_v2_twin(struct examination *exam, struct finding *finding);
void probe_abandoned_groups(struct examination *exam, struct finding *finding);

void probe_memory_limit(struct examination *exam, struct finding *finding);
void probe_swap_limit(struct examination *exam, struct finding *finding);
void probe_process_limit(struct examination *exam, struct finding *finding);
void probe_throttling(struct examination *exam, struct finding *finding);
void probe_oom_group(struct examination *exam, struct finding *finding);
void probe_at_limit_fail(struct examination *exam, struct finding *finding);

void probe_oom_events(struct examination *exam, struct finding *finding);
void probe_peak_counters(struct examination *exam, struct finding *finding);
void probe_limit_owner(struct examination *exam, struct finding *finding);
void probe_kernel_log(struct examination *exam, struct finding *finding);
void probe_preload_witness(struct examination *exam, struct finding *finding);
void probe_bpf_witness(struct examination *exam, struct finding *finding);
void probe_runtime_witness(struct examination *exam, struct finding *finding);
void probe_pressure(struct examination *exam, struct finding *finding);

void probe_outer_limits(struct examination *exam, struct finding *finding);
void probe_oom_score(struct examination *exam, struct finding *finding);
void probe_overcommit(struct examination *exam, struct finding *finding);
void probe_privilege(struct examination *exam, struct finding *finding);

/* doctor_isolation.c: the check of one guarantee of policies. */
const char *wall_name(enum guarantee guarantee);
void probe_wall(enum guarantee guarantee, struct finding *finding);

/* Where a scope from systemd could come from. */
enum systemd_manager {
	SYSTEMD_NONE,   /* not running, not to be reached, or it could not delegate memory */
	SYSTEMD_SYSTEM, /* systemd-run --scope, as root */
	SYSTEMD_USER,   /* systemd-run --user --scope */
};
enum systemd_manager systemd_manager_find(const struct hierarchies *hierarchies);

#endif
