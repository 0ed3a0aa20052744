/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libcheck/shared.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t place(uint64_t *end, uint64_t bytes)
{
	uint64_t at = (*end + 63) & ~UINT64_C(63);

	*end = at + bytes;
	return at;
}

/* The one description of the layout. */
static void lay_out(struct shared_header *h, const struct limits *l)
{
	uint64_t end = sizeof(*h);

	h->commands_offset = place(&end, spsc_size(l->commands, sizeof(struct command)));
	h->results_offset =
	        place(&end, spsc_size(l->results, sizeof(struct wire_result)));
	h->names_offset = place(&end, (uint64_t)l->name_units * NAME_UNIT);
	h->name_at_offset = place(&end, (uint64_t)l->ids * sizeof(uint32_t));
	h->groups_offset = place(&end, (uint64_t)l->groups * sizeof(struct group_view));
	h->rescuers_offset = place(&end, (uint64_t)l->rescuers * sizeof(_Atomic int64_t));
	h->bytes = end;
}

uint64_t shared_bytes(const struct limits *l)
{
	struct shared_header h = { 0 };

	lay_out(&h, l);
	return h.bytes;
}

static void find_parts(struct shared *s, void *base)
{
	char *b = base;
	struct shared_header *h = base;

	s->header = h;
	s->commands = (struct spsc *)(void *)(b + h->commands_offset);
	s->results = (struct spsc *)(void *)(b + h->results_offset);
	s->names = b + h->names_offset;
	s->name_at = (uint32_t *)(void *)(b + h->name_at_offset);
	s->groups = (struct group_view *)(void *)(b + h->groups_offset);
	s->rescuer_busy_us = (_Atomic int64_t *)(void *)(b + h->rescuers_offset);
}

static int map_region(struct shared *s, uint64_t bytes, bool memfd)
{
	void *base;

	if (memfd) {
		s->fd = memfd_create("pathcheck", MFD_CLOEXEC);
		if (s->fd < 0)
			return -errno;
		if (ftruncate(s->fd, (off_t)bytes) < 0)
			return -errno;
	}
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	            memfd ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, s->fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	s->header = base;
	s->header->bytes = bytes;
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
	r = map_region(&s, shared_bytes(&l), memfd);
	if (r < 0)
		goto fail;
	s.lane_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s.caller_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s.lane_fd < 0 || s.caller_fd < 0) {
		r = -errno;
		goto fail;
	}

	h = s.header;
	assert(h != NULL); /* or -errno was not negative, says an analyser */
	lay_out(h, &l);
	h->size_check = sizeof(*h);
	h->options = *o;
	h->options.prober = NULL;
	h->limits = l;
	find_parts(&s, h);
	spsc_init(s.commands, l.commands, sizeof(struct command));
	spsc_init(s.results, l.results, sizeof(struct wire_result));
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

int shared_attach(struct shared *ret, int fd, int lane_fd, int caller_fd)
{
	struct shared s = { .fd = fd, .lane_fd = lane_fd, .caller_fd = caller_fd };
	struct stat st;
	void *base;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < sizeof(struct shared_header))
		return -EPROTO;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	s.header = base;
	if (s.header->size_check != sizeof(struct shared_header) ||
	    s.header->bytes != (uint64_t)st.st_size ||
	    s.header->bytes != shared_bytes(&s.header->limits)) {
		munmap(base, (size_t)st.st_size);
		return -EPROTO;
	}
	find_parts(&s, base);
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
	if (s->header != NULL)
		munmap(s->header, s->header->bytes);
	s->header = NULL;
	close_fd(&s->fd);
	close_fd(&s->lane_fd);
	close_fd(&s->caller_fd);
}

void shared_wake(_Atomic uint32_t *waits, int fd)
{
	static const uint64_t one = 1;

	if (atomic_exchange(waits, 0) == 0)
		return;
	/* Fails only when the counter is full, and then the other side is awake already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void shared_drain(int fd)
{
	uint64_t n;

	/* EAGAIN: nothing was there, which is what is wanted. */
	if (read(fd, &n, sizeof(n)) < 0)
		return;
}
