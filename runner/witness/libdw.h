/* SPDX-License-Identifier: MIT
 *
 * libdw.h - the functions of libdw that are used, loaded when they are needed and not before: what
 * has nothing to unwind does without the library, also where it is not installed.
 */
#ifndef MEMCAGE_WITNESS_LIBDW_H
#define MEMCAGE_WITNESS_LIBDW_H

#ifdef MEMCAGE_LIBDW

#include <dwarf.h>
#include <elfutils/libdwfl.h>

#define LIBDW_FUNCTIONS(WITH)                                                                      \
	WITH(dwfl_begin)                                                                           \
	WITH(dwfl_report_begin)                                                                    \
	WITH(dwfl_report_elf)                                                                      \
	WITH(dwfl_report_end)                                                                      \
	WITH(dwfl_module_build_id)                                                                 \
	WITH(dwfl_module_info)                                                                     \
	WITH(dwfl_attach_state)                                                                    \
	WITH(dwfl_getthread_frames)                                                                \
	WITH(dwfl_thread_state_registers)                                                          \
	WITH(dwfl_frame_pc)                                                                        \
	WITH(dwfl_addrmodule)                                                                      \
	WITH(dwfl_module_addrinfo)                                                                 \
	WITH(dwfl_module_addrdie)                                                                  \
	WITH(dwfl_module_getsrc)                                                                   \
	WITH(dwfl_lineinfo)                                                                        \
	WITH(dwarf_child)                                                                          \
	WITH(dwarf_siblingof)                                                                      \
	WITH(dwarf_haspc)                                                                          \
	WITH(dwarf_tag)                                                                            \
	WITH(dwarf_attr)                                                                           \
	WITH(dwarf_attr_integrate)                                                                 \
	WITH(dwarf_formstring)                                                                     \
	WITH(dwarf_formudata)                                                                      \
	WITH(dwarf_getsrcfiles)                                                                    \
	WITH(dwarf_filesrc)

struct libdw {
#define LIBDW_MEMBER(name) __typeof__(name) *name;
	LIBDW_FUNCTIONS(LIBDW_MEMBER)
#undef LIBDW_MEMBER
};

#endif

struct libdw;

/* NULL where libdw.so.1 is not installed, or lacks one of them. Stays loaded. There is no such
 * function where memcage was built without libdw. */
const struct libdw *libdw_load(void);

#endif
