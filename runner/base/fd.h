/* SPDX-License-Identifier: MIT
 *
 * fd.h - file descriptors: every one is close-on-exec, starts at -1, and closes itself at the end
 * of its scope. Small whole-file reads and writes for /proc and cgroup files.
 */
#ifndef MEMCAGE_BASE_FD_H
#define MEMCAGE_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define cleanup_fd __attribute__((cleanup(fd_close)))

/* Closes *fd if it is open and sets it to -1. errno is kept. */
void fd_close(int *fd);

/* Moves the descriptor out: returns *fd and sets *fd to -1. */
int fd_take(int *fd);

/* A copy of *fd that is above 2, close-on-exec; *fd is closed. So that a caller who closed 0, 1 or
 * 2 gets none of ours in their place. Returns 0 or -errno. */
int fd_above_stdio(int *fd);

/* Reads a whole small file of directory (AT_FDCWD for a plain path) into buffer and ends it with
 * NUL; what does not fit is cut. Files of the kernel may not have records longer than 3 KiB.
 * Returns the length, or -errno. */
ssize_t file_read(int directory, const char *path, char *buffer, size_t size);

/* The same for a file that is already open, from its start. */
ssize_t fd_read_all(int fd, char *buffer, size_t size);

/* Writes text into an existing file with one write(2). Returns 0 or -errno. */
int file_write(int directory, const char *path, const char *text);

/* Writes all of data, retrying short writes. Returns 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t size);

/* A regular file or a block device: it never makes a writer wait for long, and cannot be polled. */
bool fd_is_file(int fd);

/* Writes without ever waiting, whatever fd is: its open file may belong to others too, so it is not
 * made non-blocking for that. is_file is what fd_is_file() said. Returns bytes taken, 0 when there
 * is no room, or -errno. */
ssize_t fd_write_what_fits(int fd, bool is_file, const char *bytes, size_t size);

#endif
