/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the ring and the log thread. log_push() runs on the loop. The write_*() functions run on
 * the log thread, the only one that may block on stderr or the journal.
 */
#include "checkerd/log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "checkerd/log/message_id.h"
#include "util/clean.h"
#include "util/mono.h"
#include "util/ring.h"
#include "util/worker.h"

#define LOG_RING (64 * 1024 / EVENT_CELL) /* more than 256 lines of most kinds */
/* sd_journal_send() builds its message on the stack. */
#define LOG_STACK_BYTES (2 * THREAD_STACK_BYTES)

struct log {
	bool journal; /* [init] */
	bool prefix;  /* [init] stderr is read by the journal: "<4>" in front */
	struct worker worker;
	_Atomic uint64_t dropped;      /* [atomic loop→log thread] not yet reported */
	struct ring_producer producer; /* [loop] of struct event */
	struct ring_consumer consumer; /* [log thread] */
};

/* stderr is the journal's when JOURNAL_STREAM names its device and inode. */
static bool stderr_is_journal(void)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	char *end;
	unsigned long long dev, ino;
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	dev = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	ino = strtoull(end + 1, NULL, 10);
	return dev == st.st_dev && ino == st.st_ino;
}

static const char *message_id(enum event_type t)
{
	static const char *const ids[EVENT_TYPE_COUNT_] = {
		[EVENT_PATH_STATE] = MESSAGE_ID_PATH_STATE,
		[EVENT_PATH_ADDED] = MESSAGE_ID_PATH_ADDED,
		[EVENT_PATH_REMOVED] = MESSAGE_ID_PATH_REMOVED,
		[EVENT_MAP] = MESSAGE_ID_MAP,
		[EVENT_DM] = MESSAGE_ID_DM,
		[EVENT_ENGINE] = MESSAGE_ID_ENGINE,
		[EVENT_CONFIG] = MESSAGE_ID_CONFIG,
		[EVENT_DAEMON] = MESSAGE_ID_DAEMON,
		[EVENT_HOLD] = MESSAGE_ID_HOLD,
		[EVENT_CAUSE] = MESSAGE_ID_CAUSE,
		[EVENT_SLOW] = MESSAGE_ID_SLOW,
	};

	return ids[t];
}

static void write_journal(const struct event *e)
{
	bool has_cause = event_has_cause(e);

	/* An error of the journal cannot be logged anywhere. checkerd(8) has a table of these fields. */
	(void)sd_journal_send(
	        "MESSAGE=%s", e->message, "PRIORITY=%d", e->priority,
	        "SYSLOG_IDENTIFIER=checkerd", "MESSAGE_ID=%s", message_id(e->type),
	        "CHECKERD_TYPE=%s", event_type_name(e->type), "CHECKERD_SEQ=%" PRIu64,
	        e->seq, "CHECKERD_PATH=%s", e->path, "CHECKERD_MAP=%s",
	        has_cause ? "" : e->map, "CHECKERD_FROM=%s", e->from, "CHECKERD_STATE=%s",
	        e->to, "CHECKERD_REASON=%s", e->reason, "CHECKERD_CAUSE=%s",
	        has_cause ? e->map : "", "CHECKERD_MEMBERS=%u", e->members, NULL);
}

static void write_stderr(const struct log *l, const struct event *e)
{
	char line[EVENT_MESSAGE_MAX + 32];
	int n;

	if (l->prefix)
		n = snprintf(line, sizeof(line), "<%d>%s\n", e->priority, e->message);
	else
		n = snprintf(line, sizeof(line), "checkerd: %s\n", e->message);
	/* One write a line, so that lines of several programs do not mix. */
	if (n > 0 && write(STDERR_FILENO, line, MIN((size_t)n, sizeof(line) - 1)) < 0)
		return; /* an error of stderr cannot be logged anywhere */
}

/* Escapes control characters, so that a text can neither start a new line nor control a
 * terminal. */
static void clean_text(char *buf, size_t size)
{
	char copy[EVENT_MESSAGE_MAX];

	assert(size <= sizeof(copy));
	memcpy(copy, buf, size);
	(void)clean_copy(buf, size, copy);
}

static void write_event(const struct log *l, struct event *e)
{
	clean_text(e->message, sizeof(e->message));
	clean_text(e->path, sizeof(e->path));
	clean_text(e->map, sizeof(e->map));
	clean_text(e->reason, sizeof(e->reason));
	if (l->journal)
		write_journal(e);
	else
		write_stderr(l, e);
}

static void write_all(struct log *l)
{
	struct event e;
	uint64_t dropped;

	while (event_pop(&l->consumer, &e))
		write_event(l, &e);
	dropped = atomic_exchange(&l->dropped, 0);
	if (dropped == 0)
		return;
	memset(&e, 0, sizeof(e));
	e.type = EVENT_DAEMON;
	e.priority = LOG_WARNING;
	(void)snprintf(
	        e.message, sizeof(e.message),
	        "%llu messages dropped: they came faster than they could be written",
	        (unsigned long long)dropped);
	write_event(l, &e);
}

static void *log_main(void *arg)
{
	struct log *l = arg;

	thread_stack_lock(THREAD_STACK_USED);
	for (;;) {
		/* Read before draining: what is pushed later wakes the thread again. */
		bool stop = worker_stopping(&l->worker);

		write_all(l);
		if (stop)
			return NULL;
		(void)worker_wait(&l->worker, -1, -1); /* woken early: drains early */
	}
}

static void log_destroy(struct log *l)
{
	worker_deinit(&l->worker);
	ring_free(&l->producer);
	free(l);
}

int log_new(struct log **ret, enum log_target target)
{
	struct log *l;
	int r;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->prefix = stderr_is_journal();
	l->journal =
	        target == LOG_TARGET_JOURNAL || (target == LOG_TARGET_AUTO && l->prefix);
	r = worker_init(&l->worker, false);
	if (r == 0)
		r = ring_new(&l->producer, &l->consumer, LOG_RING, EVENT_CELL);
	if (r == 0)
		r = worker_start(&l->worker, "log", LOG_STACK_BYTES, log_main, l);
	if (r < 0) {
		log_destroy(l);
		return r;
	}
	*ret = l;
	return 0;
}

bool log_free(struct log *l, int64_t limit_us)
{
	if (l == NULL)
		return true;
	if (!worker_stop(&l->worker, limit_us))
		return false;
	log_destroy(l);
	return true;
}

void log_push(struct log *l, const struct event *e)
{
	if (!event_push(&l->producer, e))
		atomic_fetch_add(&l->dropped, 1);
	worker_wake(&l->worker);
}

uint64_t log_bytes(void)
{
	return sizeof(struct log) + ring_bytes(LOG_RING, EVENT_CELL) + LOG_STACK_BYTES;
}
