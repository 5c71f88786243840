/* SPDX-License-Identifier: MIT
 *
 * trace_registers.h - reads the begin and the end of a system call out of a stopped thread.
 */
#ifndef MEMCAGE_WITNESS_TRACE_REGISTERS_H
#define MEMCAGE_WITNESS_TRACE_REGISTERS_H

#include <stdint.h>
#include <sys/types.h>

#include "witness/call_attempt.h"

/* At a stop of the filter. Returns 0 or -errno: -ENOENT where it is not our filter's, -ESRCH when
 * the thread was killed, anything else when this kernel does not tell. */
int trace_registers_begin(pid_t tid, struct memory_call *ret_call);

/* At the stop behind the call. The same errors. */
int trace_registers_end(pid_t tid, int64_t *ret_result);

/* At a stop of the filter: the call is not made, and returns result, as the kernel would: errors
 * are negative. Returns 0 or -errno. */
int trace_registers_answer(pid_t tid, int64_t result);

/* At the stop behind the call: when it goes on, the thread makes the call again, as if it had not
 * made it yet. Returns 0 or -errno. */
int trace_registers_again(pid_t tid);

#endif
