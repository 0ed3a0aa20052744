/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Pure; runs on the device-mapper thread.
 *
 * Both lines are words between blanks, and numbers say how many words follow. Every loop over such a
 * number takes at least one word each time, so it ends with the line.
 *
 * status: N {feature} N {handler} GROUPS NEXT { A|D|E N {selector} PATHS N { PATH A|F FAILS {N words} } }
 * table:  N {feature} N {handler} GROUPS NEXT { SELECTOR N {selector} PATHS N { PATH {N words} } }
 *
 * The status has the paths. The table adds the feature queue_if_no_path, and has to agree with the
 * status otherwise. Words after the last path come from a later kernel and are ignored.
 */
#include "checkerd/devmapper/multipath_table.h"

#include <errno.h>
#include <string.h>

#include "util/clean.h"

/* The unread rest of a line. After an error all functions return nothing, so that only loops
 * and the end check `wrong`. */
struct line {
	const char *at;
	bool wrong;
};

struct word {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The next word. An empty one: the line has an error, or no further word. */
static struct word take_word(struct line *l)
{
	struct word w = { l->at, 0 };

	if (l->wrong)
		return w;
	while (is_blank(*w.at))
		w.at++;
	while (w.at[w.len] != '\0' && !is_blank(w.at[w.len]))
		w.len++;
	l->at = w.at + w.len;
	l->wrong = w.len == 0;
	return w;
}

static void skip_words(struct line *l, uint32_t n)
{
	for (uint32_t i = 0; i < n && !l->wrong; i++)
		(void)take_word(l);
}

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->at, text, w->len) == 0;
}

/* The value of a word of decimal digits. 0 and an error: other bytes, or too large. */
static uint32_t to_number(struct line *l, struct word w)
{
	uint32_t n = 0;

	l->wrong = l->wrong || w.len == 0;
	for (size_t i = 0; i < w.len && !l->wrong; i++)
		l->wrong = w.at[i] < '0' || w.at[i] > '9' ||
		           __builtin_mul_overflow(n, UINT32_C(10), &n) ||
		           __builtin_add_overflow(n, (uint32_t)(w.at[i] - '0'), &n);
	return l->wrong ? 0 : n;
}

static uint32_t take_number(struct line *l)
{
	return to_number(l, take_word(l));
}

/* A number up to the limit. */
static uint32_t take_count(struct line *l, uint32_t limit)
{
	uint32_t n = take_number(l);

	l->wrong = l->wrong || n > limit;
	return l->wrong ? 0 : n;
}

/* Skips a number and as many words. */
static void skip_counted(struct line *l)
{
	skip_words(l, take_number(l));
}

/* "8:16" */
static void to_devt(struct line *l, struct word w, uint32_t *ret_major,
                    uint32_t *ret_minor)
{
	const char *colon = memchr(w.at, ':', w.len);
	size_t major_len = colon == NULL ? w.len : (size_t)(colon - w.at);

	l->wrong = l->wrong || colon == NULL;
	*ret_major = to_number(l, (struct word){ w.at, major_len });
	*ret_minor = to_number(l, (struct word){ l->wrong ? w.at : colon + 1,
	                                         l->wrong ? 0 : w.len - major_len - 1 });
}

/* The number of groups, and the number of the next group, which is skipped. */
static uint32_t take_groups(struct line *l)
{
	uint32_t n = take_count(l, MAP_GROUPS_MAX);

	(void)take_count(l, n);
	return n;
}

static enum map_group_state take_group_state(struct line *l)
{
	struct word w = take_word(l);

	if (word_is(&w, "A"))
		return MAP_GROUP_ACTIVE;
	if (word_is(&w, "D"))
		return MAP_GROUP_DISABLED;
	l->wrong = l->wrong || !word_is(&w, "E");
	return MAP_GROUP_ENABLED;
}

static void take_path(struct line *l, uint32_t group, struct map_path *ret)
{
	struct word state;

	ret->group = group;
	to_devt(l, take_word(l), &ret->devt_major, &ret->devt_minor);
	state = take_word(l);
	ret->active = word_is(&state, "A");
	l->wrong = l->wrong || (!ret->active && !word_is(&state, "F"));
	ret->fail_count = take_number(l);
}

static int read_status(const char *text, struct multipath_room *room,
                       uint32_t *ret_groups, uint32_t *ret_paths)
{
	struct line l = { text, false };
	uint32_t n_groups, n_paths = 0;

	skip_counted(&l);
	skip_counted(&l);
	n_groups = take_groups(&l);
	for (uint32_t g = 0; g < n_groups && !l.wrong; g++) {
		uint32_t n, words;

		room->groups[g] = take_group_state(&l);
		skip_counted(&l);
		n = take_count(&l, MAP_PATHS_MAX - n_paths);
		words = take_number(&l);
		for (uint32_t i = 0; i < n && !l.wrong; i++) {
			take_path(&l, g + 1, &room->paths[n_paths + i]);
			skip_words(&l, words);
		}
		room->group_paths[g] = n;
		n_paths += n;
	}
	if (l.wrong)
		return -EINVAL;
	*ret_groups = n_groups;
	*ret_paths = n_paths;
	return 0;
}

/* Compares a path of the table with the status. A path with its node's name is not compared. */
static void match_path(struct line *l, const struct map_path *p)
{
	struct word w = take_word(l);
	uint32_t major, minor;

	if (w.len > 0 && w.at[0] == '/')
		return;
	to_devt(l, w, &major, &minor);
	l->wrong = l->wrong || major != p->devt_major || minor != p->devt_minor;
}

/* Is queue_if_no_path one of the features? */
static bool take_queueing(struct line *l)
{
	uint32_t n = take_number(l);
	bool queueing = false;

	for (uint32_t i = 0; i < n && !l->wrong; i++) {
		struct word w = take_word(l);

		queueing = queueing || word_is(&w, "queue_if_no_path");
	}
	return queueing;
}

static int read_table(const char *text, const struct multipath_room *room,
                      uint32_t n_groups, bool *ret_queueing, bool *ret_handled)
{
	const struct map_path *paths = room->paths;
	struct line l = { text, false };
	uint32_t handler_words;
	bool queueing;

	queueing = take_queueing(&l);
	handler_words = take_number(&l);
	skip_words(&l, handler_words);
	l.wrong = take_groups(&l) != n_groups || l.wrong;
	for (uint32_t g = 0; g < n_groups && !l.wrong; g++) {
		uint32_t words;

		(void)take_word(&l); /* the selector */
		skip_counted(&l);
		l.wrong = take_number(&l) != room->group_paths[g] || l.wrong;
		words = take_number(&l);
		for (uint32_t i = 0; i < room->group_paths[g] && !l.wrong; i++) {
			match_path(&l, paths++);
			skip_words(&l, words);
		}
	}
	if (l.wrong)
		return -EINVAL;
	*ret_queueing = queueing;
	*ret_handled = handler_words > 0;
	return 0;
}

int multipath_read(struct map **ret, const struct multipath_text *text,
                   struct multipath_room *room)
{
	char name[MAP_NAME_MAX], uuid[MAP_UUID_MAX];
	struct map_spec spec = {
		.devt_major = text->devt_major,
		.devt_minor = text->devt_minor,
		.event_nr = text->event_nr,
		.suspended = text->suspended,
		.name = name,
		.uuid = uuid,
		.groups = room->groups,
		.paths = room->paths,
	};
	int r;

	if (strlen(text->name) >= sizeof(name) || strlen(text->uuid) >= sizeof(uuid))
		return -ENAMETOOLONG;
	(void)clean_copy(name, sizeof(name), text->name);
	(void)clean_copy(uuid, sizeof(uuid), text->uuid);
	r = read_status(text->status, room, &spec.n_groups, &spec.n_paths);
	if (r < 0)
		return r;
	r = read_table(text->table, room, spec.n_groups, &spec.queueing, &spec.handled);
	if (r < 0)
		return r;
	return map_new(ret, &spec);
}
