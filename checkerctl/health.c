/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * health: prints one line for monitoring systems and returns their exit status. Errors are
 * "UNKNOWN" on stdout too, because monitoring systems show stdout. After a '|' stands
 * performance data. One thread.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/health_limits.h"
#include "checkerctl/human.h"

#define LINE_BYTES 512
/* Monitoring systems cut long output: of more maps there are only the totals. */
#define MAPS_MEASURED ((size_t)50)

struct tally {
	const struct ctl_options *options;
	struct health_limits limits;
	size_t maps;
	/* maps without a path; outside the critical limit; degraded; with overdue paths */
	size_t lost, critical, degraded, unknown;
	/* of all maps */
	double paths, up, disabled, overdue, unchecked;
	/* all maps have full redundancy */
	bool redundant;
	/* the worst map's, or that of an expectation */
	enum health_code code;
	/* the first map with this code; NULL: all maps are well */
	json_object *worst;
	/* paths with another disk under their number */
	size_t barred;
	/* the first map with a barred path */
	json_object *mixed;
	/* the first --expect of a map that does not exist; NULL: none */
	const char *missing;
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

/* Does `given`, a part of an --expect, name this map? */
static bool is_named(json_object *map, const char *given, size_t length)
{
	static const char *const keys[] = { "name", "wwid", "dm" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *name = ctl_text(map, keys[i], "");

		if (strncmp(name, given, length) == 0 && name[length] == '\0')
			return true;
	}
	return false;
}

/* How many paths the user expects. False: nothing was said about this map. */
static bool demanded(const struct ctl_options *o, json_object *map, double *ret)
{
	for (size_t i = 0; i < o->n_expected; i++) {
		size_t length;
		uint64_t n;

		if (health_expect_parse(o->expected[i], &length, &n) == 0 && length > 0 &&
		    is_named(map, o->expected[i], length)) {
			*ret = (double)n;
			return true;
		}
	}
	return false;
}

/* What the user expects, else what checkerd remembers. */
static double expected_paths(const struct ctl_options *o, json_object *map)
{
	double n;

	return demanded(o, map, &n) ? n : count_of(map, "paths_expected");
}

/* The paths that percents are of: those that the map should have, without disabled ones. */
static double whole(const struct ctl_options *o, json_object *map)
{
	double n = MAX(expected_paths(o, map), count_of(map, "paths_total"));

	return MAX(n - count_of(map, "paths_disabled"), 0.0);
}

/* The states of overdue paths are old, so a map with one is not OK. */
static enum health_code map_health(const struct tally *t, json_object *map)
{
	const char *redundancy = ctl_text(map, "redundancy", "");
	double total = count_of(map, "paths_total"), up = count_of(map, "paths_up");
	double all = whole(t->options, map), n;

	if (strcmp(redundancy, "none") == 0 ||
	    health_range_alerts(&t->limits.critical, up, all))
		return HEALTH_LOST;
	if (count_of(map, "paths_overdue") > 0)
		return HEALTH_UNKNOWN;
	if (demanded(t->options, map, &n) && n != total)
		return HEALTH_DEGRADED;
	if (t->limits.warning.given)
		return health_range_alerts(&t->limits.warning, up, all) ? HEALTH_DEGRADED
		                                                        : HEALTH_OK;
	if (count_of(map, "paths_expected") > total && !demanded(t->options, map, &n))
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

static void count_map(struct tally *t, json_object *map)
{
	enum health_code code = map_health(t, map);
	bool none = strcmp(ctl_text(map, "redundancy", ""), "none") == 0;

	count_barred(t, map);
	t->lost += none;
	t->critical += code == HEALTH_LOST && !none;
	t->unknown += code == HEALTH_UNKNOWN;
	t->degraded += code == HEALTH_DEGRADED;
	t->paths += count_of(map, "paths_total");
	t->up += count_of(map, "paths_up");
	t->disabled += count_of(map, "paths_disabled");
	t->overdue += count_of(map, "paths_overdue");
	t->unchecked += count_of(map, "paths_unchecked");
	t->redundant &= strcmp(ctl_text(map, "redundancy", ""), "full") == 0;
	if (is_worse(map, code, t)) {
		t->code = code;
		t->worst = map;
	}
}

static const char *missing_map(const struct ctl_options *o, json_object *list, size_t n)
{
	for (size_t i = 0; i < o->n_expected; i++) {
		bool found = false;
		size_t length;
		uint64_t paths;

		if (health_expect_parse(o->expected[i], &length, &paths) < 0 ||
		    length == 0 || paths == 0)
			continue;
		for (size_t k = 0; k < n && !found; k++)
			found = is_named(json_object_array_get_idx(list, k),
			                 o->expected[i], length);
		if (!found)
			return o->expected[i];
	}
	return NULL;
}

/* Fewer maps than expected are an error, more are a change that somebody should know of. */
static void count_expected(struct tally *t)
{
	enum health_code code = HEALTH_OK;

	if (t->missing != NULL || (int64_t)t->maps < t->limits.maps)
		code = HEALTH_LOST;
	else if (t->limits.maps >= 0 && (int64_t)t->maps > t->limits.maps)
		code = HEALTH_DEGRADED;
	else if (t->maps == 0 && t->limits.maps != 0)
		code = HEALTH_UNKNOWN;
	if (badness(code) > badness(t->code)) {
		t->code = code;
		t->worst = NULL;
	}
}

static void count_maps(struct tally *t, json_object *reply)
{
	json_object *list = NULL;

	t->redundant = true;
	t->maps = ctl_list(reply, "maps", &list);
	for (size_t i = 0; i < t->maps; i++)
		count_map(t, json_object_array_get_idx(list, i));
	t->missing = missing_map(t->options, list, t->maps);
	count_expected(t);
	if (t->barred > 0)
		t->code = HEALTH_LOST;
}

/* --- the line --- */

static void put_barred(FILE *f, const struct tally *t)
{
	json_object *list;

	(void)ctl_list(t->mixed, "barred", &list);
	fputs("another disk is under path ", f);
	fputs(json_object_get_string(json_object_array_get_idx(list, 0)), f);
	fprintf(f, " of map %s; %zu %s barred: remove %s from the map",
	        ctl_text(t->mixed, "name", "-"), t->barred,
	        t->barred == 1 ? "path is" : "paths are", t->barred == 1 ? "it" : "them");
}

/* "5 s", "5 min", "5.0 h" */
static void put_duration(FILE *f, double s)
{
	if (s < 60)
		fprintf(f, "%.0f s", s);
	else if (s < 3600)
		fprintf(f, "%.0f min", s / 60);
	else
		fprintf(f, "%.1f h", s / 3600);
}

/* "b has ", or "map b lost for 5 min, " */
static void put_name(FILE *f, json_object *map)
{
	const char *since = lost_since(map);
	struct timespec now;
	double begun;

	if (since == NULL || human_parse_time(since, &begun) < 0) {
		fprintf(f, "%s has ", ctl_text(map, "name", "-"));
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(f, "map %s lost for ", ctl_text(map, "name", "-"));
	put_duration(f, MAX((double)now.tv_sec - begun, 0.0));
	fputs(", ", f);
}

/* "m1 has 1 of 4 paths up, 1 disabled, 1 unchecked, 8 expected, 2 overdue" */
static void put_map(FILE *f, const struct tally *t, json_object *map)
{
	double disabled = count_of(map, "paths_disabled");
	double overdue = count_of(map, "paths_overdue");
	double unchecked = count_of(map, "paths_unchecked");
	double expected = expected_paths(t->options, map), n;
	double total = count_of(map, "paths_total");

	put_name(f, map);
	fprintf(f, "%s of %s paths up", ctl_text(map, "paths_up", "?"),
	        ctl_text(map, "paths_total", "?"));
	if (disabled > 0)
		fprintf(f, ", %.0f disabled", disabled);
	if (unchecked > 0)
		fprintf(f, ", %.0f unchecked", unchecked);
	if (expected > total || (demanded(t->options, map, &n) && n != total))
		fprintf(f, ", %.0f expected", expected);
	if (overdue > 0)
		fprintf(f, ", %.0f overdue: not checked, see checkerctl show status",
		        overdue);
}

/* What the number of maps is, if it is not the expected one. */
static void put_expected(FILE *f, const struct tally *t)
{
	if (t->missing != NULL)
		fprintf(f, "map %.*s does not exist, and is expected",
		        (int)(strrchr(t->missing, '=') - t->missing), t->missing);
	else if (t->limits.maps >= 0 && (int64_t)t->maps != t->limits.maps)
		fprintf(f, "%zu %s, %lld expected", t->maps,
		        t->maps == 1 ? "map" : "maps", (long long)t->limits.maps);
	else if (t->maps == 0)
		fputs("checkerd knows no map", f);
}

static bool is_as_expected(const struct tally *t)
{
	return t->missing == NULL &&
	       (t->limits.maps < 0 || (int64_t)t->maps == t->limits.maps);
}

static void put_well(FILE *f, const struct tally *t)
{
	fprintf(f, "%zu %s", t->maps, t->maps == 1 ? "map" : "maps");
	if (t->maps > 0 && t->redundant)
		fputs(", all redundant", f);
	else if (t->maps > 0)
		fprintf(f, ", %.0f of %.0f paths up", t->up, t->paths);
	if (t->disabled > 0)
		fprintf(f, ", %.0f disabled", t->disabled);
	if (t->unchecked > 0)
		fprintf(f, ", %.0f unchecked", t->unchecked);
}

static void put_worst(FILE *f, const struct tally *t)
{
	put_map(f, t, t->worst);
	fprintf(f, "; of %zu %s, %zu without a path", t->maps,
	        t->maps == 1 ? "map" : "maps", t->lost);
	if (t->critical > 0)
		fprintf(f, ", %zu critical", t->critical);
	fprintf(f, ", %zu degraded", t->degraded);
	if (t->unknown > 0)
		fprintf(f, ", %zu with overdue paths", t->unknown);
	if (!is_as_expected(t)) {
		fputs("; ", f);
		put_expected(f, t);
	}
}

/* The text, as it is; '|' would begin performance data. */
static char *message_of(const struct tally *t)
{
	static const char *const words[] = {
		[HEALTH_OK] = "OK",
		[HEALTH_DEGRADED] = "WARNING",
		[HEALTH_LOST] = "CRITICAL",
		[HEALTH_UNKNOWN] = "UNKNOWN",
	};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		abort();
	fprintf(f, "%s: ", words[t->code]);
	if (t->barred > 0)
		put_barred(f, t);
	else if (t->worst != NULL)
		put_worst(f, t);
	else if (t->code != HEALTH_OK)
		put_expected(f, t);
	else
		put_well(f, t);
	if (fclose(f) != 0 || text == NULL)
		abort();
	for (char *bar = text; (bar = strchr(bar, '|')) != NULL;)
		*bar = '_';
	return text;
}

/* --- performance data --- */

/* "'paths_up_my map'": a quote is doubled, and '=' and '|' have another meaning. */
static void put_label(const char *name)
{
	bool quoted =
	        name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] != '\0';
	char *label = NULL;
	size_t size;
	FILE *f = open_memstream(&label, &size);

	if (f == NULL)
		abort();
	fprintf(f, "%spaths_up_", quoted ? "'" : "");
	for (; *name; name++) {
		if (*name == '\'')
			putc('\'', f);
		putc(strchr("=|", *name) != NULL ? '_' : *name, f);
	}
	fputs(quoted ? "'" : "", f);
	if (fclose(f) != 0 || label == NULL)
		abort();
	human_put(stdout, label, false);
	free(label);
}

static void print_measured(const struct tally *t, json_object *map)
{
	double all = whole(t->options, map);

	putchar(' ');
	put_label(ctl_text(map, "name", "-"));
	printf("=%.0f;", count_of(map, "paths_up"));
	health_range_put(stdout, &t->limits.warning, all);
	putchar(';');
	health_range_put(stdout, &t->limits.critical, all);
	printf(";0;%.0f", count_of(map, "paths_total"));
}

static void print_performance(const struct tally *t, json_object *reply)
{
	json_object *list = NULL;
	size_t n = ctl_list(reply, "maps", &list);

	printf(" | maps=%zu;;;0 maps_lost=%zu;;;0;%zu maps_degraded=%zu;;;0;%zu", t->maps,
	       t->lost, t->maps, t->degraded, t->maps);
	printf(" paths=%.0f;;;0 paths_up=%.0f;;;0;%.0f paths_disabled=%.0f;;;0;%.0f "
	       "paths_overdue=%.0f;;;0;%.0f",
	       t->paths, t->up, t->paths, t->disabled, t->paths, t->overdue, t->paths);
	for (size_t i = 0; n <= MAPS_MEASURED && i < n; i++)
		print_measured(t, json_object_array_get_idx(list, i));
}

static void print_health(const struct tally *t, json_object *reply)
{
	char *message = message_of(t);

	human_put(stdout, message, false);
	free(message);
	if (!isatty(STDOUT_FILENO)) /* it is for programs, and long */
		print_performance(t, reply);
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
	char *message;

	json_object_object_add(object, "health", json_object_new_string(words[t->code]));
	json_object_object_add(object, "reason",
	                       why != NULL ? json_object_new_string(why) : NULL);
	if (why == NULL)
		message = message_of(t);
	else if (asprintf(&message, "UNKNOWN: %s", why) < 0)
		abort();
	json_object_object_add(object, "message", json_object_new_string(message));
	add_count(object, "maps_total", t->maps);
	add_count(object, "maps_degraded", t->degraded);
	add_count(object, "maps_critical", t->critical);
	add_count(object, "maps_lost", t->lost);
	add_count(object, "maps_overdue", t->unknown);
	add_count(object, "paths_total", (size_t)t->paths);
	add_count(object, "paths_up", (size_t)t->up);
	add_count(object, "paths_disabled", (size_t)t->disabled);
	add_count(object, "paths_overdue", (size_t)t->overdue);
	add_count(object, "paths_unchecked", (size_t)t->unchecked);
	add_count(object, "paths_barred", t->barred);
	ctl_print_json(object);
	json_object_put(object);
	free(message);
}

int run_health(struct ctl *ctl, const char *const *operands, size_t n)
{
	const struct ctl_options *o = ctl->options;
	struct tally t = { .options = o, .code = HEALTH_OK };
	json_object *reply;
	int r = health_limits_read(o, &t.limits);

	(void)operands;
	(void)n;
	if (r == 0)
		r = ctl_call_names(ctl, "ListMaps", CTL_MAPS, &o->map, o->map ? 1 : 0,
		                   NULL, &reply);
	if (r != 0) {
		health_unknown(o);
		return HEALTH_UNKNOWN;
	}
	count_maps(&t, reply);
	if (ctl_options_has(o, OPT_JSON))
		json_health(&t, NULL);
	else
		print_health(&t, reply);
	json_object_put(reply);
	return (int)t.code;
}

void health_unknown(const struct ctl_options *o)
{
	if (ctl_options_has(o, OPT_JSON))
		json_health(&(struct tally){ .options = o, .code = HEALTH_UNKNOWN },
		            human_first_complaint());
	else
		print_unknown();
}
