/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_WINDOWS_H
#define CHECKERD_PATHS_WINDOWS_H

/*
 * Maintenance windows: takes paths out of service when a window of the configuration opens, and puts
 * them back when it closes. The loop only.
 *
 * A window without `force` leaves a map alone that has no other usable path: also when the map's
 * other paths fail while the window is open.
 */
#include "checkerd/config/config_ref.h"
#include "checkerd/config/maintenance.h"
#include "checkerd/paths/checks.h"
#include "util/text.h"

struct windows {
	/* Borrowed. */
	struct checks *checks;
	struct events *events;
	/* A reference, or NULL. */
	struct config_ref *config;
	/* The places of the windows, each with its NUL: for snapshots. A reference, or NULL. */
	struct text *places;
	struct {
		bool open;
		/* When it closes, or opens next. */
		struct mono change;
		uint32_t covered, spared; /* paths, at the last time */
	} state[MAINTENANCE_WINDOWS_MAX];
	/* When the windows are computed again. MONO_NEVER: there is none. */
	struct mono due;
	/* Not before this, though paths fail. */
	struct mono not_before;
};

void windows_init(struct windows *w, struct checks *checks, struct events *events);
void windows_deinit(struct windows *w);
/* Another configuration is in force. */
void windows_configure(struct windows *w, struct config_ref *config);
/* The wall clock was set. */
void windows_clock_set(struct windows *w);
/* Opens and closes windows, if that is due. realtime_s: the time of the wall clock. */
void windows_run(struct windows *w, struct mono now, int64_t realtime_s);
/* When windows_run() is needed next. */
struct mono windows_next(const struct windows *w);

#endif
