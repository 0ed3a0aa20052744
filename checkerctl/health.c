/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * health: prints one line for monitoring systems and returns their exit status. Errors are
 * "UNKNOWN" on stdout too, because monitoring systems show stdout. One thread.
 */
#include <string.h>
#include <time.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"

#define LINE_BYTES 512

struct tally {
	size_t maps, degraded, unknown, lost;
	/* the worst map's */
	enum health_code code;
	/* the first map with this code; NULL: all maps are well */
	json_object *worst;
	/* paths with another disk under their number */
	size_t barred;
	/* the first map with a barred path */
	json_object *mixed;
};

static void count_barred(struct tally *t, json_object *map)
{
	json_object *list;
	size_t n = ctl_list(map, "barred", &list);

	if (n > 0 && t->barred == 0)
		t->mixed = map;
	t->barred += n;
}

static double count_of(json_object *map, const char *key)
{
	double n;

	return ctl_number(map, key, &n) ? n : 0;
}

/* The states of overdue paths are old, so a map with one is not OK. */
static enum health_code map_health(json_object *map)
{
	const char *redundancy = ctl_text(map, "redundancy", "");

	if (strcmp(redundancy, "none") == 0)
		return HEALTH_LOST;
	if (count_of(map, "paths_overdue") > 0)
		return HEALTH_UNKNOWN;
	if (count_of(map, "paths_expected") > count_of(map, "paths_total"))
		return HEALTH_DEGRADED;
	return strcmp(redundancy, "full") == 0 ? HEALTH_OK : HEALTH_DEGRADED;
}

/* A larger number is worse. HEALTH_LOST is certain. A map with overdue paths may be worse than
 * a degraded one. */
static int badness(enum health_code code)
{
	switch (code) {
	case HEALTH_LOST:
		return 3;
	case HEALTH_UNKNOWN:
		return 2;
	case HEALTH_DEGRADED:
		return 1;
	case HEALTH_OK:
		break;
	}
	return 0;
}

/* "2026-01-02T…", whose order is that of time; NULL: the map has a usable path, or a disabled one. */
static const char *lost_since(json_object *map)
{
	return ctl_text(map, "lost_since", NULL);
}

/* Of two maps with the same code, the map that was lost first is worse. */
static bool is_worse(json_object *map, enum health_code code, const struct tally *t)
{
	const char *since = lost_since(map), *worst;

	if (badness(code) != badness(t->code) || t->worst == NULL || since == NULL)
		return badness(code) > badness(t->code);
	worst = lost_since(t->worst);
	return worst == NULL || strcmp(since, worst) < 0;
}

static struct tally count_maps(json_object *reply)
{
	struct tally t = { .code = HEALTH_OK };
	json_object *list;

	t.maps = ctl_list(reply, "maps", &list);
	for (size_t i = 0; i < t.maps; i++) {
		json_object *map = json_object_array_get_idx(list, i);
		enum health_code code = map_health(map);

		count_barred(&t, map);
		t.lost += code == HEALTH_LOST;
		t.unknown += code == HEALTH_UNKNOWN;
		t.degraded += code == HEALTH_DEGRADED;
		if (is_worse(map, code, &t)) {
			t.code = code;
			t.worst = map;
		}
	}
	if (t.maps == 0)
		t.code = HEALTH_UNKNOWN;
	if (t.barred > 0)
		t.code = HEALTH_LOST;
	return t;
}

static void print_barred(const struct tally *t)
{
	json_object *list;

	(void)ctl_list(t->mixed, "barred", &list);
	fputs("CRITICAL: another disk is under path ", stdout);
	human_put(stdout, json_object_get_string(json_object_array_get_idx(list, 0)),
	          false);
	fputs(" of map ", stdout);
	human_put(stdout, ctl_text(t->mixed, "name", "-"), false);
	printf("; %zu %s barred: remove %s from the map\n", t->barred,
	       t->barred == 1 ? "path is" : "paths are", t->barred == 1 ? "it" : "them");
}

/* "5 s", "5 min", "5.0 h" */
static void print_duration(double s)
{
	if (s < 60)
		printf("%.0f s", s);
	else if (s < 3600)
		printf("%.0f min", s / 60);
	else
		printf("%.1f h", s / 3600);
}

/* "b has ", or "map b lost for 5 min, " */
static void print_name(json_object *map)
{
	const char *since = lost_since(map);
	struct timespec now;
	double begun;

	if (since == NULL || human_parse_time(since, &begun) < 0) {
		human_put(stdout, ctl_text(map, "name", "-"), false);
		fputs(" has ", stdout);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	fputs("map ", stdout);
	human_put(stdout, ctl_text(map, "name", "-"), false);
	fputs(" lost for ", stdout);
	print_duration(MAX((double)now.tv_sec - begun, 0.0));
	fputs(", ", stdout);
}

/* "m1 has 1 of 4 paths up, 1 disabled, 8 expected, 2 overdue" */
static void print_map(json_object *map)
{
	double disabled = count_of(map, "paths_disabled");
	double overdue = count_of(map, "paths_overdue");
	double expected = count_of(map, "paths_expected");

	print_name(map);
	human_put(stdout, ctl_text(map, "paths_up", "?"), false);
	fputs(" of ", stdout);
	human_put(stdout, ctl_text(map, "paths_total", "?"), false);
	fputs(" paths up", stdout);
	if (disabled > 0)
		printf(", %.0f disabled", disabled);
	if (expected > count_of(map, "paths_total"))
		printf(", %.0f expected", expected);
	if (overdue > 0)
		printf(", %.0f overdue: not checked, see checkerctl show status",
		       overdue);
}

static void print_health(const struct tally *t)
{
	static const char *const words[] = {
		[HEALTH_OK] = "OK",
		[HEALTH_DEGRADED] = "WARNING",
		[HEALTH_LOST] = "CRITICAL",
		[HEALTH_UNKNOWN] = "UNKNOWN",
	};

	if (t->barred > 0) {
		print_barred(t);
		return;
	}
	if (t->maps == 0) {
		puts("UNKNOWN: checkerd knows no map");
		return;
	}
	if (t->worst == NULL) {
		printf("OK: %zu %s, all redundant\n", t->maps,
		       t->maps == 1 ? "map" : "maps");
		return;
	}
	printf("%s: ", words[t->code]);
	print_map(t->worst);
	printf("; of %zu %s, %zu without a path, %zu degraded", t->maps,
	       t->maps == 1 ? "map" : "maps", t->lost, t->degraded);
	if (t->unknown > 0)
		printf(", %zu with overdue paths", t->unknown);
	putchar('\n');
}

static void add_count(json_object *object, const char *key, size_t n)
{
	json_object_object_add(object, key, json_object_new_int64((int64_t)n));
}

/* One line: the message of the call that failed. */
static void print_unknown(void)
{
	const char *why = human_first_complaint();
	char line[LINE_BYTES];

	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(why, "\n"), why);
	fputs("UNKNOWN: ", stdout);
	human_put(stdout, line, false);
	putchar('\n');
}

/* why: NULL: the health is known. */
static void json_health(const struct tally *t, const char *why)
{
	static const char *const words[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_DEGRADED] = "degraded",
		[HEALTH_LOST] = "lost",
		[HEALTH_UNKNOWN] = "unknown",
	};
	json_object *object = json_object_new_object();

	json_object_object_add(object, "health", json_object_new_string(words[t->code]));
	json_object_object_add(object, "reason",
	                       why != NULL ? json_object_new_string(why) : NULL);
	add_count(object, "maps_total", t->maps);
	add_count(object, "maps_degraded", t->degraded);
	add_count(object, "maps_lost", t->lost);
	add_count(object, "maps_overdue", t->unknown);
	add_count(object, "paths_barred", t->barred);
	ctl_print_json(object);
	json_object_put(object);
}

int run_health(struct ctl *ctl, const char *const *operands, size_t n)
{
	const char *const *map = &ctl->options->map;
	json_object *reply;
	struct tally t;

	(void)operands;
	(void)n;
	if (ctl_call_names(ctl, "ListMaps", CTL_MAPS, map, *map ? 1 : 0, NULL, &reply) !=
	    0) {
		if (ctl_options_has(ctl->options, OPT_JSON))
			json_health(&(struct tally){ .code = HEALTH_UNKNOWN },
			            human_first_complaint());
		else
			print_unknown();
		return HEALTH_UNKNOWN;
	}
	t = count_maps(reply);
	if (ctl_options_has(ctl->options, OPT_JSON))
		json_health(&t, NULL);
	else
		print_health(&t);
	json_object_put(reply);
	return (int)t.code;
}
