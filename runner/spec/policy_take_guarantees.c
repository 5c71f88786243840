/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "spec/policy_take.h"

static bool is_set(const bool *value)
{
	return value != NULL && *value;
}

static uint32_t bit(enum guarantee guarantee)
{
	return UINT32_C(1) << guarantee;
}

static uint32_t wanted_by(const struct policy_file *file)
{
	const struct {
		bool wanted;
		enum guarantee guarantee;
	} rows[] = {
		{ file->root != NULL && *file->root == POLICY_ROOT_PRIVATE,
			GUARANTEE_PRIVATE_ROOT },
		{ file->root != NULL && *file->root == POLICY_ROOT_PRIVATE,
			GUARANTEE_MOUNT_NAMESPACE },
		{ file->network != NULL && *file->network == POLICY_NETWORK_NONE,
			GUARANTEE_NETWORK_NAMESPACE },
		{ file->user != NULL && (file->user->uid != NULL || file->user->gid != NULL),
			GUARANTEE_USER },
		{ file->capabilities != NULL, GUARANTEE_CAPABILITIES },
		{ is_set(file->no_new_privileges), GUARANTEE_NO_NEW_PRIVILEGES },
		{ is_set(file->no_nested_namespaces), GUARANTEE_NO_NESTED_NAMESPACES },
		{ is_set(file->new_session), GUARANTEE_NEW_SESSION },
		{ is_set(file->keyring), GUARANTEE_KEYRING },
		{ is_set(file->landlock), GUARANTEE_LANDLOCK },
		{ file->seccomp != NULL, GUARANTEE_SECCOMP },
	};
	uint32_t wanted = 0;

	for (unsigned i = 0; i < file->namespaces_count; i++)
		wanted |= bit((enum guarantee)file->namespaces[i]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].wanted)
			wanted |= bit(rows[i].guarantee);
	return wanted;
}

static int unknown_guarantee(const struct policy_source *source, const char *path, const char *word,
	struct memcage_failure *failure)
{
	const char *names[GUARANTEE_COUNT + 1] = { 0 };
	const char *near;

	for (int i = 0; i < GUARANTEE_COUNT; i++)
		names[i] = isolation_guarantee_name((enum guarantee)i);
	near = nearest_word(word, names);
	if (near != NULL)
		return yaml_places_complain(source->places, path, failure,
			"unknown guarantee '%s'; did you mean '%s'?", word, near);
	return yaml_places_complain(source->places, path, failure,
		"unknown guarantee '%s'; they are user-namespace and so on, private-root, "
		"capabilities, seccomp, landlock ...: see memcage(1), POLICIES",
		word);
}

int policy_take_guarantees(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_file *file = source->file;
	struct isolation *isolation = &policy->isolation;

	isolation->wanted = wanted_by(file);
	if (isolation->rlimit_count > 0)
		isolation->wanted |= bit(GUARANTEE_RLIMITS);
	isolation->preferred = 0;
	for (unsigned i = 0; i < file->preferred_count; i++) {
		int guarantee = isolation_guarantee_number(file->preferred[i]);
		char path[32];

		text_format(path, sizeof(path), "preferred/%u", i);
		if (guarantee < 0)
			return unknown_guarantee(source, path, file->preferred[i], failure);
		isolation->preferred |= bit((enum guarantee)guarantee);
	}
	return 0;
}

/* A parent's list may name what the child does without; the child's own may not. */
static int check_preferred(const struct policy_source *source, const struct isolation *isolation,
	struct memcage_failure *failure)
{
	uint32_t idle = yaml_places_has(source->places, "preferred")
				? isolation->preferred & ~isolation->wanted
				: 0;

	for (int i = 0; i < GUARANTEE_COUNT; i++)
		if ((idle & bit((enum guarantee)i)) != 0)
			return yaml_places_complain(source->places, "preferred", failure,
				"%s is preferred, but nothing in the policy asks for it",
				isolation_guarantee_name((enum guarantee)i));
	return 0;
}

int policy_check_whole(const struct policy_source *source, const struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_file *file = source->file;
	const struct isolation *isolation = &policy->isolation;
	uint32_t wanted = isolation->wanted;

	if (file->network != NULL && *file->network == POLICY_NETWORK_HOST &&
		(wanted & bit(GUARANTEE_NETWORK_NAMESPACE)) != 0)
		return yaml_places_complain(source->places, "network", failure,
			"network host, but 'network' is in namespaces; drop one of them");
	if (isolation->mount_count > 0 && (wanted & bit(GUARANTEE_PRIVATE_ROOT)) == 0)
		return yaml_places_complain(
			source->places, "mounts", failure, "mounts need 'root: private'");
	if (isolation->mount_count == 0 && (wanted & bit(GUARANTEE_PRIVATE_ROOT)) != 0)
		return yaml_places_complain(source->places, "root", failure,
			"a private root is empty; say in 'mounts' what is in it, for example "
			"'- read-only: /usr'");
	if (isolation->hostname != NULL && (wanted & bit(GUARANTEE_UTS_NAMESPACE)) == 0)
		return yaml_places_complain(source->places, "hostname", failure,
			"a hostname needs 'uts' in namespaces; else it would be the host's");
	for (size_t i = 0; i < isolation->mount_count; i++)
		if (isolation->mounts[i].kind == MOUNT_PROC &&
			(wanted & bit(GUARANTEE_PID_NAMESPACE)) == 0)
			return yaml_places_complain(source->places, "mounts", failure,
				"a proc mount needs 'pid' in namespaces; else it shows the host's "
				"processes");
	return check_preferred(source, isolation, failure);
}
