/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/prober/fake-backend.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcheck/pathcheck.h"
#include "util/mono.h"

/* More than a group has slots, as nothing but the engine keeps it from asking for more. */
#define REQUESTS_MAX 1100
#define CONTEXTS_MAX 32

#define LIMIT_SEC 120 /* a wait for what does come is shorter */

struct context {
	bool used, destroying;
	int wake_fd, done_fd;
	unsigned slots;
	struct backend_request *hung[REQUESTS_MAX];
	unsigned hung_n;
	struct backend_event done[REQUESTS_MAX];
	unsigned done_n;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct context contexts[CONTEXTS_MAX];
	struct stat held[FAKE_HELD_MAX];
	unsigned held_n;
	struct stat sticks;
	bool any_sticks;
	unsigned stuck;
	bool hold_all, at_once;
	int setup_answer, submit_answer, event_answer;
	unsigned setup_most;
	unsigned setups, reads;
	void (*answers_by)(struct backend_request *r);
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void signal_fd(int fd)
{
	static const uint64_t one = 1;

	assert(write(fd, &one, sizeof(one)) == sizeof(one));
}

static void clear_fd(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		assert(errno == EAGAIN);
}

/* --- with the lock held --- */

static bool hangs(int fd)
{
	struct stat st;

	if (fake.hold_all)
		return true;
	if (fake.held_n == 0 || fstat(fd, &st) < 0)
		return false;
	for (unsigned i = 0; i < fake.held_n; i++)
		if (fake.held[i].st_dev == st.st_dev && fake.held[i].st_ino == st.st_ino)
			return true;
	return false;
}

static void answer(struct context *c, struct backend_request *r)
{
	assert(c->done_n < REQUESTS_MAX);
	if (fake.answers_by != NULL)
		fake.answers_by(r);
	c->done[c->done_n++] = (struct backend_event){
		.request = r,
		.result = fake.event_answer == 0 ? (int64_t)r->len : fake.event_answer,
	};
	signal_fd(c->done_fd);
	if (c->slots < PATHCHECK_GROUP_SLOTS)
		signal_fd(c->wake_fd);
}

static bool sticks(int fd)
{
	struct stat st;

	return fake.any_sticks && fstat(fd, &st) == 0 &&
	       fake.sticks.st_dev == st.st_dev && fake.sticks.st_ino == st.st_ino;
}

/* --- the backend --- */

static int setup(unsigned slots, int wake_fd, void **ret_context)
{
	int r;

	pthread_mutex_lock(&fake.lock);
	while (fake.setup_answer == FAKE_HANGS)
		pthread_cond_wait(&fake.changed, &fake.lock);
	r = fake.setup_answer;
	if (r == 0 && slots > fake.setup_most)
		r = -EAGAIN;
	if (r == 0) {
		unsigned i = 0;

		while (i < CONTEXTS_MAX && fake.contexts[i].used)
			i++;
		assert(i < CONTEXTS_MAX && slots <= REQUESTS_MAX);
		fake.contexts[i] = (struct context){
			.used = true,
			.slots = slots,
			.wake_fd = wake_fd,
			.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		};
		assert(fake.contexts[i].done_fd >= 0);
		fake.setups++;
		*ret_context = &fake.contexts[i];
	}
	pthread_mutex_unlock(&fake.lock);
	return r;
}

static int submit(void *context, struct backend_request *const *requests, unsigned n)
{
	struct context *c = context;
	int r;

	pthread_mutex_lock(&fake.lock);
	assert(c->used && !c->destroying && n > 0);
	r = fake.submit_answer;
	/* Fewer than offered, as the kernel may: the rest is offered again. */
	for (unsigned i = 0; r >= 0 && i < (n + 1) / 2; i++) {
		if (sticks(requests[i]->fd)) {
			fake.stuck++;
			pthread_cond_broadcast(&fake.changed);
			while (fake.any_sticks)
				pthread_cond_wait(&fake.changed, &fake.lock);
			fake.stuck--;
			assert(c->used && !c->destroying);
		}
		if (hangs(requests[i]->fd)) {
			assert(c->hung_n < REQUESTS_MAX);
			c->hung[c->hung_n++] = requests[i];
			assert(c->hung_n <= c->slots);
			pthread_cond_broadcast(&fake.changed);
		} else {
			answer(c, requests[i]);
		}
		fake.reads++;
		r++;
	}
	pthread_mutex_unlock(&fake.lock);
	return r;
}

static int reap(void *context, struct backend_event *events, unsigned n,
                int64_t timeout_us)
{
	struct context *c = context;
	struct pollfd pfd[] = { { .fd = c->done_fd, .events = POLLIN },
		                { .fd = c->wake_fd, .events = POLLIN } };
	struct timespec ts = { .tv_sec = timeout_us / USEC_PER_SEC,
		               .tv_nsec = timeout_us % USEC_PER_SEC * NSEC_PER_USEC };
	unsigned got;

	(void)ppoll(pfd, 2, timeout_us < 0 ? NULL : &ts, NULL);
	clear_fd(c->wake_fd);
	pthread_mutex_lock(&fake.lock);
	clear_fd(c->done_fd);
	got = MIN(n, c->done_n);
	memcpy(events, c->done, got * sizeof(*events));
	memmove(c->done, c->done + got, (c->done_n - got) * sizeof(*events));
	c->done_n -= got;
	if (c->done_n > 0)
		signal_fd(c->done_fd);
	pthread_mutex_unlock(&fake.lock);
	return (int)got;
}

static void destroy(void *context)
{
	struct context *c = context;

	pthread_mutex_lock(&fake.lock);
	assert(c->used && !c->destroying);
	c->destroying = true;
	pthread_cond_broadcast(&fake.changed);
	while (c->hung_n > 0)
		pthread_cond_wait(&fake.changed, &fake.lock);
	close(c->done_fd);
	c->used = c->destroying = false;
	pthread_mutex_unlock(&fake.lock);
}

const struct backend backend_fake = {
	.setup = setup,
	.submit = submit,
	.reap = reap,
	.destroy = destroy,
};

/* True: the command is answered, and no event comes. */
static bool answers_at_once(struct backend_request *r)
{
	bool answers;

	pthread_mutex_lock(&fake.lock);
	answers = fake.at_once && !sticks(r->fd) && !hangs(r->fd);
	if (answers) {
		fake.reads++;
		if (fake.answers_by != NULL)
			fake.answers_by(r);
	}
	pthread_mutex_unlock(&fake.lock);
	return answers;
}

static int submit_command(void *context, struct backend_request *const *requests,
                          unsigned n)
{
	return answers_at_once(requests[0]) ? BACKEND_ANSWERED
	                                    : submit(context, requests, n);
}

static const struct backend backend_fake_commands = {
	.setup = setup,
	.submit = submit_command,
	.reap = reap,
	.destroy = destroy,
};
const struct backends backends_fake = { &backend_fake, &backend_fake_commands };

/* --- the test's side --- */

void fake_reset(void)
{
	pthread_mutex_lock(&fake.lock);
	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		assert(!fake.contexts[i].used);
	fake.held_n = 0;
	fake.hold_all = fake.any_sticks = fake.at_once = false;
	fake.setup_most = UINT_MAX;
	fake.setup_answer = fake.submit_answer = fake.event_answer = 0;
	fake.setups = fake.reads = 0;
	fake.answers_by = NULL;
	pthread_mutex_unlock(&fake.lock);
}

void fake_commands_at_once(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.at_once = true;
	pthread_mutex_unlock(&fake.lock);
}

void fake_hold(const char *path)
{
	pthread_mutex_lock(&fake.lock);
	assert(fake.held_n < FAKE_HELD_MAX);
	assert(stat(path, &fake.held[fake.held_n]) == 0);
	fake.held_n++;
	pthread_mutex_unlock(&fake.lock);
}

void fake_answers_by(void (*hook)(struct backend_request *r))
{
	pthread_mutex_lock(&fake.lock);
	fake.answers_by = hook;
	pthread_mutex_unlock(&fake.lock);
}

void fake_hold_all(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.hold_all = true;
	pthread_mutex_unlock(&fake.lock);
}

void fake_release_all(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.held_n = 0;
	fake.hold_all = fake.any_sticks = false;
	for (unsigned i = 0; i < CONTEXTS_MAX; i++) {
		struct context *c = &fake.contexts[i];

		while (c->used && c->hung_n > 0)
			answer(c, c->hung[--c->hung_n]);
	}
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

void fake_stick(const char *path)
{
	pthread_mutex_lock(&fake.lock);
	assert(stat(path, &fake.sticks) == 0);
	fake.any_sticks = true;
	pthread_mutex_unlock(&fake.lock);
}

static void say(int *which, int what)
{
	pthread_mutex_lock(&fake.lock);
	*which = what;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

void fake_setup_says(int what)
{
	say(&fake.setup_answer, what);
}

void fake_setup_most(unsigned slots)
{
	pthread_mutex_lock(&fake.lock);
	fake.setup_most = slots;
	pthread_mutex_unlock(&fake.lock);
}

void fake_submit_says(int what)
{
	say(&fake.submit_answer, what);
}

void fake_event_says(int what)
{
	say(&fake.event_answer, what);
}

static unsigned hung(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		n += fake.contexts[i].used ? fake.contexts[i].hung_n : 0;
	return n;
}

static unsigned used(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		n += fake.contexts[i].used;
	return n;
}

static unsigned destroying(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTEXTS_MAX; i++)
		n += fake.contexts[i].used && fake.contexts[i].destroying;
	return n;
}

static unsigned count(unsigned (*what)(void))
{
	unsigned n;

	pthread_mutex_lock(&fake.lock);
	n = what();
	pthread_mutex_unlock(&fake.lock);
	return n;
}

static bool wait_for(unsigned (*what)(void), unsigned n)
{
	struct timespec limit;
	bool so;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LIMIT_SEC;
	pthread_mutex_lock(&fake.lock);
	while (what() != n &&
	       pthread_cond_timedwait(&fake.changed, &fake.lock, &limit) == 0)
		continue;
	so = what() == n;
	pthread_mutex_unlock(&fake.lock);
	return so;
}

static unsigned stuck(void)
{
	return fake.stuck;
}

static bool share(const struct backend_request *a, const struct backend_request *b)
{
	const char *of_a = a->buffer, *of_b = b->buffer;

	return a != b && of_a < of_b + b->len && of_b < of_a + a->len;
}

static unsigned shared_bytes_with(const struct backend_request *r)
{
	unsigned n = 0;

	for (unsigned c = 0; c < CONTEXTS_MAX; c++)
		for (unsigned i = 0; fake.contexts[c].used && i < fake.contexts[c].hung_n;
		     i++)
			n += share(r, fake.contexts[c].hung[i]);
	return n;
}

static unsigned sharing(void)
{
	unsigned n = 0;

	for (unsigned c = 0; c < CONTEXTS_MAX; c++)
		for (unsigned i = 0; fake.contexts[c].used && i < fake.contexts[c].hung_n;
		     i++)
			n += shared_bytes_with(fake.contexts[c].hung[i]);
	return n / 2;
}

unsigned fake_shared_bytes(void)
{
	return count(sharing);
}

bool fake_wait_stuck(unsigned n)
{
	return wait_for(stuck, n);
}

bool fake_wait_in_kernel(unsigned n)
{
	return wait_for(hung, n);
}

bool fake_wait_destroying(unsigned n)
{
	return wait_for(destroying, n);
}

unsigned fake_in_kernel(void)
{
	return count(hung);
}

unsigned fake_contexts(void)
{
	return count(used);
}

static unsigned look(const unsigned *which)
{
	unsigned n;

	pthread_mutex_lock(&fake.lock);
	n = *which;
	pthread_mutex_unlock(&fake.lock);
	return n;
}

unsigned fake_setups(void)
{
	return look(&fake.setups);
}

unsigned fake_reads(void)
{
	return look(&fake.reads);
}
