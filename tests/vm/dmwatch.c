/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmwatch [MAX_MAPS]: the device-mapper thread without the daemon. Prints its news, a line
 * each; takes from standard input "fail MAP PATH" and "reinstate MAP PATH" with MAJOR:MINOR
 * for each, "look", "storm N MAP PATH" (so many reinstate at once: prints when all were
 * answered) and "quit".
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/devmapper/devmapper.h"
#include "util/mono.h"
#include "util/seal.h"

static uint64_t next_token, answered, storm_ends;
static struct mono storm_began;

static void print_map(const char *what, const struct map *m)
{
	static const char states[] = { 'A', 'E', 'D' };

	printf("%s %" PRIu32 ":%" PRIu32 " %s uuid=%s event=%" PRIu32 "%s%s groups=",
	       what, m->devt_major, m->devt_minor, m->name, m->uuid, m->event_nr,
	       m->queueing ? " queueing" : "", m->suspended ? " suspended" : "");
	for (uint32_t i = 0; i < m->n_groups; i++)
		putchar(states[m->groups[i]]);
	printf(" paths=");
	for (uint32_t i = 0; i < m->n_paths; i++) {
		const struct map_path *p = &m->paths[i];

		printf("%s%" PRIu32 ":%" PRIu32 "/%" PRIu32 "/%c/%" PRIu32,
		       i > 0 ? "," : "", p->devt_major, p->devt_minor, p->group,
		       p->active ? 'A' : 'F', p->fail_count);
	}
	putchar('\n');
}

static void print_done(const struct dm_record *n)
{
	answered++;
	if (storm_ends != 0 && n->command.token <= storm_ends) {
		if (n->command.token == storm_ends) {
			printf("storm over in %" PRId64 " us, %" PRIu64 " allocations\n",
			       mono_diff(mono_now(), storm_began), seal_broken());
			storm_ends = 0;
		}
		return;
	}
	printf("done %" PRIu64 " error=%d\n", n->command.token, n->error);
}

static void print_news(struct devmapper *d)
{
	struct dm_record n;

	devmapper_clear(d);
	while (devmapper_next(d, &n)) {
		switch (n.op) {
		case DM_RECORD_MAP:
			print_map("map", n.map);
			break;
		case DM_RECORD_GONE:
			print_map("gone", n.map);
			break;
		case DM_RECORD_DONE:
			print_done(&n);
			break;
		case DM_RECORD_SYNC:
			printf("sync error=%d left_out=%" PRIu32 "\n", n.error,
			       n.no_room);
			break;
		}
		map_unref(n.map);
	}
	fflush(stdout);
}

static void command(struct devmapper *d, const char *line)
{
	struct dm_command c = { .verb = DM_FAIL_PATH };
	char verb[16] = "";
	unsigned n = 1;

	if (sscanf(line, "storm %u %" SCNu32 ":%" SCNu32 " %" SCNu32 ":%" SCNu32, &n,
	           &c.map_major, &c.map_minor, &c.path_major, &c.path_minor) == 5) {
		storm_began = mono_now();
		storm_ends = next_token + n;
		c.verb = DM_REINSTATE_PATH;
	} else if (sscanf(line, "%15s %" SCNu32 ":%" SCNu32 " %" SCNu32 ":%" SCNu32, verb,
	                  &c.map_major, &c.map_minor, &c.path_major,
	                  &c.path_minor) != 5) {
		printf("what is \"%s\"?\n", line);
		return;
	}
	if (strcmp(verb, "reinstate") == 0)
		c.verb = DM_REINSTATE_PATH;
	for (unsigned i = 0; i < n; i++) {
		c.token = ++next_token;
		if (!devmapper_command(d, &c))
			printf("no room\n");
	}
}

/* False: enough. */
static bool take_line(struct devmapper *d)
{
	char line[128];

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "quit") == 0)
		return false;
	if (strcmp(line, "look") == 0)
		devmapper_look(d);
	else
		command(d, line);
	return true;
}

int main(int argc, char **argv)
{
	const struct devmapper_options o = {
		.max_maps = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1024,
	};
	struct devmapper *d;
	bool more = true;
	int r;

	/* A line is taken when poll() says so, not when stdio has read ahead. */
	setvbuf(stdin, NULL, _IONBF, 0);
	r = devmapper_new(&d, &o);
	if (r < 0) {
		fprintf(stderr, "dmwatch: %s\n", strerror(-r));
		return 1;
	}
	while (more) {
		struct pollfd fds[2] = {
			{ .fd = devmapper_fd(d), .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};

		(void)poll(fds, 2, -1); /* interrupted: asks again */
		if (fds[0].revents != 0)
			print_news(d);
		if (fds[1].revents != 0)
			more = take_line(d);
	}
	return devmapper_free(d, 5 * USEC_PER_SEC) ? 0 : 1;
}
