/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete: prints what may stand in place of the last word of a command line, for the completions
 * of bash, zsh and fish. It reads the tables of commands, options and columns, and asks checkerd for
 * names. One thread.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/fields.h"
#include "checkerctl/hook_kind.h"
#include "checkerctl/words.h"

/* The shell shall offer names of files. */
#define FILES ":files"
/* A user who has pressed Tab waits. */
#define PATIENCE_US   USEC_PER_SEC
#define BLOCK_DEVICES "/sys/class/block"
#define DESCRIPTION   160

struct completion {
	/* the options of the typed words, for the call */
	struct ctl_options options;
	/* the words before the last one that are no option and no value of one */
	const char **operands;
	size_t n_operands;
	/* the option whose value the last word is; OPT_COUNT_: none */
	enum option_id value_of;
	/* after "--" there are no options */
	bool ended;
	/* the command that the operands name; NULL: not yet */
	struct command_walk walk;
	/* What stands before the part to be completed: "--state=down,"; and this part. */
	const char *last, *part;
};

/* --- candidates --- */

/* Prints a word that begins with what was typed; the case of letters does not matter. */
static void offer(const struct completion *c, const char *word, const char *description)
{
	if (strncasecmp(word, c->part, strlen(c->part)) != 0)
		return;
	for (const char *s = word; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return; /* a shell would see two words, or a terminal would obey */
	printf("%.*s%s", (int)(c->part - c->last), c->last, word);
	if (description != NULL && *description)
		printf("\t%s", description);
	putchar('\n');
}

static void offer_words(const struct completion *c, const char *const *words)
{
	for (; *words != NULL; words++)
		offer(c, *words, NULL);
}

/* Moves to the last element of "A,B". */
static void skip_list(struct completion *c)
{
	const char *comma = strrchr(c->part, ',');

	if (comma != NULL)
		c->part = comma + 1;
}

static void offer_columns(struct completion *c, enum option_id option)
{
	const struct table_def *def = c->walk.found != NULL ? c->walk.found->table : NULL;

	if (def == NULL)
		return;
	if (option == OPT_COLUMNS)
		skip_list(c);
	/* "+NAME" adds a column, "-NAME" sorts the other way round */
	if (*c->part == (option == OPT_COLUMNS ? '+' : '-'))
		c->part++;
	for (size_t i = 0; i < def->n; i++)
		offer(c, def->columns[i].name, NULL);
	if (option == OPT_COLUMNS && c->part == c->last)
		offer(c, "help", "list the columns");
}

/* --- names --- */

/* The daemon's list; NULL: it does not answer. The caller puts it. */
static json_object *list_of(const struct completion *c, const char *method,
                            json_object *parameters)
{
	struct ctl ctl = { .options = &c->options, .connection = CONNECTION_NULL };
	json_object *reply = NULL;

	if (ctl_call(&ctl, method, parameters, &reply) != 0)
		reply = NULL;
	connection_deinit(&ctl.connection);
	return reply;
}

static bool was_given(const struct completion *c, const char *name)
{
	for (size_t i = 0; i < c->n_operands; i++)
		if (strcmp(c->operands[i], name) == 0)
			return true;
	return false;
}

/* Names, or the values of another key, each once. */
static void offer_paths(const struct completion *c, const char *key)
{
	json_object *reply =
	        list_of(c, "ListPaths", fields_add(fields_add(NULL, key), "state,map"));
	json_object *list;
	json_object *seen = json_object_new_object();
	size_t n = ctl_list(reply, "paths", &list);
	bool names = strcmp(key, "name") == 0;

	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_array_get_idx(list, i);
		const char *word = ctl_text(path, key, NULL);
		char text[DESCRIPTION] = "";

		if (word == NULL || json_object_object_get_ex(seen, word, NULL))
			continue;
		json_object_object_add(seen, word, NULL);
		if (names)
			snprintf(text, sizeof(text), "%s, map %s",
			         ctl_text(path, "state", "-"),
			         ctl_text(path, "map", "-"));
		if (!was_given(c, word))
			offer(c, word, text);
	}
	json_object_put(seen);
	json_object_put(reply);
}

/* with_number: "MAP=N" for --expect. */
static void offer_maps(const struct completion *c, bool with_number)
{
	json_object *reply = list_of(c, "ListMaps", NULL), *list;
	size_t n = ctl_list(reply, "maps", &list);

	for (size_t i = 0; i < n; i++) {
		json_object *map = json_object_array_get_idx(list, i);
		const char *name = ctl_text(map, "name", ""), *total;
		char text[DESCRIPTION], *word;

		total = ctl_text(map, "paths_total", "0");
		snprintf(text, sizeof(text), "%s, %s of %s paths up",
		         ctl_text(map, "redundancy", "-"), ctl_text(map, "paths_up", "?"),
		         total);
		if (asprintf(&word, "%s%s%s", name, with_number ? "=" : "",
		             with_number ? total : "") < 0)
			abort();
		if (!was_given(c, word))
			offer(c, word, text);
		free(word);
	}
	json_object_put(reply);
}

static void offer_block_devices(const struct completion *c)
{
	DIR *dir = opendir(BLOCK_DEVICES);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && !was_given(c, entry->d_name))
			offer(c, entry->d_name, NULL);
	if (dir != NULL)
		closedir(dir);
}

/* --- what may stand there --- */

static void offer_value(struct completion *c, enum option_id option)
{
	if (option == OPT_SOCKET)
		puts(FILES);
	else if (option == OPT_COLUMNS || option == OPT_SORT)
		offer_columns(c, option);
	else if (option == OPT_MAP || option == OPT_EXPECT)
		offer_maps(c, option == OPT_EXPECT);
	else if (option == OPT_HOST || option == OPT_TARGET)
		offer_paths(c, option == OPT_HOST ? "host" : "target");
	else if (option == OPT_COLOR)
		offer_words(c, words_colour);
	else if (option == OPT_BY)
		offer_words(c, words_row);
	if (option != OPT_STATE && option != OPT_TYPE && option != OPT_ON)
		return;
	skip_list(c);
	for (size_t i = 0; option == OPT_ON && hook_kind_name(i) != NULL; i++)
		offer(c, hook_kind_name(i), NULL);
	if (option != OPT_ON)
		offer_words(c, option == OPT_STATE ? words_path_state : words_event_type);
}

/* Options that the command takes; without a command those that all take. */
static void offer_options(const struct completion *c)
{
	unsigned mask = COMMAND_ALWAYS;

	if (c->walk.found != NULL)
		mask |= c->walk.found->options;
	for (int i = 0; i < OPT_COUNT_; i++) {
		enum option_id id = (enum option_id)i;

		if (!(mask & OPT_BIT(i)))
			continue;
		if (ctl_options_letter(id)[0])
			offer(c, ctl_options_letter(id), ctl_options_help_of(id));
		offer(c, ctl_options_name(id), ctl_options_help_of(id));
	}
}

/* Words of commands that may follow the words of `walk`. */
static void offer_commands(const struct completion *c, const struct command_walk *walk)
{
	size_t n, words = strlen(walk->words);
	const struct command *all = commands_all(&n);

	for (size_t i = 0; i < n; i++) {
		const char *rest = all[i].words + words;
		char word[COMMAND_WORDS_BYTES];
		bool again = false;

		if (strncmp(all[i].words, walk->words, words) != 0 ||
		    (words > 0 && *rest != ' '))
			continue;
		rest += words > 0;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(rest, " "), rest);
		/* "paths" of "show paths" and of "show paths format" */
		for (size_t k = 0; k < i && !again; k++)
			again = strncmp(all[k].words, all[i].words,
			                (size_t)(rest - all[i].words) + strlen(word)) ==
			        0;
		if (*word && !again)
			offer(c, word, strlen(word) == strlen(rest) ? all[i].help : NULL);
	}
}

/* The k-th operand of "FORMAT [PATH...] [--wait]": "FORMAT"; the last kind repeats. "": none. */
static const char *operand_kind(const struct command *command, size_t k,
                                char buf[static COMMAND_WORDS_BYTES])
{
	const char *arguments = command->arguments;

	buf[0] = '\0';
	if (k >= command->max)
		return buf;
	for (size_t i = 0; *arguments && i <= k;) {
		bool option = strncmp(arguments, "[-", 2) == 0;
		const char *name = arguments + (*arguments == '[');

		if (!option) {
			snprintf(buf, COMMAND_WORDS_BYTES, "%.*s",
			         (int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), name);
			i++;
		}
		arguments += strcspn(arguments, option ? "]" : " ");
		arguments += strspn(arguments, "] ");
	}
	return buf;
}

static void offer_operands(const struct completion *c)
{
	const struct command *command = c->walk.found;
	char buf[COMMAND_WORDS_BYTES];
	const char *kind =
	        operand_kind(command, c->n_operands - c->walk.found_words, buf);
	struct command_walk walk;

	if (command->run == run_hook)
		kind = "FILE"; /* its COMMAND is a program */
	if (strcmp(kind, "PATH") == 0)
		offer_paths(c, *c->part == '/'                      ? "device"
		               : *c->part >= '0' && *c->part <= '9' ? "devt"
		                                                    : "name");
	else if (strcmp(kind, "MAP") == 0)
		offer_maps(c, false);
	else if (strcmp(kind, "LEVEL") == 0)
		offer_words(c, words_log_level);
	else if (strcmp(kind, "FILE") == 0 ||
	         (strcmp(kind, "DEVICE") == 0 && *c->part == '/'))
		puts(FILES);
	else if (strcmp(kind, "DEVICE") == 0)
		offer_block_devices(c);
	if (strcmp(kind, "COMMAND") != 0)
		return;
	command_walk(c->operands + c->walk.found_words,
	             c->n_operands - c->walk.found_words, &walk);
	if (walk.known == c->n_operands - c->walk.found_words)
		offer_commands(c, &walk);
}

/* --- the typed words --- */

/* Reads the words before the last one. */
static void read_words(struct completion *c, const char *const *words, size_t n)
{
	c->value_of = OPT_COUNT_;
	for (size_t i = 0; i < n; i++) {
		const char *value = NULL;
		enum option_id id;

		if (c->ended || words[i][0] != '-' || words[i][1] == '\0') {
			c->operands[c->n_operands++] = words[i];
			continue;
		}
		if (strcmp(words[i], "--") == 0) {
			c->ended = true;
			continue;
		}
		id = ctl_options_find(words[i], &value);
		if (id == OPT_COUNT_ || !ctl_options_needs_value(id))
			continue;
		if (value == NULL && i + 1 == n)
			c->value_of = id;
		else if (value == NULL)
			value = words[++i];
		if (id == OPT_SOCKET && value != NULL && *value)
			c->options.socket = value;
	}
}

static void complete_last(struct completion *c)
{
	const char *value = NULL;
	enum option_id id = OPT_COUNT_;

	if (c->value_of != OPT_COUNT_) {
		offer_value(c, c->value_of);
		return;
	}
	if (!c->ended && c->last[0] == '-') {
		if (strchr(c->last, '=') != NULL)
			id = ctl_options_find(c->last, &value);
		if (value != NULL && id != OPT_COUNT_) {
			c->part = value;
			offer_value(c, id);
		} else if (strchr(c->last, '=') == NULL) {
			offer_options(c);
		}
		return;
	}
	if (c->walk.known == c->n_operands)
		offer_commands(c, &c->walk);
	if (c->walk.found != NULL)
		offer_operands(c);
}

int run_complete(struct ctl *ctl, const char *const *operands, size_t n)
{
	struct completion c = { .options = *ctl->options };

	if (!ctl_options_has(ctl->options, OPT_TIMEOUT))
		c.options.timeout_us = PATIENCE_US;
	c.operands = calloc(n, sizeof(*c.operands));
	if (c.operands == NULL)
		abort();
	c.last = c.part = operands[n - 1];
	read_words(&c, operands, n - 1);
	command_walk(c.operands, c.n_operands, &c.walk);
	complete_last(&c);
	free(c.operands);
	return EXIT_DONE;
}
