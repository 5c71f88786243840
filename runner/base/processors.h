/* SPDX-License-Identifier: MIT
 *
 * processors.h - how many processors are at work on this host.
 */
#ifndef MEMCAGE_BASE_PROCESSORS_H
#define MEMCAGE_BASE_PROCESSORS_H

/* At least 1. Looked up once: it is a file to the C library, and all that is made of it are
 * estimates. */
unsigned processors_online(void);

#endif
