/* SPDX-License-Identifier: MIT */
#include "witness/bpf/module.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "witness/bpf/program_bytes.h" /* made of witness.bpf.c */

#define LINKS_MAX 8

struct bpf_sight {
	struct bpf_object *object;
	struct bpf_link *links[LINKS_MAX];
	int link_count;
	struct ring_buffer *ring;
	int totals; /* descriptor of a map */

	/* while events are handed out */
	bpf_event_seen *seen;
	void *data;
	int left;
};

/* libbpf speaks to standard error unless somebody else listens: its first complaint is kept. */
static __thread char complaint[256];

__attribute__((format(printf, 2, 0))) static int listen_to(
	enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN || complaint[0] != '\0')
		return 0;
	(void)vsnprintf(complaint, sizeof(complaint), format, arguments);
	complaint[strcspn(complaint, "\n")] = '\0';
	return 0;
}

static int set_target(struct bpf_object *object, const struct bpf_target *target)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");

	/* The only constant of the program: any other size is refused. */
	return map == NULL ? -EINVAL : bpf_map__set_initial_value(map, target, sizeof(*target));
}

static int attach(struct bpf_sight *sight)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, sight->object)
	{
		struct bpf_link *link = sight->link_count == LINKS_MAX
						? NULL
						: bpf_program__attach(program);

		if (link == NULL)
			return errno != 0 ? -errno : -E2BIG;
		sight->links[sight->link_count++] = link;
	}
	return 0;
}

static int take(void *context, void *bytes, size_t size)
{
	struct bpf_sight *sight = context;

	if (size < sizeof(struct bpf_event))
		return -EPROTO;
	sight->seen(bytes, sight->data);
	return --sight->left > 0 ? 0 : -EAGAIN; /* ends the reading; this event is taken */
}

static int make_ring(struct bpf_sight *sight)
{
	int events = bpf_object__find_map_fd_by_name(sight->object, "events");
	struct bpf_map *totals = bpf_object__find_map_by_name(sight->object, ".bss");

	if (events < 0 || totals == NULL ||
		bpf_map__value_size(totals) != sizeof(struct bpf_totals))
		return -EINVAL;
	sight->totals = bpf_map__fd(totals);
	sight->ring = ring_buffer__new(events, take, sight, NULL);
	return sight->ring == NULL ? -errno : 0;
}

static void sight_detach(struct bpf_sight *sight)
{
	while (sight->link_count > 0)
		(void)bpf_link__destroy(sight->links[--sight->link_count]);
}

static void sight_close(struct bpf_sight *sight)
{
	if (sight == NULL)
		return;
	sight_detach(sight);
	ring_buffer__free(sight->ring);
	bpf_object__close(sight->object);
	free(sight);
}

static int sight_open(
	const struct bpf_target *target, struct bpf_sight **ret_sight, char *why, size_t why_size)
{
	const struct bpf_object_open_opts options = { .sz = sizeof(options),
		.object_name = "memcage" };
	struct bpf_sight *sight = calloc(1, sizeof(*sight));
	int result = 0;

	if (sight == NULL)
		return -ENOMEM;
	complaint[0] = '\0';
	(void)libbpf_set_print(listen_to);
	sight->object = bpf_object__open_mem(program_bytes, sizeof(program_bytes), &options);
	if (sight->object == NULL)
		result = -errno;
	if (result == 0)
		result = set_target(sight->object, target);
	if (result == 0)
		result = bpf_object__load(sight->object);
	if (result == 0)
		result = make_ring(sight);
	if (result == 0)
		result = attach(sight);
	if (result < 0) {
		(void)snprintf(why, why_size, "%s", complaint);
		sight_close(sight);
		return result;
	}
	*ret_sight = sight;
	return 0;
}

static int sight_descriptor(const struct bpf_sight *sight)
{
	return ring_buffer__epoll_fd(sight->ring);
}

static int sight_read(struct bpf_sight *sight, int max, bpf_event_seen *seen, void *data)
{
	int result;

	sight->seen = seen;
	sight->data = data;
	sight->left = max;
	result = ring_buffer__consume(sight->ring);
	return result < 0 && result != -EAGAIN ? result : max - sight->left;
}

static int sight_totals(const struct bpf_sight *sight, struct bpf_totals *ret_totals)
{
	return bpf_map_lookup_elem(sight->totals, &(uint32_t){ 0 }, ret_totals) < 0 ? -errno : 0;
}

extern const struct bpf_module memcage_bpf_module;
__attribute__((visibility("default"))) const struct bpf_module memcage_bpf_module = {
	.version = BPF_MODULE_VERSION,
	.open = sight_open,
	.descriptor = sight_descriptor,
	.read = sight_read,
	.totals = sight_totals,
	.detach = sight_detach,
	.close = sight_close,
};
