/* SPDX-License-Identifier: MIT
 *
 * Any text as mountinfo and as /proc/self/cgroup: what is found stands in the text and is whole.
 */
#include "cage/hierarchy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_facts(const struct mount_facts *facts)
{
	if (memchr(facts->root, '\0', sizeof(facts->root)) == NULL ||
		memchr(facts->mount, '\0', sizeof(facts->mount)) == NULL)
		abort();
}

static void check_mounts(const char *text)
{
	struct mount_facts facts, other;

	static const char *const controllers[] = { "", "memory" };

	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
		if (!mountinfo_find(text, controllers[i], &facts))
			continue;
		check_facts(&facts);
		if (facts.is_v2 != (*controllers[i] == '\0') ||
			strstr(text, controllers[i]) == NULL || facts.options < text ||
			facts.options_length > strlen(facts.options))
			abort();
		if (!mountinfo_parse(text, facts.mount, &other))
			abort(); /* what is found once is found again by its name */
	}
	if (mountinfo_parse(text, "/sys/fs/cgroup", &facts)) {
		check_facts(&facts);
		if (strcmp(facts.mount, "/sys/fs/cgroup") != 0 || strstr(text, "cgroup") == NULL)
			abort();
	}
}

static void check_groups(const char *text)
{
	static const char *const controllers[] = { "", "memory", "pids", "name=systemd" };
	char path[64];

	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
		const char *at;

		if (!own_group_parse(text, controllers[i], path, sizeof(path)))
			continue;
		at = strstr(text, path);
		if (memchr(path, '\0', sizeof(path)) == NULL || strchr(path, '\n') != NULL ||
			at == NULL || strstr(text, controllers[i]) == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	if (text == NULL)
		return 0;
	check_mounts(text);
	check_groups(text);
	free(text);
	return 0;
}
