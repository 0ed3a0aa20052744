/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the devices or files given as arguments every second and prints what changes.
 *
 *     cc example.c -o example $(pkg-config --cflags --libs libpathcheck)
 *     ./example /dev/sda /dev/sdb
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pathcheck.h>

static void give_up(const char *what, int r)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

/* Prints a result that differs from the last one of its path. */
static void show(const char *device, const struct pathcheck_result *result, int32_t *last)
{
	if (result->verdict == PATHCHECK_DEFERRED || result->error == *last)
		return; /* deferred says nothing about the device */
	*last = result->error;
	if (result->verdict == PATHCHECK_OK)
		printf("%s: up\n", device);
	else
		printf("%s: down: %s\n", device, strerror(result->error));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint32_t *id = calloc((size_t)argc, sizeof(*id));
	int32_t *last = calloc((size_t)argc, sizeof(*last));
	struct pathcheck_result results[64];
	struct pathcheck_options options;
	struct pollfd results_ready = { -1, POLLIN, 0 };
	struct pathcheck *pc;
	int i, r;

	if (id == NULL || last == NULL)
		give_up("calloc", -ENOMEM);
	pathcheck_options_init(&options);
	options.mode = PATHCHECK_PROCESS; /* calls that hang do so in another process */
	options.max_paths = (uint32_t)argc - 1;
	r = pathcheck_new(&pc, &options);
	if (r < 0)
		give_up("pathcheck_new", r);
	results_ready.fd = pathcheck_fd(pc);

	for (i = 1; i < argc; i++) {
		struct pathcheck_path path = { .size = sizeof(path),
			                       .device = argv[i],
			                       .cookie = (uint64_t)i };

		last[i] = -1; /* nothing is known yet */
		r = pathcheck_add(pc, &path, &id[i]);
		if (r < 0)
			give_up(argv[i], r);
	}
	for (;;) {
		for (i = 1; i < argc; i++) {
			r = pathcheck_check(pc, id[i], 3000000);
			if (r < 0 && r != -EBUSY && r != -EAGAIN)
				give_up(argv[i],
				        r); /* EBUSY: the last has not come back */
		}
		pathcheck_flush(pc);
		while (poll(&results_ready, 1, 1000) > 0) {
			r = pathcheck_results(pc, results, 64);
			for (i = 0; i < r; i++)
				show(argv[results[i].cookie], &results[i],
				     &last[results[i].cookie]);
		}
		(void)pathcheck_tend(
		        pc); /* replaces a dead prober; tries again next time */
	}
}
