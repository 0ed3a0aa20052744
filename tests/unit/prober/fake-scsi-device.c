/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/prober/fake-scsi-device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcheck/checkers/scsi_device.h"
#include "tests/unit/prober/fake-backend.h"

#define BLOCK     512
#define FILES_MAX 16

struct file {
	ino_t ino;
	struct scsi_answer answer;
	unsigned times, sent;
	bool slow;
};

static struct {
	pthread_mutex_t lock;
	struct file files[FILES_MAX];
	unsigned n;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* With the lock held. */
static struct file *find(const struct stat *st)
{
	unsigned i = 0;

	while (i < fake.n && fake.files[i].ino != st->st_ino)
		i++;
	assert(i < FILES_MAX);
	if (i == fake.n)
		fake.files[fake.n++] = (struct file){ .ino = st->st_ino };
	return &fake.files[i];
}

/* With the lock held. */
static struct file *file_of(int fd)
{
	struct stat st;

	assert(fstat(fd, &st) == 0);
	return find(&st);
}

static struct file *file_named(const char *path)
{
	struct stat st;

	assert(stat(path, &st) == 0);
	return find(&st);
}

static void give_answer(int fd, struct scsi_exchange *x)
{
	struct file *f;

	pthread_mutex_lock(&fake.lock);
	f = file_of(fd);
	x->answer = (struct scsi_answer){ .got = x->command.data_size };
	if (f->times > 0) {
		f->times--;
		x->answer = f->answer;
	}
	f->sent++;
	pthread_mutex_unlock(&fake.lock);
}

static void answer_request(struct backend_request *r)
{
	give_answer(r->fd, &r->scsi);
}

/* --- in place of scsi_device.c --- */

int scsi_device_open(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	int fd;

	if (stale_fd >= 0)
		close(stale_fd);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	*ret_block = BLOCK;
	return 0;
}

int scsi_device_look(const char *name, int fd, uint32_t *ret_block)
{
	struct stat now, then;

	*ret_block = BLOCK;
	return stat(name, &now) == 0 && fstat(fd, &then) == 0 && now.st_ino == then.st_ino
	               ? 0
	               : 1;
}

void scsi_device_describe(int fd _unused_, struct opened_device *ret)
{
	*ret = (struct opened_device){ .devt_major = 8 };
}

void scsi_device_close(int fd)
{
	close(fd);
}

bool scsi_device_is_slow(int fd)
{
	bool slow;

	pthread_mutex_lock(&fake.lock);
	slow = file_of(fd)->slow;
	pthread_mutex_unlock(&fake.lock);
	return slow;
}

int scsi_device_send(int fd, struct scsi_exchange *x, void *data _unused_)
{
	give_answer(fd, x);
	return 0;
}

/* --- the test's side --- */

void scsi_reset(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.n = 0;
	pthread_mutex_unlock(&fake.lock);
	fake_answers_by(answer_request);
}

void scsi_says(const char *path, const struct scsi_answer *answer, unsigned times)
{
	struct file *f;

	pthread_mutex_lock(&fake.lock);
	f = file_named(path);
	f->answer = *answer;
	f->times = times;
	pthread_mutex_unlock(&fake.lock);
}

void scsi_is_slow(const char *path)
{
	pthread_mutex_lock(&fake.lock);
	file_named(path)->slow = true;
	pthread_mutex_unlock(&fake.lock);
}

unsigned scsi_sent(const char *path)
{
	unsigned n;

	pthread_mutex_lock(&fake.lock);
	n = file_named(path)->sent;
	pthread_mutex_unlock(&fake.lock);
	return n;
}
