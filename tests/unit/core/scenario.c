/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads scenarios. A line is a setting, a stimulus, or an expected line; '#' begins a comment. */
#include "tests/unit/core/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

struct setting {
	const char *name;
	size_t at;
	bool time; /* int64_t of microseconds; else uint32_t */
};

#define WORD(name)                                                  \
	{                                                           \
#name, offsetof(struct scenario, words.name), false \
	}
#define WORD_TIME(name)                                                 \
	{                                                               \
#name, offsetof(struct scenario, words.name##_us), true \
	}

static const struct setting settings[] = {
	WORD_TIME(flap_time),
	WORD_TIME(hold_time),
	WORD_TIME(hold_max),
	WORD(san_path_err_threshold),
	WORD(san_path_err_forget_rate),
	WORD_TIME(san_path_err_recovery_time),
	WORD_TIME(marginal_path_double_failed_time),
	WORD_TIME(marginal_path_err_sample_time),
	WORD(marginal_path_err_rate_threshold),
	WORD_TIME(marginal_path_err_recheck_gap_time),
	WORD(delay_watch_checks),
	WORD(delay_wait_checks),
	{ "polling_interval", offsetof(struct scenario, interval_us), true },
	{ "max_polling_interval", offsetof(struct scenario, max_interval_us), true },
	{ "fail_checks", offsetof(struct scenario, fail_checks), false },
	{ "recover_checks", offsetof(struct scenario, recover_checks), false },
};

static bool read_setting(const char *name, double value, struct scenario *s)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *k = &settings[i];

		if (strcmp(k->name, name) != 0)
			continue;
		if (k->time)
			*(int64_t *)((char *)s + k->at) =
			        (int64_t)(value * (double)USEC_PER_SEC);
		else
			*(uint32_t *)((char *)s + k->at) = (uint32_t)value;
		return true;
	}
	if (strcmp(name, "paths") == 0)
		s->n_paths = (unsigned)value;
	else if (strcmp(name, "keep_last_path") == 0)
		s->keep = value != 0;
	else if (strcmp(name, "dm_control") == 0)
		s->control = value != 0;
	else if (strcmp(name, "end") == 0)
		s->end_us = (int64_t)(value * (double)USEC_PER_SEC);
	else
		return false;
	return true;
}

static bool read_deed(const char *word, struct stimulus *t)
{
	static const char *const words[] = { "good", "bad",   "fails", "set",   "slow",
		                             "port", "unset", "fast",  "online" };
	static const enum deed deeds[] = { DEED_GOOD,   DEED_BAD,    DEED_FAILS,
		                           DEED_MARK,   DEED_MARK,   DEED_MARK,
		                           DEED_PARDON, DEED_UNMARK, DEED_UNMARK };
	static const enum policy_mark marks[] = { 0,
		                                  0,
		                                  0,
		                                  MARK_BY_HAND,
		                                  MARK_SLOW,
		                                  MARK_PORT_STATE,
		                                  MARK_BY_HAND,
		                                  MARK_SLOW,
		                                  MARK_PORT_STATE };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0) {
			t->deed = deeds[i];
			t->mark = marks[i];
			return true;
		}
	return false;
}

/* "at 12.5 a bad", "at 10 every 70 times 6 a fails" */
static bool read_stimuli(const char *line, struct scenario *s)
{
	double at, every = 0;
	unsigned times = 1;
	struct stimulus t = { 0 };
	char path, word[16];

	if (sscanf(line, "at %lf every %lf times %u %c %15s", &at, &every, &times, &path,
	           word) != 5 &&
	    sscanf(line, "at %lf %c %15s", &at, &path, word) != 3)
		return false;
	t.path = (unsigned)(path - 'a');
	if (t.path >= SCENARIO_PATHS_MAX || !read_deed(word, &t))
		return false;
	for (unsigned i = 0; i < times && s->n_stimuli < SCENARIO_LINES_MAX; i++) {
		unsigned place = s->n_stimuli++;

		t.at_us = (int64_t)((at + i * every) * (double)USEC_PER_SEC);
		for (; place > 0 && s->stimuli[place - 1].at_us > t.at_us; place--)
			s->stimuli[place] = s->stimuli[place - 1];
		s->stimuli[place] = t;
	}
	return true;
}

static bool read_line(const char *line, struct scenario *s)
{
	char name[SCENARIO_LINE_MAX], word[SCENARIO_LINE_MAX];
	double value;

	if (strncmp(line, "at ", 3) == 0)
		return read_stimuli(line, s);
	if (line[0] == '=' && s->n_expected < SCENARIO_LINES_MAX) {
		(void)snprintf(s->expected[s->n_expected++], SCENARIO_LINE_MAX, "%s",
		               line + 1 + strspn(line + 1, " "));
		return true;
	}
	if (sscanf(line, "%63s no", name) == 1 && sscanf(line, "%*s %63s", word) == 1 &&
	    strcmp(word, "no") == 0)
		return read_setting(name, 0, s);
	return sscanf(line, "%63s %lf", name, &value) == 2 &&
	       read_setting(name, value, s);
}

static void begin(struct scenario *s, const char *name)
{
	*s = (struct scenario){
		.words = { .flap_time_us = POLICY_FLAP_DEFAULT_US,
		           .hold_time_us = POLICY_HOLD_DEFAULT_US,
		           .hold_max_us = POLICY_MAX_DEFAULT_US },
		.interval_us = 5 * USEC_PER_SEC,
		.max_interval_us = 5 * USEC_PER_SEC,
		.fail_checks = 1,
		.recover_checks = 1,
		.n_paths = 2,
		.keep = true,
		.control = true,
	};
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
}

int scenario_read(const char **text, int *line, struct scenario *ret)
{
	char buf[256];
	bool begun = false;

	while (**text != '\0') {
		size_t n = strcspn(*text, "\n"), from;

		(void)snprintf(buf, sizeof(buf), "%.*s", (int)n, *text);
		buf[strcspn(buf, "#")] = '\0';
		from = strspn(buf, " \t");
		for (size_t end = strlen(buf); end > from && buf[end - 1] == ' ';)
			buf[--end] = '\0';
		if (begun && strncmp(buf, "scenario ", 9) == 0)
			return 1;
		++*line;
		*text += n + ((*text)[n] == '\n');
		if (strncmp(buf, "scenario ", 9) == 0)
			begin(ret, buf + 9);
		else if (buf[from] != '\0' && (!begun || !read_line(buf + from, ret)))
			return -*line;
		begun = begun || strncmp(buf, "scenario ", 9) == 0;
	}
	return begun;
}
