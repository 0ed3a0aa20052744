/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the sections that are open live on the stack. Runs on the thread that reads the
 * configuration.
 *
 * Line by line, as multipathd does it: a name of a section opens it, with a brace behind it or not,
 * and only a line that begins with a brace closes it. An unknown name opens nothing, so that the
 * brace that was to close it closes the section around it. mpconf_subsection() bounds the depth of
 * the recursion.
 */
#include "checkerd/config/multipath/mpconf_text.h"

#include <string.h>

static struct problems *problems_of(const struct mpconf *m)
{
	return &m->reader->problems;
}

static struct position place(const struct mpconf *m, unsigned column)
{
	return (struct position){ m->name, m->at_line, column };
}

/* Reads the next line that is not blank. False: there is none. */
static bool next_line(struct mpconf *m)
{
	do {
		size_t size = (size_t)(m->end - m->next), taken;

		if (size == 0 || m->reader->problems.oom)
			return false;
		m->at_line = m->line_number;
		taken = mpconf_line_take(m->next, size, m->column, &m->line);
		m->next += taken;
		m->column += (unsigned)taken;
		if (m->next[-1] == '\n') {
			m->line_number++;
			m->column = 1;
		}
	} while (m->line.n == 0);
	return true;
}

/* Warns of what the line has that people do not see. */
static void report_surprises(struct mpconf *m)
{
	struct position at;

	if (m->line.odd_blank != 0) {
		at = place(m, m->line.odd_blank);
		problem_warning(
		        problems_of(m), &at,
		        "a character that is not ASCII, outside of \"quotes\": read "
		        "as a blank; quotes of word processors are no quotes");
	}
	if (m->line.cut_line != 0) {
		at = place(m, m->line.cut_line);
		problem_warning(
		        problems_of(m), &at,
		        "the rest of the line is passed over: a carriage return or "
		        "NUL byte stands before it");
	}
}

static void report_left_over(struct mpconf *m, unsigned token, const char *name,
                             const char *value)
{
	struct position at;
	char left[PROBLEM_QUOTE_SIZE], kept[PROBLEM_QUOTE_SIZE];
	bool used = mpconf_is_used(name);

	if (token >= m->line.n)
		return;
	at = place(m, m->line.tokens[token].column);
	(used ? problem_warning
	      : problem_note)(problems_of(m), &at,
	                      "%s and what follows is passed over: the value of %s is %s",
	                      problem_quote(left, m->line.tokens[token].is_quote
	                                                  ? "\""
	                                                  : m->line.tokens[token].text),
	                      name, problem_quote(kept, value));
}

/*
 * Takes the value from the line. False: there is none, and multipathd passes over the line.
 * Only the first word counts, or what stands in quotes.
 */
static bool take_value(struct mpconf *m, const char *name, struct token *ret)
{
	const struct mpconf_line *l = &m->line;
	struct position at = place(m, l->tokens[0].column);
	unsigned end = 2;
	const char *text;

	if (l->n < 2) {
		(mpconf_is_used(name) ? problem_warning : problem_note)(
		        problems_of(m), &at, "%s has no value: the line is passed over",
		        name);
		return false;
	}
	ret->kind = TOKEN_WORD;
	ret->quoted = l->tokens[1].is_quote;
	ret->at = place(m, l->tokens[1].column);
	text = l->tokens[1].text;
	if (ret->quoted) {
		bool empty = l->n == 2 || l->tokens[2].is_quote;

		text = empty ? "" : l->tokens[2].text;
		end = empty ? 3 : 4;
		if (l->n < end)
			problem_warning(
			        problems_of(m), &ret->at,
			        "the quotes are not closed on this line: its rest is "
			        "the value of %s",
			        name);
	}
	(void)snprintf(ret->text, sizeof(ret->text), "%s", text);
	report_left_over(m, end, name, ret->text);
	if (l->cut_word != 0) {
		at = place(m, l->cut_word);
		(mpconf_is_used(name) ? problem_warning : problem_note)(
		        problems_of(m), &at,
		        "a comment begins here: the value of %s ends before it", name);
	}
	return true;
}

/* The name of a section where it has no place: multipathd does not enter it. */
static void report_misplaced_section(struct mpconf *m, enum section in, const char *name,
                                     const struct draft *d, const struct position *at)
{
	if (in == SECTION_TOP)
		problem_warning(problems_of(m), at,
		                "%s is outside of its section: it is passed over, and "
		                "the lines after it as well",
		                name);
	else
		problem_warning(
		        problems_of(m), at,
		        "%s has no place in %s, which line %u opens: it is passed "
		        "over, and the lines after it count for %s: close that "
		        "with '}' on a line of its own",
		        name, section_table[in].name, d->at.line, section_table[in].name);
}

static bool is_section_name(const char *name)
{
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (mpconf_subsection(section_table[i].parent, name) != SECTION_TOP)
			return true;
	return false;
}

/* A keyword that multipathd does not know here. */
static void report_unknown(struct mpconf *m, enum section in, const struct draft *d)
{
	const struct mpconf_token *token = &m->line.tokens[0];
	struct position at = place(m, token->column);
	const char *name = token->is_quote ? "\"" : token->text;
	const char *where = in == SECTION_TOP ? "" : section_table[in].name;
	const struct mpconf_old *old = mpconf_find_old(name);
	const char *suggestion = mpconf_suggestion(in, name);
	enum section home = mpconf_home(name);
	char quoted[PROBLEM_QUOTE_SIZE];

	problem_quote(quoted, name);
	if (is_section_name(name))
		report_misplaced_section(m, in, name, d, &at);
	else if (old != NULL && old->now != NULL)
		(mpconf_is_used(old->now) ? problem_warning : problem_note)(
		        problems_of(m), &at,
		        "%s is passed over: multipathd 0.9 and later do not know it: "
		        "write %s",
		        name, old->now);
	else if (old != NULL)
		problem_note(problems_of(m), &at,
		             "%s is passed over: multipathd 0.9 and later do not know it",
		             name);
	else if (home != SECTION_TOP && in == SECTION_TOP)
		problem_warning(problems_of(m), &at,
		                "%s is outside of any section: the line is passed over",
		                name);
	else if (home != SECTION_TOP)
		(mpconf_is_used(name) ? problem_warning : problem_note)(
		        problems_of(m), &at,
		        "%s has no place in %s: the line is passed over: it belongs in "
		        "%s",
		        name, where, section_table[home].name);
	else if (keywords_home(name) != SECTION_TOP &&
	         keywords_ignored(SECTION_DEFAULTS, name) < 0)
		problem_warning(problems_of(m), &at,
		                "%s is passed over: it belongs into checkerd.conf", name);
	else if (suggestion != NULL)
		(mpconf_is_used(suggestion) ? problem_warning : problem_note)(
		        problems_of(m), &at,
		        "unknown keyword %s: the line is passed over: did you mean %s?",
		        quoted, suggestion);
	else
		(in == SECTION_TOP ? problem_warning : problem_note)(
		        problems_of(m), &at,
		        "unknown keyword %s: the line is passed over", quoted);
}

static void read_section(struct mpconf *m, enum section in, struct mpconf_draft *d);

/*
 * Does the name open the section? multipathd demands a second word of overrides and protocol only;
 * of the others the brace may be missing, or on the next line.
 */
static bool opens_section(struct mpconf *m, enum section in)
{
	const struct mpconf_line *l = &m->line;
	const char *name = section_table[in].name;
	struct position at = place(m, l->tokens[0].column);
	bool has_brace = l->n > 1 && strcmp(l->tokens[1].text, "{") == 0;

	if (l->n == 1 && (in == SECTION_OVERRIDES || in == SECTION_PROTOCOL)) {
		problem_warning(problems_of(m), &at,
		                "%s has no '{' on the same line: the whole section is "
		                "passed over",
		                name);
		return false;
	}
	if (!has_brace)
		problem_note(problems_of(m), &at,
		             "%s has no '{' on the same line: read as if it had", name);
	else if (l->n > 2) {
		at = place(m, l->tokens[2].column);
		problem_warning(problems_of(m), &at,
		                "what follows '{' on the same line is passed over, and a "
		                "'}' there does not close %s",
		                name);
	}
	return true;
}

static void read_subsection(struct mpconf *m, enum section in)
{
	struct mpconf_draft d = { .draft.at = place(m, m->line.tokens[0].column) };

	if (opens_section(m, in)) {
		read_section(m, in, &d);
		mpconf_section_commit(m, in, &d);
	}
	draft_deinit(&d.draft);
}

static void read_entry(struct mpconf *m, enum section in, struct mpconf_draft *d)
{
	const struct mpconf_token *first = &m->line.tokens[0];
	const char *name = first->is_quote ? "\"" : first->text;
	const struct mpconf_keyword *row = mpconf_find(in, name);
	struct position at = place(m, first->column);
	enum section sub = mpconf_subsection(in, name);
	struct token value;

	if (sub != SECTION_TOP)
		read_subsection(m, sub);
	else if (row == NULL)
		report_unknown(m, in, &d->draft);
	else if (take_value(m, name, &value))
		mpconf_section_value(m, in, row, &value, &at, d);
}

/* A line that begins with a brace. True: it closes the section. */
static bool read_brace(struct mpconf *m, enum section in)
{
	const struct mpconf_line *l = &m->line;
	struct position at = place(m, l->tokens[0].column);
	bool closes = l->tokens[0].text[0] == '}';

	if (!closes) {
		problem_note(problems_of(m), &at,
		             "'{' on a line of its own: the line is passed over");
		return false;
	}
	if (in == SECTION_TOP)
		problem_warning(problems_of(m), &at,
		                "'}' closes nothing: the line is "
		                "passed over");
	if (l->n > 1) {
		at = place(m, l->tokens[1].column);
		problem_warning(problems_of(m), &at,
		                "what follows '}' on the same line is passed over");
	}
	return in != SECTION_TOP;
}

/* Reads up to the brace that closes the section, or to the end of the text. */
static void read_section(struct mpconf *m, enum section in, struct mpconf_draft *d)
{
	while (next_line(m)) {
		const char *first = m->line.tokens[0].text;
		bool is_brace = strcmp(first, "{") == 0 || strcmp(first, "}") == 0;

		report_surprises(m);
		if (is_brace && read_brace(m, in))
			return;
		if (!is_brace)
			read_entry(m, in, d);
	}
	if (in != SECTION_TOP)
		problem_warning(problems_of(m), &d->draft.at,
		                "%s is not closed: it ends with the file",
		                section_table[in].name);
}

void mpconf_text_read(struct mpconf *m, const char *name, const char *text, size_t size)
{
	struct mpconf_draft d = { 0 };

	m->name = name;
	m->next = text;
	m->end = text + size;
	m->line_number = m->column = 1;
	read_section(m, SECTION_TOP, &d);
	draft_deinit(&d.draft);
}
