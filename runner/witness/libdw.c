/* SPDX-License-Identifier: MIT */
#include "witness/libdw.h"

#ifdef MEMCAGE_LIBDW

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static struct libdw functions;

static const struct {
	const char *name;
	size_t offset;
} wanted[] = {
#define LIBDW_ROW(name) { #name, offsetof(struct libdw, name) },
	LIBDW_FUNCTIONS(LIBDW_ROW)
#undef LIBDW_ROW
};

const struct libdw *libdw_load(void)
{
	void *library = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);

	if (library == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *function = dlsym(library, wanted[i].name);

		if (function == NULL)
			return NULL;
		memcpy((char *)&functions + wanted[i].offset, &function, sizeof(function));
	}
	return &functions;
}

#endif
