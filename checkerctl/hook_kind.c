/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of kinds. Pure, but for messages about wrong names. */
#include "checkerctl/hook_kind.h"

#include <string.h>

#include "checkerctl/ctl.h"
#include "checkerctl/human.h"

/* Each list is "A,B"; NULL: any. An event is of a kind when all that is given matches. */
struct kind {
	const char *name;
	const char *type;
	const char *to;
	/* "": any but none. */
	const char *from;
	/* `to` or `from` is this word. */
	const char *word;
	/* Or it is an event of the type cause with this `to`; NULL: it is not. */
	const char *cause;
};

/* With an outage, the only event of its paths may be that of their cause. */
static const struct kind kinds[] = {
	{ "path_down", "path_state", "down,disconnected,removed", NULL, NULL,
	  "down,disconnected,removed" },
	{ "path_up", "path_state", "up,ghost", "down,delayed,disconnected,removed", NULL,
	  "up,ghost" },
	{ "path_added", "path_added", NULL, NULL, NULL, NULL },
	{ "path_removed", "path_removed", NULL, NULL, NULL, "removed" },
	{ "map_degraded", "map", "degraded,last", NULL, NULL, NULL },
	{ "map_none", "map", "none", NULL, NULL, NULL },
	{ "map_lost", "map", "lost,gone", NULL, NULL, NULL },
	{ "map_full", "map", "full", "", NULL, NULL },
	{ "map_usable", "map", "usable", NULL, NULL, NULL },
	{ "cause", "cause", NULL, NULL, NULL, NULL },
	{ "slow", "slow", NULL, NULL, NULL, NULL },
	{ "overdue", "engine", NULL, NULL, "overdue", NULL },
	{ "hold", "hold", NULL, NULL, NULL, NULL },
	{ "dm", "dm", NULL, NULL, NULL, NULL },
	{ "engine", "engine", NULL, NULL, NULL, NULL },
	{ "config", "config", NULL, NULL, NULL, NULL },
	{ "daemon", "daemon", NULL, NULL, NULL, NULL },
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
	const char *from = ctl_text(event, "from", ""), *to = ctl_text(event, "to", ""),
	           *type = ctl_text(event, "type", "");

	if (k->cause != NULL && strcmp(type, "cause") == 0)
		return is_in(k->cause, to);
	if (strcmp(k->type, type) != 0 || (k->to != NULL && !is_in(k->to, to)))
		return false;
	if (k->word != NULL && strcmp(k->word, to) != 0 && strcmp(k->word, from) != 0)
		return false;
	if (k->from == NULL)
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
