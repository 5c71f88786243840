/* SPDX-License-Identifier: MIT
 *
 * Any text as a policy: either it is accepted, and printing and reading it again changes nothing,
 * or there is one line that begins with the file's name, a line and a column. What the check by the
 * schema lets through, libcyaml must take.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/policy.h"
#include "spec/policy_read.h"

#define NAME "fuzz.yaml"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_failure(int result, const struct memcage_failure *failure)
{
	if (result != -EINVAL || failure->error_number != EINVAL)
		abort();
	if (memchr(failure->detail, '\0', sizeof(failure->detail)) == NULL ||
		strpbrk(failure->detail, "\n\r\t\033") != NULL)
		abort();
	/* An error inside of a profile that the policy names has the profile's name. */
	if (strncmp(failure->detail, NAME ":", sizeof(NAME)) != 0 &&
		strstr(failure->detail, ":") == NULL)
		abort();
}

/* The policy as it is printed; to cyaml_mem(NULL, text, 0). */
static char *print(const char *text, size_t size, size_t *ret_length)
{
	struct policy_document document;
	struct memcage_failure failure;
	char *printed = NULL;

	if (policy_document_parse(NAME, text, size, &document, &failure) < 0)
		abort();
	if (cyaml_save_data(&printed, ret_length, &policy_cyaml_config, &policy_schema,
		    document.file, 0) != CYAML_OK)
		abort();
	policy_document_close(&document);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memcage_failure failure = { 0 };
	char *once, *twice;
	size_t length, other;
	int result = policy_check_text(NAME, (const char *)data, size, &failure);

	if (result < 0) {
		check_failure(result, &failure);
		return 0;
	}
	once = print((const char *)data, size, &length);
	twice = print(once, length, &other);
	if (length != other || memcmp(once, twice, length) != 0)
		abort();
	(void)cyaml_mem(NULL, once, 0);
	(void)cyaml_mem(NULL, twice, 0);
	return 0;
}
