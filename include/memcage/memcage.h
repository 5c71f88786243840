/* SPDX-License-Identifier: MIT
 *
 * memcage.h - run one command under a memory limit and learn, with evidence, why it ended.
 *
 *     struct memcage_spec spec = { .struct_size = sizeof spec };
 *     spec.argv = argv;                                   // NULL-terminated, looked up in PATH
 *     spec.memory_max_bytes = 256 << 20;
 *
 *     struct memcage_result *result = NULL;
 *     struct memcage_failure failure;
 *     if (memcage_run(&spec, &result, &failure) < 0)
 *             errx(125, "%s", failure.detail);
 *     puts(memcage_result_verdict(result));               // "oom_kill"
 *     memcage_result_free(result);
 *
 * All sizes are bytes and all times milliseconds. A field that is zero means "the default".
 * Functions return 0 or a positive value on success and a negative errno on failure; outputs are
 * written only on success, the failure only on failure. Nothing here prints, exits or installs
 * signal handlers. Functions are thread-safe for different runs; one run belongs to one thread.
 * The caller must not ignore SIGCHLD (the kernel would throw the exit status away): memcage_start()
 * refuses with -EINVAL. Only children that memcage itself started are ever waited for. Streams are
 * forwarded with write(2): block or ignore SIGPIPE if the reader may go away.
 */
#ifndef MEMCAGE_H
#define MEMCAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MEMCAGE_API __attribute__((visibility("default")))
#else
#define MEMCAGE_API
#endif

#define MEMCAGE_UNLIMITED UINT64_MAX

/* What went wrong, in one line for a person. Fixed size: reporting a failure never allocates. */
struct memcage_failure {
	int error_number;  /* errno, or 0 where none applies */
	char detail[1024]; /* what, where, and what to do; never ends in a newline */
};

enum memcage_at_limit {
	MEMCAGE_KILL_AT_LIMIT = 0, /* the kernel OOM-kills at the limit */
	MEMCAGE_FAIL_AT_LIMIT =
		1, /* allocations are refused in the process just before the limit */
};

enum memcage_backend {
	MEMCAGE_BACKEND_AUTO = 0,
	MEMCAGE_BACKEND_V2 = 1,
	MEMCAGE_BACKEND_V1 = 2,
	MEMCAGE_BACKEND_RLIMIT = 3, /* degraded: no cage, only per-process limits */
};

/* How refused allocations are observed; a set. 0 is auto. */
enum memcage_witness {
	MEMCAGE_WITNESS_AUTO = 0,
	MEMCAGE_WITNESS_NONE = 1 << 0,
	MEMCAGE_WITNESS_PRELOAD = 1 << 1, /* inside dynamically linked programs */
	MEMCAGE_WITNESS_SIGNATURE = 1
				    << 2, /* the runtimes' own messages with their exit statuses */
	MEMCAGE_WITNESS_KMSG = 1 << 3,    /* the kernel log */
	MEMCAGE_WITNESS_TRACE = 1 << 4,   /* refused system calls, of static programs too */
	MEMCAGE_WITNESS_BPF = 1 << 5,     /* the same from inside the kernel, as root */
	MEMCAGE_WITNESS_RUNTIME = 1 << 6, /* probes in language runtimes (root, tracefs) */
};

struct memcage_policy; /* limits and isolation under a name; owned by who loaded it */

/* Which requests for memory are refused on purpose. A request is a call of the malloc family, or
 * one that asks the kernel for private writable memory; each process counts its own from exec on,
 * and a forked child counts on from where its parent stood. */
enum memcage_injection_kind {
	MEMCAGE_INJECT_NTH = 1,    /* the one of that number, from 1; 0 only counts */
	MEMCAGE_INJECT_SIZE = 2,   /* each of number bytes or more */
	MEMCAGE_INJECT_AFTER = 3,  /* each beyond number bytes in all, what was freed included */
	MEMCAGE_INJECT_RANDOM = 4, /* each with a probability of number / 1 000 000 000 */
};

#define MEMCAGE_INJECTIONS_MAX 8

struct memcage_injection {
	enum memcage_injection_kind kind;
	uint64_t number;
	uint64_t seed;    /* of random: the same seed, the same requests */
	char command[16]; /* only in programs whose comm is this when they start; "": in all */
};

/* What to run. Borrowed until the run ends. New fields go to the end: the library reads no
 * further than struct_size. */
struct memcage_spec {
	size_t struct_size;      /* sizeof(struct memcage_spec) */
	const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked up in PATH */
	const char *const *envp; /* NULL-terminated; NULL: the caller's environment */
	const char *working_directory; /* NULL: the caller's */

	uint64_t memory_max_bytes; /* 0 or MEMCAGE_UNLIMITED: no limit of our own; else >= one page
				    */
	uint64_t
		swap_max_bytes; /* default 0: no swap; without that a memory limit is not a limit */
	uint64_t memory_high_bytes; /* throttling mark; 0: none */
	enum memcage_at_limit at_limit;
	bool oom_group; /* a kill takes the whole cage */

	uint64_t wall_time_max_ms; /* 0: none */
	uint64_t cpu_time_max_ms;  /* user+system of the whole cage; 0: none */
	uint64_t grace_ms;         /* SIGTERM to the main process, SIGKILL to all after this long */
	uint64_t stall_ms;         /* 0: 10 s; MEMCAGE_UNLIMITED: off */
	uint64_t pids_max;         /* processes and threads; 0: none */

	uint64_t output_max_bytes; /* per stream; 0: none */
	bool output_truncate;      /* at output_max_bytes discard and go on, instead of ending */
	const char *stdin_path;    /* NULL: inherited */
	const char *stdout_path;   /* NULL: the caller's; else created or truncated */
	const char *stderr_path;
	bool no_tap;    /* inherit all streams: no text evidence */
	bool keep_fds;  /* let descriptors 3 and up through to the command */
	bool wait_tree; /* the run ends with the last process, not with the main one */

	bool set_user; /* switch to user_id and group_id before exec */
	uint32_t user_id;
	uint32_t group_id;

	enum memcage_backend backend;
	bool allow_degraded;
	const char *parent_group; /* NULL: found by probing; else a cgroup directory */
	uint32_t witnesses;       /* enum memcage_witness */

	const void *signal_mask; /* a sigset_t that the command starts with; NULL: the calling
				    thread's */

	const struct memcage_policy *policy; /* NULL: none. Its limits stand where the fields above
						are zero, its environment where envp is NULL; it
						must live as long as the run */
	bool limits_complete; /* zero is zero: the policy's limits do not stand in for it */

	const struct memcage_injection *injections; /* refused when any of them says so */
	size_t injection_count;                     /* at most MEMCAGE_INJECTIONS_MAX */
	bool digest_output; /* both streams are read, told by length and digest, and thrown away */
	bool last_words;    /* before the first OOM kill at the limit, ask by which calls it came */
	uint64_t open_files_max; /* RLIMIT_NOFILE (soft) that the command starts with, where a
				    caller of many runs needs more for itself; 0: the caller's */
};

struct memcage_run;    /* one command in its cage; owned by the caller from start to free */
struct memcage_result; /* how it ended; owned by the caller */

/* Make the cage and start the command. Returns 0, or a negative errno with a failure when nothing
 * was started because the specification cannot be met: -EINVAL (specification), -ENOTSUP (this host
 * cannot enforce it), -EACCES, -EROFS, -EBUSY (no place for the cage), -ENOENT, -EPERM (a witness
 * that was asked for by name and cannot work here), -ENOMEM. A command that
 * cannot be executed is no failure of this function: its result says not_started. */
MEMCAGE_API int memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure);

/* A descriptor that polls readable when memcage_step() has work; valid until the run is freed. Take
 * it out of an epoll set of your own before you free the run: a child that is just being started
 * may still hold it, and then it would go on telling. */
MEMCAGE_API int memcage_run_fd(const struct memcage_run *run);

/* Handle what is pending; never blocks. Returns 1 while the run goes on, 0 when it has ended and
 * its result can be taken. */
MEMCAGE_API int memcage_step(struct memcage_run *run);

/* The caller was asked to stop by signal_number: end the cage (after grace_ms) and judge it as
 * interrupted. A signal_number of SIGINT that the terminal also sent to the command gives it 2 s
 * when on_terminal is true. */
MEMCAGE_API void memcage_interrupt(struct memcage_run *run, int signal_number, bool on_terminal);

/* What the run uses now, for progress displays; members that are not known are UINT64_MAX. */
struct memcage_progress {
	uint64_t elapsed_ms, memory_bytes, limit_bytes;
};
MEMCAGE_API void memcage_run_progress(
	const struct memcage_run *run, struct memcage_progress *ret_progress);

/* Whether pid is a process of this run's cage now. */
MEMCAGE_API bool memcage_run_contains(const struct memcage_run *run, int pid);

/* The result of a run that has ended; the caller owns it. -EAGAIN while it goes on. */
MEMCAGE_API int memcage_take_result(struct memcage_run *run, struct memcage_result **ret_result);

/* Kills what still runs, removes the cage. NULL is allowed; always returns NULL. */
MEMCAGE_API struct memcage_run *memcage_run_free(struct memcage_run *run);

/* All of the above in one call that returns when the command has ended. */
MEMCAGE_API int memcage_run(const struct memcage_spec *spec, struct memcage_result **ret_result,
	struct memcage_failure *reterr_failure);

/* What the runs of a process have in common (a group above their cages, a process that guards them)
 * comes with the first of them and goes with the last. While this is held it stays, so that runs
 * that follow each other need not make it anew. */
struct memcage_shared;

/* For runs with the backend, parent_group and allow_degraded of spec. memory_max_bytes limits all
 * of them together (0: no limit). Returns 0 and what to free when no run is left, or a negative
 * errno as memcage_start() does. */
MEMCAGE_API int memcage_shared_open(const struct memcage_spec *spec, uint64_t memory_max_bytes,
	struct memcage_shared **ret_shared, struct memcage_failure *reterr_failure);

/* NULL is allowed; always returns NULL. */
MEMCAGE_API struct memcage_shared *memcage_shared_free(struct memcage_shared *shared);

/* Names as in the report: "oom_kill", "own_limit". Static strings, never NULL. */
MEMCAGE_API const char *memcage_result_verdict(const struct memcage_result *result);
MEMCAGE_API const char *memcage_result_reason(const struct memcage_result *result);

/* The exit status a shell would expect of a wrapper: the workload's own, 128+N for a signal, 124 at
 * a time limit, 125/126/127 when it did not start. */
MEMCAGE_API int memcage_result_exit_status(const struct memcage_result *result);

/* One status per verdict: 0 ok, 10 failed, 11 alloc_failure, 12 oom_kill, 13 timeout,
 * 14 output_limit, 15 policy_violation, 16 killed, 17 not_started, 18 indeterminate. */
MEMCAGE_API int memcage_result_verdict_status(const struct memcage_result *result);

/* The report, JSON text of schema memcage.report/1, NUL-terminated; lives as long as the result. */
MEMCAGE_API const char *memcage_result_json(const struct memcage_result *result);

/* The one-line summary in words, without "memcage: " and newline; lives as long as the result. */
MEMCAGE_API const char *memcage_result_summary(const struct memcage_result *result);

MEMCAGE_API struct memcage_result *memcage_result_free(struct memcage_result *result);

/* A report (JSON text) in people's words, several lines. Returns 0 and a string to free(), or
 * -EINVAL with what is wrong and where. name is used in messages. */
MEMCAGE_API int memcage_report_text(const char *json, size_t length, const char *name,
	char **ret_text, struct memcage_failure *reterr_failure);

/* What this host can enforce and see: JSON text of schema memcage.doctor/1, to free(). */
MEMCAGE_API int memcage_doctor_json(char **ret_json, struct memcage_failure *reterr_failure);

/* A policy by its name ("untrusted") or file (with a slash, or ending in .yaml), with everything
 * that it extends. Returns 0 and a policy for memcage_policy_free(); -EINVAL with
 * "file:line:column: what is wrong", -ENOENT, or what opening it gave. */
MEMCAGE_API int memcage_policy_load(const char *name, struct memcage_policy **ret_policy,
	struct memcage_failure *reterr_failure);

/* NULL is allowed; always returns NULL. */
MEMCAGE_API struct memcage_policy *memcage_policy_free(struct memcage_policy *policy);

/* What it says of itself, in one line; "" where it does not. Lives as long as the policy. */
MEMCAGE_API const char *memcage_policy_summary(const struct memcage_policy *policy);

/* The policy as YAML, everything merged: it loads again to the same. A string to free(). */
MEMCAGE_API int memcage_policy_text(const struct memcage_policy *policy, char **ret_text,
	struct memcage_failure *reterr_failure);

/* The names that memcage_policy_load() finds, sorted, NULL-terminated; NULL without memory. */
MEMCAGE_API char **memcage_policy_names(void);
MEMCAGE_API void memcage_policy_names_free(char **names);

/* Remove the groups that crashed runs left where this process would make its own. Returns how many
 * were removed, or a negative errno. */
MEMCAGE_API int memcage_clean(struct memcage_failure *reterr_failure);

/* How to get a place for the cage from systemd: whether re-executing the program once by
 * systemd-run (user manager when as_user) would help here, after memcage_start() failed. */
MEMCAGE_API bool memcage_systemd_could_help(bool *ret_as_user);

/* Whether the report knows this verdict, and this reason for it (NULL: any). */
MEMCAGE_API bool memcage_verdict_exists(const char *verdict, const char *reason);

MEMCAGE_API const char *memcage_version(void);

#ifdef __cplusplus
}
#endif

#endif
