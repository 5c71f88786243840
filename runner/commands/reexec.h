/* SPDX-License-Identifier: MIT
 *
 * reexec.h - where our group cannot be divided, systemd can give us one of our own.
 */
#ifndef MEMCAGE_COMMANDS_REEXEC_H
#define MEMCAGE_COMMANDS_REEXEC_H

#include <signal.h>

/* Executes the program anew by systemd-run, once, where that would help against error_number (an
 * errno of memcage_start()). mask is the signal mask for it; argv is the command's, from its own
 * name on. Only returns when it cannot help. */
void reexec_by_systemd(int error_number, const sigset_t *mask, char **argv);

#endif
