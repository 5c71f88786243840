/* SPDX-License-Identifier: MIT
 *
 * commands.h - the commands of the program. Each gets argv from its own name on and returns the
 * exit status. They only connect: what they do is in the library, behind memcage.h.
 */
#ifndef MEMCAGE_COMMANDS_COMMANDS_H
#define MEMCAGE_COMMANDS_COMMANDS_H

#define EXIT_STATUS_ERROR 125 /* options, policies, a host that cannot do it: nothing ran */

int command_run(int argc, char **argv);
int command_batch(int argc, char **argv);
int command_sweep(int argc, char **argv);
int command_fit(int argc, char **argv);
int command_report(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_selftest(int argc, char **argv);
int command_explain(int argc, char **argv);

/* "memcage: " and one line on standard error. Returns EXIT_STATUS_ERROR. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
