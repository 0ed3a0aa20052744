/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns two descriptors of procfs. The loop only. */
#include "checkerd/manager/aio_quota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define AIO_MAX_NR_DEFAULT 65536

void aio_quota_init(struct aio_quota *q, struct pathcheck *engine, struct events *ev)
{
	*q = (struct aio_quota){
		.engine = engine,
		.events = ev,
		.nr_fd = open("/proc/sys/fs/aio-nr", O_RDONLY | O_CLOEXEC),
		.max_fd = open("/proc/sys/fs/aio-max-nr", O_RDONLY | O_CLOEXEC),
	};
}

void aio_quota_deinit(struct aio_quota *q)
{
	if (q->nr_fd >= 0)
		close(q->nr_fd);
	if (q->max_fd >= 0)
		close(q->max_fd);
	q->nr_fd = q->max_fd = -1;
}

static int64_t read_number(int fd)
{
	char buf[32];
	ssize_t n;

	n = fd < 0 ? -1 : pread(fd, buf, sizeof(buf) - 1, 0);
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	return strtoll(buf, NULL, 10);
}

void aio_quota_read(const struct aio_quota *q, int64_t *ret_nr, int64_t *ret_max)
{
	*ret_nr = read_number(q->nr_fd);
	*ret_max = read_number(q->max_fd);
}

int64_t aio_quota_enough(int64_t aio_nr, uint32_t groups)
{
	int64_t need = MAX(aio_nr, 0) + (int64_t)groups * PATHCHECK_GROUP_SLOTS;
	int64_t enough = AIO_MAX_NR_DEFAULT;

	while (enough < need)
		enough *= 2;
	return enough;
}

/* Number of groups without asynchronous I/O. *ret_error: why the last of them. */
static uint32_t count_refused(struct pathcheck *engine, const struct pathcheck_stats *s,
                              int *ret_error)
{
	struct pathcheck_group g;
	uint32_t n = 0;

	*ret_error = s->io_setup_error;
	for (uint32_t id = 0; id < s->groups; id++) {
		if (pathcheck_group(engine, id, &g) < 0 ||
		    (g.state != PATHCHECK_GROUP_FALLBACK &&
		     g.state != PATHCHECK_GROUP_RECOVERING))
			continue;
		n++;
		if (g.setup_error != 0)
			*ret_error = g.setup_error;
	}
	return n;
}

static void format_report(struct aio_quota *q, uint32_t refused, int error)
{
	const char *groups =
	        refused == 1 ? "group of paths, it is" : "groups of paths, they are";
	int64_t nr, max;

	aio_quota_read(q, &nr, &max);
	if (error != EAGAIN) {
		(void)snprintf(q->text, sizeof(q->text),
		               "no asynchronous I/O for %" PRIu32
		               " %s read synchronously: io_setup: %s",
		               refused, groups, strerrordesc_np(error));
		return;
	}
	(void)snprintf(q->text, sizeof(q->text),
	               "no asynchronous I/O for %" PRIu32
	               " %s read synchronously: fs.aio-max-nr is %" PRIi64 ", %" PRIi64
	               " are in use; raise it: sysctl fs.aio-max-nr=%" PRIi64,
	               refused, groups, max, nr, aio_quota_enough(nr, refused));
}

/* Submitting blocks only when a driver has a bug. The counter of a new prober starts at 0. */
static void report_replaced(struct aio_quota *q, const struct pathcheck_stats *s)
{
	if (s->lane_replacements > q->replacements)
		events_say(q->events, EVENT_ENGINE, LOG_WARNING,
		           "the submit thread was blocked for 100 ms or longer, another "
		           "thread replaces it: %" PRIu64
		           " times so far; a device's driver does not return",
		           s->lane_replacements);
	q->replacements = s->lane_replacements;
}

void aio_quota_update(struct aio_quota *q)
{
	struct pathcheck_stats s = { .size = sizeof(s) };
	uint32_t refused;
	int error;

	if (pathcheck_stats(q->engine, &s) < 0)
		return;
	report_replaced(q, &s);
	if (s.io_setup_failures == q->failures && !q->reported)
		return;
	refused = count_refused(q->engine, &s, &error);
	q->failures = s.io_setup_failures;
	if (refused > 0 && !q->reported) {
		q->reported = true;
		format_report(q, refused, error);
		events_say(q->events, EVENT_ENGINE, LOG_WARNING, "%s", q->text);
	} else if (refused == 0 && q->reported) {
		q->reported = false;
		events_say(q->events, EVENT_ENGINE, LOG_INFO,
		           "all groups of paths are on asynchronous I/O again");
	}
}
