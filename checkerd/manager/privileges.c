/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs at start, on the only thread. */
#include "checkerd/manager/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "checkerd/manager/memlock.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

/* Bytes by which the heap grows and shrinks at least. */
#define HEAP_STEP (32 * 1024)

#define OOM_SCORE_WANTED (-1000)

void warnings_add(struct warnings *w, const char *id, const char *format, ...)
{
	va_list args;

	if (w->n == SNAP_WARNINGS_MAX)
		return;
	va_start(args, format);
	w->ids[w->n] = id;
	(void)vsnprintf(w->text[w->n++], SNAP_WARNING_SIZE, format, args);
	va_end(args);
}

void privileges_prepare(void)
{
	/* An arena for each thread would lock 64 MiB that nobody uses. */
	(void)mallopt(M_ARENA_MAX, 1);
	/* free() loses memory when munmap() fails. Large blocks are pages (util/pages.h). */
	(void)mallopt(M_MMAP_MAX, 0);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_STEP);
	(void)mallopt(M_TOP_PAD, HEAP_STEP); /* the heap is locked before it is used */
}

void privileges_realtime(struct warnings *w, uint32_t priority)
{
	const struct sched_param param = { .sched_priority = (int)priority };

	if (priority > 0 && sched_setscheduler(0, SCHED_RR, &param) < 0 && w != NULL)
		warnings_add(w, SNAP_WARNING_REALTIME,
		             "checks run at normal priority: "
		             "realtime_priority %" PRIu32 ": %s "
		             "(CAP_SYS_NICE, or LimitRTPRIO)",
		             priority, strerrordesc_np(errno));
}

void privileges_no_realtime(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	/* A lower priority is always permitted. */
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
}

static void set_io_flusher(struct warnings *w)
{
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		warnings_add(w, SNAP_WARNING_FLUSHER,
		             "allocations may wait for I/O to the disks that are "
		             "checked: PR_SET_IO_FLUSHER: %s "
		             "(CAP_SYS_RESOURCE)",
		             strerrordesc_np(errno));
}

static void lock_memory(struct warnings *w)
{
	int r = memlock_lock();

	if (r == -EPERM)
		warnings_add(w, SNAP_WARNING_MEMLOCK,
		             "memory is not locked, it may be swapped out to the "
		             "disks that are checked: mlockall needs CAP_IPC_LOCK");
	else if (r < 0)
		warnings_add(w, SNAP_WARNING_MEMLOCK,
		             "memory is not locked: mlockall: %s", strerrordesc_np(-r));
}

static void lower_oom_score(struct warnings *w)
{
	char buf[16];
	ssize_t n;
	int fd, error = 0;

	fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (n > 0) {
		buf[n] = '\0';
		if (strtol(buf, NULL, 10) > OOM_SCORE_WANTED &&
		    pwrite(fd, "-1000", 5, 0) < 0)
			error = errno;
	} else {
		error = errno;
	}
	if (fd >= 0)
		close(fd);
	if (error != 0)
		warnings_add(w, SNAP_WARNING_OOM,
		             "the kernel may kill checkerd when memory is short: "
		             "oom_score_adj: %s "
		             "(CAP_SYS_RESOURCE)",
		             strerrordesc_np(error));
}

/* The prober inherits the limit, and it needs most of the descriptors. */
static void raise_descriptors(struct warnings *w, uint32_t descriptors)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= descriptors)
		return;
	if (limit.rlim_max >= descriptors) {
		limit.rlim_cur = descriptors;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return;
	} else {
		const struct rlimit more = { descriptors, descriptors };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
		limit.rlim_cur = limit.rlim_max;
		/* More descriptors than before, but not enough. */
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	warnings_add(w, SNAP_WARNING_DESCRIPTORS,
	             "%" PRIu64 " descriptors may be opened, max_paths may need %" PRIu32
	             ": lower max_paths, or raise LimitNOFILE",
	             (uint64_t)limit.rlim_cur, descriptors);
}

void privileges_acquire(struct warnings *w, uint32_t descriptors)
{
	set_io_flusher(w);
	lock_memory(w);
	lower_oom_score(w);
	raise_descriptors(w, descriptors);
}
