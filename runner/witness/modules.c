/* SPDX-License-Identifier: MIT */
#include "witness/modules.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/printable.h"

#define PAGE UINT64_C(4096)
#define SEGMENTS_MAX 64

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#else
#define MACHINE EM_NONE
#endif

/* ---- the list ---- */

/* A number with the character that must follow it; *text moves behind both. */
static bool take_number(const char **text, unsigned base, char follower, uint64_t *ret_number)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = *text, *digit;
	uint64_t number = 0;

	while (*at != '\0' && (digit = memchr(digits, *at, base)) != NULL) {
		if (number > UINT64_MAX / 16)
			return false;
		number = number * base + (uint64_t)(digit - digits);
		at++;
	}
	if (at == *text || *at != follower)
		return false;
	*text = at + 1;
	*ret_number = number;
	return true;
}

/* "START-END PERMISSIONS OFFSET MAJOR:MINOR INODE     PATH" */
static bool parse_line(const char *line, struct module *module)
{
	uint64_t major, minor;

	*module = (struct module){ 0 };
	if (!take_number(&line, 16, '-', &module->start) ||
		!take_number(&line, 16, ' ', &module->end))
		return false;
	if (strlen(line) < 5 || line[2] != 'x' || line[4] != ' ')
		return false;
	line += 5;
	if (!take_number(&line, 16, ' ', &module->position) ||
		!take_number(&line, 16, ':', &major) || !take_number(&line, 16, ' ', &minor) ||
		!take_number(&line, 10, ' ', &module->inode))
		return false;
	module->path = line + strspn(line, " ");
	module->major = (uint32_t)major;
	module->minor = (uint32_t)minor;
	return module->path[0] == '/' && module->start < module->end;
}

size_t modules_parse(char *text, size_t size, struct module modules[static MODULES_MAX])
{
	size_t count = 0;
	char *end;

	while (size > 0 && count < MODULES_MAX && (end = memchr(text, '\n', size)) != NULL) {
		*end = '\0';
		count += parse_line(text, &modules[count]);
		size -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return count;
}

struct module *modules_find(struct module *modules, size_t count, uint64_t address)
{
	for (size_t i = 0; i < count; i++)
		if (address >= modules[i].start && address < modules[i].end)
			return &modules[i];
	return NULL;
}

void modules_describe(
	struct module *modules, size_t count, uint64_t call, struct backtrace_frame *ret_frame)
{
	const struct module *module = modules_find(modules, count, call);

	if (module == NULL)
		return;
	(void)printable_copy(
		ret_frame->module, sizeof(ret_frame->module), module->path, strlen(module->path));
	ret_frame->offset_known = module->known;
	ret_frame->offset = module->known ? call - module->bias : 0;
}

/* ---- a file ---- */

int regular_file_open(const char *path)
{
	cleanup_fd int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char again[64];
	struct stat facts;
	int fd;

	if (place < 0 || fstat(place, &facts) < 0)
		return -errno;
	if (!S_ISREG(facts.st_mode))
		return -EINVAL;
	(void)snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	fd = open(again, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* How the kernel lists a mapping of the file: on some file systems (btrfs, overlays) that is not
 * what stat() says. */
static bool listed_as(int fd, const struct module *module)
{
	void *mapping = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	FILE *list = mapping != MAP_FAILED ? fopen("/proc/self/maps", "re") : NULL;
	char line[4096 + 128];
	struct module own;
	bool same = false;

	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!parse_line(line, &own) || own.start != (uintptr_t)mapping)
			continue;
		same = own.major == module->major && own.minor == module->minor &&
		       own.inode == module->inode;
		break;
	}
	if (list != NULL)
		(void)fclose(list);
	if (mapping != MAP_FAILED)
		(void)munmap(mapping, 1);
	return same;
}

static bool is_mapped_file(int fd, const struct module *module)
{
	struct stat facts;

	if (fstat(fd, &facts) < 0)
		return false;
	return (facts.st_ino == module->inode && major(facts.st_dev) == module->major &&
		       minor(facts.st_dev) == module->minor) ||
	       listed_as(fd, module);
}

/* Where the segment of the mapping was to lie by the file, and where it does. */
static bool find_bias(int fd, struct module *module)
{
	Elf64_Phdr segments[SEGMENTS_MAX];
	Elf64_Ehdr header;
	size_t size;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
		memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
		header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE ||
		(header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
		header.e_phentsize != sizeof(*segments) || header.e_phnum > SEGMENTS_MAX ||
		header.e_phoff > INT64_MAX)
		return false;
	size = header.e_phnum * sizeof(*segments);
	if (pread(fd, segments, size, (off_t)header.e_phoff) != (ssize_t)size)
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i];
		uint64_t first = segment->p_offset & ~(PAGE - 1);

		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0 ||
			module->position < first ||
			module->position - first >= segment->p_filesz + PAGE)
			continue;
		module->bias = module->start -
			       (segment->p_vaddr - segment->p_offset + module->position);
		return header.e_type == ET_DYN || module->bias == 0;
	}
	return false;
}

int module_open(struct module *module)
{
	cleanup_fd int fd = regular_file_open(module->path);

	if (fd < 0)
		return fd;
	if (!is_mapped_file(fd, module))
		return -ESTALE;
	module->known = find_bias(fd, module);
	return module->known ? fd_take(&fd) : -ENOEXEC;
}
