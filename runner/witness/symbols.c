/* SPDX-License-Identifier: MIT
 *
 * symbols.c - the names and lines of one call, with what was inlined there.
 */
#include "witness/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "witness/libdw.h"
#include "witness/printable.h"

#ifdef MEMCAGE_LIBDW

#include <inttypes.h>
#include <stdio.h>

struct teller {
	void (*tell)(void *data, const struct backtrace_frame *frame, bool is_last);
	void *data;
};

/* ---- texts ---- */

/* Rust's functions end with "::h" and 16 digits of a hash. */
static size_t length_without_hash(const char *name)
{
	const size_t tail = strlen("::h") + 16, length = strlen(name);
	const char *hash = length > tail ? name + length - tail : "";

	return strncmp(hash, "::h", 3) == 0 && strspn(hash + 3, "0123456789abcdef") == 16
		       ? length - tail
		       : length;
}

/* By what it is called in the source: without what linkers add ("@@GLIBC_2.34") and compilers
 * (".llvm.1"), and with C++ and Rust names made readable. */
static void put_function(const struct unwinder *unwinder, const char *name, char *to, size_t size)
{
	char plain[1024], *readable = NULL;
	int status = 0;

	to[0] = '\0';
	if (name == NULL)
		return;
	text_copy(plain, sizeof(plain), name);
	plain[strcspn(plain, "@")] = '\0';
	if (strncmp(plain, "_Z", 2) == 0) {
		char *suffix = strstr(plain, ".llvm.");

		if (suffix != NULL)
			*suffix = '\0';
		if (unwinder->demangle != NULL)
			readable = unwinder->demangle(plain, NULL, NULL, &status);
	}
	name = readable != NULL ? readable : plain;
	(void)printable_copy(to, size, name, length_without_hash(name));
	free(readable);
}

/* "file:line"; of a long path the last part. */
static void put_source(const char *file, int line, char *to, size_t size)
{
	const size_t room = size - sizeof(":1234567890");
	size_t used;

	to[0] = '\0';
	if (file == NULL || line <= 0)
		return;
	if (strlen(file) > room && strrchr(file, '/') != NULL)
		file = strrchr(file, '/') + 1;
	used = printable_copy(to, room, file, strlen(file));
	(void)snprintf(to + used, size - used, ":%d", line);
}

/* ---- debug information ---- */

/* The scopes around the address, by where they lie and not by where they were written: a list to
 * free(). */
static int find_scopes(const struct unwinder *unwinder, Dwfl_Module *module, Dwarf_Die *unit,
	Dwarf_Addr address, Dwarf_Die **ret_scopes)
{
	const struct libdw *libdw = unwinder->libdw;
	Dwarf_Die innermost, *scopes = NULL;
	Dwarf_Addr bias;
	Dwarf *dwarf;
	int count = libdw->dwarf_getscopes(unit, address, &scopes);

	*ret_scopes = NULL;
	if (count <= 0)
		return 0;
	dwarf = libdw->dwfl_module_getdwarf(module, &bias);
	if (dwarf != NULL &&
		libdw->dwarf_offdie(dwarf, libdw->dwarf_dieoffset(&scopes[0]), &innermost) != NULL)
		count = libdw->dwarf_getscopes_die(&innermost, ret_scopes);
	else
		count = 0;
	free(scopes);
	return count;
}

static const char *name_of(const struct unwinder *unwinder, Dwarf_Die *function)
{
	const struct libdw *libdw = unwinder->libdw;
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (libdw->dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) != NULL)
		name = libdw->dwarf_formstring(&attribute);
	if (name == NULL && libdw->dwarf_attr_integrate(function, DW_AT_name, &attribute) != NULL)
		name = libdw->dwarf_formstring(&attribute);
	return name;
}

static uint64_t number_of(const struct unwinder *unwinder, Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number = 0;

	if (unwinder->libdw->dwarf_attr(die, name, &attribute) == NULL ||
		unwinder->libdw->dwarf_formudata(&attribute, &number) != 0)
		return 0;
	return number;
}

/* Where the inlined call was written. */
static void put_call_site(
	const struct unwinder *unwinder, Dwarf_Die *unit, Dwarf_Die *inlined, char *to, size_t size)
{
	const struct libdw *libdw = unwinder->libdw;
	uint64_t number = number_of(unwinder, inlined, DW_AT_call_file);
	uint64_t line = number_of(unwinder, inlined, DW_AT_call_line);
	const char *file = NULL;
	Dwarf_Files *files;
	size_t count;

	if (libdw->dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count)
		file = libdw->dwarf_filesrc(files, number, NULL, NULL);
	put_source(file, line <= INT32_MAX ? (int)line : 0, to, size);
}

/* Each inlined function has the line of the frame so far; the frame goes on with the line of the
 * call to it. Returns the function that all this was inlined into, as debug information has it. */
static const char *tell_inlined(const struct unwinder *unwinder, Dwfl_Module *module,
	uint64_t call, struct backtrace_frame *frame, const struct teller *teller)
{
	const struct libdw *libdw = unwinder->libdw;
	const char *outermost = NULL;
	Dwarf_Addr bias;
	Dwarf_Die *unit = libdw->dwfl_module_addrdie(module, call, &bias), *scopes;
	int count = unit != NULL ? find_scopes(unwinder, module, unit, call - bias, &scopes) : 0;

	for (int i = 0; i < count && outermost == NULL; i++) {
		int tag = libdw->dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram)
			outermost = name_of(unwinder, &scopes[i]);
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		put_function(unwinder, name_of(unwinder, &scopes[i]), frame->function,
			sizeof(frame->function));
		teller->tell(teller->data, frame, false);
		put_call_site(unwinder, unit, &scopes[i], frame->source, sizeof(frame->source));
	}
	if (count > 0)
		free(scopes);
	return outermost;
}

void unwind_describe(struct unwinder *unwinder, uint64_t call,
	void (*tell)(void *data, const struct backtrace_frame *frame, bool is_last), void *data)
{
	const struct libdw *libdw = unwinder->libdw;
	Dwfl_Module *module = libdw->dwfl_addrmodule(unwinder->dwfl, call);
	const struct teller teller = { tell, data };
	struct backtrace_frame frame = { 0 };
	const char *symbol, *function, *file;
	GElf_Off offset;
	GElf_Sym facts;
	Dwfl_Line *line;
	int number = 0;

	modules_describe(unwinder->modules, unwinder->module_count, call, &frame);
	if (module != NULL) {
		line = libdw->dwfl_module_getsrc(module, call);
		file = line != NULL ? libdw->dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
				    : NULL;
		put_source(file, number, frame.source, sizeof(frame.source));
		function = tell_inlined(unwinder, module, call, &frame, &teller);
		symbol = libdw->dwfl_module_addrinfo(
			module, call, &offset, &facts, NULL, NULL, NULL);
		put_function(unwinder, symbol != NULL ? symbol : function, frame.function,
			sizeof(frame.function));
	}
	tell(data, &frame, true);
}

#else

void unwind_describe(struct unwinder *unwinder, uint64_t call,
	void (*tell)(void *data, const struct backtrace_frame *frame, bool is_last), void *data)
{
	(void)unwinder, (void)call, (void)tell, (void)data;
}

#endif
