/* SPDX-License-Identifier: MIT
 *
 * table_evidence.c - rows 19 to 25 of the checklist (table.h): resources, evidence and privileges.
 */
#include "table.h"

const struct attack evidence_attacks[] = {

	/* 19: output is bounded */
	{ "flood_stdout", 19, "", "large writes to standard output", floods, "stdout",
		"output_limit/*", "--output-max 4M" },
	{ "flood_stderr", 19, "", "large writes to standard error", floods, "stderr",
		"output_limit/*", "--output-max 4M" },
	{ "flood_bytes", 19, "", "small writes without end", floods, "bytes", "output_limit/*",
		"--output-max 4M" },

	/* 20: other resources are bounded */
	{ "exhausts_inodes", 20, "", "more files than /tmp may have", exhausts, "inodes", "", "" },
	{ "exhausts_disk", 20, "", "more room than /tmp may have", exhausts, "disk",
		"failed/signal failed/crash", "" },
	{ "exhausts_hole", 20, "", "a file of 4 TiB with nothing in it", exhausts,
		"a file of 4 TiB", "failed/signal failed/crash", "" },
	{ "exhausts_descriptors", 20, "", "a thousand descriptors", exhausts, "descriptors", "",
		"" },
	{ "exhausts_queues", 20, "", "message queues of the kernel", exhausts, "message queues", "",
		"" },
	{ "exhausts_core", 20, "", "a core dump of any size", exhausts, "a core dump", "", "" },
	{ "urgent_fifo", 20, "", "to go before others by SCHED_FIFO", urgent, "SCHED_FIFO", "",
		"" },
	{ "urgent_nice", 20, "", "to go before others by nice", urgent, "nice", "", "" },
	{ "urgent_ioprio", 20, "", "to go before others by ioprio", urgent, "ioprio", "", "" },
	{ "time_spin", 20, "", "processor time of its own", takes_time, "spin", "timeout/*",
		"--cpu-time 1s --grace 0" },
	{ "time_children", 20, "", "processor time of many short children", takes_time, "children",
		"timeout/*", "--cpu-time 1s --grace 0" },
	{ "time_deaf", 20, "", "to sleep, deaf to all signals", takes_time, "sleep deaf",
		"timeout/*", "-t 1s --grace 0" },
	{ "time_stop", 20, "", "to be stopped while time runs", takes_time, "stop", "timeout/*",
		"-t 1s --grace 0" },

	/* 21: evidence cannot be forged */
	{ "forged_exit_137", 21, "F137", "an OOM kill, by exit status 137", exits_with, "137",
		"failed/exit", "" },
	{ "forged_exit_124", 21, "F124", "a timeout, by exit status 124", exits_with, "124",
		"failed/exit", "" },
	{ "forged_exit_125", 21, "F125", "an error of the supervisor, by exit status 125",
		exits_with, "125", "failed/exit", "" },
	{ "forged_exit_127", 21, "F127", "a command that was not found, by exit status 127",
		exits_with, "127", "failed/exit", "" },
	{ "forged_exit_139", 21, "F139", "a crash, by exit status 139", exits_with, "139",
		"failed/exit", "" },
	{ "forged_sigkill", 21, "F137", "an OOM kill, by raising SIGKILL", raises, "9",
		"killed/external", "" },
	{ "forged_sigxcpu", 21, "F152", "a time limit, by raising SIGXCPU", raises, "24",
		"failed/signal failed/crash", "" },
	{ "forged_sigsys", 21, "F159", "a forbidden system call, by raising SIGSYS", raises, "31",
		"failed/signal failed/crash", "" },
	{ "forged_sigusr1", 21, "F138", "a message of the supervisor's own, by raising SIGUSR1",
		raises, "10", "failed/signal failed/crash", "" },
	{ "forged_sigxfsz", 21, "F153", "a file limit, by raising SIGXFSZ", raises, "25",
		"failed/signal failed/crash", "" },
	{ "forged_python", 21, "F1", "what Python says of a refused allocation", pretends,
		"MemoryError", "failed/exit", "" },
	{ "forged_java", 21, "F1", "what Java says of a full heap", pretends, "Java", "failed/exit",
		"" },
	{ "forged_kernel_log", 21, "F137", "what the kernel says of an OOM kill, before SIGKILL",
		pretends, "kernel log", "killed/external", "" },
	{ "forged_report", 21, "F0", "a report on every descriptor", pretends, "report", "ok/clean",
		"" },
	{ "forged_page", 21, "F1", "garbage where the library reports refusals", pretends, "page",
		"failed/exit", "" },
	{ "forged_no_page", 21, "F1", "to remove what the library reports to", pretends, "no page",
		"failed/exit", "" },

	/* 22: races with the verdict */
	{ "oom_child", 22, "F0", "a child that is killed, and a parent that exits with 0",
		dies_hidden, "child", "oom_kill/own_limit", "" },
	{ "oom_grandchild", 22, "F0", "a killed grandchild in a session of its own", dies_hidden,
		"grandchild", "oom_kill/own_limit", "" },
	{ "oom_at_exit", 22, "F0", "to run out of memory after the exit status is settled",
		dies_hidden, "exit", "oom_kill/own_limit", "" },
	{ "oom_unseen", 22, "PF0", "to run out of memory while the supervisor is stopped",
		dies_hidden, "nobody looks", "oom_kill/own_limit", "" },
	{ "exit_unseen", 22, "PF0", "to end while the supervisor is stopped", ends_unseen, NULL,
		"ok/clean", "" },

	/* 23: names are not reused */
	{ "name_taken", 23, "L", "a symbolic link where others put their locks", leaves_behind,
		"/run/lock", "", "" },

	/* 24: no privileges */
	{ "gains_root", 24, "", "to be root", gains, "root", "", "" },
	{ "gains_user", 24, "", "to be another user", gains, "another user", "", "" },
	{ "gains_groups", 24, "", "other groups", gains, "groups", "", "" },
	{ "gains_bounding", 24, "", "capabilities that a later program may have", gains,
		"the bounding set", "", "" },
	{ "gains_capset", 24, "", "capabilities of its own", gains, "capset", "", "" },
	{ "gains_set_user_id", 24, "", "programs with a set-user-ID bit", gains,
		"set-user-ID programs", "", "" },
	{ "gains_securebits", 24, "", "to keep rights over a change of user", gains, "securebits",
		"", "" },
	{ "gains_owner", 24, "", "to give a file to somebody else", gains, "another owner", "",
		"" },
	{ "gains_memory_map", 24, "", "another account of its own memory", gains, "PR_SET_MM", "",
		"" },

	/* 25: closed when something is missing */
	{ "starts_without_report", 25, "N", "to be started although no report can be written",
		starts, NULL, "", "-r /memcage-no-such-directory/report.json" },
	{ "starts_without_policy", 25, "N", "to be started although the policy is not there",
		starts, NULL, "", "-p memcage-no-such-policy" },
	{ "starts_without_directory", 25, "N",
		"to be started although the working directory is not in the cage", starts, NULL, "",
		"--chdir /sys" },
};
const size_t evidence_attack_count = sizeof(evidence_attacks) / sizeof(*evidence_attacks);
