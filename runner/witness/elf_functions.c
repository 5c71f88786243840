/* SPDX-License-Identifier: MIT */
#include "witness/elf_functions.h"

#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#define OUR_MACHINE EM_NONE
#endif

#define SEGMENTS_MAX 64
#define SECTIONS_MAX 1024
#define KEY_SIZE 8
#define TABLE_MAX (UINT64_C(64) << 20) /* of bytes: more than any runtime's */

struct elf_file {
	int fd;
	size_t segment_count, section_count;
	Elf64_Phdr segments[SEGMENTS_MAX];
	Elf64_Shdr *sections;
};

static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
	return offset < INT64_MAX && pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* A part of the file as one allocation, NULL where it is not there or too large. */
static void *read_part(int fd, uint64_t offset, uint64_t size)
{
	char *data;

	if (size == 0 || size > TABLE_MAX)
		return NULL;
	data = malloc(size + KEY_SIZE);
	if (data != NULL && !read_at(fd, offset, data, size)) {
		free(data);
		return NULL;
	}
	if (data != NULL)
		memset(data + size, 0, KEY_SIZE); /* the last name ends, whatever the file says */
	return data;
}

static int open_elf(int fd, struct elf_file *elf)
{
	Elf64_Ehdr header;

	if (!read_at(fd, 0, &header, sizeof(header)) ||
		memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
		header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != OUR_MACHINE ||
		header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX ||
		(header.e_shnum != 0 && header.e_shentsize != sizeof(Elf64_Shdr)) ||
		header.e_shnum > SECTIONS_MAX)
		return -ENOEXEC;
	elf->fd = fd;
	elf->segment_count = header.e_phnum;
	elf->section_count = header.e_shnum;
	if (!read_at(fd, header.e_phoff, elf->segments, elf->segment_count * sizeof(Elf64_Phdr)))
		return -ENOEXEC;
	elf->sections = read_part(fd, header.e_shoff, elf->section_count * sizeof(Elf64_Shdr));
	return elf->sections == NULL ? -ENOEXEC : 0;
}

/* Where in the file the code is that will be at address; 0: nowhere. */
static uint64_t code_offset(const struct elf_file *elf, uint64_t address)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const Elf64_Phdr *segment = &elf->segments[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
			address >= segment->p_vaddr &&
			address - segment->p_vaddr < segment->p_filesz)
			return segment->p_offset + (address - segment->p_vaddr);
	}
	return 0;
}

static bool is_named(const struct elf_function *symbol, const char *name)
{
	/* Nearly always not, and the tables are long; names can be read a little beyond. */
	if (symbol->plain_length >= KEY_SIZE && memcmp(name, symbol->pattern, KEY_SIZE) != 0)
		return false;
	return strncmp(name, symbol->pattern, symbol->plain_length) == 0 &&
	       fnmatch(symbol->pattern, name, 0) == 0;
}

static void search(const struct elf_file *elf, const Elf64_Shdr *table, const Elf64_Sym *entries,
	const char *names, uint64_t names_size, struct elf_function *functions, size_t count)
{
	for (uint64_t i = 0; i < table->sh_size / sizeof(*entries); i++) {
		const Elf64_Sym *entry = &entries[i];

		unsigned type = ELF64_ST_TYPE(entry->st_info);

		if ((type != STT_FUNC && type != STT_OBJECT) || entry->st_shndx == SHN_UNDEF ||
			entry->st_name >= names_size)
			continue;
		for (size_t s = 0; s < count; s++) {
			struct elf_function *function = &functions[s];

			if (function->is_data != (type == STT_OBJECT) || function->address != 0 ||
				!is_named(function, names + entry->st_name))
				continue;
			function->offset = function->is_data ? 0
							     : code_offset(elf, entry->st_value);
			if (function->is_data || function->offset != 0)
				function->address = entry->st_value;
		}
	}
}

static void search_table(const struct elf_file *elf, const Elf64_Shdr *table,
	struct elf_function *functions, size_t count)
{
	const Elf64_Shdr *strings;
	Elf64_Sym *entries;
	char *names;

	if (table->sh_link >= elf->section_count)
		return;
	strings = &elf->sections[table->sh_link];
	entries = read_part(elf->fd, table->sh_offset, table->sh_size);
	names = read_part(elf->fd, strings->sh_offset, strings->sh_size);
	if (entries != NULL && names != NULL)
		search(elf, table, entries, names, strings->sh_size, functions, count);
	free(entries);
	free(names);
}

int elf_functions_find(int fd, struct elf_function *functions, size_t count)
{
	static const uint32_t kinds[] = { SHT_DYNSYM, SHT_SYMTAB };
	struct elf_file elf = { 0 };
	int found = 0, result;

	for (size_t s = 0; s < count; s++) {
		functions[s].plain_length = strcspn(functions[s].pattern, "*");
		functions[s].offset = functions[s].address = 0;
	}
	result = open_elf(fd, &elf);
	for (size_t kind = 0; result == 0 && kind < sizeof(kinds) / sizeof(*kinds) && found == 0;
		kind++) {
		for (size_t i = 0; i < elf.section_count; i++)
			if (elf.sections[i].sh_type == kinds[kind])
				search_table(&elf, &elf.sections[i], functions, count);
		for (size_t s = 0; s < count; s++)
			found += functions[s].address != 0;
	}
	free(elf.sections);
	return result < 0 ? result : found;
}
