/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of kinds. Pure, but for messages about wrong names. */
#include "checkerctl/hook_kind.h"

#include <string.h>

#include "checkerctl/ctl.h"
#include "checkerctl/human.h"

/* Each list is "A,B"; NULL: any. An event is of a kind when all that is given matches. */
struct kind {
	const char *name;
	const char *types;
	const char *to;
	/* "": any but none. */
	const char *from;
	/* `to` or `from` is this word. */
	const char *word;
};

/*
 * An event about many paths or maps is of the same kind as an event about one: with an outage, the only
 * event may be that of its cause.
 */
static const struct kind kinds[] = {
	{ "path_down", "path_state,cause", "down,disconnected,removed", NULL, NULL },
	{ "path_up", "path_state,cause", "up,ghost", "down,delayed,disconnected,removed",
	  NULL },
	{ "path_added", "path_added", NULL, NULL, NULL },
	{ "path_removed", "path_removed", NULL, NULL, NULL },
	{ "map_degraded", "map", "degraded,last", NULL, NULL },
	{ "map_none", "map", "none", NULL, NULL },
	{ "map_lost", "map", "lost,gone", NULL, NULL },
	{ "map_full", "map", "full", "", NULL },
	{ "map_usable", "map", "usable", NULL, NULL },
	{ "cause", "cause", NULL, NULL, NULL },
	{ "slow", "slow", NULL, NULL, NULL },
	{ "overdue", "engine", NULL, NULL, "overdue" },
	{ "hold", "hold", NULL, NULL, NULL },
	{ "dm", "dm", NULL, NULL, NULL },
	{ "engine", "engine", NULL, NULL, NULL },
	{ "config", "config", NULL, NULL, NULL },
	{ "daemon", "daemon", NULL, NULL, NULL },
};

static_assert(ARRAY_LEN(kinds) <= HOOK_KINDS_MAX, "a set has a bit for each");

const char *hook_kind_name(size_t kind)
{
	return kind < ARRAY_LEN(kinds) ? kinds[kind].name : NULL;
}

static bool is_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list != NULL) {
		if (length > 0 && strncmp(list, word, length) == 0 &&
		    (list[length] == ',' || list[length] == '\0'))
			return true;
		list = strchr(list, ',');
		list = list != NULL ? list + 1 : NULL;
	}
	return false;
}

static int complain_kind(const char *word, size_t length)
{
	char all[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
		                         i > 0 ? ", " : "", kinds[i].name);
	return human_usage("there is no kind of event '%.*s': %s", (int)length, word,
	                   all);
}

int hook_kinds_parse(const char *list, uint32_t *ret)
{
	uint32_t set = 0;

	for (;;) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < ARRAY_LEN(kinds) &&
		       (strlen(kinds[i].name) != length ||
		        strncmp(kinds[i].name, list, length) != 0))
			i++;
		if (i == ARRAY_LEN(kinds))
			return complain_kind(list, length);
		set |= UINT32_C(1) << i;
		if (list[length] == '\0')
			break;
		list += length + 1;
	}
	*ret = set;
	return 0;
}

static bool is_of(const struct kind *k, json_object *event)
{
	const char *from = ctl_text(event, "from", ""), *to = ctl_text(event, "to", "");

	if (!is_in(k->types, ctl_text(event, "type", "")) ||
	    (k->to != NULL && !is_in(k->to, to)))
		return false;
	if (k->word != NULL && !is_in(k->word, to) && !is_in(k->word, from))
		return false;
	/* Many paths may have had different states before. */
	if (k->from == NULL || strcmp(ctl_text(event, "type", ""), "cause") == 0)
		return true;
	return k->from[0] == '\0' ? from[0] != '\0' : is_in(k->from, from);
}

const char *hook_kind_of(uint32_t set, json_object *event)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((set & UINT32_C(1) << i) != 0 && is_of(&kinds[i], event))
			return kinds[i].name;
	return NULL;
}
