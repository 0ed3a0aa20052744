/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_RELOAD_H
#define CHECKERD_ANSWERS_RELOAD_H

/*
 * From a wish for a new configuration to its last path: read on the loader's thread, compared
 * on discovery's, applied record by record by the inventory. Who asks while one is under way
 * is served by the one after it, which is one for all. The loop only.
 */
#include "checkerd/paths/inventory.h"
#include "checkerd/config/loader.h"
#include "checkerd/manager/ready.h"

/* Clients that can wait for a reload; more are told that it is busy. */
#define RELOAD_WAITERS_MAX 32

enum reload_step {
	RELOAD_IDLE,
	RELOAD_READING,
	RELOAD_APPLYING,
};

struct reload_waiters {
	uint64_t tokens[RELOAD_WAITERS_MAX];
	unsigned n;
};

struct reload {
	struct loader *loader; /* borrowed, as are all up to `port` */
	struct discovery *discovery;
	struct inventory *inventory;
	struct ready *ready;
	struct events *events;
	struct port *port;
	struct config_ref *ref; /* a reference: what is in force */
	struct text *dump;      /* a reference: that as a text */
	struct text *messages;  /* a reference: warnings of what is being applied */
	enum reload_step step;
	bool again;      /* asked for while one is under way */
	bool keep_level; /* the command line has the say about the log level */
	struct reload_waiters present, next;
};

struct reload_parts {
	struct loader *loader;
	struct discovery *discovery;
	struct inventory *inventory;
	struct ready *ready;
	struct events *events;
	struct port *port;
	bool keep_level;
};

/* Takes over what was loaded at start and begins to apply it. -ENOMEM. */
_must_check_ int reload_init(struct reload *r, const struct reload_parts *parts,
                             struct loaded *first);
void reload_deinit(struct reload *r);

/* SIGHUP. */
void reload_ask(struct reload *r, struct mono now);
/* A client waits for it; false: too many do. */
bool reload_ask_with_token(struct reload *r, uint64_t token, struct mono now);
/* The loader has a result. */
void reload_loaded(struct reload *r, struct mono now);
/* Discovery's records were taken: is it done? */
void reload_progress(struct reload *r, struct mono now);

#endif
