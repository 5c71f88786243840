/* SPDX-License-Identifier: MIT
 *
 * calls.c - single system calls that are nobody's business in a cage. Arguments are such that a
 * call that is let through changes nothing: errors other than those of a refusal mean that it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "attacks.h"

/* Of a call that asks for rights before it looks at its arguments. */
static long past_rights(long result)
{
	return result < 0 && errno != EPERM && errno != ENOSYS && errno != EACCES ? 0 : result;
}

static long key(void)
{
	long id = syscall(SYS_add_key, "user", "memcage-attack", "x", 1, KEY_SPEC_SESSION_KEYRING);

	if (id >= 0)
		(void)syscall(SYS_keyctl, KEYCTL_UNLINK, id, KEY_SPEC_SESSION_KEYRING);
	return id;
}

static long user_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0);
}

static long asked_key(void)
{
	return past_rights(syscall(SYS_request_key, "user", "memcage-attack", NULL, 0));
}

static long ring(void)
{
	unsigned char parameters[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, parameters);
}

static long ring_entered(void)
{
	return past_rights(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0));
}

static long program(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

static long counters(void)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_TASK_CLOCK };

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static long faults(void)
{
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 ? fd : syscall(SYS_userfaultfd, O_CLOEXEC | 1); /* UFFD_USER_MODE_ONLY */
}

static long kernel(void)
{
	return past_rights(syscall(SYS_kexec_load, 0, 1000, NULL, 0));
}

static long kernel_file(void)
{
	return past_rights(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0));
}

static long module(void)
{
	return past_rights(syscall(SYS_finit_module, -1, "", 0));
}

static long module_image(void)
{
	return past_rights(syscall(SYS_init_module, "", 0, ""));
}

static long unloading(void)
{
	return past_rights(syscall(SYS_delete_module, "memcage_no_such_module", O_NONBLOCK));
}

static long restart(void)
{
	return past_rights(syscall(SYS_reboot, 0, 0, LINUX_REBOOT_CMD_CAD_ON, NULL));
}

static long kernel_messages(void)
{
	char text[256];

	return klogctl(3, text, sizeof(text)); /* SYSLOG_ACTION_READ_ALL */
}

static long swapping(void)
{
	return past_rights(swapon("/memcage-no-such-file", 0));
}

static long unswapping(void)
{
	return past_rights(swapoff("/memcage-no-such-file"));
}

static long accounting(void)
{
	return past_rights(acct("/memcage-no-such-file"));
}

static long clock_of_day(void)
{
	return past_rights(
		syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ .tv_nsec = -1 }));
}

static long day(void)
{
	return past_rights(syscall(SYS_settimeofday, &(struct timeval){ .tv_usec = -1 }, NULL));
}

static long drift(void)
{
	struct timex change = { .modes = ADJ_OFFSET_SINGLESHOT, .offset = 0 };

	return adjtimex(&change);
}

static long host_name(void)
{
	char name[65] = "";

	(void)gethostname(name, sizeof(name) - 1);
	return sethostname(name, strlen(name));
}

static long domain_name(void)
{
	char name[65] = "";

	(void)getdomainname(name, sizeof(name) - 1);
	return setdomainname(name, strlen(name));
}

static long segments(void)
{
	char table[16] = { 0 };

	return syscall(SYS_modify_ldt, 0, table, sizeof(table));
}

static long gift(void)
{
	struct iovec one = { (void *)(uintptr_t) "x", 1 };
	int ends[2];

	return pipe(ends) < 0 ? -1 : vmsplice(ends[1], &one, 1, 0);
}

static long no_randomness(void)
{
	return personality(ADDR_NO_RANDOMIZE);
}

static long executable_data(void)
{
	return personality(READ_IMPLIES_EXEC);
}

static long ports(void)
{
	return syscall(SYS_ioperm, 0x80, 1, 1);
}

static long all_ports(void)
{
	return syscall(SYS_iopl, 3);
}

static long hang_up(void)
{
	return past_rights(syscall(SYS_quotactl, 0x80000100, NULL, 0, NULL)); /* Q_SYNC of all */
}

static long asynchronous(void)
{
	unsigned long context = 0;

	return syscall(SYS_io_setup, 1, &context);
}

static long memory_policy(void)
{
	return syscall(SYS_set_mempolicy, 0, NULL, 0);
}

static long pages_moved(void)
{
	return past_rights(syscall(SYS_migrate_pages, 0, 0, NULL, NULL));
}

static long file_events(void)
{
	return syscall(SYS_fanotify_init, 0x200, O_RDONLY); /* FAN_REPORT_FID: without rights */
}

/* What a list of calls by name does not know: open_tree_attr(), of Linux 6.15. */
static long newer_tree(void)
{
	return syscall(467, AT_FDCWD, "/", 0, NULL, 0);
}

static long by_thread_result;
static int by_thread_error;

static void *in_thread(void *unused)
{
	by_thread_result = faults();
	by_thread_error = errno;
	return unused;
}

/* A filter that is not on every thread is on none. */
static long from_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, in_thread, NULL);
	if (errno != 0)
		return -1;
	(void)pthread_join(thread, NULL);
	errno = by_thread_error;
	return by_thread_result;
}

int calls(const char *name)
{
	static const struct {
		const char *name;
		long (*act)(void);
	} ways[] = {
		{ "add_key", key },
		{ "keyctl", user_keyring },
		{ "request_key", asked_key },
		{ "io_uring_setup", ring },
		{ "io_uring_enter", ring_entered },
		{ "bpf", program },
		{ "perf_event_open", counters },
		{ "userfaultfd", faults },
		{ "userfaultfd in a thread", from_thread },
		{ "kexec_load", kernel },
		{ "kexec_file_load", kernel_file },
		{ "finit_module", module },
		{ "init_module", module_image },
		{ "delete_module", unloading },
		{ "reboot", restart },
		{ "syslog", kernel_messages },
		{ "swapon", swapping },
		{ "swapoff", unswapping },
		{ "acct", accounting },
		{ "clock_settime", clock_of_day },
		{ "settimeofday", day },
		{ "adjtimex", drift },
		{ "sethostname", host_name },
		{ "setdomainname", domain_name },
		{ "modify_ldt", segments },
		{ "vmsplice", gift },
		{ "personality without randomness", no_randomness },
		{ "personality with executable data", executable_data },
		{ "ioperm", ports },
		{ "iopl", all_ports },
		{ "quotactl", hang_up },
		{ "io_setup", asynchronous },
		{ "set_mempolicy", memory_policy },
		{ "migrate_pages", pages_moved },
		{ "fanotify_init", file_events },
		{ "open_tree_attr", newer_tree },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return tried(ways[i].act(), name);
	return not_here("no such call");
}
