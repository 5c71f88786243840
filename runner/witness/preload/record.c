/* SPDX-License-Identifier: MIT */
#include "witness/preload/record.h"

#include <errno.h>

#include "witness/preload/bytes.h"
#include "witness/preload/cause.h"
#include "witness/preload/kernel.h"
#include "witness/preload/python.h"
#include "witness/preload/resolve.h"

/* A refusal costs some microseconds to explain. A process that is refused this often is not
 * explained any further: its later ones count with a cause unknown. */
#define EXPLAINED_MAX 4096
#define SOURCE_LINES_MAX 16

_Thread_local struct thread_state record_thread __attribute__((tls_model("initial-exec")));
uint64_t record_watch = UINT64_MAX;

static struct witness_page *page; /* NULL: nobody is watching */
static uint64_t outlive_watch =
	UINT64_MAX; /* the smallest hard refusal that nothing has outlived */
static uint64_t pending_watch = UINT64_MAX; /* the smallest that a thread may still settle */
static uint32_t explained, source_lines;

extern char **environ __attribute__((weak));

static void add(uint64_t *counter, uint64_t number)
{
	(void)__atomic_fetch_add(counter, number, __ATOMIC_RELAXED);
}

static void lower(uint64_t *minimum, uint64_t value)
{
	uint64_t now = __atomic_load_n(minimum, __ATOMIC_RELAXED);

	while (value < now && !__atomic_compare_exchange_n(minimum, &now, value, true,
				      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void raise_to(uint64_t *maximum, uint64_t value)
{
	uint64_t now = __atomic_load_n(maximum, __ATOMIC_RELAXED);

	while (value > now && !__atomic_compare_exchange_n(maximum, &now, value, true,
				      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void set_watch(void)
{
	uint64_t pending = __atomic_load_n(&pending_watch, __ATOMIC_RELAXED);
	uint64_t outlive = __atomic_load_n(&outlive_watch, __ATOMIC_RELAXED);

	__atomic_store_n(&record_watch, pending < outlive ? pending : outlive, __ATOMIC_RELAXED);
}

/* ---- counters that a retry takes back ---- */

static void count_process(int32_t pid, uint32_t change)
{
	for (int i = 0; i < PAGE_PROCESSES; i++) {
		struct page_process *process = &page->processes[i];
		int32_t owner = __atomic_load_n(&process->pid, __ATOMIC_RELAXED);

		if (owner == 0 && __atomic_compare_exchange_n(&process->pid, &owner, pid, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			owner = pid;
		if (owner == pid) {
			(void)__atomic_fetch_add(&process->hard, change, __ATOMIC_RELAXED);
			return;
		}
	}
}

static void count_limit(uint64_t bytes, uint64_t change)
{
	for (int i = 0; i < PAGE_LIMITS; i++) {
		struct page_limit *limit = &page->limits[i];
		uint64_t owner = __atomic_load_n(&limit->bytes, __ATOMIC_RELAXED);

		if (owner == 0 && __atomic_compare_exchange_n(&limit->bytes, &owner, bytes, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			owner = bytes;
		if (owner == bytes) {
			add(&limit->hard, change);
			return;
		}
	}
}

/* change: 1, or its negation to take one back. */
static void count_hard(const struct pending *refusal, uint64_t change)
{
	add(&page->hard, change);
	add(&page->by_cause[refusal->cause], change);
	count_process(refusal->pid, (uint32_t)change);
	if (refusal->cause == CAUSE_RLIMIT_DATA && refusal->limit != 0)
		count_limit(refusal->limit, change);
}

/* ---- records ---- */

static bool move_state(struct page_record *record, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(
		&record->state, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A record to write, or -1 where another thread is just writing it. */
static int32_t claim_record(uint64_t sequence)
{
	int32_t recent = PAGE_FIRST + (int32_t)(sequence % PAGE_RECENT);

	for (int32_t i = 0; i < PAGE_FIRST; i++)
		if (__atomic_load_n(&page->records[i].state, __ATOMIC_RELAXED) == RECORD_FREE &&
			move_state(&page->records[i], RECORD_FREE, RECORD_BUSY))
			return i;
	if (move_state(&page->records[recent], RECORD_FREE, RECORD_BUSY) ||
		move_state(&page->records[recent], RECORD_HARD, RECORD_BUSY))
		return recent;
	return -1;
}

static void write_record(
	const struct pending *refusal, enum page_function function, const struct cause *cause)
{
	struct page_record *record = &page->records[refusal->record];
	char command[sizeof(record->command)] = "";
	long length = bytes_read_file("/proc/self/comm", command, sizeof(command));

	record->outlived = 0;
	record->sequence = refusal->sequence;
	record->request_bytes = refusal->size;
	record->boottime_us = kernel_boottime_us();
	record->limit = cause->limit;
	record->used = cause->used;
	record->cause = refusal->cause;
	record->function = (uint32_t)function;
	record->pid = refusal->pid;
	record->overcommit_mode = cause->overcommit_mode;
	if (length > 0 && command[length - 1] == '\n')
		command[length - 1] = '\0';
	bytes_copy(record->command, sizeof(record->command), command, sizeof(command));
	record->source_line[0] = '\0';
	if (python_present() &&
		__atomic_fetch_add(&source_lines, 1, __ATOMIC_RELAXED) < SOURCE_LINES_MAX)
		python_source_line(record->source_line, sizeof(record->source_line));
	__atomic_store_n(&record->state, RECORD_HARD, __ATOMIC_RELEASE);
}

/* ---- what this thread may still settle ---- */

static void forget(uint32_t index)
{
	struct thread_state *thread = &record_thread;

	thread->pending_count--;
	for (; index < thread->pending_count; index++)
		thread->pending[index] = thread->pending[index + 1];
}

/* Only the next attempt of a size can settle a refusal of it: another one refused ends its chance.
 */
static void remember(const struct pending *refusal)
{
	struct thread_state *thread = &record_thread;

	for (uint32_t i = 0; i < thread->pending_count; i++)
		if (thread->pending[i].size == refusal->size) {
			forget(i);
			break;
		}
	if (thread->pending_count == RECORD_PENDING)
		forget(0);
	thread->pending[thread->pending_count++] = *refusal;
	lower(&pending_watch, refusal->size);
	lower(&outlive_watch, refusal->size);
	set_watch();
}

static void settle(uint32_t index)
{
	struct pending refusal = record_thread.pending[index];

	forget(index);
	if (refusal.pid != kernel_pid()) /* our parent's, before it forked */
		return;
	count_hard(&refusal, (uint64_t)-1);
	add(&page->retried, 1);
	if (refusal.record < 0)
		return;
	/* The record may be another's by now. */
	if (move_state(&page->records[refusal.record], RECORD_HARD, RECORD_BUSY)) {
		bool same = page->records[refusal.record].sequence == refusal.sequence;

		__atomic_store_n(&page->records[refusal.record].state,
			same ? RECORD_FREE : RECORD_HARD, __ATOMIC_RELEASE);
	}
}

/* This process got size bytes: its refusals of no more than that were not its end. */
static void outlive(uint64_t size)
{
	int32_t pid = kernel_pid();
	uint64_t smallest = UINT64_MAX;

	for (int i = 0; i < PAGE_RECORDS; i++) {
		struct page_record *record = &page->records[i];

		if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) != RECORD_HARD ||
			record->pid != pid || record->outlived != 0)
			continue;
		if (record->request_bytes <= size)
			record->outlived = 1;
		else if (record->request_bytes < smallest)
			smallest = record->request_bytes;
	}
	__atomic_store_n(&outlive_watch, smallest, __ATOMIC_RELAXED);
	set_watch();
}

void record_granted(uint64_t size)
{
	struct thread_state *thread = &record_thread;

	if (page == NULL || thread->busy)
		return;
	for (uint32_t i = 0; i < thread->pending_count; i++)
		if (thread->pending[i].size == size) {
			settle(i);
			break;
		}
	if (size >= __atomic_load_n(&outlive_watch, __ATOMIC_RELAXED))
		outlive(size);
}

/* ---- refusals ---- */

static void explain_and_count(enum page_function function, uint64_t size)
{
	struct pending refusal = { .size = size, .record = -1, .pid = kernel_pid() };
	struct cause cause = { CAUSE_UNKNOWN, 0, 0, 0 };

	refusal.sequence = __atomic_add_fetch(&page->sequence, 1, __ATOMIC_RELAXED);
	if (__atomic_fetch_add(&explained, 1, __ATOMIC_RELAXED) < EXPLAINED_MAX)
		cause = cause_find(function, size);
	refusal.cause = (uint32_t)cause.name;
	refusal.limit = cause.limit;
	/* Counted first: explaining may be the last that this process does. */
	count_hard(&refusal, 1);
	raise_to(&page->largest_bytes, size);
	refusal.record = claim_record(refusal.sequence);
	if (refusal.record >= 0)
		write_record(&refusal, function, &cause);
	remember(&refusal);
}

void record_refused(enum page_function function, uint64_t size)
{
	struct thread_state *thread = &record_thread;
	int saved = errno;

	if (page == NULL || thread->busy)
		return;
	if (cause_is_impossible(size)) {
		add(&page->impossible, 1);
		return;
	}
	thread->busy = true;
	explain_and_count(function, size);
	thread->busy = false;
	errno = saved;
}

void record_overflow(enum page_function function)
{
	(void)function;
	if (page != NULL)
		add(&page->impossible, 1);
}

void record_soft(void)
{
	if (page != NULL)
		add(&page->soft, 1);
}

/* ---- the beginning ---- */

static const char *page_path(void)
{
	static const char name[] = PAGE_ENVIRONMENT "=";

	if (&environ == NULL || environ == NULL)
		return NULL;
	for (char **at = environ; *at != NULL; at++)
		if (bytes_start(*at, name))
			return *at + sizeof(name) - 1;
	return NULL;
}

__attribute__((constructor)) static void attach(void)
{
	const char *path = page_path();
	struct witness_page *mapped = NULL;
	int fd = path != NULL ? kernel_open(path, O_RDWR | O_NOFOLLOW | O_NOCTTY) : -1;

	if (!__atomic_load_n(&real.ready, __ATOMIC_ACQUIRE))
		resolve_real_functions();
	if (fd < 0)
		return;
	/* A file that is too short would end the program at the first look beyond its end. */
	if (kernel_call(SYS_lseek, fd, 0, SEEK_END, 0, 0, 0) >= (long)sizeof(*mapped))
		mapped = kernel_map_shared(fd, sizeof(*mapped));
	kernel_close(fd);
	if (mapped == NULL || mapped->magic != PAGE_MAGIC || mapped->size != sizeof(*mapped))
		return;
	add(&mapped->attached, 1);
	__atomic_store_n(&page, mapped, __ATOMIC_RELEASE);
}
