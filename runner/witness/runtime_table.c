/* SPDX-License-Identifier: MIT
 *
 * To add a runtime: the function that it calls exactly when an allocation has failed for good, seen
 * with a program that catches the failure and one that only says hello (no hit).
 */
#include "witness/runtime_table.h"

#include <string.h>

#if defined(__aarch64__)
#define FIRST "%x0"
#define SECOND "%x1"
#define FOURTH "%x3"
#define GO_FIRST "%x0"
#else
#define FIRST "%di"
#define SECOND "%si"
#define FOURTH "%cx"
#define GO_FIRST "%ax"
#endif

/* Go's strings have no end, so their first bytes are compared as numbers: "out of m"; "failed t"
 * with "o reserv"; "runtime:" with " out of " or " cannot ". */
#define GO_FILTER                                                                                  \
	"first == 0x6d20666f2074756f || first == 0x742064656c696166 && "                           \
	"second == 0x767265736572206f || first == 0x3a656d69746e7572 && "                          \
	"(second == 0x20666f2074756f20 || second == 0x20746f6e6e616320)"

/* clang-format off */
const struct runtime_probe runtime_probes[] = {
	{ "python", "PyErr_NoMemory", "libpython", "MemoryError", NULL, NULL, NULL, NULL, false },
	{ "java", "_Z25report_java_out_of_memoryPKc", "libjvm.so", NULL,
		"+0(" FIRST ")", NULL, NULL, NULL, true },
	/* its second argument begins with whether the heap was full */
	{ "node", "_ZN4node15OOMErrorHandler*", "libnode.so", NULL,
		"+0(" FIRST ")", "+0(" SECOND ")", NULL, "first & 1", true },
	{ "node", "_ZN4node15OOMErrorHandler*", "libnode.so", NULL,
		"+0(" FIRST ")", "+0(" SECOND ")", NULL, "!(first & 1)", false },
	{ "ruby", "rb_memerror", "libruby", "NoMemoryError", NULL, NULL, NULL, NULL, false },
	{ "perl", "Perl_croak_no_mem", "libperl.so", "Out of memory!", NULL, NULL, NULL, NULL, false },
	/* any message; the first argument is its kind, 1 for a fatal error, the fourth its text */
	{ "php", "zend_error_zstr_at", "libphp", NULL,
		"+24(" FOURTH ")", FIRST, NULL, "first == 1 && text ~ \"Allowed memory size of*\"", true },
	{ "php", "zend_error_zstr_at", "libphp", NULL,
		"+24(" FOURTH ")", FIRST, NULL, "first == 1 && text ~ \"Out of memory*\"", false },
	/* any exception; the second argument is its type, whose second word is the name */
	{ "c++", "__cxa_throw", "libstdc++.so libc++abi.so", "std::bad_alloc",
		"+0(+8(" SECOND "))", NULL, NULL, "text == \"St9bad_alloc\"", false },
	{ "go", "runtime.throw", NULL, "out of memory",
		NULL, "+0(" GO_FIRST ")", "+8(" GO_FIRST ")", GO_FILTER, false },
	{ "rust", "_RNvNtCs*_3std5alloc8rust_oom", NULL, "memory allocation failed",
		NULL, NULL, NULL, NULL, false },
	{ "rust", "_ZN3std5alloc8rust_oom*", NULL, "memory allocation failed",
		NULL, NULL, NULL, NULL, false },
};
/* clang-format on */

const size_t runtime_probe_count = sizeof(runtime_probes) / sizeof(*runtime_probes);

const char *const runtime_programs[] = { "python3", "java", "node", "ruby", "perl", "php", NULL };

bool runtime_library_fits(const struct runtime_probe *probe, const char *name)
{
	const char *each = probe->libraries;

	if (each == NULL || strstr(name, ".so") == NULL)
		return false;
	while (*each != '\0') {
		size_t length = strcspn(each, " ");

		if (strncmp(name, each, length) == 0)
			return true;
		each += length + strspn(each + length, " ");
	}
	return false;
}
