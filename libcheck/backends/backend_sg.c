/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SCSI commands by write(2) and read(2) on nodes of the sg driver. A rescuer sets a context up, the
 * submitter and rescuers submit to it, and a reaper reaps and destroys it.
 *
 * A context is an epoll descriptor. Who has written a command reads the node at once, because the
 * answer of a fast device is there. If it is not, the node is armed in the context, once: so an event
 * is of the request whose address it carries, and a removed device, which is always readable, gives
 * one event and no more. Each node has one command at a time. Of a slow device the answer is not
 * looked for at once, but now and then.
 */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libcheck/backends/backend.h"
#include "libcheck/checkers/again.h"
#include "libcheck/checkers/sg_header.h"
#include "libcheck/region/shared.h"
#include "util/pages.h"

/* After so many misses, only one of so many commands looks for its answer at once. */
#define MISSES     2
#define LOOK_EVERY 32
#define NODES      1024

struct sg_context {
	int epoll_fd;
	int wake_fd;
	_Atomic int32_t numbers; /* [atomic submitter↔rescuer] of the last command */
	/*
	 * [atomic submitter, rescuer→reaper] The kernel passes a request from a writer to the
	 * reaper. This says the same in a way that thread sanitizers understand.
	 */
	_Atomic uint32_t handed_over;
	/* Of each slot, for whoever reads its answer: the kernel copies sense data then. */
	uint8_t sense[PATHCHECK_GROUP_SLOTS][SG_SENSE_BYTES];
	/*
	 * [atomic submitter↔rescuer] By descriptor, a guess: misses in a row, then commands since a
	 * look, beginning with MISSES.
	 */
	_Atomic uint8_t late[NODES];
};

static_assert(sizeof(struct sg_context) <= BACKEND_CONTEXT_BYTES, "the limit has it");

static int sg_setup(unsigned slots _unused_, int wake_fd, void **ret_context)
{
	struct sg_context *c = pages_new(sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->wake_fd = wake_fd;
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll_fd < 0) {
		int error = errno;

		pages_free(c, sizeof(*c));
		return -error;
	}
	*ret_context = c;
	return 0;
}

/* The next answer of this node is for the request. */
static int arm(struct sg_context *c, struct backend_request *r)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = r };

	atomic_fetch_add_explicit(&c->handed_over, 1, memory_order_release);
	if (epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, r->fd, &e) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	return epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, r->fd, &e) < 0 ? -errno : 0;
}

static int write_command(struct sg_context *c, struct backend_request *r)
{
	struct scsi_exchange *x = &r->scsi;
	struct sg_io_hdr h;
	unsigned tries = 0;
	ssize_t n;

	sg_header_fill(&h, &x->command, r->buffer, c->sense[r->slot], x->timeout_ms);
	h.pack_id = x->number = atomic_fetch_add(&c->numbers, 1) + 1;
	do
		n = write(r->fd, &h, sizeof(h));
	while (n < 0 && again(&tries));
	return n < 0 ? -errno : 0;
}

/* 0: its answer is in the exchange; -EAGAIN: there is none; or another -errno. */
static int read_answer(struct sg_context *c, struct backend_request *r)
{
	struct sg_io_hdr h = { .interface_id = 'S', .pack_id = -1 };
	unsigned tries = 0;
	ssize_t n;

	do
		n = read(r->fd, &h, sizeof(h));
	while (n < 0 && again(&tries));
	if (n < 0)
		return -errno;
	if (h.pack_id != r->scsi.number)
		return -EAGAIN; /* of another command: this one's is still to come */
	sg_header_read(&h, &r->scsi.command, c->sense[r->slot], &r->scsi.answer);
	return 0;
}

/* May the answer be there when the write returns? */
static bool looks_at_once(struct sg_context *c, int fd)
{
	_Atomic uint8_t *late = &c->late[(unsigned)fd % NODES];
	uint8_t n = atomic_load_explicit(late, memory_order_relaxed);

	if (n < MISSES)
		return true;
	n = n == LOOK_EVERY ? MISSES - 1 : n + 1;
	atomic_store_explicit(late, n, memory_order_relaxed);
	return false;
}

static void note_look(struct sg_context *c, int fd, bool found)
{
	_Atomic uint8_t *late = &c->late[(unsigned)fd % NODES];
	uint8_t n = atomic_load_explicit(late, memory_order_relaxed);

	if (found ? n > 0 : n < MISSES)
		atomic_store_explicit(late, found ? 0 : n + 1, memory_order_relaxed);
}

/* An error is left to the reaper, which finds it again. */
static bool is_answered(struct sg_context *c, struct backend_request *r)
{
	bool found;

	if (!looks_at_once(c, r->fd))
		return false;
	found = read_answer(c, r) == 0;
	note_look(c, r->fd, found);
	return found;
}

/*
 * The node could not be armed, for lack of memory. So this thread waits: no answer stays in the node,
 * where the next command would find it.
 */
static void drop_answer(const struct backend_request *r)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	struct sg_io_hdr h = { .interface_id = 'S', .pack_id = -1 };

	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		continue;
	if (read(r->fd, &h, sizeof(h)) < 0)
		return; /* the device was removed: nobody reads the node any more */
}

static int sg_submit(void *context, struct backend_request *const *requests,
                     unsigned n _unused_)
{
	struct sg_context *c = context;
	int r = write_command(c, requests[0]);

	if (r < 0)
		return r;
	if (is_answered(c, requests[0]))
		return BACKEND_ANSWERED;
	r = arm(c, requests[0]);
	if (r < 0) {
		drop_answer(requests[0]);
		return -ENOMEM;
	}
	return 1;
}

static int take_events(struct sg_context *c, struct backend_event *events, unsigned n)
{
	struct epoll_event raw[REAP_BATCH];
	int got, stored = 0;

	got = epoll_wait(c->epoll_fd, raw, (int)MIN(n, (unsigned)ARRAY_LEN(raw)), 0);
	(void)atomic_load_explicit(&c->handed_over, memory_order_acquire);
	for (int i = 0; i < got; i++) {
		struct backend_request *r = raw[i].data.ptr;
		int result = read_answer(c, r);

		/* A removed device is readable and has no answer: the kernel keeps the command. */
		if (result == -EAGAIN && (raw[i].events & (EPOLLHUP | EPOLLERR)) != 0)
			result = -ENODEV;
		else if (result == -EAGAIN && arm(c, r) == 0)
			continue;
		events[stored++] =
		        (struct backend_event){ .request = r, .result = result };
	}
	return stored;
}

static int sg_reap(void *context, struct backend_event *events, unsigned n,
                   int64_t timeout_us)
{
	struct sg_context *c = context;
	struct pollfd pfd[] = { { .fd = c->epoll_fd, .events = POLLIN },
		                { .fd = c->wake_fd, .events = POLLIN } };
	struct timespec ts = { .tv_sec = timeout_us / USEC_PER_SEC,
		               .tv_nsec = timeout_us % USEC_PER_SEC * NSEC_PER_USEC };

	if (timeout_us != 0) {
		if (ppoll(pfd, ARRAY_LEN(pfd), timeout_us < 0 ? NULL : &ts, NULL) <= 0)
			return 0;
		if (pfd[1].revents != 0)
			shared_drain(c->wake_fd);
	}
	return take_events(c, events, n);
}

static void sg_destroy(void *context)
{
	struct sg_context *c = context;

	/* Commands in flight are the kernel's alone once their nodes are closed. */
	(void)close(c->epoll_fd);
	pages_free(c, sizeof(*c));
}

const struct backend backend_sg = {
	.setup = sg_setup,
	.submit = sg_submit,
	.reap = sg_reap,
	.destroy = sg_destroy,
};
