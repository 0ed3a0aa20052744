/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns connections. The control thread runs it. It takes requests from a socket, one at a time,
 * and writes replies to it, piece by piece, as fast as the other end reads. It never blocks.
 */
#include "checkerd/control/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/bulk.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/method.h"
#include "checkerd/control/operation.h"
#include "checkerd/control/reply.h"
#include "checkerd/control/selection.h"
#include "checkerd/control/varlink.h"

#define IN_LARGE (REQUEST_MAX + 1)

/* Requests of one client that are served before others are. */
#define REQUESTS_BURST 16

static void interest(struct service *s, struct client *c, uint32_t events)
{
	struct epoll_event e = {
		.events = events,
		.data.u64 = (uint64_t)c->serial << 32 | c->slot,
	};

	if (c->hung_up || c->interest == events)
		return;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) == 0)
		c->interest = events;
}

int client_init(struct service *s, struct client *c, int fd)
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
	if (c->in == NULL)
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

/* Releases what a call holds, except the bytes of its request. */
static void release_call(struct service *s, struct call *c)
{
	bulk_cancel(s, c);
	operation_cancel(s, c);
	selection_release(s, c);
	views_release(&s->views, &c->view);
	c->reply = (struct reply){ .piece = NULL };
}

static void drop_rest(struct service *s, struct client *c)
{
	budget_return(&s->budget, &c->call.borrower, c->rest, c->rest_size);
	c->rest = NULL;
	c->rest_size = c->rest_sent = 0;
}

static void free_input(struct service *s, struct client *c)
{
	if (c->in_size == REQUEST_SMALL)
		free(c->in);
	else
		budget_return(&s->budget, &c->call.borrower, c->in, c->in_size);
}

static void change_input(struct service *s, struct client *c, char *in, size_t size)
{
	memcpy(in, c->in, c->in_used);
	free_input(s, c);
	c->in = in;
	c->in_size = size;
}

void client_drop(struct service *s, struct client *c)
{
	assert(c->state != CLIENT_FREE);
	release_call(s, &c->call);
	drop_rest(s, c);
	free_input(s, c);
	assert(c->call.borrower.borrowed == 0);
	close(c->fd); /* this removes it from epoll: there is no duplicate */
	*c = (struct client){ .slot = c->slot, .fd = -1 };
}

/* A request that has begun has to end soon: a byte now and then does not keep the place. */
static void request_begins(const struct service *s, struct client *c)
{
	c->deadline = mono_min(c->deadline, mono_add(s->now, s->request_timeout_us));
}

/* The call is answered. The next request may have arrived already. */
static void finish_call(struct service *s, struct client *c)
{
	char *small;

	release_call(s, &c->call);
	c->in_used -= c->in_request;
	memmove(c->in, c->in + c->in_request, c->in_used);
	c->in_request = 0;
	c->call.request = (struct request){ .method = NULL };
	c->list_until = (struct mono){ 0 };
	if (c->in_size > REQUEST_SMALL && c->in_used <= REQUEST_SMALL) {
		small = malloc(REQUEST_SMALL);
		if (small != NULL)
			change_input(s, c, small, REQUEST_SMALL);
	}
	c->state = CLIENT_READING;
	c->deadline = mono_add(s->now, s->idle_timeout_us);
	if (c->in_used > 0)
		request_begins(s, c);
}

/* Monitor's reply has no end, so it has no deadline. */
static bool is_streaming(const struct call *call)
{
	return call->request.method != NULL && call->request.method->streams &&
	       call->reply.error == NULL;
}

static void begin_reply(struct service *s, struct client *c)
{
	jw_init(&c->jw, s->out, OUT_SIZE);
	c->state = CLIENT_REPLYING;
	c->deadline = MONO_NEVER;
	c->reply_deadline = is_streaming(&c->call)
	                            ? MONO_NEVER
	                            : mono_add(s->now, s->reply_timeout_us);
	if (c->call.request.oneway)
		finish_call(s, c);
	else if (c->list_until.us != 0)
		client_progress(s, c);
}

/* A client that waits, however long, gets what was true when its request came, or later. */
static void request_snapshot(struct service *s, struct client *c)
{
	c->needs = views_not_before(&s->views, s->now, SNAPSHOT_FRESH_US);
	c->accepts = views_not_before(&s->views, s->now, SNAPSHOT_STALE_US);
	if (method_lists_all(&c->call.request)) {
		c->queued = ++s->last_queued;
		c->state = CLIENT_QUEUED;
		c->deadline = mono_add(s->now, LIST_WAIT_US);
		interest(s, c, 0);
	} else {
		client_park(s, c);
	}
}

void client_park(struct service *s, struct client *c)
{
	c->state = CLIENT_PARKED;
	c->deadline = mono_add(s->now, s->loop_timeout_us);
	interest(s, c, 0);
	if (views_newest_fits(&s->views, c->needs))
		client_unpark(s, c);
}

/* Until when the loop has to answer. Every check ends, so one with wait has no deadline. */
static struct mono loop_deadline(const struct service *s, const struct request *q)
{
	int64_t timeout_us = q->method->timeout_us;

	if (q->wait)
		return MONO_NEVER;
	return mono_add(s->now, timeout_us > 0 ? timeout_us : s->loop_timeout_us);
}

/* The snapshot is here, if one was needed. */
static void carry_out(struct service *s, struct client *c)
{
	struct call *call = &c->call;
	const struct method *m = call->request.method;

	if (method_needs_loop(m)) {
		c->state = CLIENT_PENDING;
		c->deadline = loop_deadline(s, &call->request);
		interest(s, c, 0);
		operation_begin(s, call);
		if (!operation_is_done(call))
			return;
	} else {
		if (m->prepare != NULL)
			m->prepare(s, call);
		reply_by_method(call);
	}
	begin_reply(s, c);
}

void client_unpark(struct service *s, struct client *c)
{
	c->call.view = views_use(&s->views);
	carry_out(s, c);
}

void client_answered(struct service *s, struct client *c)
{
	begin_reply(s, c);
}

static void dispatch(struct service *s, struct client *c)
{
	struct call *call = &c->call;
	enum request_problem problem =
	        varlink_parse(c->in, c->in_request - 1, &call->request);

	if (problem == REQUEST_GARBAGE) {
		client_drop(s, c);
		return;
	}
	if (problem != REQUEST_FINE)
		reply_problem(call, problem);
	else if (call->request.method->changes && !call->borrower.privileged)
		reply_error(call, REPLY_CONTROL_ERROR("NotPermitted"), "reason",
		            "only root may call this method");
	if (call->reply.piece != NULL)
		begin_reply(s, c);
	else if (call->request.method->needs_snapshot)
		request_snapshot(s, c);
	else
		carry_out(s, c);
}

/* True: bytes have arrived. False: none are there now, or the client was dropped. */
static bool receive(struct service *s, struct client *c)
{
	ssize_t n;

	if (c->in_used == c->in_size) {
		char *large = NULL;

		if (c->in_size == REQUEST_SMALL)
			large = budget_borrow(&s->budget, &c->call.borrower, IN_LARGE);
		if (large == NULL) {
			client_drop(s, c);
			return false;
		}
		change_input(s, c, large, IN_LARGE);
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
	if (n < 0 && errno == EAGAIN && !c->hung_up)
		interest(s, c, EPOLLIN);
	else
		client_drop(s, c);
	return false;
}

/* False: no request is there as a whole, or the client was dropped. */
static bool serve_request(struct service *s, struct client *c)
{
	size_t searched = 0;
	const char *end = NULL;

	while (end == NULL) {
		end = memchr(c->in + searched, '\0', c->in_used - searched);
		searched = c->in_used;
		if (end == NULL && !receive(s, c))
			return false;
	}
	c->in_request = (size_t)(end - c->in) + 1;
	dispatch(s, c);
	return true;
}

/* How many bytes were sent; 0: the socket takes none now, or the client was dropped. */
static size_t send_some(struct service *s, struct client *c, const char *data,
                        size_t size)
{
	ssize_t n;

	do
		n = send(c->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->deadline = MONO_NEVER;
		if (c->list_until.us != 0)
			client_progress(s, c);
		return (size_t)n;
	}
	if (n < 0 && errno != EAGAIN)
		client_drop(s, c);
	return 0;
}

/* Nothing can be sent until the other end has read. */
static void wait_writable(struct service *s, struct client *c)
{
	if (mono_is_never(c->deadline))
		c->deadline = mono_add(s->now, s->write_timeout_us);
	interest(s, c, EPOLLOUT);
}

/* Fills the service's buffer with the next pieces. */
static void write_pieces(struct service *s, struct client *c)
{
	struct jw *j = &c->jw;

	jw_drained(j);
	while (j->used < OUT_ENOUGH && !c->call.reply.finished) {
		enum piece p = c->call.reply.piece(s, &c->call, j);

		assert(!j->full); /* control_limits.h proves it */
		if (p == PIECE_NONE_YET)
			return;
		c->call.reply.finished = p == PIECE_LAST;
	}
}

/* Keeps what the socket did not take; false: there is no room, and the client was dropped. */
static bool keep_rest(struct service *s, struct client *c, const char *data, size_t size)
{
	c->rest = budget_borrow(&s->budget, &c->call.borrower, size);
	if (c->rest == NULL) {
		client_drop(s, c);
		return false;
	}
	memcpy(c->rest, data, size);
	c->rest_size = size;
	c->rest_sent = 0;
	return true;
}

/* Sends what is left from last time; false: some is still left, or the client was dropped. */
static bool send_rest(struct service *s, struct client *c)
{
	while (c->rest != NULL) {
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

/* True: the reply was sent, and the next request can be served. */
static bool send_reply(struct service *s, struct client *c)
{
	size_t burst = 0;

	while (send_rest(s, c)) {
		size_t n;

		if (c->call.reply.finished) {
			finish_call(s, c);
			return true;
		}
		if (burst >= OUT_BURST) {
			wait_writable(s, c);
			return false;
		}
		write_pieces(s, c);
		if (c->jw.used == 0) { /* Monitor: the next event runs this client */
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

void client_run(struct service *s, struct client *c)
{
	/* What a client that has hung up has sent is finite, so it has no limit. */
	for (unsigned i = 0; i < REQUESTS_BURST || c->hung_up; i++) {
		while (c->state == CLIENT_REPLYING)
			if (!send_reply(s, c))
				return;
		if (c->state != CLIENT_READING || !serve_request(s, c))
			return;
	}
	/* The client goes on in the next round. Its next request may be here already, so EPOLLIN
	 * may never come; EPOLLOUT does. */
	if (c->state == CLIENT_READING || c->state == CLIENT_REPLYING)
		interest(s, c, EPOLLOUT);
}

void client_expired(struct service *s, struct client *c)
{
	if (c->state == CLIENT_READING || c->state == CLIENT_REPLYING) {
		client_drop(s, c);
		return;
	}
	release_call(s, &c->call);
	reply_busy(&c->call, c->state == CLIENT_QUEUED
	                             ? "too many long lists at once: try again"
	                             : "the main loop does not answer in time");
	begin_reply(s, c);
	client_run(s, c);
}

void client_hangup(struct service *s, struct client *c)
{
	bool oneway = c->call.request.oneway &&
	              (c->state == CLIENT_PARKED || c->state == CLIENT_PENDING);

	/* What it had sent before is still served. */
	if (c->state == CLIENT_READING || oneway) {
		if (!c->hung_up)
			epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
		c->hung_up = true;
		client_run(s, c);
	} else {
		client_drop(s, c);
	}
}
