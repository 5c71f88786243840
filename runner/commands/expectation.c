/* SPDX-License-Identifier: MIT */
#include "commands/expectation.h"

#include <errno.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"

int expectation_parse(const char *text, struct expectation *ret_expectation,
	struct memcage_failure *reterr_failure)
{
	const char *slash = strchr(text, '/');
	char *verdict = ret_expectation->verdict;

	text_copy(verdict, sizeof(ret_expectation->verdict), text);
	verdict[strcspn(verdict, "/")] = '\0';
	ret_expectation->reason = slash != NULL ? slash + 1 : NULL;
	if (memcage_verdict_exists(verdict, ret_expectation->reason))
		return 0;
	if (memcage_verdict_exists(verdict, NULL))
		return failure_set(reterr_failure, EINVAL,
			"--expect %s: the verdict %s has no reason '%s'; see memcage(1), VERDICTS",
			text, verdict, ret_expectation->reason);
	return failure_set(reterr_failure, EINVAL,
		"--expect %s: no such verdict; it is one of ok, failed, alloc_failure, oom_kill, "
		"timeout, output_limit, policy_violation, killed, not_started, indeterminate",
		text);
}

bool expectation_met(const struct expectation *expectation, const struct memcage_result *result)
{
	return strcmp(memcage_result_verdict(result), expectation->verdict) == 0 &&
	       (expectation->reason == NULL ||
		       strcmp(memcage_result_reason(result), expectation->reason) == 0);
}
