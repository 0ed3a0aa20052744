/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers FUSE requests in the way that each disk is set to.
 *
 * Inode 1 is the directory, inode 2 + i is disk i. Nothing is stored: a disk reads as zeros and
 * discards writes.
 */
#include "tests/system/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/macro.h"
#include "util/mono.h"

#define FIRST_DISK     (FUSE_ROOT_ID + 1)
#define ATTR_TIMEOUT_S 3600.0

static const char zeros[DISK_READ_MAX];

static int64_t now_ms(void)
{
	return mono_now().us / USEC_PER_MSEC;
}

static void list_add(struct held_list *list, struct held *after, struct held *h)
{
	h->prev = after;
	h->next = after ? after->next : list->first;
	if (h->next)
		h->next->prev = h;
	else
		list->last = h;
	if (after)
		after->next = h;
	else
		list->first = h;
}

/* Takes the first entry out; NULL: the list is empty. */
static struct held *list_pop(struct held_list *list)
{
	struct held *h = list->first;

	if (!h)
		return NULL;
	list->first = h->next;
	if (h->next)
		h->next->prev = NULL;
	else
		list->last = NULL;
	return h;
}

int disks_init(struct disks *ds, uint32_t n, uint64_t size)
{
	*ds = (struct disks){ .n = n, .full_size = size };
	if (n == 0 || n > DISK_MAX)
		return -EINVAL;
	ds->disk = calloc(n, sizeof(*ds->disk));
	if (!ds->disk)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		ds->disk[i].size = size;
	return 0;
}

static struct disk *disk_of(struct disks *ds, fuse_ino_t ino)
{
	if (ino < FIRST_DISK || ino - FIRST_DISK >= ds->n)
		return NULL;
	return &ds->disk[ino - FIRST_DISK];
}

static uint32_t disk_index(const struct disks *ds, const struct disk *d)
{
	return (uint32_t)(d - ds->disk);
}

static void disk_stat(const struct disks *ds, fuse_ino_t ino, struct stat *ret)
{
	*ret = (struct stat){ .st_ino = ino, .st_nlink = 1 };
	if (ino == FUSE_ROOT_ID) {
		ret->st_mode = S_IFDIR | 0755;
		ret->st_nlink = 2;
		return;
	}
	ret->st_mode = S_IFREG | 0644;
	ret->st_size = (off_t)ds->disk[ino - FIRST_DISK].size;
	ret->st_blksize = 4096;
	ret->st_blocks = ret->st_size / 512;
}

/* --- requests that wait --- */

static void answer_read(const struct disk *d, fuse_req_t req, uint64_t offset,
                        size_t length)
{
	size_t n = 0;

	if (offset < d->size)
		n = MIN(MIN(length, d->size - offset), sizeof(zeros));
	fuse_reply_buf(req, zeros, n);
}

/* Consumes h, which must not be in a list. error: positive errno, or 0 for success. */
static void held_answer(struct disks *ds, struct held *h, int error)
{
	struct disk *d = &ds->disk[h->disk];

	if (error)
		fuse_reply_err(h->req, error);
	else if (h->kind == HELD_OPEN)
		fuse_reply_open(h->req, &h->file);
	else if (h->kind == HELD_FLUSH)
		fuse_reply_err(h->req, 0);
	else
		answer_read(d, h->req, h->offset, h->length);
	d->n_held--;
	ds->n_held--;
	free(h);
}

/*
 * Keeps a request for delay_ms; 0: until it is released. Returns the kept request; NULL: no
 * memory, and the request was answered with that error.
 */
static struct held *hold(struct disks *ds, struct disk *d, fuse_req_t req,
                         enum held_kind kind, uint32_t delay_ms)
{
	struct held *h = calloc(1, sizeof(*h));
	struct held *after;

	if (!h) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	h->req = req;
	h->kind = kind;
	h->disk = disk_index(ds, d);
	d->n_held++;
	ds->n_held++;
	if (!delay_ms) {
		list_add(&d->held, d->held.last, h);
		return h;
	}
	h->due_ms = now_ms() + delay_ms;
	for (after = ds->timed.last; after && after->due_ms > h->due_ms;)
		after = after->prev;
	list_add(&ds->timed, after, h);
	return h;
}

int disks_tick(struct disks *ds)
{
	int64_t now = now_ms();

	while (ds->timed.first && ds->timed.first->due_ms <= now)
		held_answer(ds, list_pop(&ds->timed), 0);
	if (!ds->timed.first)
		return -1;
	return (int)MIN(ds->timed.first->due_ms - now, 60000);
}

void disk_release(struct disks *ds, uint32_t index, int error)
{
	struct disk *d = &ds->disk[index];
	struct held *h;

	while ((h = list_pop(&d->held)))
		held_answer(ds, h, error);
}

void disk_invalidate(struct disks *ds, uint32_t index)
{
	/* A failure means that the kernel does not know the file, which is as good. */
	(void)fuse_lowlevel_notify_inval_inode(ds->session, FIRST_DISK + index, -1, 0);
}

void disks_deinit(struct disks *ds)
{
	struct held *h;

	if (!ds->disk)
		return;
	for (uint32_t i = 0; i < ds->n; i++)
		disk_release(ds, i, EIO);
	while ((h = list_pop(&ds->timed)))
		held_answer(ds, h, EIO);
	free(ds->disk);
	*ds = (struct disks){ 0 };
}

/* --- FUSE operations --- */

static void op_init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	/* Hung reads, however many, must not delay other reads. */
	conn->max_background = UINT16_MAX;
	conn->congestion_threshold = UINT16_MAX;
	conn->want |= conn->capable & (FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS);
	/* Otherwise the kernel requests the attributes at every read, and waits for them. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
}

/* Exactly "disk" and four digits. */
static struct disk *disk_named(struct disks *ds, const char *name)
{
	char *end;
	unsigned long i;

	if (strncmp(name, "disk", 4) != 0 || strlen(name) + 1 != DISK_NAME_BYTES)
		return NULL;
	i = strtoul(name + 4, &end, 10);
	return !*end && i < ds->n ? &ds->disk[i] : NULL;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct disks *ds = fuse_req_userdata(req);
	struct fuse_entry_param e = { .attr_timeout = ATTR_TIMEOUT_S };
	struct disk *d = parent == FUSE_ROOT_ID ? disk_named(ds, name) : NULL;

	if (!d || d->vanished) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e.ino = FIRST_DISK + disk_index(ds, d);
	disk_stat(ds, e.ino, &e.attr);
	fuse_reply_entry(req, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct disks *ds = fuse_req_userdata(req);
	struct stat st;

	(void)fi;
	if (ino != FUSE_ROOT_ID && !disk_of(ds, ino)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	disk_stat(ds, ino, &st);
	fuse_reply_attr(req, &st, ATTR_TIMEOUT_S);
}

/* A process that opens a disk for writing may also change its times. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
                       struct fuse_file_info *fi)
{
	(void)attr;
	(void)to_set;
	op_getattr(req, ino, fi);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct disks *ds = fuse_req_userdata(req);
	struct disk *d = disk_of(ds, ino);
	struct held *h;

	if (!d || d->vanished) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	d->opens++;
	fi->direct_io = 1;
	if (!d->hang_open) {
		fuse_reply_open(req, fi);
		return;
	}
	h = hold(ds, d, req, HELD_OPEN, 0);
	if (h)
		h->file = *fi;
}

static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct disks *ds = fuse_req_userdata(req);
	struct disk *d = disk_of(ds, ino);

	(void)fi;
	if (d && d->hang_close)
		(void)hold(ds, d, req, HELD_FLUSH,
		           0); /* answered if it could not be kept */
	else
		fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
	struct disks *ds = fuse_req_userdata(req);
	struct disk *d = disk_of(ds, ino);
	struct held *h = NULL;

	(void)fi;
	if (!d || d->vanished) {
		fuse_reply_err(req, ENODEV);
		return;
	}
	d->reads++;
	switch (d->mode) {
	case DISK_ANSWER:
		answer_read(d, req, (uint64_t)offset, size);
		return;
	case DISK_FAIL:
		fuse_reply_err(req, d->error);
		return;
	case DISK_HANG:
		h = hold(ds, d, req, HELD_READ, 0);
		break;
	case DISK_SLOW:
		h = hold(ds, d, req, HELD_READ, MAX(d->slow_ms, 1));
		break;
	}
	if (h) {
		h->offset = (uint64_t)offset;
		h->length = size;
	}
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size,
                     off_t offset, struct fuse_file_info *fi)
{
	(void)ino;
	(void)buf;
	(void)offset;
	(void)fi;
	fuse_reply_write(req, size);
}

/* Entry `offset` is disk `offset`; "." and ".." are omitted, because no test needs them. */
static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                       struct fuse_file_info *fi)
{
	struct disks *ds = fuse_req_userdata(req);
	char *buf = malloc(size);
	size_t used = 0;

	(void)ino;
	(void)fi;
	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	for (uint32_t i = (uint32_t)offset; i < ds->n; i++) {
		char name[DISK_NAME_BYTES + 8];
		struct stat st;
		size_t n;

		if (ds->disk[i].vanished)
			continue;
		disk_stat(ds, FIRST_DISK + i, &st);
		snprintf(name, sizeof(name), "disk%04" PRIu32, i);
		n = fuse_add_direntry(req, buf + used, size - used, name, &st, i + 1);
		if (n > size - used)
			break;
		used += n;
	}
	fuse_reply_buf(req, buf, used);
	free(buf);
}

const struct fuse_lowlevel_ops disk_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.open = op_open,
	.flush = op_flush,
	.read = op_read,
	.write = op_write,
	.readdir = op_readdir,
};
