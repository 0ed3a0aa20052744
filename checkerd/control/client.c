/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection: takes requests from its socket, one at a time, and writes replies to it,
 * piece by piece, as fast as the other end takes them. Never blocks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"

#define IN_LARGE (REQUEST_MAX + 1)

/* Requests served for one client before others have a turn. */
#define REQUESTS_BURST 16

static void interest(struct server *s, struct client *c, uint32_t events)
{
	struct epoll_event e = {
		.events = events,
		.data.u64 = (uint64_t)c->serial << 32 | c->slot,
	};

	if (c->gone || c->interest == events)
		return;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) == 0)
		c->interest = events;
}

/* Takes fd over when it succeeds. */
int client_init(struct server *s, struct client *c, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	uint32_t slot = c->slot, serial = s->next_serial++;

	*c = (struct client){
		.slot = slot,
		.serial = serial,
		.fd = fd,
		.interest = EPOLLIN,
		.deadline = mono_add(s->now, s->idle_timeout_us),
		.in = malloc(REQUEST_SMALL),
		.in_size = REQUEST_SMALL,
	};
	if (!c->in)
		return -ENOMEM;
	e.data.u64 = (uint64_t)serial << 32 | slot;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0) {
		free(c->in);
		c->in = NULL;
		return -errno;
	}
	c->state = CLIENT_READING;
	return 0;
}

/* What a request has taken, but for its own bytes. */
static void release_request(struct server *s, struct client *c)
{
	action_cancel(s, c);
	server_give_back(s, c, c->selected, c->request.n_names * sizeof(*c->selected));
	c->selected = NULL;
	server_release_view(s, c);
	c->answer = text_unref(c->answer);
	c->reply = (struct reply){ 0 };
}

static void drop_rest(struct server *s, struct client *c)
{
	server_give_back(s, c, c->rest, c->rest_size);
	c->rest = NULL;
	c->rest_size = c->rest_sent = 0;
}

static void input_buffer(struct server *s, struct client *c, char *in, size_t size)
{
	memcpy(in, c->in, c->in_used);
	if (c->in_size == REQUEST_SMALL)
		free(c->in);
	else
		server_give_back(s, c, c->in, c->in_size);
	c->in = in;
	c->in_size = size;
}

void client_drop(struct server *s, struct client *c)
{
	assert(c->state != CLIENT_FREE);
	release_request(s, c);
	drop_rest(s, c);
	if (c->in_size == REQUEST_SMALL)
		free(c->in);
	else
		server_give_back(s, c, c->in, c->in_size);
	assert(c->lent == 0);
	close(c->fd); /* leaves epoll, too: nobody has a duplicate */
	*c = (struct client){ .slot = c->slot, .fd = -1 };
}

/* Who begins to ask has to finish soon: bytes now and then keep no place. */
static void request_begins(const struct server *s, struct client *c)
{
	c->deadline = mono_min(c->deadline, mono_add(s->now, s->request_timeout_us));
}

/* The request is answered: on to the next one, which may be here already. */
static void finish_request(struct server *s, struct client *c)
{
	char *small;

	release_request(s, c);
	c->in_used -= c->in_request;
	memmove(c->in, c->in + c->in_request, c->in_used);
	c->in_request = 0;
	c->request = (struct request){ 0 };
	if (c->in_size > REQUEST_SMALL && c->in_used <= REQUEST_SMALL) {
		small = malloc(REQUEST_SMALL);
		if (small)
			input_buffer(s, c, small, REQUEST_SMALL);
	}
	c->state = CLIENT_READING;
	c->deadline = mono_add(s->now, s->idle_timeout_us);
	if (c->in_used > 0)
		request_begins(s, c);
}

static void begin_reply(struct server *s, struct client *c)
{
	jw_init(&c->jw, s->out, OUT_SIZE);
	c->state = CLIENT_REPLYING;
	c->deadline = MONO_NEVER;
	c->reply_deadline = c->request.method == METHOD_MONITOR && !c->reply.error
	                            ? MONO_NEVER
	                            : mono_add(s->now, s->reply_timeout_us);
	if (c->request.oneway)
		finish_request(s, c);
}

/* When nothing had changed after that, and it was not longer ago. */
static struct mono at_most_ago(const struct server *s, int64_t us)
{
	struct mono then = mono_add(s->now, -us);

	return mono_before(then, s->changed_at) ? s->changed_at : then;
}

static void park(struct server *s, struct client *c)
{
	c->needs = at_most_ago(s, SNAPSHOT_FRESH_US);
	c->accepts = at_most_ago(s, SNAPSHOT_STALE_US);
	c->state = CLIENT_PARKED;
	c->deadline = mono_add(s->now, s->loop_timeout_us);
	interest(s, c, 0);
	if (server_view_fits(s, c->needs))
		client_unpark(s, c);
}

/* Past the snapshot, if one was needed. */
static void carry_out(struct server *s, struct client *c)
{
	if (action_is(c)) {
		c->state = CLIENT_ACTING;
		interest(s, c, 0);
		action_begin(s, c);
		if (c->n_answered < c->n_targets)
			return;
	} else {
		reply_prepare(s, c);
	}
	begin_reply(s, c);
}

void client_unpark(struct server *s, struct client *c)
{
	c->view = s->current;
	c->view->users++;
	carry_out(s, c);
}

void client_answered(struct server *s, struct client *c)
{
	begin_reply(s, c);
}

static void dispatch(struct server *s, struct client *c)
{
	enum request_problem problem =
	        request_parse(c->in, c->in_request - 1, &c->request);

	if (problem == REQUEST_GARBAGE) {
		client_drop(s, c);
		return;
	}
	if (problem != REQUEST_FINE)
		reply_problem(c, problem);
	else if (c->request.changes && !c->privileged)
		reply_error(c, "io.checkerd.Control.NotPermitted", "reason",
		            "only root may do that");
	if (c->reply.piece)
		begin_reply(s, c);
	else if (reply_needs_snapshot(c))
		park(s, c);
	else
		carry_out(s, c);
}

/* True: something came. The client may have been dropped. */
static bool receive(struct server *s, struct client *c)
{
	ssize_t n;

	if (c->in_used == c->in_size) {
		char *large = NULL;

		if (c->in_size == REQUEST_SMALL)
			large = server_lend(s, c, IN_LARGE);
		if (!large) {
			client_drop(s, c);
			return false;
		}
		input_buffer(s, c, large, IN_LARGE);
	}
	do
		n = recv(c->fd, c->in + c->in_used, c->in_size - c->in_used,
		         MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		if (c->in_used == 0)
			request_begins(s, c);
		c->in_used += (size_t)n;
		return true;
	}
	if (n < 0 && errno == EAGAIN && !c->gone)
		interest(s, c, EPOLLIN);
	else
		client_drop(s, c);
	return false;
}

/* False: there is no whole request yet. */
static bool take_request(struct server *s, struct client *c)
{
	size_t searched = 0;
	const char *end;

	while (!(end = memchr(c->in + searched, '\0', c->in_used - searched))) {
		searched = c->in_used;
		if (!receive(s, c))
			return false;
	}
	c->in_request = (size_t)(end - c->in) + 1;
	dispatch(s, c);
	return true;
}

/* Bytes that were sent; 0: it takes none now, or it was dropped. */
static size_t send_some(struct server *s, struct client *c, const char *data, size_t size)
{
	ssize_t n;

	do
		n = send(c->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->deadline = MONO_NEVER;
		return (size_t)n;
	}
	if (n < 0 && errno != EAGAIN)
		client_drop(s, c);
	return 0;
}

/* Nothing more can be sent before the other end has read. */
static void wait_writable(struct server *s, struct client *c)
{
	if (mono_is_never(c->deadline))
		c->deadline = mono_add(s->now, s->write_timeout_us);
	interest(s, c, EPOLLOUT);
}

/* Fills the server's buffer with the next pieces. */
static void write_pieces(struct server *s, struct client *c)
{
	struct jw *j = &c->jw;

	jw_drained(j);
	while (j->used < OUT_ENOUGH && !c->reply.finished) {
		enum piece p = c->reply.piece(s, c, j);

		assert(!j->full); /* limits.h */
		if (p == PIECE_NOTHING_YET)
			return;
		c->reply.finished = p == PIECE_LAST;
	}
}

/* Keeps what the socket did not take; false: there is no room for it, the client is gone. */
static bool keep_rest(struct server *s, struct client *c, const char *data, size_t size)
{
	c->rest = server_lend(s, c, size);
	if (!c->rest) {
		client_drop(s, c);
		return false;
	}
	memcpy(c->rest, data, size);
	c->rest_size = size;
	c->rest_sent = 0;
	return true;
}

/* Sends what is left from last time; false: not all of it went. */
static bool send_rest(struct server *s, struct client *c)
{
	while (c->rest) {
		size_t n = send_some(s, c, c->rest + c->rest_sent,
		                     c->rest_size - c->rest_sent);

		if (c->state == CLIENT_FREE)
			return false;
		if (n == 0) {
			wait_writable(s, c);
			return false;
		}
		c->rest_sent += n;
		if (c->rest_sent == c->rest_size)
			drop_rest(s, c);
	}
	return true;
}

/* True: the reply is out, and the next request can be served. */
static bool send_reply(struct server *s, struct client *c)
{
	size_t burst = 0;

	while (send_rest(s, c)) {
		size_t n;

		if (c->reply.finished) {
			finish_request(s, c);
			return true;
		}
		if (burst >= OUT_BURST) {
			wait_writable(s, c);
			return false;
		}
		write_pieces(s, c);
		if (c->jw.used == 0) { /* Monitor: woken by the next event */
			interest(s, c, 0);
			return false;
		}
		n = send_some(s, c, s->out, c->jw.used);
		if (c->state == CLIENT_FREE)
			return false;
		burst += c->jw.used;
		if (n < c->jw.used && !keep_rest(s, c, s->out + n, c->jw.used - n))
			return false;
	}
	return false;
}

void client_run(struct server *s, struct client *c)
{
	/* Who is gone has nothing more to send: what is left of it is finite. */
	for (unsigned i = 0; i < REQUESTS_BURST || c->gone; i++) {
		while (c->state == CLIENT_REPLYING)
			if (!send_reply(s, c))
				return;
		if (c->state != CLIENT_READING || !take_request(s, c))
			return;
	}
	/* It goes on in the next round: what it has sent is here, so ask for what is sure. */
	if (c->state == CLIENT_READING || c->state == CLIENT_REPLYING)
		interest(s, c, EPOLLOUT);
}

void client_expired(struct server *s, struct client *c)
{
	if (c->state != CLIENT_PARKED && c->state != CLIENT_ACTING) {
		client_drop(s, c);
		return;
	}
	release_request(s, c);
	reply_busy(c, "the main loop does not answer in time");
	begin_reply(s, c);
	client_run(s, c);
}

void client_hangup(struct server *s, struct client *c)
{
	bool oneway = c->request.oneway &&
	              (c->state == CLIENT_PARKED || c->state == CLIENT_ACTING);

	/* What it has sent before it went is still to be read. */
	if (c->state == CLIENT_READING || oneway) {
		if (!c->gone)
			epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
		c->gone = true;
		client_run(s, c);
	} else {
		client_drop(s, c);
	}
}
