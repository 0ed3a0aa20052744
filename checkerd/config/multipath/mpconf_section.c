/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: judges each value as multipathd does, translates it into a value of
 * checkerd.conf(5), and stores it by section.c. Runs on the thread that reads the configuration.
 *
 * Invariant: section.c gets only values that it takes.
 */
#include "checkerd/config/multipath/mpconf_section.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/multipath/mpconf_value.h"
#include "util/utf8.h"

#define MATCHES_ALL ".*"

/* A line about what multipathd alone uses changes no check. */
static void report(struct mpconf *m, const struct mpconf_keyword *row,
                   const struct position *at, const char *text, const char *effect)
{
	char word[PROBLEM_QUOTE_SIZE];
	bool used = row->use != MPCONF_UNUSED && row->use != MPCONF_OBSOLETE;

	(used ? problem_warning : problem_note)(&m->reader->problems, at, "%s %s: %s",
	                                        row->name, problem_word(word, text),
	                                        effect);
}

/* ", and 5 stays in force", where the value is known by now. */
static const char *present_value(const struct mpconf *m, enum section in,
                                 const struct mpconf_keyword *row, char *buf, size_t size)
{
	const struct keyword *k = keywords_find(in, row->name);
	char value[VALUE_TEXT_SIZE];

	*buf = '\0';
	if (row->use == MPCONF_INTERVAL && m->interval.at.line != 0)
		(void)snprintf(buf, size, ", and the one before it stays in force");
	else if (row->use == MPCONF_INTERVAL || row->use == MPCONF_SETTING)
		(void)snprintf(
		        buf, size, ", and %s stays in force",
		        value_format(k, (char *)m->reader->config + k->in_config, value));
	return buf;
}

static void report_bad(struct mpconf *m, enum section in,
                       const struct mpconf_keyword *row, const struct token *value,
                       enum mpconf_verdict verdict, const char *error)
{
	char stays[VALUE_TEXT_SIZE + 32] = "", effect[2 * VALUE_ERROR_SIZE];
	const char *more = "";

	if (in == SECTION_DEFAULTS)
		present_value(m, in, row, stays, sizeof(stays));
	if (verdict == MPCONF_FATAL && !m->is_dropin)
		more = "; multipathd does not start with it";
	else if (strcmp(row->name, "polling_interval") == 0 && m->interval.at.line == 0)
		more = "; multipathd checks once in 4294967294 s then";
	(void)snprintf(effect, sizeof(effect), "%s: the line is passed over%s%s", error,
	               stays, more);
	report(m, row, &value->at, value->text, effect);
}

/* Of a device in devices regcomp() fails only when a device is compared. */
static bool spoils_section(enum section in, const struct mpconf_keyword *row)
{
	return in == SECTION_DEVICE && strcmp(row->name, "product_blacklist") != 0;
}

/* A value of an earlier section of the same kind is lost. */
static void report_replaced(struct mpconf *m, enum section in, const struct keyword *k,
                            const struct position *keyword_at, const struct draft *d)
{
	size_t i = (size_t)(k - keyword_table);
	const struct config *c = m->reader->config;
	const struct overlay *o = &c->rules->overrides;
	struct config_origin at = { 0 };
	const char *file;

	if (in == SECTION_DEFAULTS)
		at = c->defaults_at[i];
	else if (in == SECTION_OVERRIDES && keywords_is_setting(in, k) &&
	         (o->set & UINT64_C(1) << i) != 0)
		at = o->at[i];
	if (at.file == 0 || d->seen[i].line != 0)
		return;
	/* Replacing values is what drop-ins are made for. */
	file = config_origin_file(c, at);
	(strcmp(file, m->name) == 0 ? problem_warning : problem_note)(
	        &m->reader->problems, keyword_at,
	        "%s again: this one counts, not the one of %s:%u", k->name, file,
	        (unsigned)at.line);
}

/* section_value() with another text. */
static void store(struct mpconf *m, enum section in, const struct keyword *k,
                  const struct token *value, const char *text,
                  const struct position *keyword_at, struct draft *d)
{
	report_replaced(m, in, k, keyword_at, d);
	m->value.kind = TOKEN_WORD;
	m->value.quoted = true;
	m->value.at = value->at;
	(void)snprintf(m->value.text, sizeof(m->value.text), "%s", text);
	section_value(m->reader, in, k, keyword_at, &m->value, d);
}

void mpconf_section_number(struct mpconf *m, enum section in, const struct keyword *k,
                           const struct token *value, int64_t number,
                           const struct position *keyword_at, struct draft *d)
{
	char text[VALUE_TEXT_SIZE], word[PROBLEM_QUOTE_SIZE];

	if (mpconf_value_translate(k, value->text, number, text))
		problem_warning(&m->reader->problems, &value->at,
		                "%s %s: checkerd takes no such value: %s is in force",
		                k->name, problem_word(word, value->text), text);
	store(m, in, k, value, text, keyword_at, d);
}

static const struct word *find_checker(const char *name)
{
	const struct keyword *k = keywords_find(SECTION_DEFAULTS, "path_checker");
	char text[VALUE_TEXT_SIZE];

	if (snprintf(text, sizeof(text), "auto:%s", name) >= (int)sizeof(text))
		return NULL;
	for (const struct word *w = k->words; w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w;
	return NULL;
}

/*
 * Detection wins over path_checker there, unless detect_checker is off. With `none` multipathd
 * leaves the checks to others, which is what checkerd is for.
 */
static void take_checker(struct mpconf *m, enum section in,
                         const struct mpconf_keyword *row, const struct token *value,
                         const struct position *keyword_at, struct draft *d)
{
	const struct keyword *k = keywords_find(in, "path_checker");
	const struct word *w = find_checker(value->text);

	if (w != NULL) {
		store(m, in, k, value, w->name, keyword_at, d);
	} else if (strcmp(value->text, "none") == 0) {
		report(m, row, &value->at, value->text,
		       "multipathd does not check these paths, checkerd does: 'auto' is "
		       "in force; to exclude them, write 'path_checker none' into "
		       "checkerd.conf");
		store(m, in, k, value, "auto", keyword_at, d);
	} else {
		report(m, row, &value->at, value->text,
		       "no such checker: the line is passed over; multipathd leaves "
		       "paths "
		       "unchecked that need it");
	}
}

static void take_interval(struct mpconf *m, const struct mpconf_keyword *row,
                          const struct token *value, int64_t number,
                          const struct position *keyword_at)
{
	bool is_max = strcmp(row->name, "max_polling_interval") == 0;
	struct mpconf_number *to = is_max ? &m->max_interval : &m->interval;

	if (number == 0 && !is_max) {
		report(m, row, &value->at, value->text,
		       "no time: the line is passed over; multipathd checks each second, "
		       "or "
		       "ends by SIGFPE");
		return;
	}
	if (to->at.line != 0)
		problem_warning(&m->reader->problems, keyword_at,
		                "%s again: this one counts: remove the one at %s:%u:%u",
		                row->name, to->keyword_at.file, to->keyword_at.line,
		                to->keyword_at.column);
	*to = (struct mpconf_number){ number, *keyword_at, value->at };
	if (number == 0) /* as if it were not given */
		*to = (struct mpconf_number){ 0 };
}

static void take_config_dir(struct mpconf *m, const struct mpconf_keyword *row,
                            const struct token *value)
{
	if (m->is_dropin || value->text[0] != '/') {
		report(m, row, &value->at, value->text,
		       m->is_dropin
		               ? "has no effect in a drop-in: the line is passed over"
		               : "is no absolute name: the line is passed over");
		return;
	}
	free(m->config_dir);
	m->config_dir = strdup(value->text);
	m->reader->problems.oom |= m->config_dir == NULL;
	if (strcmp(value->text, MPCONF_CONF_DIR) != 0)
		report(m, row, &value->at, value->text,
		       "read instead of " MPCONF_CONF_DIR
		       "; multipathd 0.9 and later read only that one");
}

/* checkerd.conf is text: control characters and other encodings have no place in it. */
static bool is_text(const char *s)
{
	for (size_t n; *s != '\0'; s += n) {
		n = utf8_length(s, SIZE_MAX);
		if (n == 0 || ((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

/* Says what an expression does that its author did not want. Returns the expression to store. */
static const char *take_expression(struct mpconf *m, const struct mpconf_keyword *row,
                                   const struct keyword *k, const struct token *value)
{
	const char *text = value->text;
	bool of_name = k->slot == SLOT_VENDOR || k->slot == SLOT_PRODUCT ||
	               k->slot == SLOT_REVISION;
	const char *other = text;

	while (*other != '\0' && (unsigned char)*other < 0x80)
		other++;
	if (*text == '\0') {
		report(m, row, &value->at, text, "matches every device");
		return MATCHES_ALL;
	}
	if (*text == '\'' || *text == '`')
		report(m, row, &value->at, text,
		       "these quotes are a part of the expression, which therefore "
		       "matches nothing: use \" instead");
	else if (*other != '\0')
		report(m, row, &value->at, text,
		       "matches nothing, because it has a character that is not ASCII, "
		       "and devices have none");
	else if (of_name && text[strlen(text) - 1] == ' ')
		report(m, row, &value->at, text,
		       "matches nothing, because names of devices do not end with a "
		       "blank");
	return text;
}

/* An expression, a name, or the WWID of a map. */
static void take_text(struct mpconf *m, enum section in, const struct mpconf_keyword *row,
                      const struct keyword *k, const struct token *value,
                      const struct position *keyword_at, struct draft *d)
{
	char error[VALUE_ERROR_SIZE], effect[VALUE_ERROR_SIZE + 64];
	const char *text = value->text;
	struct value v;

	if (!is_text(text)) {
		report(m, row, &value->at, text,
		       "has bytes that are no text in UTF-8: the line is passed over");
		return;
	}
	if (row->form == MPCONF_REGEX)
		text = take_expression(m, row, k, value);
	if (value_parse(k, text, &v, error) < 0) {
		(void)snprintf(effect, sizeof(effect), "%s: the line is passed over",
		               error + strlen(k->name) + 1);
		problem_warning(&m->reader->problems, &value->at, "%s %s", row->name,
		                effect);
		return;
	}
	store(m, in, k, value, text, keyword_at, d);
}

static void take_setting(struct mpconf *m, enum section in,
                         const struct mpconf_keyword *row, const struct token *value,
                         int64_t number, const struct position *keyword_at,
                         struct draft *d)
{
	const struct keyword *k = keywords_find(in, row->name);

	if (k == NULL) {
		report(m, row, &value->at, value->text,
		       "checkerd has no settings of one map: the line is passed over: "
		       "write it into a section devices or overrides");
	} else if (k->type == VALUE_TIME || k->type == VALUE_COUNT ||
	           k->type == VALUE_SWITCH) {
		mpconf_section_number(m, in, k, value, number, keyword_at, d);
	} else {
		take_text(m, in, row, k, value, keyword_at, d);
	}
}

static void take_value(struct mpconf *m, enum section in,
                       const struct mpconf_keyword *row, const struct token *value,
                       int64_t number, const struct position *keyword_at, struct draft *d)
{
	switch (row->use) {
	case MPCONF_UNUSED:
		if (m->reader->unused_keywords != NULL)
			m->reader->unused_keywords[row - mpconf_table] = true;
		return;
	case MPCONF_OBSOLETE:
		report(m, row, &value->at, value->text,
		       "multipathd 0.9 and later pass over it");
		return;
	case MPCONF_SETTING:
		take_setting(m, in, row, value, number, keyword_at, d);
		return;
	case MPCONF_CHECKER:
		take_checker(m, in, row, value, keyword_at, d);
		return;
	case MPCONF_INTERVAL:
		take_interval(m, row, value, number, keyword_at);
		return;
	case MPCONF_CONFIG_DIR:
		take_config_dir(m, row, value);
		return;
	}
}

void mpconf_section_value(struct mpconf *m, enum section in,
                          const struct mpconf_keyword *row, const struct token *value,
                          const struct position *keyword_at, struct mpconf_draft *d)
{
	char error[VALUE_ERROR_SIZE], effect[VALUE_ERROR_SIZE];
	int64_t number;
	enum mpconf_verdict verdict =
	        mpconf_value_judge(row, value->text, &number, error);

	if (verdict == MPCONF_FATAL && spoils_section(in, row)) {
		(void)snprintf(effect, sizeof(effect),
		               "%.200s: the section matches no device", error);
		report(m, row, &value->at, value->text, effect);
		d->matches_nothing = true;
		return;
	}
	if (verdict == MPCONF_BAD || verdict == MPCONF_FATAL) {
		report_bad(m, in, row, value, verdict, error);
		return;
	}
	/* What checkerd does not take either is reported once, with the value that it takes. */
	if (verdict == MPCONF_CAPPED &&
	    (row->use != MPCONF_SETTING || number < (int64_t)row->max)) {
		(void)snprintf(effect, sizeof(effect),
		               "out of range: %" PRId64 " is in force", number);
		report(m, row, &value->at, value->text, effect);
	}
	take_value(m, in, row, value, number, keyword_at, &d->draft);
}

/* Are all of these slots there? Otherwise says what becomes of the section. */
static bool has_slots(struct mpconf *m, const struct draft *d, enum slot a, enum slot b,
                      bool both, const char *what)
{
	bool has_a = d->text[a] != NULL || d->pattern[a] != NULL;
	bool has_b = d->text[b] != NULL || d->pattern[b] != NULL;

	if (both ? has_a && has_b : has_a || has_b)
		return true;
	problem_warning(&m->reader->problems, &d->at, "%s: the section is passed over",
	                what);
	return false;
}

void mpconf_section_commit(struct mpconf *m, enum section in, struct mpconf_draft *d)
{
	if (in == SECTION_DEVICE &&
	    (d->matches_nothing ||
	     !has_slots(m, &d->draft, SLOT_VENDOR, SLOT_PRODUCT, true,
	                "device without both vendor and product")))
		return;
	if ((in == SECTION_BLACKLIST_DEVICE || in == SECTION_EXCEPTIONS_DEVICE) &&
	    !has_slots(m, &d->draft, SLOT_VENDOR, SLOT_PRODUCT, false,
	               "device without vendor and product"))
		return;
	if (in == SECTION_MULTIPATH && !has_slots(m, &d->draft, SLOT_WWID, SLOT_WWID,
	                                          true, "multipath without a wwid"))
		return;
	if (in != SECTION_PROTOCOL) /* nothing of it is about checks */
		section_commit(m->reader, in, &d->draft);
}
