/* SPDX-License-Identifier: MIT
 *
 * policy_schema.c - every key of a policy, and what kind of value it takes.
 */
#include <stddef.h>
#include <sys/resource.h>

#include "spec/isolation.h"
#include "spec/policy_file.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define LIST_MAX 1024 /* of anything: nobody writes more by hand */

/* Each member is a pointer, so that what was not written can be told from any value. */
#define TEXT(key, structure, member)                                                               \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, structure, member, 0, CYAML_UNLIMITED)
#define BOOL(key, structure, member)                                                               \
	CYAML_FIELD_BOOL_PTR(key, CYAML_FLAG_OPTIONAL, structure, member)
#define LIST(key, structure, member, entry)                                                        \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member,     \
		&(entry), 0, LIST_MAX)
#define MAP(key, structure, member, fields)                                                        \
	CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_OPTIONAL, structure, member, fields)
#define WORD(key, structure, member, words)                                                        \
	CYAML_FIELD_ENUM_PTR(key, CYAML_FLAG_OPTIONAL, structure, member, words, COUNT(words))

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(
	CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED) };

const cyaml_schema_field_t policy_limit_fields[] = {
	TEXT("memory", struct policy_limits, memory),
	TEXT("swap", struct policy_limits, swap),
	TEXT("memory-high", struct policy_limits, memory_high),
	TEXT("at-limit", struct policy_limits, at_limit),
	BOOL("oom-group", struct policy_limits, oom_group),
	TEXT("wall-time", struct policy_limits, wall_time),
	TEXT("cpu-time", struct policy_limits, cpu_time),
	TEXT("grace", struct policy_limits, grace),
	TEXT("stall-time", struct policy_limits, stall_time),
	TEXT("pids", struct policy_limits, pids),
	TEXT("output-max", struct policy_limits, output_max),
	BOOL("output-truncate", struct policy_limits, output_truncate),
	CYAML_FIELD_END,
};

static const cyaml_strval_t namespace_words[] = {
	{ "user", GUARANTEE_USER_NAMESPACE },
	{ "pid", GUARANTEE_PID_NAMESPACE },
	{ "mount", GUARANTEE_MOUNT_NAMESPACE },
	{ "network", GUARANTEE_NETWORK_NAMESPACE },
	{ "ipc", GUARANTEE_IPC_NAMESPACE },
	{ "uts", GUARANTEE_UTS_NAMESPACE },
	{ "cgroup", GUARANTEE_CGROUP_NAMESPACE },
	{ "time", GUARANTEE_TIME_NAMESPACE },
};
static const cyaml_schema_value_t namespace_entry = { CYAML_VALUE_ENUM(
	CYAML_FLAG_DEFAULT, int, namespace_words, COUNT(namespace_words)) };

static const cyaml_strval_t root_words[] = {
	{ "host", POLICY_ROOT_HOST },
	{ "private", POLICY_ROOT_PRIVATE },
};
static const cyaml_strval_t network_words[] = {
	{ "host", POLICY_NETWORK_HOST },
	{ "none", POLICY_NETWORK_NONE },
};

static const cyaml_schema_field_t mount_fields[] = {
	TEXT("read-only", struct policy_mount, read_only),
	TEXT("read-write", struct policy_mount, read_write),
	TEXT("tmpfs", struct policy_mount, tmpfs),
	TEXT("dev", struct policy_mount, dev),
	TEXT("proc", struct policy_mount, proc),
	TEXT("link", struct policy_mount, link),
	TEXT("at", struct policy_mount, at),
	TEXT("size", struct policy_mount, size),
	TEXT("inodes", struct policy_mount, inodes),
	BOOL("optional", struct policy_mount, optional),
	BOOL("exec", struct policy_mount, exec),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t mount_entry = { CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct policy_mount, mount_fields) };

static const cyaml_schema_field_t environment_fields[] = {
	BOOL("clear", struct policy_environment, clear),
	LIST("keep", struct policy_environment, keep, text_entry),
	LIST("set", struct policy_environment, set, text_entry),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t user_fields[] = {
	TEXT("uid", struct policy_user, uid),
	TEXT("gid", struct policy_user, gid),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t capability_fields[] = {
	LIST("keep", struct policy_capabilities, keep, text_entry),
	CYAML_FIELD_END,
};

#define RLIMIT(key, at) TEXT(key, struct policy_rlimits, values[at])
const cyaml_schema_field_t policy_rlimit_fields[] = {
	RLIMIT("cpu", 0),
	RLIMIT("fsize", 1),
	RLIMIT("data", 2),
	RLIMIT("stack", 3),
	RLIMIT("core", 4),
	RLIMIT("rss", 5),
	RLIMIT("nproc", 6),
	RLIMIT("nofile", 7),
	RLIMIT("memlock", 8),
	RLIMIT("as", 9),
	RLIMIT("locks", 10),
	RLIMIT("sigpending", 11),
	RLIMIT("msgqueue", 12),
	RLIMIT("nice", 13),
	RLIMIT("rtprio", 14),
	RLIMIT("rttime", 15),
	CYAML_FIELD_END,
};
const int policy_rlimit_resources[POLICY_RLIMITS] = { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA,
	RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK,
	RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO,
	RLIMIT_RTTIME };

static const cyaml_schema_field_t calls_fields[] = {
	LIST("calls", struct policy_calls, calls, text_entry),
	LIST("when", struct policy_calls, when, text_entry),
	TEXT("action", struct policy_calls, action),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t calls_entry = { CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct policy_calls, calls_fields) };

static const cyaml_schema_field_t seccomp_fields[] = {
	TEXT("profile", struct policy_seccomp, profile),
	TEXT("default", struct policy_seccomp, default_action),
	LIST("deny", struct policy_seccomp, deny, calls_entry),
	LIST("allow", struct policy_seccomp, allow, calls_entry),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t policy_fields[] = {
	TEXT("summary", struct policy_file, summary),
	TEXT("extends", struct policy_file, extends),
	MAP("limits", struct policy_file, limits, policy_limit_fields),
	LIST("namespaces", struct policy_file, namespaces, namespace_entry),
	LIST("preferred", struct policy_file, preferred, text_entry),
	WORD("root", struct policy_file, root, root_words),
	LIST("mounts", struct policy_file, mounts, mount_entry),
	WORD("network", struct policy_file, network, network_words),
	MAP("environment", struct policy_file, environment, environment_fields),
	MAP("user", struct policy_file, user, user_fields),
	TEXT("hostname", struct policy_file, hostname),
	MAP("capabilities", struct policy_file, capabilities, capability_fields),
	BOOL("no-new-privileges", struct policy_file, no_new_privileges),
	BOOL("no-nested-namespaces", struct policy_file, no_nested_namespaces),
	BOOL("new-session", struct policy_file, new_session),
	BOOL("keyring", struct policy_file, keyring),
	MAP("rlimits", struct policy_file, rlimits, policy_rlimit_fields),
	BOOL("landlock", struct policy_file, landlock),
	MAP("seccomp", struct policy_file, seccomp, seccomp_fields),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t policy_schema = { CYAML_VALUE_MAPPING(
	CYAML_FLAG_POINTER, struct policy_file, policy_fields) };

const cyaml_config_t policy_cyaml_config = {
	.mem_fn = cyaml_mem,
	.flags = CYAML_CFG_STYLE_BLOCK,
};

struct policy_file *policy_file_free(struct policy_file *file)
{
	if (file != NULL)
		(void)cyaml_free(&policy_cyaml_config, &policy_schema, file, 0);
	return NULL;
}
