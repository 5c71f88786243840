/* SPDX-License-Identifier: MIT
 *
 * Whether the loader will put the library into a program: read from its file, before it runs, and
 * from who may read the library.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "witness/preload.h"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#define OUR_MACHINE EM_NONE
#endif

#define SCRIPTS_MAX 5 /* of scripts whose interpreters are scripts; the kernel's own limit */
#define HEADERS_MAX 64

static bool no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return false;
}

static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
	return offset < INT64_MAX && pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

struct program {
	size_t count;
	Elf64_Phdr headers[HEADERS_MAX];
};

/* Where the file has what will be at address. */
static bool file_offset(const struct program *program, uint64_t address, uint64_t *ret_offset)
{
	for (size_t i = 0; i < program->count; i++) {
		const Elf64_Phdr *header = &program->headers[i];

		if (header->p_type == PT_LOAD && address >= header->p_vaddr &&
			address - header->p_vaddr < header->p_filesz) {
			*ret_offset = header->p_offset + (address - header->p_vaddr);
			return true;
		}
	}
	return false;
}

/* The address sanitizer's library ends a program in which another one was loaded before it. */
static bool needs_to_be_first(int fd, const struct program *program, const Elf64_Phdr *dynamic)
{
	uint64_t names = 0, offset;
	Elf64_Dyn entry;

	for (int pass = 0; pass < 2; pass++)
		for (uint64_t at = 0; at + sizeof(entry) <= dynamic->p_filesz;
			at += sizeof(entry)) {
			char name[32] = "";

			if (!read_at(fd, dynamic->p_offset + at, &entry, sizeof(entry)) ||
				entry.d_tag == DT_NULL)
				break;
			if (pass == 0 && entry.d_tag == DT_STRTAB &&
				file_offset(program, entry.d_un.d_ptr, &offset))
				names = offset;
			if (pass == 1 && entry.d_tag == DT_NEEDED && names != 0 &&
				pread(fd, name, sizeof(name) - 1,
					(off_t)(names + entry.d_un.d_val)) > 0 &&
				(strncmp(name, "libasan.", 8) == 0 ||
					strncmp(name, "libclang_rt.asan", 16) == 0))
				return true;
		}
	return false;
}

static bool possible_for_elf(int fd, const char **ret_why)
{
	const Elf64_Phdr *dynamic = NULL;
	struct program program = { 0 };
	bool has_loader = false;
	Elf64_Ehdr elf;

	if (!read_at(fd, 0, &elf, sizeof(elf)))
		return no(ret_why, "not a complete program");
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != OUR_MACHINE)
		return no(ret_why, "for another kind of machine");
	if (elf.e_phentsize != sizeof(Elf64_Phdr) || elf.e_phnum > HEADERS_MAX)
		return no(ret_why, "not a program of the usual form");
	program.count = elf.e_phnum;
	if (!read_at(fd, elf.e_phoff, program.headers, program.count * sizeof(Elf64_Phdr)))
		return no(ret_why, "not a complete program");
	for (size_t i = 0; i < program.count; i++) {
		has_loader = has_loader || program.headers[i].p_type == PT_INTERP;
		if (program.headers[i].p_type == PT_DYNAMIC)
			dynamic = &program.headers[i];
	}
	if (!has_loader || dynamic == NULL)
		return no(ret_why, "statically linked");
	if (needs_to_be_first(fd, &program, dynamic))
		return no(ret_why, "built with the address sanitizer, which must be loaded first");
	return true;
}

/* "#!/usr/bin/env python3": the path of the first line, cut out of it. */
static char *interpreter_of(char *line)
{
	char *path = line + 2 + strspn(line + 2, " \t");

	path[strcspn(path, " \t\n")] = '\0';
	return path[0] == '/' ? path : NULL;
}

bool preload_possible_for(const char *executable, const char **ret_why)
{
	char lines[2][PRELOAD_PATH_SIZE];

	for (int depth = 0; depth < SCRIPTS_MAX; depth++) {
		cleanup_fd int fd = open(executable, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		char *line = lines[depth % 2];
		struct stat facts;
		ssize_t length;

		if (fd < 0 || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode))
			return no(ret_why, "cannot be read");
		if ((facts.st_mode & S_ISUID && facts.st_uid != geteuid()) ||
			(facts.st_mode & S_ISGID && facts.st_mode & S_IXGRP &&
				facts.st_gid != getegid()))
			return no(ret_why, "set-user-ID or set-group-ID");
		length = fd_read_all(fd, line, PRELOAD_PATH_SIZE);
		if (length >= SELFMAG && memcmp(line, ELFMAG, SELFMAG) == 0)
			return possible_for_elf(fd, ret_why);
		if (length < 3 || line[0] != '#' || line[1] != '!')
			return no(ret_why, "neither a program nor a script with an interpreter");
		executable = interpreter_of(line);
		if (executable == NULL)
			return no(ret_why, "a script whose interpreter is not an absolute path");
	}
	return no(ret_why, "a script of scripts of scripts");
}

static bool allowed(const struct stat *facts, uint32_t user, uint32_t group, mode_t right)
{
	if (user == 0)
		return true;
	if (facts->st_uid == user)
		return (facts->st_mode & (right << 6)) != 0;
	return (facts->st_mode & (facts->st_gid == group ? right << 3 : right)) != 0;
}

bool preload_readable_for(const char *library, uint32_t user, uint32_t group)
{
	char part[PRELOAD_PATH_SIZE];
	struct stat facts;

	for (size_t end = 1; library[end - 1] != '\0'; end++) {
		if (library[end] != '/' && library[end] != '\0')
			continue;
		text_copy(part, end + 1, library);
		if (stat(part, &facts) < 0 ||
			!allowed(&facts, user, group, S_ISDIR(facts.st_mode) ? 1 : 4))
			return false;
		if (library[end] == '\0')
			break;
	}
	return true;
}
