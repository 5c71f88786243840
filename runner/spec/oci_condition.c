/* SPDX-License-Identifier: MIT
 *
 * oci_condition.c - includes and excludes: on which machines, with which capabilities and from
 * which kernel on a rule stands.
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "spec/oci_reading.h"
#include "spec/system_names.h"

#if defined(__x86_64__)
#define ARCH "amd64"
#elif defined(__aarch64__)
#define ARCH "arm64"
#elif defined(__riscv)
#define ARCH "riscv64"
#elif defined(__s390x__)
#define ARCH "s390x"
#elif defined(__powerpc64__)
#define ARCH "ppc64le"
#else
#define ARCH "unknown"
#endif

void oci_host_here(uint64_t capabilities, char release[static 72], struct oci_host *ret_host)
{
	struct utsname names;

	text_copy(release, 72, uname(&names) == 0 ? names.release : "0.0");
	*ret_host = (struct oci_host){
		.capabilities = capabilities, .arch = ARCH, .kernel = release
	};
}

/* MAJOR.MINOR, and whatever follows that is no digit. */
static int parse_version(const char *text, uint64_t *ret_version)
{
	char number[24];
	uint64_t parts[2];

	for (int i = 0; i < 2; i++) {
		size_t length = strspn(text, "0123456789");

		if (length == 0 || length >= sizeof(number))
			return -EINVAL;
		memcpy(number, text, length);
		number[length] = '\0';
		if (parse_number(number, &parts[i]) < 0 || parts[i] > UINT32_MAX)
			return -EINVAL;
		text += length;
		if (i == 0 && *text++ != '.')
			return -EINVAL;
	}
	*ret_version = parts[0] << 32 | parts[1];
	return 0;
}

/* How many words of a list hold here, and how many there are. */
struct hits {
	size_t count, held;
};

static int count_arches(
	const struct oci_reading *reading, const char *path, const json_t *list, struct hits *hits)
{
	const json_t *item;

	if (list != NULL && !json_is_array(list) && !json_is_null(list))
		return oci_complain(reading, path, "arches takes a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		if (!json_is_string(item))
			return oci_complain(reading, path, "arches takes names such as \"amd64\"");
		hits->count++;
		hits->held += strcmp(json_string_value(item), reading->host->arch) == 0;
	}
	return 0;
}

static int count_capabilities(
	const struct oci_reading *reading, const char *path, const json_t *list, struct hits *hits)
{
	char at[OCI_PATH_SIZE + 32];

	if (list != NULL && !json_is_array(list) && !json_is_null(list))
		return oci_complain(reading, path, "caps takes a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int number = name != NULL ? capability_number(name) : -EINVAL;

		text_format(at, sizeof(at), "%s/%zu", path, i);
		if (number < 0)
			return oci_complain(reading, at,
				"caps takes names of capabilities, for example \"CAP_SYS_ADMIN\"");
		hits->count++;
		hits->held += (reading->host->capabilities >> number & 1) != 0;
	}
	return 0;
}

static int count_kernel(
	const struct oci_reading *reading, const char *path, const json_t *value, struct hits *hits)
{
	uint64_t wanted, here;

	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_string(value) || parse_version(json_string_value(value), &wanted) < 0)
		return oci_complain(
			reading, path, "minKernel takes a version, for example \"4.8\"");
	hits->count++;
	hits->held += parse_version(reading->host->kernel, &here) == 0 && here >= wanted;
	return 0;
}

/* What includes or excludes says, in the order arches, caps, minKernel. */
static int look(const struct oci_reading *reading, const char *path, const json_t *condition,
	struct hits hits[static 3])
{
	static const char *const members[] = { "arches", "caps", "minKernel", NULL };
	char at[3][OCI_PATH_SIZE + 32];
	int result;

	if (condition == NULL || json_is_null(condition))
		return 0;
	if (!json_is_object(condition))
		return oci_complain(reading, path, "it takes an object of arches, caps, minKernel");
	for (int i = 0; i < 3; i++)
		text_format(at[i], sizeof(at[i]), "%s/%s", path, members[i]);
	result = oci_check_members(reading, path, condition, members);
	if (result == 0)
		result = count_arches(
			reading, at[0], json_object_get(condition, "arches"), &hits[0]);
	if (result == 0)
		result = count_capabilities(
			reading, at[1], json_object_get(condition, "caps"), &hits[1]);
	if (result == 0)
		result = count_kernel(
			reading, at[2], json_object_get(condition, "minKernel"), &hits[2]);
	return result;
}

int oci_rule_applies(
	const struct oci_reading *reading, const char *path, const json_t *rule, bool *ret_applies)
{
	struct hits in[3] = { 0 }, out[3] = { 0 };
	char at[OCI_PATH_SIZE + 16];
	int result;

	text_format(at, sizeof(at), "%s/includes", path);
	result = look(reading, at, json_object_get(rule, "includes"), in);
	if (result < 0)
		return result;
	text_format(at, sizeof(at), "%s/excludes", path);
	result = look(reading, at, json_object_get(rule, "excludes"), out);
	if (result < 0)
		return result;
	/* One of the machines, all of the capabilities, the kernel; and none of the excludes. */
	*ret_applies = (in[0].count == 0 || in[0].held > 0) && in[1].held == in[1].count &&
		       in[2].held == in[2].count && out[0].held + out[1].held + out[2].held == 0;
	return 0;
}
