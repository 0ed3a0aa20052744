/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of options, and reads argv with it. One thread. */
#include "checkerctl/ctl_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/words.h"
#include "util/mono.h"

#define DEFAULT_TIMEOUT_US (5 * USEC_PER_SEC)
#define DEFAULT_WATCH_US   (2 * USEC_PER_SEC)
#define LEAST_WATCH_US     (100 * USEC_PER_MSEC)
#define DEFAULT_LIMIT_US   (30 * USEC_PER_SEC)
#define DEFAULT_AT_MOST    10

struct option_def {
	char letter;          /* 0: none */
	const char *name;     /* with its dashes */
	const char *argument; /* NULL: takes none; "=NAME": it may be left out */
	const char *help;
};

static bool is_optional(const struct option_def *d)
{
	return d->argument != NULL && d->argument[0] == '=';
}

static const struct option_def defs[OPT_COUNT_] = {
	[OPT_SOCKET] = { 's', "--socket", "SOCKET", "connect to this socket" },
	[OPT_JSON] = { 0, "--json", NULL, "print the reply as one JSON object" },
	[OPT_NO_HEADINGS] = { 0, "--no-headings", NULL, "print no line of headings" },
	[OPT_COLUMNS] = { 'o', "--columns", "COLUMN,...",
	                  "show these columns; +COLUMN: add it; help" },
	[OPT_RAW] = { 0, "--raw", NULL, "for scripts: no padding, no blanks inside" },
	[OPT_TIMEOUT] = { 0, "--timeout", "SECONDS",
	                  "wait this long for checkerd (default 5)" },
	[OPT_HELP] = { 'h', "--help", NULL, "print this help, or the command's" },
	[OPT_VERSION] = { 'V', "--version", NULL, "print the version" },
	[OPT_COLOR] = { 0, "--color", "WHEN", "colour states: auto, always, never" },
	[OPT_UTC] = { 0, "--utc", NULL, "print times in UTC, also on a terminal" },
	[OPT_SINCE] = { 0, "--since", "SEQ", "show events, monitor: only after SEQ" },
	[OPT_WAIT] = { 0, "--wait", NULL, "check, ping: wait for the results" },
	[OPT_FOR] = { 0, "--for", "TIME", "disable: this long: 90s, 10m, 1h30m" },
	[OPT_MAP] = { 0, "--map", "MAP", "only this map, or paths of this map" },
	[OPT_TYPE] = { 0, "--type", "TYPE,...", "events, monitor: only these types" },
	[OPT_HOST] = { 0, "--host", "HOST", "only paths of this HBA: host3" },
	[OPT_TARGET] = { 0, "--target", "TARGET", "only paths to this target" },
	[OPT_STATE] = { 0, "--state", "STATE,...", "only paths in one of these states" },
	[OPT_FAIL] = { 0, "--fail", NULL, "disable: no I/O through them either" },
	[OPT_FORCE] = { 0, "--force", NULL, "also the last usable path of a map" },
	[OPT_SORT] = { 0, "--sort", "COLUMN", "sort by this; -COLUMN: largest first" },
	[OPT_WATCH] = { 0, "--watch", "=SECONDS", "repeat every SECONDS (default 2)" },
	[OPT_WARNING] = { 'w', "--warning", "RANGE",
	                  "usable paths of a map: 2 is below 2, 50%" },
	[OPT_CRITICAL] = { 'c', "--critical", "RANGE", "the same, for exit status 2" },
	[OPT_EXPECT] = { 0, "--expect", "MAP=N", "so many paths of MAP; N alone: maps" },
	[OPT_ON] = { 0, "--on", "KIND,...", "hook: for events of these kinds" },
	[OPT_LIMIT] = { 0, "--limit", "TIME", "hook: kill COMMAND then (default 30)" },
	[OPT_AT_MOST] = { 0, "--at-most", "N", "hook: COMMANDs a minute (default 10)" },
	[OPT_BY] = { 0, "--by", "WHAT", "top: a row for each path, map or host" },
};

/* The first code of a long option: above every letter, '?', ':' and the 1 of an operand. */
#define CODE_FIRST 256

const char *ctl_options_name(enum option_id id)
{
	return defs[id].name;
}

const char *ctl_options_letter(enum option_id id)
{
	static char letters[OPT_COUNT_][3];

	if (defs[id].letter)
		snprintf(letters[id], sizeof(letters[id]), "-%c", defs[id].letter);
	return letters[id];
}

const char *ctl_options_help_of(enum option_id id)
{
	return defs[id].help;
}

bool ctl_options_needs_value(enum option_id id)
{
	return defs[id].argument != NULL && !is_optional(&defs[id]);
}

enum option_id ctl_options_find(const char *word, const char **ret_value)
{
	size_t length = strcspn(word, "=");

	*ret_value = NULL;
	for (int i = 0; i < OPT_COUNT_; i++) {
		enum option_id id = (enum option_id)i;

		if (strncmp(word, defs[i].name, length) == 0 &&
		    defs[i].name[length] == '\0') {
			*ret_value = word[length] == '=' ? word + length + 1 : NULL;
			return id;
		}
		if (defs[i].letter && word[0] == '-' && word[1] == defs[i].letter) {
			if (ctl_options_needs_value(id) && word[2])
				*ret_value = word + 2;
			return id;
		}
	}
	return OPT_COUNT_;
}

void ctl_options_help(FILE *f, unsigned mask, int width)
{
	for (size_t i = 0; i < OPT_COUNT_; i++) {
		const struct option_def *d = &defs[i];
		const char *argument = d->argument != NULL ? d->argument : "";
		char name[64], letter[8] = "    ";

		if (!(mask & OPT_BIT(i)))
			continue;
		if (d->letter)
			snprintf(letter, sizeof(letter), "-%c, ", d->letter);
		snprintf(name, sizeof(name), "%s%s%s%s%s", letter, d->name,
		         is_optional(d)        ? "["
		         : d->argument != NULL ? " "
		                               : "",
		         argument, is_optional(d) ? "]" : "");
		fprintf(f, "  %-*s  %s\n", width, name, d->help);
	}
}

static int take_duration(enum option_id id, const char *value, int64_t *ret_us)
{
	if (human_parse_duration(value, ret_us) < 0)
		return human_usage(
		        "%s takes a time such as 0.5, 5, 500ms or 1h, not '%s'",
		        defs[id].name, value);
	return 0;
}

static int take_watch(struct ctl_options *o, const char *value)
{
	int r;

	o->watch_us = DEFAULT_WATCH_US;
	if (value == NULL)
		return 0;
	r = take_duration(OPT_WATCH, value, &o->watch_us);
	o->watch_us = MAX(o->watch_us, LEAST_WATCH_US);
	return r;
}

/* The place of value in a list of words; -1: it is none of them. */
static int place_in(const char *const *words, const char *value)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	return -1;
}

/* words_colour is in the order of enum color_when, words_row in that of enum top_by. */
static int take_word(enum option_id id, const char *value, struct ctl_options *o)
{
	int place = place_in(id == OPT_COLOR ? words_colour : words_row, value);

	if (place < 0)
		return human_usage("%s takes %s, not '%s'", defs[id].name,
		                   id == OPT_COLOR ? "auto, always or never"
		                                   : "path, map or host",
		                   value);
	if (id == OPT_COLOR)
		o->color = (enum color_when)place;
	else
		o->by = (enum top_by)place;
	return 0;
}

/* Where the value of an option is kept as it is. NULL: nowhere. */
static const char **text_of(struct ctl_options *o, enum option_id id)
{
	const struct {
		enum option_id id;
		const char **at;
	} texts[] = {
		{ OPT_COLUMNS, &o->columns },   { OPT_MAP, &o->map },
		{ OPT_TYPE, &o->types },        { OPT_HOST, &o->host },
		{ OPT_TARGET, &o->target },     { OPT_STATE, &o->states },
		{ OPT_SORT, &o->sort },         { OPT_WARNING, &o->warning },
		{ OPT_CRITICAL, &o->critical }, { OPT_ON, &o->on },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].id == id)
			return texts[i].at;
	return NULL;
}

static int take_option(struct ctl_options *o, enum option_id id, const char *value)
{
	const char **text = text_of(o, id);

	o->given |= OPT_BIT(id);
	if (text != NULL)
		*text = value;
	switch (id) {
	case OPT_SOCKET:
		o->socket = value;
		if (!*value)
			return human_usage("--socket needs the name of a socket");
		return 0;
	case OPT_EXPECT:
		o->expected[o->n_expected++] = value;
		return 0;
	case OPT_COLOR:
	case OPT_BY:
		return take_word(id, value, o);
	case OPT_WATCH:
		return take_watch(o, value);
	case OPT_TIMEOUT:
		return take_duration(id, value, &o->timeout_us);
	case OPT_FOR:
		return take_duration(id, value, &o->for_us);
	case OPT_SINCE:
		if (human_parse_number(value, &o->since) < 0)
			return human_usage(
			        "--since needs the number of an event, not '%s'", value);
		return 0;
	case OPT_LIMIT:
		return take_duration(id, value, &o->limit_us);
	case OPT_AT_MOST:
		if (human_parse_number(value, &o->at_most) < 0)
			return human_usage("--at-most needs a number, not '%s'", value);
		return 0;
	case OPT_JSON:
	case OPT_NO_HEADINGS:
	case OPT_RAW:
	case OPT_HELP:
	case OPT_VERSION:
	case OPT_UTC:
	case OPT_WAIT:
	case OPT_FAIL:
	case OPT_FORCE:
	case OPT_COLUMNS:
	case OPT_MAP:
	case OPT_TYPE:
	case OPT_HOST:
	case OPT_TARGET:
	case OPT_STATE:
	case OPT_SORT:
	case OPT_WARNING:
	case OPT_CRITICAL:
	case OPT_ON:
	case OPT_COUNT_:
		return 0;
	}
	return 0;
}

static void make_getopt_tables(struct option longs[static OPT_COUNT_ + 1],
                               char letters[static 2 + 2 * OPT_COUNT_ + 1])
{
	/* "-": getopt returns operands as code 1, in order, in spite of POSIXLY_CORRECT. ":": it
	 * returns ':' for a missing argument. */
	letters = stpcpy(letters, "-:");
	for (int i = 0; i < OPT_COUNT_; i++) {
		longs[i] = (struct option){
			.name = defs[i].name + 2,
			.has_arg = is_optional(&defs[i])      ? optional_argument
			           : defs[i].argument != NULL ? required_argument
			                                      : no_argument,
			.val = CODE_FIRST + i,
		};
		if (defs[i].letter)
			*letters++ = defs[i].letter;
		if (defs[i].letter && defs[i].argument != NULL)
			*letters++ = ':';
	}
	longs[OPT_COUNT_] = (struct option){ 0 };
	*letters = '\0';
}

static enum option_id id_of(int code)
{
	if (code >= CODE_FIRST)
		return (enum option_id)(code - CODE_FIRST);
	for (int i = 0; i < OPT_COUNT_; i++)
		if (defs[i].letter && defs[i].letter == code)
			return (enum option_id)i;
	return OPT_COUNT_;
}

/* word: the one that getopt refused. */
static int complain_option(char **argv, int code, const char *word)
{
	enum option_id id = optopt ? id_of(optopt) : OPT_COUNT_;

	if (code == ':')
		return human_usage("%s needs %s", defs[id].name, defs[id].argument);
	if (id != OPT_COUNT_ && optopt >= CODE_FIRST)
		return human_usage("%s takes no value: '%s'", defs[id].name, word);
	if (optopt)
		return human_usage("there is no option '-%c'", optopt);
	return human_usage("there is no option '%s', or the name is ambiguous",
	                   argv[optind - 1]);
}

static int read_argv(struct ctl_options *o, int argc, char **argv)
{
	struct option longs[OPT_COUNT_ + 1];
	char letters[2 + 2 * OPT_COUNT_ + 1];
	int code;

	make_getopt_tables(longs, letters);
	optind = 0; /* 0: getopt starts again, for tests that parse repeatedly */
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		int r = 0;

		if (code == 1)
			o->operands[o->n_operands++] = optarg;
		else if (code == '?' || code == ':')
			r = complain_option(argv, code, argv[optind - 1]);
		else
			r = take_option(o, id_of(code), optarg);
		if (r)
			return r;
	}
	while (optind < argc)
		o->operands[o->n_operands++] = argv[optind++];
	return 0;
}

int ctl_options_parse(struct ctl_options *o, int argc, char **argv)
{
	*o = (struct ctl_options){
		.socket = CTL_OPTIONS_DEFAULT_SOCKET,
		.timeout_us = DEFAULT_TIMEOUT_US,
		.limit_us = DEFAULT_LIMIT_US,
		.at_most = DEFAULT_AT_MOST,
		.operands = calloc((size_t)argc + 1, sizeof(*o->operands)),
		.expected = calloc((size_t)argc + 1, sizeof(*o->expected)),
	};
	if (o->operands == NULL || o->expected == NULL)
		return human_complain(EXIT_FAILED, "%s", strerror(ENOMEM));
	return read_argv(o, argc, argv);
}

void ctl_options_deinit(struct ctl_options *o)
{
	free(o->operands);
	free(o->expected);
	*o = CTL_OPTIONS_NULL;
}
