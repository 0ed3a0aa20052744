/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The prober that is at fault: faulty-prober.h. It is the only thread of its process. */
#include "tests/unit/libcheck/faulty-prober.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcheck/process.h"
#include "libcheck/region/shared.h"

/* Its child holds all it was given, as one that hangs in the kernel would. */
static void leave_a_child(void)
{
	static const uint64_t one = 1;
	int orders, reports;
	char c = 0;

	if (fork() != 0)
		_exit(EXIT_SUCCESS);
	orders = open(getenv("TEST_ORDERS"), O_RDONLY | O_CLOEXEC);
	reports = open(getenv("TEST_REPORTS"), O_WRONLY | O_CLOEXEC);
	while (read(orders, &c, 1) == 1) {
		if (write(PROBER_FD_CALLER, &one, sizeof(one)) < 0)
			c = 'x';
		if (write(reports, &c, 1) < 0)
			break;
	}
	_exit(EXIT_SUCCESS);
}

static struct shared attach(void)
{
	struct shared s = SHARED_NULL;

	if (shared_attach(&s, PROBER_FD_REGION, PROBER_FD_NAMES, PROBER_FD_SUBMITTER,
	                  PROBER_FD_CALLER) < 0)
		_exit(EXIT_FAILURE);
	return s;
}

/* Takes its requests, and answers none. */
static void lose_checks(void)
{
	struct shared s = attach();
	struct ring_consumer commands;
	struct command c;

	ring_consumer_init(&commands, s.commands);
	for (;;) {
		while (ring_pop(&commands, &c))
			continue;
		shared_going_to_wait(&s.header->submitter_waits);
		(void)poll(
		        &(struct pollfd){ .fd = PROBER_FD_SUBMITTER, .events = POLLIN },
		        1, 10);
		shared_drain(PROBER_FD_SUBMITTER);
	}
}

/* Says that a check is over which has not timed out, and that it had. */
static void lie(void)
{
	struct shared s = attach();
	struct ring_consumer commands;
	struct ring_producer results;
	struct wire_result w;
	struct command c;

	ring_consumer_init(&commands, s.commands);
	ring_producer_init(&results, s.results);
	for (;;) {
		while (!ring_pop(&commands, &c))
			(void)poll(NULL, 0, 1);
		if (c.op != COMMAND_CHECK)
			continue;
		w = (struct wire_result){ .id = c.id,
			                  .generation = c.generation,
			                  .stage = PATHCHECK_STAGE_READ,
			                  .late = 1 };
		if (!ring_push(&results, &w))
			_exit(EXIT_FAILURE);
		shared_wake(&s.header->caller_waits, PROBER_FD_CALLER);
	}
}

void faulty_prober_run(void)
{
	static char *const argv[] = { (char *)"pathcheck-prober", NULL };
	const char *how = getenv("TEST_PROBER");

	if (strcmp(how, "leaves") == 0)
		leave_a_child();
	if (strcmp(how, "version") == 0)
		_exit(PROBER_EXIT_VERSION);
	if (strcmp(how, "signal") == 0)
		(void)kill(getpid(), SIGKILL);
	if (strcmp(how, "loses") == 0)
		lose_checks();
	if (strcmp(how, "lies") == 0)
		lie();
	if (strcmp(how, "works") == 0)
		execv(BUILT_PROBER, argv);
	_exit(EXIT_SUCCESS);
}
