/* SPDX-License-Identifier: MIT
 *
 * reproduce.h - the `memcage run` that lets a kill of a log happen again, in a cage.
 */
#ifndef MEMCAGE_REPORT_REPRODUCE_H
#define MEMCAGE_REPORT_REPRODUCE_H

#include <jansson.h>
#include <stdio.h>

#include "report/explain.h"

/* {argv, command, policy, exact, note}: argv up to "--", command what follows or null. Owned by the
 * caller. json null where there is nothing to reproduce; NULL when memory ran out. */
json_t *reproduce_json(const struct explanation *explanation, const struct oom_incident *incident);

/* The line as it can be given to a shell: every word that needs it is quoted. Where the command is
 * not known, its name as the kernel knows it stands for it. No newline. */
void reproduce_print(const json_t *reproduce, const struct oom_incident *incident, FILE *out);

/* The policy that is made like the place where the victim lived, or NULL. */
const char *reproduce_policy(const struct oom_incident *incident);

#endif
