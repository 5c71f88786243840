/* SPDX-License-Identifier: MIT
 *
 * policy_file.h - a policy as it is written: one member for each key of the YAML file, nothing
 * interpreted yet. NULL: the file says nothing of it. policy_schema tells libcyaml, and our own
 * check, which keys there are; a key is added there and here.
 */
#ifndef MEMCAGE_SPEC_POLICY_FILE_H
#define MEMCAGE_SPEC_POLICY_FILE_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

/* Keys and values are those of the options of `memcage run`. */
struct policy_limits {
	char *memory, *swap, *memory_high, *at_limit;
	bool *oom_group;
	char *wall_time, *cpu_time, *grace, *stall_time, *pids, *output_max;
	bool *output_truncate;
};

/* Exactly one of the first six says what it is. */
struct policy_mount {
	char *read_only, *read_write, *tmpfs, *dev, *proc, *link;
	char *at; /* where, if not at the same path */
	char *size, *inodes;
	bool *optional, *exec;
};

struct policy_environment {
	bool *clear;
	char **keep;
	unsigned keep_count;
	char **set; /* "K=V" */
	unsigned set_count;
};

struct policy_user {
	char *uid, *gid;
};

struct policy_capabilities {
	char **keep;
	unsigned keep_count;
};

#define POLICY_RLIMITS 16

/* In the order of policy_rlimit_fields, and of policy_rlimit_resources. */
struct policy_rlimits {
	char *values[POLICY_RLIMITS];
};

struct policy_calls {
	char **calls;
	unsigned calls_count;
	char **when; /* "1 & 0xffffffff == 0x5412" */
	unsigned when_count;
	char *action;
};

struct policy_seccomp {
	char *profile, *default_action;
	struct policy_calls *deny, *allow;
	unsigned deny_count, allow_count;
};

enum policy_root { POLICY_ROOT_HOST, POLICY_ROOT_PRIVATE };
enum policy_network { POLICY_NETWORK_HOST, POLICY_NETWORK_NONE };

struct policy_file {
	char *summary, *extends;
	struct policy_limits *limits;
	int *namespaces; /* enum guarantee */
	unsigned namespaces_count;
	char **preferred;
	unsigned preferred_count;
	int *root, *network; /* enum policy_root, enum policy_network */
	struct policy_mount *mounts;
	unsigned mounts_count;
	struct policy_environment *environment;
	struct policy_user *user;
	char *hostname;
	struct policy_capabilities *capabilities;
	bool *no_new_privileges, *no_nested_namespaces, *new_session, *keyring, *landlock;
	struct policy_rlimits *rlimits;
	struct policy_seccomp *seccomp;
};

extern const cyaml_schema_value_t policy_schema;
extern const cyaml_schema_field_t policy_limit_fields[];
extern const cyaml_schema_field_t policy_rlimit_fields[];
extern const int policy_rlimit_resources[POLICY_RLIMITS];

/* How libcyaml is called: silent, with its own allocator. */
extern const cyaml_config_t policy_cyaml_config;

/* NULL is allowed; always returns NULL. */
struct policy_file *policy_file_free(struct policy_file *file);

#endif
