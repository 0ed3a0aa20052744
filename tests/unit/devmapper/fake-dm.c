/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/devmapper/fake-dm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct fake_device {
	uint32_t minor, event_nr;
	char name[MAP_NAME_MAX], uuid[MAP_UUID_MAX];
	enum dm_kind kind;
	bool there, suspended, no_queueing;
	unsigned n_paths;
	struct {
		bool active;
		unsigned fails;
	} paths[FAKE_DM_PATHS];
	int read_says;
	unsigned reads;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* [lock] */
static struct {
	struct fake_device devices[FAKE_DM_DEVICES];
	int event_fd;
	int open_says, arm_says, list_says, message_says;
	void (*after_list)(void);
	bool open, held, freed;
	int64_t now_us, read_cost_us;
	unsigned opens, lists, reads, messages, holding;
	int64_t log[FAKE_DM_LOG];
	unsigned log_reads[FAKE_DM_LOG];
} fake = { .event_fd = -1 };

/* The reader's own: valid until it reads again. */
static char name[MAP_NAME_MAX], uuid[MAP_UUID_MAX], table[512], status[512];

static struct fake_device *find(uint32_t minor)
{
	for (unsigned i = 0; i < FAKE_DM_DEVICES; i++) {
		if (fake.devices[i].there && fake.devices[i].minor == minor)
			return &fake.devices[i];
	}
	return NULL;
}

static struct fake_device *get(uint32_t minor)
{
	struct fake_device *d = find(minor);

	assert(d != NULL); /* the test knows what there is */
	return d;
}

static void raise_event(void)
{
	uint64_t one = 1;
	ssize_t n = write(fake.event_fd, &one, sizeof(one));

	assert(n == sizeof(one));
}

/* --- the backend --- */

static int fake_open(_unused_ struct dm_backend *b)
{
	int r;

	pthread_mutex_lock(&lock);
	fake.opens++;
	r = fake.open ? 0 : fake.open_says;
	fake.open = r == 0;
	pthread_mutex_unlock(&lock);
	return r;
}

static int fake_fd(_unused_ const struct dm_backend *b)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = fake.open ? fake.event_fd : -1;
	pthread_mutex_unlock(&lock);
	return fd;
}

static int fake_arm(_unused_ struct dm_backend *b)
{
	uint64_t n;
	int r;

	pthread_mutex_lock(&lock);
	r = fake.arm_says;
	if (r == 0)
		(void)!read(fake.event_fd, &n, sizeof(n)); /* EAGAIN: none since */
	pthread_mutex_unlock(&lock);
	return r;
}

static int fake_list(_unused_ struct dm_backend *b,
                     void (*each)(void *arg, const struct dm_listed *l), void *arg)
{
	void (*after)(void);
	int r;

	pthread_mutex_lock(&lock);
	r = fake.list_says;
	fake.lists++;
	for (unsigned i = FAKE_DM_DEVICES; r == 0 && i-- > 0;) {
		const struct fake_device *d = &fake.devices[i];
		const struct dm_listed l = { 254, d->minor, d->event_nr, d->name };

		if (d->there)
			each(arg, &l);
	}
	after = fake.after_list;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	if (after != NULL)
		after();
	return r;
}

/* As drivers/md/dm-mpath.c writes them. */
static void write_lines(const struct fake_device *d)
{
	int t, s;

	t = snprintf(table, sizeof(table), "%s 0 1 1 round-robin 0 %u 1 ",
	             d->no_queueing ? "0" : "1 queue_if_no_path", d->n_paths);
	s = snprintf(status, sizeof(status), "2 0 0 0 1 1 A 0 %u 0 ", d->n_paths);
	for (unsigned i = 0; i < d->n_paths; i++) {
		t += snprintf(table + t, sizeof(table) - (size_t)t, "8:%u 1 ", i);
		s += snprintf(status + s, sizeof(status) - (size_t)s, "8:%u %c %u ", i,
		              d->paths[i].active ? 'A' : 'F', d->paths[i].fails);
	}
}

static int fake_read(_unused_ struct dm_backend *b, uint32_t major, uint32_t minor,
                     enum dm_kind *ret_kind, struct multipath_text *ret)
{
	struct fake_device *d;
	int r;

	pthread_mutex_lock(&lock);
	while (fake.held) {
		fake.holding = 1;
		pthread_cond_broadcast(&changed);
		pthread_cond_wait(&changed, &lock);
	}
	fake.now_us += fake.read_cost_us;
	fake.reads++;
	d = major == 254 ? find(minor) : NULL;
	r = d == NULL ? -ENXIO : d->read_says;
	if (d != NULL)
		d->reads++;
	if (r == 0) {
		*ret_kind = d->kind;
		(void)snprintf(name, sizeof(name), "%s", d->name);
		(void)snprintf(uuid, sizeof(uuid), "%s", d->uuid);
		write_lines(d);
		if (d->kind == DM_KIND_MULTIPATH)
			*ret = (struct multipath_text){ 254,          minor, d->event_nr,
				                        d->suspended, name,  uuid,
				                        table,        status };
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return r;
}

static int change_path(struct fake_device *d, uint32_t path, bool active)
{
	if (path >= d->n_paths)
		return -EINVAL;
	if (d->paths[path].active == active)
		return 0;
	d->paths[path].active = active;
	d->paths[path].fails += !active;
	d->event_nr++;
	raise_event();
	return 0;
}

static int fake_message(_unused_ struct dm_backend *b, const struct dm_command *c)
{
	struct fake_device *d;
	int r;

	pthread_mutex_lock(&lock);
	assert(fake.messages < FAKE_DM_LOG);
	fake.log[fake.messages] = c->verb == DM_FAIL_PATH ? (int64_t)c->path_minor
	                                                  : -1 - (int64_t)c->path_minor;
	fake.log_reads[fake.messages++] = fake.reads;
	d = c->map_major == 254 ? find(c->map_minor) : NULL;
	r = fake.message_says;
	if (r == 0 && (d == NULL || c->path_major != 8))
		r = -ENXIO;
	if (r == 0 && d->suspended)
		r = -EBUSY;
	if (r == 0)
		r = change_path(d, c->path_minor, c->verb == DM_REINSTATE_PATH);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return r;
}

static struct mono fake_now(_unused_ const struct dm_backend *b)
{
	struct mono now;

	pthread_mutex_lock(&lock);
	now.us = fake.now_us;
	pthread_mutex_unlock(&lock);
	return now;
}

static void fake_free(_unused_ struct dm_backend *b)
{
	pthread_mutex_lock(&lock);
	fake.freed = true;
	pthread_mutex_unlock(&lock);
}

static struct dm_backend backend = {
	.open = fake_open,
	.fd = fake_fd,
	.arm = fake_arm,
	.list = fake_list,
	.read = fake_read,
	.message = fake_message,
	.now = fake_now,
	.free = fake_free,
};

/* --- the test's side --- */

struct dm_backend *fake_dm(void)
{
	return &backend;
}

void fake_dm_reset(void)
{
	pthread_mutex_lock(&lock);
	if (fake.event_fd >= 0)
		close(fake.event_fd);
	memset(&fake, 0, sizeof(fake));
	fake.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert(fake.event_fd >= 0);
	pthread_mutex_unlock(&lock);
}

bool fake_dm_freed(void)
{
	bool freed;

	pthread_mutex_lock(&lock);
	freed = fake.freed;
	pthread_mutex_unlock(&lock);
	return freed;
}

static void create(uint32_t minor, const char *new_name, const char *new_uuid)
{
	unsigned i = 0;

	while (fake.devices[i].there) {
		i++;
		assert(i < FAKE_DM_DEVICES);
	}
	fake.devices[i] = (struct fake_device){ .minor = minor,
		                                .there = true,
		                                .kind = DM_KIND_EMPTY };
	(void)snprintf(fake.devices[i].name, MAP_NAME_MAX, "%s", new_name);
	(void)snprintf(fake.devices[i].uuid, MAP_UUID_MAX, "%s", new_uuid);
	raise_event();
}

static void load(uint32_t minor, enum dm_kind kind, unsigned n_paths)
{
	struct fake_device *d = get(minor);

	assert(n_paths <= FAKE_DM_PATHS);
	d->kind = kind;
	d->n_paths = n_paths;
	memset(d->paths, 0, sizeof(d->paths));
	for (unsigned i = 0; i < n_paths; i++)
		d->paths[i].active = true;
	raise_event();
}

void fake_dm_create(uint32_t minor, const char *new_name, const char *new_uuid)
{
	pthread_mutex_lock(&lock);
	create(minor, new_name, new_uuid);
	pthread_mutex_unlock(&lock);
}

void fake_dm_load(uint32_t minor, unsigned n_paths)
{
	pthread_mutex_lock(&lock);
	load(minor, DM_KIND_MULTIPATH, n_paths);
	pthread_mutex_unlock(&lock);
}

void fake_dm_load_other(uint32_t minor)
{
	pthread_mutex_lock(&lock);
	load(minor, DM_KIND_OTHER, 0);
	pthread_mutex_unlock(&lock);
}

void fake_dm_add(uint32_t minor, const char *new_name, unsigned n_paths)
{
	pthread_mutex_lock(&lock);
	create(minor, new_name, "");
	load(minor, DM_KIND_MULTIPATH, n_paths);
	pthread_mutex_unlock(&lock);
}

void fake_dm_remove(uint32_t minor)
{
	pthread_mutex_lock(&lock);
	get(minor)->there = false;
	raise_event();
	pthread_mutex_unlock(&lock);
}

void fake_dm_rename(uint32_t minor, const char *new_name)
{
	struct fake_device *d;

	pthread_mutex_lock(&lock);
	d = get(minor);
	(void)snprintf(d->name, sizeof(d->name), "%s", new_name);
	d->event_nr++;
	raise_event();
	pthread_mutex_unlock(&lock);
}

void fake_dm_suspend(uint32_t minor, bool suspended)
{
	pthread_mutex_lock(&lock);
	get(minor)->suspended = suspended;
	pthread_mutex_unlock(&lock);
}

void fake_dm_queue(uint32_t minor, bool queueing)
{
	pthread_mutex_lock(&lock);
	get(minor)->no_queueing = !queueing;
	pthread_mutex_unlock(&lock);
}

void fake_dm_path(uint32_t minor, uint32_t path, bool active)
{
	int r;

	pthread_mutex_lock(&lock);
	r = change_path(get(minor), path, active);
	assert(r == 0); /* the test knows what there is */
	pthread_mutex_unlock(&lock);
}

void fake_dm_event(void)
{
	pthread_mutex_lock(&lock);
	raise_event();
	pthread_mutex_unlock(&lock);
}

static void set(int *field, int r)
{
	pthread_mutex_lock(&lock);
	*field = r;
	pthread_mutex_unlock(&lock);
}

void fake_dm_open_says(int r)
{
	set(&fake.open_says, r);
}

void fake_dm_arm_says(int r)
{
	set(&fake.arm_says, r);
}

void fake_dm_list_says(int r)
{
	set(&fake.list_says, r);
}

void fake_dm_message_says(int r)
{
	set(&fake.message_says, r);
}

void fake_dm_read_says(uint32_t minor, int r)
{
	pthread_mutex_lock(&lock);
	get(minor)->read_says = r;
	pthread_mutex_unlock(&lock);
}

void fake_dm_after_list(void (*fn)(void))
{
	pthread_mutex_lock(&lock);
	fake.after_list = fn;
	pthread_mutex_unlock(&lock);
}

void fake_dm_hold(void)
{
	pthread_mutex_lock(&lock);
	fake.held = true;
	pthread_mutex_unlock(&lock);
}

/* Waits until *what is at least n. False: a minute has passed. */
static bool wait_until(const unsigned *what, unsigned n)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&lock);
	while (*what < n && r == 0)
		r = pthread_cond_timedwait(&changed, &lock, &until);
	pthread_mutex_unlock(&lock);
	return r == 0;
}

bool fake_dm_wait_held(void)
{
	return wait_until(&fake.holding, 1);
}

bool fake_dm_wait_lists(unsigned n)
{
	return wait_until(&fake.lists, n);
}

bool fake_dm_wait_reads(uint32_t minor, unsigned n)
{
	const unsigned *reads;

	pthread_mutex_lock(&lock);
	reads = &get(minor)->reads;
	pthread_mutex_unlock(&lock);
	return wait_until(reads, n);
}

bool fake_dm_wait_messages(unsigned n)
{
	return wait_until(&fake.messages, n);
}

void fake_dm_release(void)
{
	pthread_mutex_lock(&lock);
	fake.held = false;
	fake.holding = 0;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void fake_dm_clock(int64_t us, int64_t read_cost_us)
{
	pthread_mutex_lock(&lock);
	fake.now_us = us;
	fake.read_cost_us = read_cost_us;
	pthread_mutex_unlock(&lock);
}

void fake_dm_clock_add(int64_t us)
{
	pthread_mutex_lock(&lock);
	fake.now_us += us;
	pthread_mutex_unlock(&lock);
}

unsigned fake_dm_opens(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = fake.opens;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned fake_dm_lists(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = fake.lists;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned fake_dm_reads(uint32_t minor)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = get(minor)->reads;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned fake_dm_messages(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = fake.messages;
	pthread_mutex_unlock(&lock);
	return n;
}

int64_t fake_dm_message(unsigned i, unsigned *ret_reads_before)
{
	int64_t path;

	pthread_mutex_lock(&lock);
	assert(i < fake.messages);
	path = fake.log[i];
	if (ret_reads_before != NULL)
		*ret_reads_before = fake.log_reads[i];
	pthread_mutex_unlock(&lock);
	return path;
}
