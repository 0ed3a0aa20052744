/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/prober/fake-directio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/scsi.h"
#include "util/thread.h"

#define BLOCK     512
#define FDS_MAX   1024
#define LIMIT_SEC 120

struct disk {
	bool opens_hang, reads_hang, looks_hang, closes_hang, units_hang, other;
	int open_answer, read_answer, read_once;
	unsigned hung, tried, opens, looks, units, wwids;
	const char *wwid;
	uint64_t seq;
	enum disk_unit unit;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct disk disks[FAKE_DISKS];
	unsigned disk_of[FDS_MAX]; /* by descriptor */
	const char *refused;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* With the lock held. */
static void wait_while(struct disk *d, const bool *hang)
{
	d->hung++;
	pthread_cond_broadcast(&fake.changed);
	while (*hang)
		pthread_cond_wait(&fake.changed, &fake.lock);
	d->hung--;
	pthread_cond_broadcast(&fake.changed);
}

int directio_open(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	unsigned number = (unsigned)strtoul(name + 1, NULL, 10);
	struct disk *d = &fake.disks[number];
	int r, fd = -1;

	assert(name[0] == '/' && number < FAKE_DISKS);
	pthread_mutex_lock(&fake.lock);
	d->tried++;
	pthread_cond_broadcast(&fake.changed);
	if (d->opens_hang)
		wait_while(d, &d->opens_hang);
	r = d->open_answer;
	if (r < 0) {
		if (stale_fd >= 0)
			close(stale_fd);
	} else {
		if (stale_fd >= 0)
			close(stale_fd); /* it was looked at, and is another's */
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert(fd >= 0 && fd < FDS_MAX);
		fake.disk_of[fd] = number;
		d->opens++;
	}
	pthread_mutex_unlock(&fake.lock);
	if (r < 0)
		return r;
	*ret_fd = fd;
	*ret_block = BLOCK;
	return 0;
}

int directio_look(const char *name, int fd, uint32_t *ret_block)
{
	unsigned number = (unsigned)strtoul(name + 1, NULL, 10);
	struct disk *d = &fake.disks[number];
	bool same;

	pthread_mutex_lock(&fake.lock);
	if (d->looks_hang)
		wait_while(d, &d->looks_hang);
	assert(fake.disk_of[fd] == number);
	same = !d->other && d->open_answer == 0;
	d->looks += same;
	pthread_mutex_unlock(&fake.lock);
	*ret_block = BLOCK;
	return same ? 0 : 1;
}

int64_t directio_read(int fd, void *buffer, uint32_t block)
{
	struct disk *d;
	int r;

	assert(fd >= 0 && fd < FDS_MAX && buffer != NULL && block == BLOCK);
	pthread_mutex_lock(&fake.lock);
	d = &fake.disks[fake.disk_of[fd]];
	if (d->reads_hang)
		wait_while(d, &d->reads_hang);
	r = d->read_once != 0 ? d->read_once : d->read_answer;
	d->read_once = 0;
	pthread_mutex_unlock(&fake.lock);
	return r < 0 ? r : (int64_t)block;
}

void directio_close(int fd)
{
	struct disk *d;

	assert(fd >= 0 && fd < FDS_MAX);
	pthread_mutex_lock(&fake.lock);
	d = &fake.disks[fake.disk_of[fd]];
	if (d->closes_hang)
		wait_while(d, &d->closes_hang);
	pthread_mutex_unlock(&fake.lock);
	close(fd);
}

int scsi_test_unit(int fd, struct sense *ret)
{
	enum disk_unit unit;
	struct disk *d;

	assert(fd >= 0 && fd < FDS_MAX);
	pthread_mutex_lock(&fake.lock);
	d = &fake.disks[fake.disk_of[fd]];
	d->units++;
	if (d->units_hang)
		wait_while(d, &d->units_hang);
	unit = d->unit;
	pthread_mutex_unlock(&fake.lock);
	if (unit == DISK_NO_SCSI)
		return -EOPNOTSUPP;
	*ret = (struct sense){ .valid = false };
	if (unit == DISK_UNIT_GONE)
		*ret = (struct sense){ true, 0x05, 0x25, 0x00 };
	return 0;
}

int scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX])
{
	struct disk *d;
	int r = -EIO;

	assert(fd >= 0 && fd < FDS_MAX);
	pthread_mutex_lock(&fake.lock);
	d = &fake.disks[fake.disk_of[fd]];
	d->wwids++;
	if (d->wwid != NULL) {
		(void)snprintf(ret, VPD_TEXT_MAX, "%s", d->wwid);
		r = ret[0] == '\0' ? -ENODATA : 0;
	}
	pthread_mutex_unlock(&fake.lock);
	return r;
}

void directio_describe(int fd, struct opened_device *ret)
{
	assert(fd >= 0 && fd < FDS_MAX);
	pthread_mutex_lock(&fake.lock);
	*ret = (struct opened_device){ .devt_major = 7,
		                       .devt_minor = fake.disk_of[fd],
		                       .diskseq = fake.disks[fake.disk_of[fd]].seq };
	pthread_mutex_unlock(&fake.lock);
}

/* In place of util/thread.c too: one that can be refused. */
int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                 void *(*fn)(void *), void *arg)
{
	bool refuse;

	(void)stack_bytes; /* the default one is large enough */
	pthread_mutex_lock(&fake.lock);
	refuse = fake.refused != NULL && strcmp(name, fake.refused) == 0;
	pthread_mutex_unlock(&fake.lock);
	return refuse ? -EAGAIN : -pthread_create(ret_thread, NULL, fn, arg);
}

/* --- the test's side --- */

void disks_reset(void)
{
	pthread_mutex_lock(&fake.lock);
	for (unsigned i = 0; i < FAKE_DISKS; i++) {
		assert(fake.disks[i].hung == 0);
		fake.disks[i] = (struct disk){ .wwid = "" };
	}
	fake.refused = NULL;
	pthread_mutex_unlock(&fake.lock);
}

static void say_bool(bool *which, bool what)
{
	pthread_mutex_lock(&fake.lock);
	*which = what;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static void say_int(int *which, int what)
{
	pthread_mutex_lock(&fake.lock);
	*which = what;
	pthread_mutex_unlock(&fake.lock);
}

void disk_opens_hang(unsigned disk, bool hang)
{
	say_bool(&fake.disks[disk].opens_hang, hang);
}

void disk_looks_hang(unsigned disk, bool hang)
{
	say_bool(&fake.disks[disk].looks_hang, hang);
}

void disk_is_another(unsigned disk, bool another)
{
	say_bool(&fake.disks[disk].other, another);
}

void disk_reads_hang(unsigned disk, bool hang)
{
	say_bool(&fake.disks[disk].reads_hang, hang);
}

void disk_open_says(unsigned disk, int answer)
{
	say_int(&fake.disks[disk].open_answer, answer);
}

void disk_read_says(unsigned disk, int answer)
{
	say_int(&fake.disks[disk].read_answer, answer);
}

static bool wait_for(const unsigned *which, unsigned least, unsigned most)
{
	struct timespec limit;
	bool so;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LIMIT_SEC;
	pthread_mutex_lock(&fake.lock);
	while ((*which < least || *which > most) &&
	       pthread_cond_timedwait(&fake.changed, &fake.lock, &limit) == 0)
		continue;
	so = *which >= least && *which <= most;
	pthread_mutex_unlock(&fake.lock);
	return so;
}

bool disk_wait_hung(unsigned disk, unsigned n)
{
	return wait_for(&fake.disks[disk].hung, n, n);
}

bool disk_wait_tried(unsigned disk, unsigned n)
{
	return wait_for(&fake.disks[disk].tried, n, UINT_MAX);
}

static unsigned look(const unsigned *which)
{
	unsigned n;

	pthread_mutex_lock(&fake.lock);
	n = *which;
	pthread_mutex_unlock(&fake.lock);
	return n;
}

unsigned disk_hung(unsigned disk)
{
	return look(&fake.disks[disk].hung);
}

unsigned disk_tried(unsigned disk)
{
	return look(&fake.disks[disk].tried);
}

unsigned disk_opens(unsigned disk)
{
	return look(&fake.disks[disk].opens);
}

unsigned disk_looks(unsigned disk)
{
	return look(&fake.disks[disk].looks);
}

void threads_refuse(const char *name)
{
	pthread_mutex_lock(&fake.lock);
	fake.refused = name;
	pthread_mutex_unlock(&fake.lock);
}

void disk_read_says_once(unsigned disk, int answer)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].read_once = answer;
	pthread_mutex_unlock(&fake.lock);
}

void disk_unit_says(unsigned disk, enum disk_unit unit)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].unit = unit;
	pthread_mutex_unlock(&fake.lock);
}

unsigned disk_units(unsigned disk)
{
	return look(&fake.disks[disk].units);
}

void disk_closes_hang(unsigned disk, bool hang)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].closes_hang = hang;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

void disk_units_hang(unsigned disk, bool hang)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].units_hang = hang;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

void disk_wwid_is(unsigned disk, const char *wwid)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].wwid = wwid;
	pthread_mutex_unlock(&fake.lock);
}

unsigned disk_wwids(unsigned disk)
{
	return look(&fake.disks[disk].wwids);
}

void disk_seq_is(unsigned disk, uint64_t diskseq)
{
	pthread_mutex_lock(&fake.lock);
	fake.disks[disk].seq = diskseq;
	pthread_mutex_unlock(&fake.lock);
}
