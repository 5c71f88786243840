/* SPDX-License-Identifier: MIT */
#include "witness/unwind.h"

#include <errno.h>

#include "witness/libdw.h"

#ifdef MEMCAGE_LIBDW

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- the files ---- */

/* libdwfl would also follow names of debug files that stand in the module; this is called instead,
 * and knows only what was found by build id. Takes the descriptor out. */
static int take_debug_file(Dwfl_Module *module, void **slot, const char *name, Dwarf_Addr base,
	const char *file, const char *link, GElf_Word crc, char **ret_file)
{
	int fd = slot != NULL ? (int)(intptr_t)*slot - 1 : -1;

	(void)module, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)ret_file;
	if (fd >= 0)
		*slot = NULL;
	return fd;
}

static int find_no_file(Dwfl_Module *module, void **slot, const char *name, Dwarf_Addr base,
	char **ret_file, Elf **ret_elf)
{
	(void)module, (void)slot, (void)name, (void)base, (void)ret_file, (void)ret_elf;
	return -1;
}

static int find_no_section(Dwfl_Module *module, void **slot, const char *name, Dwarf_Addr base,
	const char *section, GElf_Word index, const GElf_Shdr *header, Dwarf_Addr *ret_address)
{
	(void)module, (void)slot, (void)name, (void)base, (void)section, (void)index;
	(void)header, (void)ret_address;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_no_file,
	.find_debuginfo = take_debug_file,
	.section_address = find_no_section,
};

static void open_debug_file(struct unwinder *unwinder, Dwfl_Module *module)
{
	const unsigned char *id;
	GElf_Addr address;
	int length = unwinder->libdw->dwfl_module_build_id(module, &id, &address), fd;
	char path[256] = "/usr/lib/debug/.build-id/";
	size_t at = strlen(path);
	void **slot;

	if (length < 2 || length > 64)
		return;
	for (int i = 0; i < length; i++)
		at += (size_t)snprintf(
			path + at, sizeof(path) - at, "%02x%s", id[i], i == 0 ? "/" : "");
	(void)snprintf(path + at, sizeof(path) - at, ".debug");
	fd = regular_file_open(path);
	if (fd < 0)
		return;
	(void)unwinder->libdw->dwfl_module_info(module, &slot, NULL, NULL, NULL, NULL, NULL, NULL);
	*slot = (void *)(intptr_t)(fd + 1);
}

static bool is_reported(const struct unwinder *unwinder, const struct module *module)
{
	for (const struct module *other = unwinder->modules; other < module; other++)
		if (other->known && other->inode == module->inode && other->bias == module->bias &&
			strcmp(other->path, module->path) == 0)
			return true;
	return false;
}

static void report_module(struct unwinder *unwinder, struct module *module)
{
	const struct libdw *libdw = unwinder->libdw;
	int fd = module_open(module);
	Dwfl_Module *reported = NULL;

	if (fd < 0)
		return;
	if (!is_reported(unwinder, module))
		reported = libdw->dwfl_report_elf(
			unwinder->dwfl, module->path, module->path, fd, module->bias, true);
	if (reported == NULL)
		(void)close(fd);
	else
		open_debug_file(unwinder, reported);
}

/* Only a module with something on the stack that may be an address in it can be returned to. */
static void report_modules(struct unwinder *unwinder)
{
	const struct page_snapshot *snapshot = unwinder->snapshot;
	bool wanted[MODULES_MAX] = { false };

	for (size_t at = 0; at + sizeof(uint64_t) <= snapshot->stack_bytes;
		at += sizeof(uint64_t)) {
		struct module *module;
		uint64_t word;

		memcpy(&word, snapshot->stack + at, sizeof(word));
		module = modules_find(unwinder->modules, unwinder->module_count, word);
		if (module != NULL)
			wanted[module - unwinder->modules] = true;
	}
	for (size_t i = 0; i < unwinder->module_count; i++)
		if (wanted[i])
			report_module(unwinder, &unwinder->modules[i]);
}

static void load_demangler(struct unwinder *unwinder)
{
	void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
	void *function = library != NULL ? dlsym(library, "__cxa_demangle") : NULL;

	memcpy(&unwinder->demangle, &function, sizeof(function));
}

int unwind_begin(struct unwinder *unwinder, const struct page_snapshot *snapshot,
	struct module *modules, size_t module_count, const char **ret_why)
{
	const struct rlimit no_more_files = { 0, 0 };

	*unwinder = (struct unwinder){ .snapshot = snapshot,
		.modules = modules,
		.module_count = module_count,
		.libdw = libdw_load() };
	*ret_why = "libdw.so.1 is not installed: only the last call is known";
	if (unwinder->libdw == NULL)
		return -ENOENT;
	*ret_why = "libdw does not unwind here: only the last call is known";
	unwinder->dwfl = unwinder->libdw->dwfl_begin(&callbacks);
	if (unwinder->dwfl == NULL)
		return -ENOTSUP;
	load_demangler(unwinder);
	unwinder->libdw->dwfl_report_begin(unwinder->dwfl);
	report_modules(unwinder);
	(void)unwinder->libdw->dwfl_report_end(unwinder->dwfl, NULL, NULL);
	/* Debug information can name further files, which would be opened by whoever we are. */
	return setrlimit(RLIMIT_NOFILE, &no_more_files) < 0 ? -errno : 0;
}

/* ---- the stack ---- */

static pid_t next_thread(Dwfl *dwfl, void *data, void **thread)
{
	(void)dwfl;
	if (*thread != NULL)
		return 0;
	*thread = data;
	return 1;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word, void *data)
{
	struct unwinder *unwinder = data;
	const struct page_snapshot *snapshot = unwinder->snapshot;
	uint64_t at = address - snapshot->registers[SNAPSHOT_REGISTER_STACK];

	(void)dwfl;
	if (snapshot->stack_bytes < sizeof(*ret_word) ||
		at > snapshot->stack_bytes - sizeof(*ret_word)) {
		unwinder->stack_ended |= snapshot->stack_bytes == sizeof(snapshot->stack);
		return false;
	}
	memcpy(ret_word, snapshot->stack + at, sizeof(*ret_word));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *data)
{
	const struct unwinder *unwinder = data;

	return unwinder->libdw->dwfl_thread_state_registers(
		thread, 0, SNAPSHOT_REGISTERS, unwinder->snapshot->registers);
}

static int take_frame(Dwfl_Frame *frame, void *data)
{
	struct unwinder *unwinder = data;
	bool is_activation;
	Dwarf_Addr address;

	if (!unwinder->libdw->dwfl_frame_pc(frame, &address, &is_activation))
		return DWARF_CB_ABORT;
	unwinder->reached_caller |= address == unwinder->snapshot->caller;
	if (unwinder->reached_caller)
		unwinder->calls[unwinder->call_count++] = address - (is_activation ? 0 : 1);
	return unwinder->call_count < BACKTRACE_FRAMES ? DWARF_CB_OK : DWARF_CB_ABORT;
}

void unwind_calls(struct unwinder *unwinder)
{
	static const Dwfl_Thread_Callbacks threads = {
		.next_thread = next_thread,
		.memory_read = read_word,
		.set_initial_registers = set_registers,
	};
	const struct libdw *libdw = unwinder->libdw;

	if (libdw->dwfl_attach_state(unwinder->dwfl, NULL, 1, &threads, unwinder))
		(void)libdw->dwfl_getthread_frames(unwinder->dwfl, 1, take_frame, unwinder);
}

#else

int unwind_begin(struct unwinder *unwinder, const struct page_snapshot *snapshot,
	struct module *modules, size_t module_count, const char **ret_why)
{
	(void)unwinder, (void)snapshot, (void)modules, (void)module_count;
	*ret_why = "this memcage was built without libdw: only the last call is known";
	return -ENOTSUP;
}

void unwind_calls(struct unwinder *unwinder)
{
	unwinder->call_count = 0;
}

#endif
