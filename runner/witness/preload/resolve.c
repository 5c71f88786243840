/* SPDX-License-Identifier: MIT */
#include "witness/preload/resolve.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>

#include "witness/preload/bytes.h"
#include "witness/preload/inject.h"

/* Which objects may have it. */
enum place { BEHIND_US, IN_PYTHON };

/* An object without it has none of CPython's. */
#define PYTHON_SYMBOL "PyGILState_Check"

static const struct {
	const char *name;
	enum place place;
	size_t offset; /* in struct real_functions */
} wanted[] = {
#define REAL(name)                                                                                 \
	{                                                                                          \
#name, BEHIND_US, offsetof(struct real_functions, name)                            \
	}
	REAL(malloc),
	REAL(calloc),
	REAL(realloc),
	REAL(reallocarray),
	REAL(posix_memalign),
	REAL(aligned_alloc),
	REAL(memalign),
	REAL(valloc),
	REAL(pvalloc),
	REAL(mmap),
	REAL(mremap),
	REAL(mprotect),
	REAL(brk),
	REAL(sbrk),
	REAL(syscall),
	REAL(prctl),
	REAL(execve),
	REAL(execv),
	REAL(execvp),
	REAL(execvpe),
	REAL(fexecve),
	REAL(execveat),
	REAL(posix_spawn),
	REAL(posix_spawnp),
	REAL(system),
	REAL(popen),
	REAL(pthread_create),
	REAL(pthread_attr_getstacksize),
#undef REAL
	{ "_Py_DumpTraceback", IN_PYTHON, offsetof(struct real_functions, python_dump_traceback) },
	{ "PyGILState_Check", IN_PYTHON, offsetof(struct real_functions, python_holds_gil) },
	{ "PyThreadState_GetUnchecked", IN_PYTHON,
		offsetof(struct real_functions, python_current_thread) },
	{ "_PyThreadState_UncheckedGet", IN_PYTHON,
		offsetof(struct real_functions, python_current_thread) },
	{ "PyGILState_GetThisThreadState", IN_PYTHON,
		offsetof(struct real_functions, python_own_thread) },
	{ "Py_GetVersion", IN_PYTHON, offsetof(struct real_functions, python_version) },
	{ "PyEval_GetFrame", IN_PYTHON, offsetof(struct real_functions, python_frame) },
	{ "PyFrame_GetLineNumber", IN_PYTHON, offsetof(struct real_functions, python_frame_line) },
	{ "PyUnstable_InterpreterFrame_GetLine", IN_PYTHON,
		offsetof(struct real_functions, python_interpreter_frame_line) },
	{ "_PyRuntime", IN_PYTHON, offsetof(struct real_functions, python_runtime) },
};

struct real_functions real;

/* What is needed of one loaded object. */
struct object {
	uintptr_t base, start, end; /* the difference to its link addresses; where it lies */
	const ElfW(Sym) * symbols;
	const char *names;
	const uint32_t *gnu_hash;
	const uint32_t *hash; /* DT_HASH */
	const uint16_t *versions;
};

extern int dl_iterate_phdr(int (*)(struct dl_phdr_info *, size_t, void *), void *)
	__attribute__((weak));

/* Some loaders add the base to the addresses in the dynamic section, others leave them, and a vDSO
 * may be linked for a high address with a base that wraps around: what lies inside the object is
 * right. */
static const void *address_of(const struct object *object, uintptr_t value)
{
	bool inside = value >= object->start && value < object->end;

	return (const void *)(inside ? value : object->base + value);
}

static bool read_object(const struct dl_phdr_info *info, struct object *object, bool *ret_is_us)
{
	const ElfW(Dyn) *dynamic = NULL;

	*object = (struct object){ .base = info->dlpi_addr };
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = object->base + segment->p_vaddr;

		if (segment->p_type == PT_DYNAMIC)
			dynamic = (const void *)start;
		if (segment->p_type != PT_LOAD)
			continue;
		if (object->start == 0 || start < object->start)
			object->start = start;
		if (start + segment->p_memsz > object->end)
			object->end = start + segment->p_memsz;
	}
	*ret_is_us = dynamic == _DYNAMIC;
	if (dynamic == NULL)
		return false;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *address = address_of(object, dynamic->d_un.d_ptr);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object->symbols = address;
			break;
		case DT_STRTAB:
			object->names = address;
			break;
		case DT_GNU_HASH:
			object->gnu_hash = address;
			break;
		case DT_HASH:
			object->hash = address;
			break;
		case DT_VERSYM:
			object->versions = address;
			break;
		default:
			break;
		}
	}
	return object->symbols != NULL && object->names != NULL;
}

/* A function or variable that the object itself defines, in the version that new programs get. */
static bool is_definition(const struct object *object, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &object->symbols[index];

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 &&
	       (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC ||
		       ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT) &&
	       ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       (object->versions == NULL || (object->versions[index] & 0x8000) == 0) &&
	       bytes_equal(object->names + symbol->st_name, name);
}

static uint32_t find_gnu(const struct object *object, const char *name)
{
	const uint32_t *table = object->gnu_hash;
	uint32_t bucket_count = table[0], first = table[1], bloom_words = table[2], hash = 5381;
	const uint32_t *buckets = table + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint32_t *chain = buckets + bucket_count;
	uint32_t index;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)*at;
	index = bucket_count > 0 ? buckets[hash % bucket_count] : 0;
	if (index < first || index == 0)
		return 0;
	for (;; index++) {
		uint32_t entry = chain[index - first];

		if ((entry | 1) == (hash | 1) && is_definition(object, index, name))
			return index;
		if ((entry & 1) != 0)
			return 0;
	}
}

static uint32_t find_old(const struct object *object, const char *name)
{
	uint32_t count = object->hash[1]; /* of the chain: one per symbol */

	for (uint32_t index = 1; index < count; index++)
		if (is_definition(object, index, name))
			return index;
	return 0;
}

static uintptr_t find_symbol(const struct object *object, const char *name)
{
	uint32_t index = 0;

	if (object->gnu_hash != NULL)
		index = find_gnu(object, name);
	else if (object->hash != NULL)
		index = find_old(object, name);
	return index != 0 ? object->base + object->symbols[index].st_value : 0;
}

struct walk {
	struct real_functions found;
	bool passed_us;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct walk *walk = data;
	struct object object;
	bool is_us, is_python;

	(void)size;
	if (!read_object(info, &object, &is_us))
		return 0;
	if (is_us) {
		walk->passed_us = true;
		walk->found.library = info->dlpi_name;
		return 0;
	}
	if (!walk->passed_us && find_symbol(&object, "malloc") != 0)
		walk->found.own_allocator = true;
	is_python = find_symbol(&object, PYTHON_SYMBOL) != 0;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		uintptr_t *slot = (uintptr_t *)((char *)&walk->found + wanted[i].offset);

		if (*slot == 0 && (wanted[i].place == IN_PYTHON ? is_python : walk->passed_us))
			*slot = find_symbol(&object, wanted[i].name);
	}
	return 0;
}

void resolve_real_functions(void)
{
	struct walk walk = { 0 };

	if (dl_iterate_phdr != NULL)
		(void)dl_iterate_phdr(visit, &walk);
	walk.found.plain = !inject_is_on();
	real = walk.found;
	__atomic_store_n(&real.ready, true, __ATOMIC_RELEASE);
}
