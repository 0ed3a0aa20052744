/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and maps the shared region, and wakes the other side: shared.h. Both sides. */
#include "libcheck/region/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "util/pages.h"

/* Linux 5.1; C libraries older than 2.32 do not know it. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* Here, below both sides of a region, because they compare their versions. */
const char *pathcheck_version(void)
{
	return PACKAGE_VERSION;
}

static uint64_t reserve_part(uint64_t *end, uint64_t bytes)
{
	uint64_t at = (*end + 63) & ~UINT64_C(63);

	*end = at + bytes;
	return at;
}

/* The only description of the layout. */
static void lay_out(struct shared_header *h, const struct limits *l)
{
	uint64_t end = sizeof(*h);

	h->commands_offset =
	        reserve_part(&end, ring_bytes(l->commands, sizeof(struct command)));
	h->results_offset =
	        reserve_part(&end, ring_bytes(l->results, sizeof(struct wire_result)));
	h->groups_offset =
	        reserve_part(&end, (uint64_t)l->groups * sizeof(struct group_view));
	h->rescuers_offset =
	        reserve_part(&end, (uint64_t)l->rescuers * sizeof(_Atomic int64_t));
	h->handed_offset = reserve_part(&end, (uint64_t)l->ids * sizeof(_Atomic int64_t));
	h->suspects_offset = reserve_part(&end, l->ids);
	h->opened_offset =
	        reserve_part(&end, (uint64_t)l->ids * sizeof(struct opened_view));
	h->bytes = end;
}

/* The names, and behind them the position of each. */
static uint64_t names_bytes(const struct limits *l)
{
	return (uint64_t)l->name_units * NAME_UNIT + (uint64_t)l->ids * sizeof(uint32_t);
}

static uint64_t region_bytes(const struct limits *l)
{
	struct shared_header h = { 0 };

	lay_out(&h, l);
	return h.bytes;
}

uint64_t shared_bytes(const struct limits *l)
{
	return region_bytes(l) + names_bytes(l);
}

static void find_parts(struct shared *s, const struct limits *l)
{
	const struct shared_header *h = s->header;
	char *b = (char *)s->header;

	s->commands = (struct ring *)(void *)(b + h->commands_offset);
	s->results = (struct ring *)(void *)(b + h->results_offset);
	s->groups = (struct group_view *)(void *)(b + h->groups_offset);
	s->rescuer_busy_us = (_Atomic int64_t *)(void *)(b + h->rescuers_offset);
	s->handed_us = (_Atomic int64_t *)(void *)(b + h->handed_offset);
	s->suspects = (_Atomic uint8_t *)(void *)(b + h->suspects_offset);
	s->opened = (struct opened_view *)(void *)(b + h->opened_offset);
	s->name_units = l->name_units;
	s->name_at = (uint32_t *)(void *)(s->names + (size_t)l->name_units * NAME_UNIT);
}

/* It keeps its size: if it were cut short, an access behind its end would kill the caller. */
static int make_file(int *ret_fd, uint64_t bytes)
{
	int fd = memfd_create("pathcheck", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	if (ftruncate(fd, (off_t)bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -errno;
	return 0;
}

static int map_part(void **ret, int *fd, uint64_t bytes, bool memfd)
{
	void *base;
	int r;

	if (memfd) {
		r = make_file(fd, bytes);
		if (r < 0)
			return r;
	}
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	            memfd ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, *fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*ret = base;
	return 0;
}

static int map_parts(struct shared *s, const struct limits *l, bool memfd)
{
	/* NULL, because an analyser takes -errno for a number that may not be negative. */
	void *header = NULL, *names = NULL;
	int r;

	r = map_part(&header, &s->fd, region_bytes(l), memfd);
	if (r < 0)
		return r;
	s->header = header;
	s->bytes = region_bytes(l);
	r = map_part(&names, &s->names_fd, names_bytes(l), memfd);
	if (r < 0)
		return r;
	s->names = names;
	s->names_bytes = names_bytes(l);
	/*
	 * The caller's mapping stays writable. Before Linux 5.1 the prober could map it so,
	 * too.
	 */
	if (memfd)
		(void)fcntl(s->names_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
	return 0;
}

int shared_create(struct shared *ret, const struct pathcheck_options *o, bool memfd)
{
	struct shared s = SHARED_NULL;
	struct shared_header *h;
	struct limits l;
	int r;

	r = limits_from_options(o, &l);
	if (r < 0)
		return r;
	r = map_parts(&s, &l, memfd);
	if (r < 0)
		goto fail;
	s.submitter_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s.caller_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s.submitter_fd < 0 || s.caller_fd < 0) {
		r = -errno;
		goto fail;
	}

	h = s.header;
	assert(h != NULL && s.names != NULL); /* for the same analyser */
	lay_out(h, &l);
	h->size_check = sizeof(*h);
	(void)snprintf(h->version, sizeof(h->version), "%s", pathcheck_version());
	h->options = *o;
	h->options.prober = NULL;
	h->limits = l;
	find_parts(&s, &l);
	ring_init(s.commands, l.commands, sizeof(struct command));
	ring_init(s.results, l.results, sizeof(struct wire_result));
	for (uint32_t i = 0; i < l.ids; i++)
		s.name_at[i] = UINT32_MAX;
	for (uint32_t i = 0; i < l.groups; i++)
		atomic_init(&s.groups[i].wake_by_us, INT64_MAX);
	atomic_init(&h->caller_waits, 1);
	*ret = s;
	return 0;
fail:
	shared_deinit(&s);
	return r;
}

/* Maps all of a file that another process has made. */
static int map_file(void **ret, uint64_t *ret_bytes, int fd, int prot, uint64_t least)
{
	struct stat st;
	void *base;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < least)
		return -EPROTO;
	base = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*ret = base;
	*ret_bytes = (uint64_t)st.st_size;
	return 0;
}

static void unmap(struct shared *s)
{
	pages_free(s->header, s->bytes);
	pages_free(s->names, s->names_bytes);
	s->header = NULL;
	s->names = NULL;
}

static int map_made(struct shared *s)
{
	void *header = NULL, *names = NULL; /* as in map_parts() */
	int r;

	r = map_file(&header, &s->bytes, s->fd, PROT_READ | PROT_WRITE,
	             sizeof(struct shared_header));
	if (r < 0)
		return r;
	assert(header != NULL);
	s->header = header;
	if (s->header->size_check != sizeof(struct shared_header) ||
	    strncmp(s->header->version, pathcheck_version(), VERSION_BYTES) != 0 ||
	    s->header->bytes != s->bytes ||
	    s->header->bytes != region_bytes(&s->header->limits))
		return -EPROTO;
	r = map_file(&names, &s->names_bytes, s->names_fd, PROT_READ, 1);
	if (r < 0)
		return r;
	s->names = names;
	return s->names_bytes == names_bytes(&s->header->limits) ? 0 : -EPROTO;
}

int shared_attach(struct shared *ret, int fd, int names_fd, int submitter_fd,
                  int caller_fd)
{
	struct shared s = { .fd = fd,
		            .names_fd = names_fd,
		            .submitter_fd = submitter_fd,
		            .caller_fd = caller_fd };
	int r = map_made(&s);

	if (r < 0) {
		unmap(&s);
		return r;
	}
	find_parts(&s, &s.header->limits);
	*ret = s;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void shared_deinit(struct shared *s)
{
	unmap(s);
	close_fd(&s->fd);
	close_fd(&s->names_fd);
	close_fd(&s->submitter_fd);
	close_fd(&s->caller_fd);
}

void shared_wake(_Atomic uint32_t *waits, int fd)
{
	/* memory.pml: WAKE, EXCHANGE */
	/* wakeup.pml: WAKE */
	static const uint64_t one = 1;

	if (atomic_exchange(waits, 0) == 0)
		return;
	/* Fails only when the counter is full: the other side wakes then, too. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

uint32_t shared_rescuers_busy(const struct shared *s, uint32_t n, int64_t longer_us,
                              struct mono now)
{
	uint32_t busy = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct mono since = shared_past(&s->rescuer_busy_us[i], now);

		busy += since.us != 0 && mono_diff(now, since) > longer_us;
	}
	return busy;
}

bool shared_drain(int fd)
{
	/* wakeup.pml: CLEAR */
	uint64_t n;

	/* EAGAIN: it was 0 already. */
	return read(fd, &n, sizeof(n)) > 0;
}
