/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_RELOAD_H
#define CHECKERD_ANSWERS_RELOAD_H

/*
 * Reloads the configuration: the loader's thread reads it, discovery's thread compares it, and
 * the inventory applies it record by record. Requests that come during a reload are served by
 * one further reload, because the files may have changed meanwhile. The loop only.
 */
#include "checkerd/paths/inventory.h"
#include "checkerd/config/loader.h"
#include "checkerd/manager/ready.h"

/* Clients that can wait for a reload. Others are refused. */
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
	/* Borrowed, as are all up to port. */
	struct loader *loader;
	struct discovery *discovery;
	struct inventory *inventory;
	struct ready *ready;
	struct events *events;
	struct port *port;
	/* A reference: the configuration in force. */
	struct config_ref *ref;
	/* A reference: the text of that configuration. */
	struct text *dump;
	/* A reference: its rules, as GetRules gives them. */
	struct text *rules;
	/* A reference: warnings about the configuration that is being applied. */
	struct text *messages;
	enum reload_step step;
	/* Another reload was requested during this one. */
	bool again;
	/* The command line decides the log level. */
	bool keep_level;
	/* Clients of this reload, and of the next one. */
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

/* Takes over the configuration that was loaded at start, and begins to apply it. -ENOMEM. */
_must_check_ int reload_init(struct reload *r, const struct reload_parts *parts,
                             struct loaded *first);
void reload_deinit(struct reload *r);

/* For SIGHUP. */
void reload_request(struct reload *r, struct mono now);
/* For a client, which gets a reply with the token. False: too many clients wait. */
bool reload_request_with_token(struct reload *r, uint64_t token, struct mono now);
/* To be called when the loader has a result. */
void reload_loaded(struct reload *r, struct mono now);
/* To be called after discovery's records were applied: ends a reload that is complete. */
void reload_progress(struct reload *r, struct mono now);

#endif
