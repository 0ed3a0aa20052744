/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hook: starts a command for each event of some kinds, one after the other, until a signal ends it. Owns
 * the queue of environments. One thread; a command is another process, which the daemon knows nothing of.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/hook_child.h"
#include "checkerctl/hook_environment.h"
#include "checkerctl/hook_follow.h"
#include "checkerctl/hook_kind.h"
#include "checkerctl/hook_limit.h"
#include "checkerctl/human.h"

/* Messages that are taken before the command is looked after. */
#define MESSAGES_AT_ONCE 64

struct waiting {
	char **environment;
	uint64_t seq;
	const char *kind;
};

struct hook {
	char *const *command;
	uint32_t kinds;
	int64_t limit_us;
	struct hook_limit limit;
	struct hook_child child;
	struct hook_follow follow;
	/* A ring of limit.at_most. */
	struct waiting *queue;
	unsigned first, n;
	int signals;
	bool ending;
	/* Events above the limit are being counted: that was reported. */
	bool limited;
};

static void enqueue(struct hook *h, char **environment, uint64_t seq, const char *kind)
{
	if (environment == NULL) {
		(void)human_complain(0, "no command for event %" PRIu64 ": %s", seq,
		                     strerror(ENOMEM));
		return;
	}
	assert(h->n < h->limit.at_most);
	h->queue[(h->first + h->n++) % h->limit.at_most] =
	        (struct waiting){ environment, seq, kind };
}

static void start_next(struct hook *h)
{
	while (h->n > 0 && hook_child_is_free(&h->child)) {
		struct waiting *w = &h->queue[h->first];

		h->child.seq = w->seq;
		h->child.kind = w->kind;
		(void)hook_child_start(&h->child, h->command, w->environment,
		                       h->limit_us);
		hook_environment_free(w->environment);
		h->first = (h->first + 1) % h->limit.at_most;
		h->n--;
	}
}

static void add_event(struct hook *h, json_object *event)
{
	const char *kind = hook_kind_of(h->kinds, event);

	if (kind == NULL)
		return;
	if (!hook_limit_allows(&h->limit, h->n, mono_now())) {
		if (!h->limited)
			(void)human_complain(
			        0,
			        "more than %u events in a minute: the others "
			        "are counted",
			        h->limit.at_most);
		h->limited = true;
		return;
	}
	enqueue(h, hook_environment_new(event, kind), h->follow.seq, kind);
}

/* One command, and one line, for the events that had none. */
static void report_skipped(struct hook *h)
{
	struct hook_limit *l = &h->limit;

	if (!hook_limit_reports(l, h->n, mono_now()))
		return;
	(void)human_complain(0,
	                     "%" PRIu64 " events had no command of their own, %" PRIu64
	                     " were lost",
	                     l->skipped, l->lost);
	enqueue(h, hook_environment_skipped(l->skipped, l->lost, h->follow.seq),
	        h->follow.seq, "skipped");
	l->skipped = l->lost = 0;
	h->limited = false;
}

static void take_events(struct hook *h)
{
	json_object *event;
	uint64_t lost;

	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		if (!hook_follow_take(&h->follow, &event, &lost))
			return;
		h->limit.lost += lost;
		if (event != NULL)
			add_event(h, event);
		json_object_put(event);
	}
}

static void take_signals(struct hook *h)
{
	struct signalfd_siginfo s;

	while (read(h->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		h->ending |= s.ssi_signo != SIGCHLD;
	hook_child_reap(&h->child);
}

/* Milliseconds for poll(), rounded up. */
static int wait_ms(struct mono until)
{
	int64_t left;

	if (mono_is_never(until))
		return -1;
	left = MAX(mono_diff(until, mono_now()), 0);
	return (int)MIN((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC, INT_MAX);
}

static int wait_and_take(struct hook *h)
{
	struct pollfd fds[] = {
		{ .fd = h->signals, .events = POLLIN },
		{ .fd = hook_follow_fd(&h->follow), .events = POLLIN },
	};
	struct mono until = mono_min(
	        hook_follow_next(&h->follow),
	        mono_min(hook_child_next(&h->child), hook_limit_next(&h->limit, h->n)));

	if (poll(fds, ARRAY_LEN(fds), wait_ms(until)) < 0 && errno != EINTR)
		return human_complain(EXIT_FAILED, "poll: %s (%s)",
		                      strerrordesc_np(errno), strerrorname_np(errno));
	if (fds[0].revents != 0)
		take_signals(h);
	if (fds[1].revents != 0)
		take_events(h);
	return 0;
}

static int follow(struct hook *h)
{
	int r = 0;

	while (r == 0 && !h->ending) {
		hook_follow_connect(&h->follow);
		hook_child_check_time(&h->child, mono_now(), h->limit_us);
		report_skipped(h);
		start_next(h);
		r = wait_and_take(h);
	}
	hook_child_end(&h->child);
	while (h->n > 0)
		hook_environment_free(
		        h->queue[(h->first + --h->n) % h->limit.at_most].environment);
	return r;
}

/* The signals that end the program, and that a command has ended. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int check_command(const char *name)
{
	if (name[0] != '/')
		return human_usage("the command needs its whole name, such as "
		                   "/usr/local/bin/alert, not '%s'",
		                   name);
	if (access(name, X_OK) < 0)
		return human_complain(EXIT_USAGE, "%s cannot be executed: %s (%s)", name,
		                      strerrordesc_np(errno), strerrorname_np(errno));
	return 0;
}

static int check_use(struct hook *h, const struct ctl_options *o)
{
	if (o->on == NULL)
		return human_usage("'hook' needs --on with the kinds of events");
	if (o->at_most < 1 || o->at_most > HOOK_LIMIT_MAX)
		return human_usage("--at-most takes a number from 1 to %d",
		                   HOOK_LIMIT_MAX);
	return hook_kinds_parse(o->on, &h->kinds);
}

int run_hook(struct ctl *ctl, const char *const *operands, size_t n)
{
	const struct ctl_options *o = ctl->options;
	struct hook h = {
		.command = (char *const *)operands,
		.limit_us = o->limit_us,
		.limit.at_most = (unsigned)o->at_most,
		.child = HOOK_CHILD_NULL,
	};
	int r = check_use(&h, o);

	(void)n;
	if (r == 0)
		r = check_command(operands[0]);
	if (r)
		return r;
	h.queue = calloc(h.limit.at_most, sizeof(*h.queue));
	h.signals = open_signals();
	if (h.queue == NULL || h.signals < 0) {
		r = human_complain(
		        EXIT_FAILED, "%s",
		        strerrordesc_np(h.queue == NULL ? ENOMEM : -h.signals));
	} else {
		hook_follow_init(&h.follow, ctl);
		r = follow(&h);
	}
	if (h.signals >= 0)
		close(h.signals);
	free(h.queue);
	return r;
}
