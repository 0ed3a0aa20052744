/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * health: one line and an exit status for monitoring systems. Whatever keeps it from
 * knowing is "unknown" on stdout too, because that is what such systems show.
 */
#include <string.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/text.h"

struct tally {
	size_t maps, degraded, lost;
	json_object *worst; /* the first map with nothing, else the first degraded one */
	size_t barred;      /* paths under whose number another disk is */
	json_object *mixed; /* the first map with one */
};

static void count_barred(struct tally *t, json_object *map)
{
	json_object *list;
	size_t n = json_count(map, "barred", &list);

	if (n > 0 && t->barred == 0)
		t->mixed = map;
	t->barred += n;
}

static enum health_code map_health(json_object *map)
{
	const char *redundancy = json_text(map, "redundancy", "");

	if (strcmp(redundancy, "full") == 0)
		return HEALTH_OK;
	if (strcmp(redundancy, "none") == 0)
		return HEALTH_LOST;
	return HEALTH_DEGRADED;
}

static struct tally count_maps(json_object *reply)
{
	struct tally t = { 0 };
	json_object *list;

	t.maps = json_count(reply, "maps", &list);
	for (size_t i = 0; i < t.maps; i++) {
		json_object *map = json_object_array_get_idx(list, i);
		enum health_code code = map_health(map);

		count_barred(&t, map);
		if (code == HEALTH_LOST && t.lost++ == 0)
			t.worst = map;
		if (code == HEALTH_DEGRADED && t.degraded++ == 0 && t.lost == 0)
			t.worst = map;
	}
	return t;
}

static int print_barred(const struct tally *t)
{
	json_object *list;

	(void)json_count(t->mixed, "barred", &list);
	fputs("CRITICAL: another disk is under path ", stdout);
	text_put(stdout, json_object_get_string(json_object_array_get_idx(list, 0)),
	         false);
	fputs(" of map ", stdout);
	text_put(stdout, json_text(t->mixed, "name", "-"), false);
	printf("; %zu %s barred: remove %s from the map\n", t->barred,
	       t->barred == 1 ? "path is" : "paths are", t->barred == 1 ? "it" : "them");
	return HEALTH_LOST;
}

static int print_health(const struct tally *t)
{
	if (t->barred > 0)
		return print_barred(t);
	if (t->maps == 0) {
		puts("UNKNOWN: checkerd knows of no map");
		return HEALTH_UNKNOWN;
	}
	if (!t->worst) {
		printf("OK: %zu %s, all redundant\n", t->maps,
		       t->maps == 1 ? "map" : "maps");
		return HEALTH_OK;
	}
	fputs(t->lost ? "CRITICAL: " : "WARNING: ", stdout);
	text_put(stdout, json_text(t->worst, "name", "-"), false);
	fputs(" has ", stdout);
	text_put(stdout, json_text(t->worst, "paths_up", "?"), false);
	fputs(" of ", stdout);
	text_put(stdout, json_text(t->worst, "paths_total", "?"), false);
	fputs(" paths up", stdout);
	printf("; of %zu %s, %zu without a path, %zu degraded\n", t->maps,
	       t->maps == 1 ? "map" : "maps", t->lost, t->degraded);
	return t->lost ? HEALTH_LOST : HEALTH_DEGRADED;
}

static int json_health(const struct tally *t)
{
	static const char *const words[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_DEGRADED] = "degraded",
		[HEALTH_LOST] = "lost",
		[HEALTH_UNKNOWN] = "unknown",
	};
	enum health_code code = t->maps == 0           ? HEALTH_UNKNOWN
	                        : t->lost || t->barred ? HEALTH_LOST
	                        : t->degraded          ? HEALTH_DEGRADED
	                                               : HEALTH_OK;
	json_object *object = json_object_new_object();

	json_object_object_add(object, "health", json_object_new_string(words[code]));
	json_object_object_add(object, "maps_total",
	                       json_object_new_int64((int64_t)t->maps));
	json_object_object_add(object, "maps_degraded",
	                       json_object_new_int64((int64_t)t->degraded));
	json_object_object_add(object, "maps_lost",
	                       json_object_new_int64((int64_t)t->lost));
	json_object_object_add(object, "paths_barred",
	                       json_object_new_int64((int64_t)t->barred));
	ctl_print_json(object);
	json_object_put(object);
	return (int)code;
}

int run_health(struct ctl *ctl, const char *const *operands, size_t n)
{
	const char *const *map = &ctl->options->map;
	json_object *reply;
	struct tally t;
	int code;

	(void)operands;
	(void)n;
	if (ctl_call_names(ctl, "ListMaps", CTL_MAPS, map, *map ? 1 : 0, NULL, &reply) !=
	    0) {
		if (options_has(ctl->options, OPT_JSON))
			(void)json_health(
			        &(struct tally){ 0 }); /* unknown, as we return */
		else
			puts("UNKNOWN: checkerd did not say");
		return HEALTH_UNKNOWN;
	}
	t = count_maps(reply);
	code = options_has(ctl->options, OPT_JSON) ? json_health(&t) : print_health(&t);
	json_object_put(reply);
	return code;
}
