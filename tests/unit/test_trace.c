/* SPDX-License-Identifier: MIT
 *
 * The tracer's filter, and a tracer that gets no child.
 */
#include "witness/trace.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_filter(void **state)
{
	struct sock_fprog filter = { 0 };
	unsigned traces = 0;

	(void)state;
	assert_int_equal(trace_filter_make(&filter), 0);
	for (unsigned i = 0; i < filter.len; i++)
		traces += filter.filter[i].code == (BPF_RET | BPF_K) &&
			  (filter.filter[i].k & 0xffff0000u) == 0x7ff00000u;
	assert_int_equal(traces, 4);
	free(filter.filter);
}

static void test_no_child(void **state)
{
	struct trace_witness witness = TRACE_NONE;
	struct memcage_failure failure;
	struct refusals refusals;
	const char *why = NULL;

	(void)state;
	assert_int_equal(trace_open(&witness, "", &(struct room){ 0 }, &failure), 0);
	assert_int_equal(trace_collect(&witness, true, &refusals, &why), -ENOEXEC);
	assert_non_null(why);
	assert_false(refusals.watched);
	trace_close(&witness);
	assert_null(witness.page);
	trace_close(&witness); /* harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_no_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
