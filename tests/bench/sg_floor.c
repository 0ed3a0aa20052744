/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor of SCSI commands: the lowest cost that TEST UNIT READY by the sg driver can have. All
 * commands are written, one epoll descriptor says which are answered, and no record is kept.
 */
#include "tests/bench/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BATCH      1024
#define TIMEOUT_MS 60000
#define CDB_BYTES  6

static struct {
	uint32_t n;
	int epoll_fd, *fds;
	struct epoll_event *events;
	uint8_t sense[64]; /* of all of them: nobody reads it */
} it;

/* The link "generic" of the device's folder in sysfs leads to its node of the sg driver. */
static int open_node(const char *name)
{
	char link[128], folder[PATH_MAX], node[PATH_MAX];
	struct stat st;
	int fd, none = 0;

	if (stat(name, &st) < 0)
		bench_fail(name, errno);
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u/device/generic",
	               major(st.st_rdev), minor(st.st_rdev));
	if (realpath(link, folder) == NULL)
		bench_fail(link, errno);
	(void)snprintf(node, sizeof(node), "/dev/%s", strrchr(folder, '/') + 1);
	fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		bench_fail(node, errno);
	(void)ioctl(fd, SG_SET_RESERVED_SIZE, &none); /* as the engine does */
	return fd;
}

static void sg_floor_start(const struct devices *d)
{
	it.n = d->n;
	it.fds = bench_alloc(d->n, sizeof(*it.fds));
	it.events = bench_alloc(BATCH, sizeof(*it.events));
	it.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (it.epoll_fd < 0)
		bench_fail("epoll_create1", errno);
	for (uint32_t i = 0; i < d->n; i++) {
		struct epoll_event e = { .events = EPOLLIN };

		e.data.fd = it.fds[i] = open_node(d->names[i]);
		if (epoll_ctl(it.epoll_fd, EPOLL_CTL_ADD, it.fds[i], &e) < 0)
			bench_fail("epoll_ctl", errno);
	}
}

static void send_command(int fd)
{
	static uint8_t test_unit_ready[CDB_BYTES];
	struct sg_io_hdr h = { .interface_id = 'S',
		               .dxfer_direction = SG_DXFER_NONE,
		               .cmd_len = sizeof(test_unit_ready),
		               .cmdp = test_unit_ready,
		               .mx_sb_len = sizeof(it.sense),
		               .sbp = it.sense,
		               .timeout = TIMEOUT_MS };

	if (write(fd, &h, sizeof(h)) < 0)
		bench_fail("write", errno);
}

static void take_answer(int fd, struct round *ret)
{
	struct sg_io_hdr h = { .interface_id = 'S', .pack_id = -1 };

	if (read(fd, &h, sizeof(h)) < 0)
		bench_fail("read", errno);
	ret->checks++;
	if ((h.info & SG_INFO_OK_MASK) == SG_INFO_OK)
		return;
	ret->failed++;
	(void)fprintf(
	        stderr,
	        "subject: status %02x, host %02x, driver %02x, sense %02x %02x %02x\n",
	        h.status, h.host_status, h.driver_status, it.sense[2] & 15, it.sense[12],
	        it.sense[13]);
}

static void sg_floor_round(struct round *ret)
{
	uint32_t left = it.n;

	for (uint32_t i = 0; i < it.n; i++)
		send_command(it.fds[i]);
	while (left > 0) {
		int got = epoll_wait(it.epoll_fd, it.events, BATCH, -1);

		if (got < 0 && errno != EINTR)
			bench_fail("epoll_wait", errno);
		for (int i = 0; i < got; i++)
			take_answer(it.events[i].data.fd, ret);
		left -= (uint32_t)MAX(got, 0);
	}
}

static void sg_floor_stop(void)
{
	for (uint32_t i = 0; i < it.n; i++)
		(void)close(it.fds[i]);
	(void)close(it.epoll_fd);
	free(it.fds);
	free(it.events);
}

const struct subject subject_sg_floor = {
	.name = "sg-floor",
	.start = sg_floor_start,
	.round = sg_floor_round,
	.stop = sg_floor_stop,
};
