/* SPDX-License-Identifier: MIT */
#include "report/phrases.h"

/* A table of sentences reads best with each in one place. */
/* clang-format off */
const struct phrase phrases[] = {
	/* ---- one summary for each verdict and reason ---- */

	{ "ok/clean", "ok: {use}" },
	{ "ok/clean", "ok" },
	{ "ok/under_pressure",
	  "ok, but the limit was tight: {use}[; the kernel had to take memory back "
	  "{limit_hits}]" },
	{ "ok/under_pressure", "ok, but the limit was tight" },
	{ "ok/recovered_alloc_failure",
	  "{?request}ok, after a refused allocation: {asked} and carried on" },
	{ "ok/recovered_alloc_failure",
	  "ok, after the {failed_runtime} runtime ran out of memory[ in {failed_name}][ "
	  "({failed_text})] and carried on" },
	{ "ok/recovered_alloc_failure", "ok, after a refused allocation: {asked} and carried on" },

	/* certain: a witness was in the process and saw nothing */
	{ "failed/exit",
	  "{?confidence=certain}failed: exit {code}; memory had no part in it[{aside}]" },
	{ "failed/exit", "failed: exit {code}; no sign that memory had a part in it[{aside}]" },
	{ "failed/exit", "failed; no sign that memory had a part in it[{aside}]" },
	{ "failed/crash",
	  "{?confidence=certain}crashed: {signal}[{dumped}]; memory had no part in it[{aside}]" },
	{ "failed/crash",
	  "crashed: {signal}[{dumped}]; no sign that memory had a part in it[{aside}]" },
	{ "failed/crash", "crashed; no sign that memory had a part in it[{aside}]" },
	{ "failed/signal",
	  "{?confidence=certain}ended by {signal}[{dumped}]; memory had no part in it[{aside}]" },
	{ "failed/signal",
	  "ended by {signal}[{dumped}]; no sign that memory had a part in it[{aside}]" },
	{ "failed/signal", "ended by a signal; no sign that memory had a part in it[{aside}]" },

	{ "alloc_failure/refused",
	  "{?request}allocation refused: {asked}[, then {end}[ with {message}]][ ({doubt})]" },
	{ "alloc_failure/refused",
	  "allocation refused: the {failed_runtime} runtime ran out of memory[ in "
	  "{failed_name}][ ({failed_text})][, then {end}[ with {message}]][ ({doubt})]" },
	{ "alloc_failure/refused",
	  "allocation refused: {asked}[, then {end}[ with {message}]][ ({doubt})]" },
	{ "alloc_failure/unchecked",
	  "crashed on a refused allocation: {asked}, did not look at the answer[ and "
	  "ended with {end}][ ({doubt})]" },
	{ "alloc_failure/runtime_heap",
	  "the {failed_runtime} runtime[ in {failed_name}] reached its own heap limit, not the "
	  "cage's[ ({at})][, then {end}][ with {failed_text}]; raise the runtime's limit first[ "
	  "({doubt})]" },
	{ "alloc_failure/runtime_heap",
	  "the {runtime} runtime reached its own heap limit, not the cage's[ ({at})][, "
	  "then {end}][ with {message}]; raise the runtime's limit first[ ({doubt})]" },
	{ "alloc_failure/runtime_heap",
	  "a language runtime reached its own heap limit, not the cage's[ ({at})][, "
	  "then {end}]; raise the runtime's limit first[ ({doubt})]" },
	{ "alloc_failure/kernel_object",
	  "the kernel refused {who} an object (a process, pipe, socket ...) at the "
	  "memory limit[ of {limit}][, then {end}][ ({doubt})]" },
	{ "alloc_failure/at_exec",
	  "allocation refused while {who} was being loaded[ (limit {limit})][, then "
	  "{end}][ with {message}]; raise the limit[ ({doubt})]" },

	{ "oom_kill/own_limit",
	  "{?victim=descendant}a child was killed by the kernel at the limit[ of "
	  "{limit}][: {victim_name}][; the command itself {ended}][ ({doubt})]" },
	{ "oom_kill/own_limit",
	  "{?victim=group}killed by the kernel at its own limit[ of {limit}], the "
	  "whole cage: {killed}[ ({doubt})]" },
	{ "oom_kill/own_limit",
	  "killed by the kernel at its own limit[ of {limit}]: {killed}[ ({doubt})]" },
	{ "oom_kill/inner_limit",
	  "{?victim=descendant}a child was killed by the kernel at a limit that the "
	  "command itself had set inside the cage[ ({kill_group})][: {victim_name}][; "
	  "the command itself {ended}][ ({doubt})]" },
	{ "oom_kill/inner_limit",
	  "killed by the kernel at a limit that the command itself had set inside the "
	  "cage[ ({kill_group})]: {killed}[ ({doubt})]" },
	{ "oom_kill/ancestor_limit",
	  "{child}killed by the kernel at the limit of a group above the cage[, "
	  "{owner}], not at its own[ of {limit}]: {killed}; raise that limit or run "
	  "less below it[ ({doubt})]" },
	{ "oom_kill/host",
	  "{child}killed by the kernel because the whole host was out of memory[ "
	  "({host_memory})], not at its own limit[ of {limit}]: {killed}; run less "
	  "beside it or give the host more memory[ ({doubt})]" },
	{ "oom_kill/outside",
	  "{child}killed by the kernel for memory, not at its own limit[ of {limit}] "
	  "but at one outside whose owner cannot be seen from here: {killed}[ "
	  "({doubt})]" },

	{ "timeout/wall", "timed out: stopped after {wall_limit}[ ({at})]" },
	{ "timeout/wall", "timed out: stopped at its time limit[ ({use})]" },
	{ "timeout/cpu", "timed out: stopped after {cpu_limit} of processor time[ ({use})]" },
	{ "timeout/cpu", "timed out: stopped at its limit of processor time[ ({use})]" },
	{ "timeout/stalled_at_limit",
	  "stuck at its memory limit[ of {limit}]: no progress[ for {stall_limit}], "
	  "and the kernel killed nobody; stopped[ after {wall}]; raise the limit[ "
	  "({doubt})]" },
	{ "timeout/throttled",
	  "timed out[ after {wall_limit}] while it was being slowed down at its "
	  "throttling mark[ of {high_limit}][ ({high_hits})]; raise --memory-high[ "
	  "({doubt})]" },

	{ "output_limit/stdout", "stopped: wrote more than {output} to standard output[ ({use})]" },
	{ "output_limit/stderr", "stopped: wrote more than {output} to standard error[ ({use})]" },
	{ "output_limit/file", "stopped: wrote a file larger than allowed[ ({use})]" },

	{ "policy_violation/syscall",
	  "stopped by the policy[ {policy}]: a system call that it does not allow[ "
	  "({signal})][ ({doubt})]" },
	{ "policy_violation/pids",
	  "failed at the limit of processes[ ({pids_limit})]: starting one more was "
	  "refused[, then {end}]; raise --pids if it needs more[ ({doubt})]" },

	{ "killed/external",
	  "killed, and not for memory: {signal} from outside[, {at}][ ({doubt})]" },
	{ "killed/external", "killed, and not for memory: from outside[, {at}][ ({doubt})]" },
	{ "killed/oomd",
	  "killed by systemd-oomd, which saw the host under memory pressure[, {at}]; "
	  "the kernel's OOM killer had no part in it[ ({doubt})]" },
	{ "killed/interrupted",
	  "interrupted: memcage was told to stop[ by {act_signal}][ after {act_at}][ "
	  "({at})]" },

	{ "not_started/setup", "not started: {stage} failed: {error}" },
	{ "not_started/setup", "not started: the cage could not be set up[: {because}]" },
	{ "not_started/exec", "not started: cannot execute {program}[: {error}][ ({exec_hint})]" },
	{ "not_started/exec", "not started: cannot execute the command[: {error}]" },
	{ "not_started/limit_too_small",
	  "not started: even starting {who} needs more than {limit}; raise the limit" },
	{ "not_started/limit_too_small",
	  "not started: even starting {who} needs more than the limit; raise it" },

	{ "indeterminate/evidence_lost",
	  "not known why it ended, evidence is missing[: {because}][ (the command "
	  "{ended})]" },
	{ "indeterminate/group_removed",
	  "not known why it ended: somebody removed the cage's group during the run, "
	  "and its counters with it[ (the command {ended})]" },

	/* a report of a newer memcage may know more */
	{ "other", "{verdict}[, {reason}][: {because}]" },
	{ "other", "a report without a verdict" },

	/* ---- parts of them ---- */

	{ "limit", "{memory_limit}" },
	{ "limit", "{asked_limit}" }, /* no group of our own: what was asked for */
	{ "used", "{?peak_sampled=yes}at least {peak}" },
	{ "used", "{peak}" },
	{ "use", "{?memory_unlimited=none}{used}, no memory limit[, {wall}]" },
	{ "use", "{used}[ of {limit}][, {wall}]" },
	{ "use", "{wall}, memory use not known" },
	{ "at", "at {used}[ of {limit}]" },

	{ "who", "{name}" },
	{ "who", "the command" },
	{ "end", "exit {code}" },
	{ "end", "{signal}" },
	{ "ended", "exited {code}" },
	{ "ended", "was ended by {signal}" },
	{ "dumped", "{?core_dumped=yes} (core dumped)" },

	{ "asker", "{refused_name}" },
	{ "asker", "{who}" },
	{ "asked", "{asker} asked for {request}[ at {line}][ ({refuser})]" },
	{ "asked", "{asker} was refused memory[ ({refuser})]" },
	{ "refuser", "{?cause=at_limit_fail}limit {limit}" },
	{ "refuser", "{?cause=rlimit_data}its own RLIMIT_DATA" },
	{ "refuser", "{?cause=rlimit_as}its own RLIMIT_AS" },
	{ "refuser",
	  "{?cause=overcommit}more than this host hands out[, which has {host_memory}]" },
	{ "refuser", "{?cause=max_map_count}too many mappings, see vm.max_map_count" },
	{ "refuser", "{?cause=impossible_size}more than any machine has" },
	{ "refuser", "{?cause=calloc_overflow}a product too large for a number" },
	{ "refuser", "{?cause=seccomp}forbidden by a system call filter" },
	{ "refuser", "{?cause=kernel_object}kernel memory, limit {limit}" },
	{ "refuser", "{?cause=injected}refused on purpose by memcage" },
	{ "refuser", "{?cause=unknown}cause not known[, limit {limit}]" },
	{ "refuser", "limit {limit}" },

	{ "child", "{?victim=descendant}a child was " },
	{ "child", "" },
	{ "victim_name", "{kill_name}[ (pid {kill_pid})]" },
	{ "victim_name", "{?victim=main}{name}[ (pid {pid})]" },
	{ "killed",
	  "{?victim=descendant}{victim_name}[, {kill_anon} anonymous memory][; the "
	  "command itself {ended}]" },
	{ "killed", "{victim_name}[, {kill_anon} anonymous memory][, after {wall}]" },
	{ "killed", "{?victim=descendant}which one is not known[; the command itself {ended}]" },
	{ "killed", "which process is not known[, after {wall}]" },
	{ "owner", "{owner_path}[ ({owner_limit})]" },
	{ "owner", "{kill_group}" },

	{ "output", "{output_limit}" },
	{ "output", "allowed" },
	{ "exec_hint", "{?errno_name=ENOENT}is it installed, and in PATH?" },
	{ "exec_hint", "{?errno_name=EACCES}is it marked executable?" },
	{ "exec_hint",
	  "{?errno_name=ENOEXEC}neither a program of this machine nor a script with a "
	  "#! line" },
	{ "aside", " ({use}[; {doubt}])" },
	{ "aside", " ({doubt})" },
	{ "doubt", "{?confidence=medium}medium confidence" },
	{ "doubt", "{?confidence=low}low confidence" },

	/* ---- lines of the long text ---- */

	{ "ending", "{?state=exec_failed}did not start" },
	{ "ending", "{?state=setup_failed}did not start" },
	{ "ending", "exit {code}" },
	{ "ending", "{signal}[{dumped}]" },
	{ "ending", "not known" },
	{ "effective_where", "{?effective_owner=own}of the cage itself" },
	{ "effective_where", "{?effective_owner=none}nobody" },
	{ "effective_where", "of {effective_path}" },
	{ "effective_where", "of {effective_owner}" },
	{ "limits", "{asked_limit} of memory{limits_more}" },
	{ "limits", "{?asked_unlimited=none}no limit of memory{limits_more}" },
	{ "limits_more",
	  "[, {swap_limit} of swap][, throttling from {high_limit}][; at the limit: "
	  "{at_limit}]" },
	{ "coverage", "processes watched from inside: {covered}[ of {seen}]" },
	{ NULL, NULL },
};
/* clang-format on */
