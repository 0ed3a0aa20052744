/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sources that are always ready keep nobody out. The parts of the daemon are replaced by counters:
 * rounds are counted, and no time is measured.
 */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "checkerd/loop/sources.h"
#include "checkerd/paths/results.h"

/* Rounds of one test. */
#define ROUNDS 200

/* Everything that the loop has the parts do. */
static struct {
	int results, requests, other; /* descriptors */
	unsigned rounds, n_results, n_requests, n_snapshots, n_found;
	/* Rounds without the others, in a row. */
	unsigned waited, longest;
	bool snapshot_wanted;
} host;

int pathcheck_fd(const struct pathcheck *pc)
{
	(void)pc;
	return host.results;
}

int port_loop_fd(const struct port *p)
{
	(void)p;
	return host.requests;
}

int devmapper_fd(const struct devmapper *d)
{
	(void)d;
	return dup(host.other);
}

int discovery_fd(const struct discovery *d)
{
	(void)d;
	return dup(host.other);
}

int loader_fd(const struct loader *l)
{
	(void)l;
	return dup(host.other);
}

int purger_fd(const struct purger *p)
{
	(void)p;
	return dup(host.other);
}

void daemon_complete_round(struct daemon *d, struct mono now)
{
	(void)d;
	(void)now;
	host.waited++;
	host.longest = MAX(host.longest, host.waited);
	if (++host.rounds == ROUNDS)
		(void)kill(getpid(), SIGTERM); /* Cannot fail for this process. */
}

struct mono daemon_next_chore(const struct daemon *d)
{
	(void)d;
	return MONO_NEVER;
}

struct mono checks_next(struct checks *c)
{
	(void)c;
	return MONO_NEVER;
}

bool results_collect(struct checks *c, struct mono now)
{
	(void)c;
	(void)now;
	host.n_results++;
	return false;
}

bool requests_serve(struct requests *q, struct mono now)
{
	(void)q;
	(void)now;
	host.n_requests++;
	host.waited = 0;
	return false;
}

bool inventory_take(struct inventory *inv, struct mono now)
{
	(void)inv;
	(void)now;
	host.n_found++;
	return false;
}

bool snapshot_fill_wanted(const struct snapshot_fill *f)
{
	(void)f;
	return host.snapshot_wanted;
}

void snapshot_fill_run(struct snapshot_fill *f)
{
	(void)f;
	host.n_snapshots++;
}

/* Nothing of this happens here. */
_Noreturn static void never(void)
{
	fail();
	abort();
}

bool dm_take(struct dm *dm, struct mono now)
{
	(void)dm;
	(void)now;
	never();
}

void devmapper_clear(struct devmapper *d)
{
	(void)d;
	never();
}

void discovery_clear(struct discovery *d)
{
	(void)d;
	never();
}

void port_loop_clear(struct port *p)
{
	(void)p;
}

int store_fd(const struct store *s)
{
	(void)s;
	return dup(host.other);
}

void store_clear(struct store *s)
{
	(void)s;
	never();
}

void checks_run(struct checks *c, struct mono now)
{
	(void)c;
	(void)now;
	never();
}

void daemon_run_chores(struct daemon *d, struct mono now)
{
	(void)d;
	(void)now;
	never();
}

void reload_loaded(struct reload *r, struct mono now)
{
	(void)r;
	(void)now;
	never();
}

void reload_request(struct reload *r, struct mono now)
{
	(void)r;
	(void)now;
	never();
}

void purge_take(struct purge *p, struct mono now)
{
	(void)p;
	(void)now;
	never();
}

void clock_watch_clear(int fd)
{
	(void)fd;
	never();
}

void windows_clock_set(struct windows *w)
{
	(void)w;
	never();
}

static void run(bool busy)
{
	static struct daemon d; /* large */

	d.clock_fd = dup(host.other);
	if (busy)
		assert_int_equal(eventfd_write(host.results, 1), 0); /* never read */
	assert_int_equal(eventfd_write(host.requests, 1), 0);
	assert_int_equal(sources_run(&d), 0);
}

static int begin(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	host.results = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	host.requests = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	host.other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sources_block_signals();
	return host.results < 0 || host.requests < 0 || host.other < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	close(host.results);
	close(host.requests);
	close(host.other);
	return 0;
}

static void results_without_end_keep_nobody_out(void **state)
{
	(void)state;
	host.snapshot_wanted = true;
	run(true);
	assert_true(host.n_results > ROUNDS / 2);
	assert_in_range(host.n_requests, ROUNDS / 16, ROUNDS / 2);
	assert_in_range(host.n_found, ROUNDS / 16, ROUNDS / 2);
	assert_in_range(host.n_snapshots, ROUNDS / 16, ROUNDS / 2);
	assert_in_range(host.longest, 1, 8);
}

/* Nobody waits for one: none is made. */
static void no_snapshot_is_made_unwanted(void **state)
{
	(void)state;
	run(true);
	assert_int_equal(host.n_snapshots, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(results_without_end_keep_nobody_out),
		TEST(no_snapshot_is_made_unwanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
