/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: finds the command that the first operands name, word by word, and checks that it
 * takes the other operands and the options. One thread.
 */
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "util/edit_distance.h"

#define SUGGEST_WITHIN 4

/* The i-th word of a command. Returns its length; 0: the command has fewer words. */
static size_t word_at(const char *words, size_t i, const char **ret)
{
	for (; i > 0; i--) {
		words = strchr(words, ' ');
		if (words == NULL)
			return 0;
		words++;
	}
	*ret = words;
	return strcspn(words, " ");
}

/* Does the command begin with these words? */
static bool begins_with(const struct command *c, const char *words)
{
	size_t length = strlen(words);

	return length == 0 || (strncmp(c->words, words, length) == 0 &&
	                       (c->words[length] == ' ' || c->words[length] == '\0'));
}

static const struct command *complete(const char *words)
{
	size_t n;
	const struct command *all = commands_all(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].words, words) == 0)
			return &all[i];
	return NULL;
}

struct next_word {
	const char *word;
	size_t length;
	/* different words that it may stand for; their names, for a message */
	size_t n;
	char names[COMMAND_LIST_BYTES];
};

static void add_candidate(struct next_word *w, const char *word, size_t length)
{
	size_t used = strlen(w->names);

	if (w->n > 0 && length == w->length && strncmp(w->word, word, length) == 0)
		return; /* of another command with the same beginning */
	w->word = word;
	w->length = length;
	w->n++;
	(void)snprintf(w->names + used, sizeof(w->names) - used, "%s%.*s",
	               used > 0 ? ", " : "", (int)length, word);
}

/*
 * The words that may follow `before` as word i and that `given` stands for. A word that is given in
 * full stands for nothing else.
 */
static struct next_word find_next(const char *before, size_t i, const char *given,
                                  bool shortened)
{
	struct next_word found = { .word = NULL };
	size_t n, size = strlen(given);
	const struct command *all = commands_all(&n);

	for (size_t k = 0; k < n && size > 0; k++) {
		const char *word = NULL;
		size_t length;

		if (!begins_with(&all[k], before))
			continue;
		length = word_at(all[k].words, i, &word);
		if (length == size && strncmp(word, given, size) == 0)
			return (struct next_word){ .word = word,
				                   .length = length,
				                   .n = 1 };
		if (shortened && length > size && strncmp(word, given, size) == 0)
			add_candidate(&found, word, length);
	}
	return found;
}

/* --- messages --- */

/* Joins the first n operands. A string longer than COMMAND_WORDS_BYTES, which is no command, is cut. */
static const char *joined(const char *const *operands, size_t n,
                          char buf[static COMMAND_WORDS_BYTES])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < COMMAND_WORDS_BYTES; i++)
		used += (size_t)snprintf(buf + used, COMMAND_WORDS_BYTES - used, "%s%s",
		                         i ? " " : "", operands[i]);
	return buf;
}

static size_t count_words(const char *words)
{
	size_t n = 1;

	for (; *words; words++)
		n += *words == ' ';
	return n;
}

/* The distance if at least half of what was given is right; else `best`. */
static size_t likely_distance(const char *given, const char *words, size_t best)
{
	size_t limit = MIN(best, strlen(given) / 2 + 1);
	size_t distance = edit_distance(given, words, limit);

	return distance < limit ? distance : best;
}

/* How far what was given is from this command, also without "show", or with "list" instead. */
static size_t distance_to(const char *const *operands, size_t n, const char *words,
                          size_t best)
{
	char given[COMMAND_WORDS_BYTES], shown[COMMAND_WORDS_BYTES + 8];
	size_t distance, k = count_words(words);

	distance = likely_distance(joined(operands, MIN(n, k), given), words, best);
	if (strncmp(words, "show ", 5) != 0 || strcmp(operands[0], "show") == 0)
		return distance;
	if (strcmp(operands[0], "list") == 0) {
		operands++;
		n--;
	}
	(void)snprintf(shown, sizeof(shown), "show %s",
	               joined(operands, MIN(n, k - 1), given));
	return MIN(distance, likely_distance(shown, words, best));
}

/* The command that was meant. NULL: it is not known. */
static const struct command *nearest(const char *const *operands, size_t n)
{
	const struct command *close = NULL;
	size_t count, best = SUGGEST_WITHIN;
	const struct command *all = commands_all(&count);

	for (size_t i = 0; i < count; i++) {
		size_t distance = distance_to(operands, n, all[i].words, best);

		if (distance < best) {
			best = distance;
			close = &all[i];
		}
	}
	return close;
}

/* known: how many operands are `words`, which are no command yet. */
static int complain_unknown(const char *const *operands, size_t n, size_t known,
                            const char *words)
{
	const struct command *close;
	char given[COMMAND_WORDS_BYTES];

	if (known == n)
		return human_usage("'%s' needs one more word, such as 'paths'", words);
	close = nearest(operands, n);
	if (close != NULL)
		return human_usage(
		        "there is no command '%s' (do you mean '%s'?)",
		        joined(operands,
		               MIN(n, MAX(known + 1, count_words(close->words))), given),
		        close->words);
	return human_usage("there is no command '%s'",
	                   joined(operands, known + 1, given));
}

/* --- finding --- */

void command_walk(const char *const *operands, size_t n, struct command_walk *ret)
{
	*ret = (struct command_walk){ .found = NULL };
	while (ret->known < n) {
		/* After a complete command a word may be an operand. */
		struct next_word w = find_next(ret->words, ret->known,
		                               operands[ret->known], ret->found == NULL);
		size_t used = strlen(ret->words);

		if (w.n > 1)
			strcpy(ret->ambiguous, w.names);
		if (w.n != 1)
			return;
		(void)snprintf(ret->words + used, sizeof(ret->words) - used, "%s%.*s",
		               used > 0 ? " " : "", (int)w.length, w.word);
		ret->known++;
		if (complete(ret->words) != NULL) {
			ret->found = complete(ret->words);
			ret->found_words = ret->known;
		}
	}
}

int command_named(const char *const *operands, size_t n, const struct command **ret,
                  size_t *ret_words)
{
	struct command_walk walk;

	assert(n > 0);
	command_walk(operands, n, &walk);
	if (walk.ambiguous[0])
		return human_usage("'%s' is ambiguous: %s", operands[walk.known],
		                   walk.ambiguous);
	if (walk.found == NULL)
		return complain_unknown(operands, n, walk.known, walk.words);
	*ret = walk.found;
	*ret_words = walk.found_words;
	return 0;
}

static int check_use(const struct command *c, const struct ctl_options *o, size_t n)
{
	for (int i = 0; i < OPT_COUNT_; i++)
		if (ctl_options_has(o, (enum option_id)i) &&
		    !((COMMAND_ALWAYS | c->options) & OPT_BIT(i)))
			return human_usage("'%s' does not take %s", c->words,
			                   ctl_options_name((enum option_id)i));
	if (ctl_options_has(o, OPT_JSON) && ctl_options_has(o, OPT_RAW))
		return human_usage("--json prints everything and excludes %s",
		                   ctl_options_name(OPT_RAW));
	/* The daemon can leave out keys of paths alone. */
	if (ctl_options_has(o, OPT_JSON) && ctl_options_has(o, OPT_COLUMNS) &&
	    c->table != &table_paths)
		return human_usage("--json prints everything and excludes %s",
		                   ctl_options_name(OPT_COLUMNS));
	if (n < c->min)
		return human_usage("'%s' needs %s", c->words, c->arguments);
	if (n > c->max && c->max == 0)
		return human_usage("'%s' takes no operands: '%s'", c->words,
		                   o->operands[o->n_operands - n]);
	if (n > c->max)
		return human_usage("too many operands: '%s' takes %s", c->words,
		                   c->arguments);
	return 0;
}

int command_find(const struct ctl_options *o, const struct command **ret,
                 size_t *ret_words)
{
	int r = command_named(o->operands, o->n_operands, ret, ret_words);

	return r ? r : check_use(*ret, o, o->n_operands - *ret_words);
}
