/* SPDX-License-Identifier: MIT */
#include "witness/preload/target.h"

#include <elf.h>
#include <sys/stat.h>

#include "witness/preload/kernel.h"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#endif

#define SCRIPTS_MAX 5 /* of scripts whose interpreters are scripts; the kernel's own limit */
#define LINE_SIZE 512
#define HEADERS_MAX 64

const char target_has_no_format[] = "neither a program nor a script with an interpreter";

static bool no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return false;
}

static bool starts(const char *text, const char *prefix)
{
	for (; *prefix != '\0' && *text == *prefix; text++, prefix++)
		;
	return *prefix == '\0';
}

static long read_some(int fd, uint64_t offset, void *data, size_t size)
{
	return offset < INT64_MAX
		       ? kernel_call(SYS_pread64, fd, (long)data, (long)size, (long)offset, 0, 0)
		       : -1;
}

/* A program's file, through a small window on it, for there may be little stack. */
struct program {
	int fd;
	Elf64_Ehdr elf;
	uint64_t offset; /* of the window */
	long length;
	char window[512];
};

static bool read_at(struct program *program, uint64_t offset, void *data, size_t size)
{
	if (offset < program->offset || program->length < (long)size ||
		offset - program->offset > (uint64_t)program->length - size) {
		program->offset = offset;
		program->length = read_some(
			program->fd, offset, program->window, sizeof(program->window));
		if (program->length < (long)size)
			return false;
	}
	for (size_t i = 0; i < size; i++)
		((char *)data)[i] = program->window[offset - program->offset + i];
	return true;
}

static bool read_header(struct program *program, unsigned int index, Elf64_Phdr *ret_header)
{
	return read_at(program, program->elf.e_phoff + index * sizeof(*ret_header), ret_header,
		sizeof(*ret_header));
}

/* Where the file has what will be at address. */
static bool file_offset(struct program *program, uint64_t address, uint64_t *ret_offset)
{
	Elf64_Phdr header;

	for (unsigned int i = 0; i < program->elf.e_phnum; i++)
		if (read_header(program, i, &header) && header.p_type == PT_LOAD &&
			address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz) {
			*ret_offset = header.p_offset + (address - header.p_vaddr);
			return true;
		}
	return false;
}

/* The address sanitizer's library ends a program in which another one was loaded before it. */
static bool needs_to_be_first(struct program *program, const Elf64_Phdr *dynamic)
{
	uint64_t names = 0, offset;
	Elf64_Dyn entry;

	for (int pass = 0; pass < 2; pass++)
		for (uint64_t at = 0; at + sizeof(entry) <= dynamic->p_filesz;
			at += sizeof(entry)) {
			char name[32];
			long length;

			if (!read_at(program, dynamic->p_offset + at, &entry, sizeof(entry)) ||
				entry.d_tag == DT_NULL)
				break;
			if (pass == 0 && entry.d_tag == DT_STRTAB &&
				file_offset(program, entry.d_un.d_ptr, &offset))
				names = offset;
			if (pass == 0 || entry.d_tag != DT_NEEDED || names == 0)
				continue;
			length = read_some(
				program->fd, names + entry.d_un.d_val, name, sizeof(name) - 1);
			name[length > 0 ? length : 0] = '\0';
			if (starts(name, "libasan.") || starts(name, "libclang_rt.asan"))
				return true;
		}
	return false;
}

static bool program_takes_library(int fd, const char **ret_why)
{
	struct program program;
	Elf64_Phdr header, dynamic = { .p_type = PT_NULL };
	bool has_loader = false;

	program.fd = fd;
	program.length = 0;
	if (!read_at(&program, 0, &program.elf, sizeof(program.elf)))
		return no(ret_why, "not a complete program");
	if (program.elf.e_ident[EI_CLASS] != ELFCLASS64 || program.elf.e_machine != OUR_MACHINE)
		return no(ret_why, "for another kind of machine");
	if (program.elf.e_phentsize != sizeof(header) || program.elf.e_phnum > HEADERS_MAX)
		return no(ret_why, "not a program of the usual form");
	for (unsigned int i = 0; i < program.elf.e_phnum; i++) {
		if (!read_header(&program, i, &header))
			return no(ret_why, "not a complete program");
		has_loader = has_loader || header.p_type == PT_INTERP;
		if (header.p_type == PT_DYNAMIC)
			dynamic = header;
	}
	if (!has_loader || dynamic.p_type == PT_NULL)
		return no(ret_why, "statically linked");
	if (needs_to_be_first(&program, &dynamic))
		return no(ret_why, "built with the address sanitizer, which must be loaded first");
	return true;
}

/* "#!/usr/bin/env python3": the path of the first line, cut out of it. */
static const char *interpreter_of(char *line)
{
	char *path = line + 2, *end;

	while (*path == ' ' || *path == '\t')
		path++;
	for (end = path; *end != '\0' && *end != ' ' && *end != '\t' && *end != '\n'; end++)
		;
	*end = '\0';
	return path[0] == '/' ? path : NULL;
}

/* What a program gets that runs with other rights than its caller is the loader's business. */
static bool changes_rights(const struct stat *facts)
{
	return ((facts->st_mode & S_ISUID) != 0 &&
		       facts->st_uid != (uid_t)kernel_call(SYS_geteuid, 0, 0, 0, 0, 0, 0)) ||
	       ((facts->st_mode & S_ISGID) != 0 && (facts->st_mode & S_IXGRP) != 0 &&
		       facts->st_gid != (gid_t)kernel_call(SYS_getegid, 0, 0, 0, 0, 0, 0));
}

enum kind { KIND_PROGRAM, KIND_SCRIPT, KIND_NEITHER };

/* Looks at an open file; its first line is left in line. */
static enum kind kind_of(int fd, char line[LINE_SIZE], const char **ret_why)
{
	struct stat facts;
	long length;

	if (kernel_call(SYS_fstat, fd, (long)&facts, 0, 0, 0, 0) < 0 || !S_ISREG(facts.st_mode)) {
		*ret_why = "cannot be read";
		return KIND_NEITHER;
	}
	if (changes_rights(&facts)) {
		*ret_why = "set-user-ID or set-group-ID";
		return KIND_NEITHER;
	}
	length = read_some(fd, 0, line, LINE_SIZE - 1);
	line[length > 0 ? length : 0] = '\0';
	if (length >= SELFMAG && starts(line, ELFMAG))
		return KIND_PROGRAM;
	if (length >= 3 && starts(line, "#!"))
		return KIND_SCRIPT;
	*ret_why = target_has_no_format;
	return KIND_NEITHER;
}

bool target_takes_library(int directory, const char *path, const char **ret_why)
{
	char lines[2][LINE_SIZE]; /* one has the path of what the other one is read from */

	for (int depth = 0; depth < SCRIPTS_MAX; depth++) {
		int fd = (int)kernel_call(SYS_openat, directory, (long)path,
			O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0, 0, 0);
		char *line = lines[depth % 2];
		enum kind kind;
		bool takes;

		if (fd < 0)
			return no(ret_why, "cannot be read");
		kind = kind_of(fd, line, ret_why);
		takes = kind == KIND_PROGRAM && program_takes_library(fd, ret_why);
		kernel_close(fd);
		if (kind != KIND_SCRIPT)
			return takes;
		path = interpreter_of(line);
		if (path == NULL)
			return no(ret_why, "a script whose interpreter is not an absolute path");
	}
	return no(ret_why, "a script of scripts of scripts");
}
