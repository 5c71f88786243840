/* SPDX-License-Identifier: MIT
 *
 * network.c - to services of the host, and past it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "attacks.h"

static int to_internet(const char *key, bool stream)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)bait_number(key)) };
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
	char byte = 'x';

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return tried(-1, "connect to 127.0.0.1");
	if (stream)
		return worked("connect to 127.0.0.1");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, &byte, 1, 0) < 0)
		return tried(-1, "send to 127.0.0.1");
	return tried(recv(fd, &byte, 1, 0), "an answer from 127.0.0.1");
}

static int to_internet6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)bait_number("tcp6")) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	return tried(fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, sizeof(address)),
		"connect to ::1");
}

static int to_name(int type, bool abstract, const char *suffix)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);
	int length = snprintf(address.sun_path + abstract, sizeof(address.sun_path) - 1, "%s%s",
		bait_text(abstract ? "name" : "directory"), suffix);

	return tried(fd < 0 ? fd
			    : connect(fd, (struct sockaddr *)&address,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
						  (size_t)length + 1)),
		"connect to a socket of the host's");
}

/* Without connect(): the filter of one is not that of the other. */
static int send_to_name(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s-datagram",
		bait_text("name"));

	return tried(fd < 0 ? fd
			    : sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
						  (size_t)length + 1)),
		"sendto a socket of the host's");
}

int connects(const char *where)
{
	if (strcmp(where, "tcp") == 0)
		return to_internet("tcp", true);
	if (strcmp(where, "udp") == 0)
		return to_internet("udp", false);
	if (strcmp(where, "tcp6") == 0)
		return to_internet6();
	if (strcmp(where, "abstract") == 0)
		return to_name(SOCK_STREAM, true, "-stream");
	if (strcmp(where, "datagram") == 0)
		return send_to_name();
	return to_name(SOCK_STREAM, false, "/socket");
}

int opens_socket(const char *kind)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} rows[] = {
		{ "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP },
		{ "raw6", AF_INET6, SOCK_RAW, IPPROTO_RAW },
		{ "packet", AF_PACKET, SOCK_DGRAM, 0 },
		{ "vsock", AF_VSOCK, SOCK_STREAM, 0 },
		{ "alg", AF_ALG, SOCK_SEQPACKET, 0 },
		{ "netlink", AF_NETLINK, SOCK_RAW, 15 }, /* what udev hears */
		{ "audit", AF_NETLINK, SOCK_RAW, 9 },
		{ "xdp", AF_XDP, SOCK_RAW, 0 },
		{ "mptcp", AF_INET, SOCK_STREAM, 262 },
		{ "udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, kind) == 0)
			return tried(
				socket(rows[i].family, rows[i].type, rows[i].protocol), "socket");
	return not_here("no such socket");
}

int sees_interfaces(const char *argument)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), others = 0;

	(void)argument;
	for (int i = 1; i < 64; i++) { /* by number, for which no netlink is needed */
		struct ifreq request = { .ifr_ifindex = i };

		if (ioctl(fd, SIOCGIFNAME, &request) == 0 && strcmp(request.ifr_name, "lo") != 0)
			others++;
	}
	return others > 0 ? worked("%d devices", others) : held("no device but lo");
}

/* The kernel says whether there is a way, and sends nothing. */
int has_route(const char *argument)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(80) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)inet_pton(AF_INET, argument, &address.sin_addr);
	return tried(fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, sizeof(address)),
		"a route out of here");
}
