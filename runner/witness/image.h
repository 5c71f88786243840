/* SPDX-License-Identifier: MIT
 *
 * image.h - which program or library a process has loaded, looked up while it lives: text can be
 * printed by anything, a mapping of libjvm.so is the JVM's.
 */
#ifndef MEMCAGE_WITNESS_IMAGE_H
#define MEMCAGE_WITNESS_IMAGE_H

#include <stdbool.h>

/* Whether a line of /proc/PID/maps is executable code of a file whose name starts with image:
 * "php" for /usr/bin/php8.2. The folders of its path do not count. */
bool image_is_in_line(const char *line, const char *image);

/* The first of images (NULL-terminated) that the process has mapped now. NULL: none, or that cannot
 * be seen, or it has ended. */
const char *image_mapped(int pid, const char *const *images);

#endif
