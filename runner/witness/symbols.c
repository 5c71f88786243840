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

#define SCOPES_MAX 64
#define DEPTH_MAX 128

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

/* Newer Rust's symbols, which the demangler of C++ does not know. */
static bool is_rust_v0(const char *name)
{
	return strncmp(name, "_R", 2) == 0;
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

enum scope_kind { SCOPE_NONE, SCOPE_OF_NAMES, SCOPE_OF_CODE };

static enum scope_kind scope_kind(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return SCOPE_OF_NAMES;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		return SCOPE_OF_CODE;
	default:
		return SCOPE_NONE;
	}
}

/* The scopes of code around an address, the innermost last, behind the count that are there
 * already. dwarf_getscopes() does not look into namespaces, where Rust's functions are. */
struct scopes {
	Dwarf_Addr address;
	size_t count;
	Dwarf_Die list[SCOPES_MAX];
};

static void find_scopes(
	const struct libdw *libdw, Dwarf_Die *parent, unsigned depth, struct scopes *scopes)
{
	const size_t before = scopes->count;
	Dwarf_Die scope;
	int more = libdw->dwarf_child(parent, &scope);

	for (; more == 0 && scopes->count == before && before < SCOPES_MAX && depth < DEPTH_MAX;
		more = libdw->dwarf_siblingof(&scope, &scope)) {
		enum scope_kind kind = scope_kind(libdw->dwarf_tag(&scope));

		if (kind == SCOPE_OF_CODE && libdw->dwarf_haspc(&scope, scopes->address) > 0)
			scopes->list[scopes->count++] = scope;
		else if (kind != SCOPE_OF_NAMES)
			continue;
		find_scopes(libdw, &scope, depth + 1, scopes);
		if (kind == SCOPE_OF_CODE)
			return;
	}
}

static const char *name_of(const struct unwinder *unwinder, Dwarf_Die *function)
{
	const struct libdw *libdw = unwinder->libdw;
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (libdw->dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) != NULL)
		name = libdw->dwarf_formstring(&attribute);
	if ((name == NULL || is_rust_v0(name)) &&
		libdw->dwarf_attr_integrate(function, DW_AT_name, &attribute) != NULL)
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
static const char *tell_inlined(const struct unwinder *unwinder, Dwfl_Module *module, uint64_t call,
	struct backtrace_frame *frame, const struct teller *teller)
{
	const struct libdw *libdw = unwinder->libdw;
	const char *outermost = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = libdw->dwfl_module_addrdie(module, call, &bias);
	struct scopes scopes = { .address = call - bias };

	if (unit != NULL)
		find_scopes(libdw, unit, 0, &scopes);
	while (scopes.count > 0 && outermost == NULL) {
		Dwarf_Die *scope = &scopes.list[--scopes.count];
		int tag = libdw->dwarf_tag(scope);

		if (tag == DW_TAG_subprogram)
			outermost = name_of(unwinder, scope);
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		put_function(unwinder, name_of(unwinder, scope), frame->function,
			sizeof(frame->function));
		teller->tell(teller->data, frame, false);
		put_call_site(unwinder, unit, scope, frame->source, sizeof(frame->source));
	}
	return outermost;
}

/* Lines of the system's libraries help nobody here, and theirs is the most to read. */
void unwind_describe(struct unwinder *unwinder, uint64_t call,
	void (*tell)(void *data, const struct backtrace_frame *frame, bool is_last), void *data)
{
	const struct libdw *libdw = unwinder->libdw;
	Dwfl_Module *module = libdw->dwfl_addrmodule(unwinder->dwfl, call);
	const struct teller teller = { tell, data };
	struct backtrace_frame frame = { 0 };
	const char *symbol, *function = NULL, *file;
	GElf_Off offset;
	GElf_Sym facts;
	Dwfl_Line *line;
	int number = 0;

	modules_describe(unwinder->modules, unwinder->module_count, call, &frame);
	if (module != NULL && !backtrace_is_system_module(frame.module)) {
		line = libdw->dwfl_module_getsrc(module, call);
		file = line != NULL ? libdw->dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
				    : NULL;
		put_source(file, number, frame.source, sizeof(frame.source));
		function = tell_inlined(unwinder, module, call, &frame, &teller);
	}
	if (module != NULL) {
		symbol = libdw->dwfl_module_addrinfo(
			module, call, &offset, &facts, NULL, NULL, NULL);
		if (symbol == NULL || (is_rust_v0(symbol) && function != NULL))
			symbol = function;
		put_function(unwinder, symbol, frame.function, sizeof(frame.function));
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
