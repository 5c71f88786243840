/* SPDX-License-Identifier: MIT
 *
 * Any text as a seccomp profile in JSON: either there is one line that says what is wrong and
 * where, or the rules are sound, and those of some inputs (it takes long) can be compiled.
 */
#include "spec/oci_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cage/seccomp_filter.h"

#define NAME "fuzz.json"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rules(const struct seccomp_rules *rules)
{
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct seccomp_rule *rule = &rules->rules[i];
		unsigned used = 0;

		if (rule->action > SECCOMP_TRAP || rule->name_count == 0 ||
			rule->argument_count > 6 || rule->error_number < 0 ||
			rule->error_number > 4095)
			abort();
		for (size_t at = 0; at < rule->name_count; at++)
			if (rule->names[at] == NULL)
				abort();
		for (size_t at = 0; at < rule->argument_count; at++) {
			if (rule->arguments[at].index > 5 ||
				(used >> rule->arguments[at].index & 1) != 0)
				abort();
			used |= 1u << rule->arguments[at].index;
		}
	}
}

static void compile(const struct seccomp_rules *rules)
{
	const struct isolation isolation = { .wanted = UINT32_C(1) << GUARANTEE_SECCOMP,
		.seccomp = *rules };
	struct seccomp_filter filter;
	struct memcage_failure failure;

	if (seccomp_filter_compile(&isolation, &filter, &failure) < 0)
		abort();
	seccomp_filter_free(&filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct oci_host host = { .capabilities = 1 << 7, .arch = "amd64", .kernel = "6.1.0" };
	struct memcage_failure failure = { 0 };
	struct seccomp_rules rules;
	char *text = malloc(size + 1);
	int result;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	result = oci_profile_parse(NAME, text, size, &host, &rules, &failure);
	if (result == 0) {
		check_rules(&rules);
		if (size % 16 == 0)
			compile(&rules);
		seccomp_rules_free(&rules);
	} else if (result != -EINVAL || strncmp(failure.detail, NAME ":", sizeof(NAME)) != 0 ||
		   strpbrk(failure.detail, "\n\r\t\033") != NULL) {
		abort();
	}
	free(text);
	return 0;
}
