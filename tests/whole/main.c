/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts the states of each world, and compares the numbers with the recorded ones.
 *
 *	tests/whole/whole            compares with tests/whole/recorded
 *	tests/whole/whole --record   prints what belongs in that file
 *	tests/whole/whole --deep     also the worlds that take minutes, which are not recorded
 *	tests/whole/whole --only TEXT   of all these the worlds that have the text in their name
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/whole/whole.h"

static struct {
	FILE *recorded;   /* NULL: nothing is compared */
	const char *only; /* NULL: every world */
	bool record, changed;
	struct explored all;
} m;

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Compares with the next line of the file that is no comment. */
static void compare(const char *line)
{
	char text[256] = "";

	do
		if (fgets(text, sizeof(text), m.recorded) == NULL)
			text[0] = '\0';
	while (text[0] == '#');
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(line, text) == 0)
		return;
	(void)printf("  recorded: %s\n", text);
	m.changed = true;
}

static void run_world(const struct world *w)
{
	struct explored e;
	char line[256];
	double from = seconds();

	if (m.only != NULL && strstr(w->name, m.only) == NULL)
		return;
	explore(w, &e);
	(void)snprintf(line, sizeof(line), "%s: %llu states, %llu moves, depth %u",
	               w->name, (unsigned long long)e.states, (unsigned long long)e.moves,
	               e.depth);
	if (m.record)
		(void)printf("%s\n", line);
	else
		(void)printf("%s, %.1f s\n", line, seconds() - from);
	(void)fflush(stdout);
	if (m.recorded != NULL)
		compare(line);
	m.all.states += e.states;
	m.all.moves += e.moves;
}

int main(int argc, char **argv)
{
	bool deep = argc > 1 && strcmp(argv[1], "--deep") == 0;

	m.record = argc > 1 && strcmp(argv[1], "--record") == 0;
	if (argc > 2 && strcmp(argv[1], "--only") == 0) {
		m.only = argv[2];
		deep = true;
	}
	if (!deep && !m.record) {
		m.recorded = fopen(WHOLE_RECORDED, "re");
		if (m.recorded == NULL) {
			perror(WHOLE_RECORDED);
			return EXIT_FAILURE;
		}
	}
	whole_path(run_world);
	whole_map(run_world, deep);
	if (m.recorded != NULL)
		(void)fclose(m.recorded); /* It was only read. */
	if (!m.record)
		(void)printf("%llu states, %llu moves, %.1f s\n",
		             (unsigned long long)m.all.states,
		             (unsigned long long)m.all.moves, seconds());
	if (m.changed)
		(void)printf(
		        "the states are not the recorded ones: if that is meant, write "
		        "the output of --record to tests/whole/recorded\n");
	return m.changed ? EXIT_FAILURE : EXIT_SUCCESS;
}
