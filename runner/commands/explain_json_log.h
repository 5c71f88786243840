/* SPDX-License-Identifier: MIT
 *
 * explain_json_log.h - logs that were printed as JSON: what they tell, as lines of text that the
 * reader of logs knows.
 */
#ifndef MEMCAGE_COMMANDS_EXPLAIN_JSON_LOG_H
#define MEMCAGE_COMMANDS_EXPLAIN_JSON_LOG_H

#include <jansson.h>
#include <stdbool.h>

#include "witness/oom_log.h"

/* Whether the first line of an input is an entry of `journalctl -o json`. */
bool json_log_is_journal(const char *text, size_t length);

/* Feeds one such entry. What is none, or has no message, counts as a line that tells nothing. */
void json_log_feed_entry(struct oom_log *log, const char *text, size_t length);

/* Feeds what `dmesg --json` printed; false: root is no such thing. */
bool json_log_feed_dmesg(struct oom_log *log, const json_t *root);

#endif
