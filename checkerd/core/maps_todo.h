/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_TODO_H
#define CHECKERD_CORE_MAPS_TODO_H

/*
 * What waits for attention: entries, now or at a time, and maps that changed. Belongs to the loop;
 * pure.
 */
#include "checkerd/core/maps.h"

/* Puts the entry on the list of those that maps_next() examines. */
void maps_todo_add(struct maps *m, uint32_t entry);
/* Appends the entry to that list again, behind the others. */
void maps_todo_append(struct maps *m, uint32_t entry);
/* Takes the entry from its list, if it is on one. */
void maps_todo_remove(struct maps *m, uint32_t entry);
/* Puts the entry off, after STEP_WAIT of its agreement. */
void maps_todo_defer(struct maps *m, uint32_t entry);
/* Takes the first entry that waits, the deferred ones included. MAPS_NONE: none waits. */
uint32_t maps_todo_take(struct maps *m, struct mono now);
/* When maps_todo_take() has an entry again. us 0: now. MONO_NEVER: not because of time alone. */
struct mono maps_todo_due(const struct maps *m);

/* The map is one of the changed ones. */
void maps_todo_note_map(struct maps *m, uint32_t index);
/*
 * One path of the map changed. The map is one of the changed ones, and maps_next() examines its
 * entries that are kept as the last path or held, because another path may be usable now.
 */
void maps_todo_changed(struct maps *m, uint32_t index);
/* Takes one of the changed maps. MAPS_NONE: there is none. */
uint32_t maps_todo_take_map(struct maps *m);

#endif
