/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_SERVER_H
#define CHECKERD_CONTROL_SERVER_H

/*
 * What the files of the server share. All of it belongs to the control thread.
 *
 * A client is in one state at a time, and its requests are served one after the other:
 *
 *   READING ──▶ PARKED ──▶ ACTING ──▶ REPLYING ──▶ READING
 *
 * PARKED: needs a snapshot newer than the last one. ACTING: the loop has to answer. Either
 * may be left out. While it is not READING nothing is taken from its socket.
 */
#include <sys/types.h>

#include "checkerd/control/changes.h"
#include "checkerd/control/history.h"
#include "checkerd/control/json_writer.h"
#include "checkerd/control/metrics.h"
#include "checkerd/control/port.h"
#include "checkerd/control/request.h"
#include "checkerd/control/view.h"

struct server;
struct client;

enum client_state {
	CLIENT_FREE, /* the place is not taken */
	CLIENT_READING,
	CLIENT_PARKED,
	CLIENT_ACTING,
	CLIENT_REPLYING,
};

enum piece {
	PIECE_MORE,        /* this piece is written, others follow */
	PIECE_LAST,        /* the reply is complete */
	PIECE_NOTHING_YET, /* Monitor: no event is left */
};

/* Writes the next piece of a reply; limits.h says how large one may be. */
typedef enum piece write_piece(struct server *s, struct client *c, struct jw *j);

struct reply {
	write_piece *piece;
	bool begun, finished;
	uint32_t at;
	const struct view_map *map; /* the one that is begun; NULL: none */
	uint32_t in_map, map_group;
	struct history_cursor cursor;
	struct metrics metrics;
	uint64_t lost;
	const char *error;      /* an error's name, or NULL */
	const char *key, *text; /* the one parameter, of any length */
	size_t text_size, text_at;
	bool raw; /* the text is JSON itself */
};

/* One path of a request that changes something; one without a path when there is none. */
struct target {
	struct device *device; /* a reference, or NULL */
	uint32_t index, generation;
	enum path_state state;
	int error;
};

struct client {
	enum client_state state;
	uint32_t slot, serial; /* serial tells clients in the same place apart */
	int fd;
	uid_t uid;
	pid_t pid;
	bool privileged;
	bool gone; /* it has closed its end: off epoll, may have a oneway call left */
	uint32_t interest;    /* epoll events asked for */
	struct mono deadline; /* of the state it is in */
	size_t lent;          /* bytes, see server_lend() */

	char *in; /* REQUEST_SMALL bytes, or REQUEST_MAX + 1 that are lent */
	size_t in_size, in_used;
	size_t in_request; /* bytes of the request that is being served, with its NUL */
	struct request request;

	struct mono needs;   /* PARKED: a snapshot not older than this */
	struct mono accepts; /* or than this, while both are being read */
	struct view *view;
	uint32_t *selected; /* lent: places in the view; NULL: all of it */

	struct target *targets; /* lent */
	uint32_t n_targets, n_sent, n_answered;
	struct text *answer; /* Reload's; a reference */

	struct reply reply;
	struct jw jw; /* the state of the document; the buffer is the server's */
	struct mono reply_deadline; /* for the whole of it */
	char *rest;                 /* lent: what the socket did not take */
	size_t rest_size, rest_sent;
};

/* A request that the loop has not answered. */
struct pending {
	struct client *client; /* NULL: it has gone away, or the place is free */
	uint32_t target;
	uint32_t serial; /* changes with each use */
	uint32_t next_free;
};

/* epoll's data for what is no client; a client's is its serial and its slot. */
#define LISTEN_EVENT UINT64_MAX
#define PORT_EVENT   (UINT64_MAX - 1)

#define VIEWS 2 /* as many snapshots as the port can hand over */

struct server {
	struct port *port;
	int epoll_fd, listen_fd, dev_fd, reserve_fd;
	_Atomic bool stop; /* [atomic any→control] */
	int64_t write_timeout_us, reply_timeout_us, idle_timeout_us, request_timeout_us,
	        loop_timeout_us;
	struct mono now; /* of this round */

	uint32_t max_clients;
	struct client *clients; /* max_clients of them */
	uint32_t next_serial;
	struct mono accept_again; /* the listening socket is left alone until then */
	size_t lent, lent_others; /* to all, and to those who are not root */

	struct view views[VIEWS];
	struct view *current; /* the newest of them, NULL: none. The others have users. */
	bool snapshot_asked;  /* and not come yet */
	struct mono asked_at; /* the last one */
	struct mono
	        changed_at; /* what is older than this does not show the latest change */

	struct pending *pending; /* port_control_replies_max() of them */
	uint32_t free_pending, n_free_pending;

	struct history history;
	struct changes *changes;
	char *out; /* OUT_SIZE bytes, for whoever is written to just now */
};

/* --- the thread; server.c --- */
/* Everything but the thread. -errno; to be followed by deinit in any case. */
_must_check_ int server_init(struct server *s, struct port *port, int listen_fd,
                             uint32_t max_clients);
void server_deinit(struct server *s);
/* Until s->stop is set. */
void server_serve(struct server *s);

/* --- memory that is lent to clients; server.c --- */
/* NULL: too much is lent already, or there is none. size may be 0. */
void *server_lend(struct server *s, struct client *c, size_t size);
void server_give_back(struct server *s, struct client *c, void *p, size_t size);

/* --- what comes by the port; news.c --- */
bool server_view_fits(const struct server *s, struct mono needs);
void server_release_view(struct server *s, struct client *c);
/* Ends the clients' waiting that the port's news allow to end. */
void server_take_news(struct server *s);
/* Asks for a snapshot when somebody waits for one. When to look again. */
struct mono server_ask_snapshot(struct server *s);

/* --- clients; client.c --- */
_must_check_ int client_init(struct server *s, struct client *c, int fd);
void client_drop(struct server *s, struct client *c);
/* Goes on with whatever can be done for it without waiting. It may be dropped. */
void client_run(struct server *s, struct client *c);
void client_expired(struct server *s, struct client *c);
/* The other end was closed. */
void client_hangup(struct server *s, struct client *c);
/* s->current is a snapshot that fits. Followed by client_run(). */
void client_unpark(struct server *s, struct client *c);
/* The loop has answered everything. Followed by client_run(). */
void client_answered(struct server *s, struct client *c);

/* --- replies; reply.c --- */
/* Sets client->reply for a request that only reads. */
void reply_prepare(struct server *s, struct client *c);
void reply_error(struct client *c, const char *error, const char *key, const char *value);
void reply_problem(struct client *c, enum request_problem problem);
void reply_busy(struct client *c, const char *reason);
void reply_empty(struct client *c);
void reply_text(struct client *c, const char *key, const char *text, size_t size);
void reply_results(struct client *c); /* Check's */
/* The names of the request, as places in the view; false: the reply is an error. */
bool reply_select(struct server *s, struct client *c);
bool reply_needs_snapshot(const struct client *c);

/* --- requests that the loop has to answer; action.c --- */
bool action_is(const struct client *c);
/* Begins; client->state says what comes next: ACTING, or REPLYING. */
void action_begin(struct server *s, struct client *c);
/* Sends what there is room for. */
void action_continue(struct server *s, struct client *c);
/* The client whose last answer this was, or NULL. r->text stays the caller's. */
struct client *action_reply(struct server *s, const struct port_reply *r);
/* Forgets targets and what the loop still owes. */
void action_cancel(struct server *s, struct client *c);

/* --- new clients; accept.c --- */
void accept_clients(struct server *s);

#endif
