/* SPDX-License-Identifier: MIT
 *
 * refuse.h - how --at-limit fail is done, decided before the command starts.
 */
#ifndef MEMCAGE_ENGINE_REFUSE_H
#define MEMCAGE_ENGINE_REFUSE_H

#include "cage/cage.h"
#include "witness/room.h"

/* What the witnesses need to know for second looks; all zero without --at-limit fail. */
struct room refuse_room(const struct cage *cage);

#endif
