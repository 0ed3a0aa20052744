/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar. Goes on after every error at the next line, or after the block that the
 * error began with, so that one mistake is one message. Depth is bounded by the sections
 * there are: an unknown block is skipped, not entered.
 */
#include "checkerd/config/reader.h"

#include <string.h>

struct parser {
	struct reader *reader;
	struct lexer lexer;
	struct token token; /* the current one */
	bool pushed_back;   /* the current one is the next one too */
};

static void parse_section(struct parser *p, enum section in);

static void next(struct parser *p)
{
	if (p->reader->problems.oom) {
		p->token.kind = TOKEN_END;
		return;
	}
	if (!p->pushed_back)
		lexer_next(&p->lexer, &p->token);
	p->pushed_back = false;
}

static void push_back(struct parser *p)
{
	p->pushed_back = true;
}

static void tell_unclosed(struct parser *p, const struct position *at, const char *name)
{
	problem_error(&p->reader->problems, at, "%s is not closed: add '}' where it ends",
	              name);
}

/* After '{'. */
static void skip_block(struct parser *p, const struct position *at)
{
	for (unsigned depth = 1; depth > 0;) {
		next(p);
		if (p->token.kind == TOKEN_OPEN) {
			depth++;
		} else if (p->token.kind == TOKEN_CLOSE) {
			depth--;
		} else if (p->token.kind == TOKEN_END) {
			tell_unclosed(p, at, "this block");
			push_back(p);
			return;
		}
	}
}

/* Up to the end of the line or of the section, with what braces are opened on the way. */
static void skip_line(struct parser *p)
{
	for (;;) {
		next(p);
		if (p->token.kind == TOKEN_OPEN) {
			struct position at = p->token.at;

			skip_block(p, &at);
		} else if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_BAD) {
			push_back(p);
			return;
		}
	}
}

/* The current token begins another entry of the section. */
static bool begins_entry(const struct parser *p, enum section in)
{
	const char *name = p->token.text;

	return p->token.kind == TOKEN_WORD && !p->token.quoted &&
	       (table_keyword(in, name) || table_subsection(in, name) != SECTION_TOP ||
	        table_ignored(in, name) >= 0 || table_ignored_section(in, name));
}

/* After a value: the line ends, the section ends, or another entry begins. */
static void end_entry(struct parser *p, enum section in, const char *name)
{
	char quoted[PROBLEM_QUOTE_SIZE];
	struct position at;

	next(p);
	at = p->token.at;
	if (p->token.kind == TOKEN_OPEN) {
		problem_error(&p->reader->problems, &at,
		              "'{' after the value of %s: only a section has braces, "
		              "and a value with braces needs quotes",
		              name);
		skip_block(p, &at);
		return;
	}
	if (p->token.kind == TOKEN_WORD && !begins_entry(p, in)) {
		problem_error(&p->reader->problems, &at,
		              "%s is left over after the value of %s: remove it, or put "
		              "a value "
		              "of several words in quotes",
		              problem_quote(quoted, p->token.text), name);
		skip_line(p);
		return;
	}
	if (p->token.kind == TOKEN_BAD)
		skip_line(p);
	else
		push_back(p);
}

static void parse_value(struct parser *p, enum section in, const struct keyword *k,
                        struct draft *d)
{
	struct problems *problems = &p->reader->problems;
	struct position at = p->token.at;

	/* Wrong or not, it is there: no second message about what is missing. */
	d->slot_at[k->slot] = at;
	next(p);
	switch (p->token.kind) {
	case TOKEN_WORD:
		section_value(p->reader, in, k, &at, &p->token, d);
		end_entry(p, in, k->name);
		break;
	case TOKEN_OPEN:
		problem_error(problems, &at, "%s is no section here: write '%s VALUE'",
		              k->name, k->name);
		skip_block(p, &at);
		break;
	case TOKEN_BAD:
		skip_line(p);
		break;
	case TOKEN_END:
	case TOKEN_NEWLINE:
	case TOKEN_CLOSE:
		problem_error(problems, &at, "%s has no value: write one after it",
		              k->name);
		push_back(p);
		break;
	}
}

/* One of multipath.conf's: said once, however often it is there. */
static void parse_ignored(struct parser *p, enum section in)
{
	bool *told = &p->reader->ignored_told[table_ignored(in, p->token.text)];

	if (!*told)
		problem_warning(&p->reader->problems, &p->token.at,
		                "%s has no meaning here", p->token.text);
	*told = true;
	do
		next(p);
	while (p->token.kind == TOKEN_BAD ||
	       (p->token.kind == TOKEN_WORD && !begins_entry(p, in)));
	if (p->token.kind == TOKEN_OPEN) {
		struct position at = p->token.at;

		skip_block(p, &at);
	} else {
		push_back(p);
	}
}

static void parse_ignored_section(struct parser *p)
{
	struct position at = p->token.at;

	if (!p->reader->protocol_told)
		problem_warning(&p->reader->problems, &at, "%s has no meaning here",
		                p->token.text);
	p->reader->protocol_told = true;
	skip_line(p);
}

/* What the word should have been, or where it should be. */
static void tell_unknown(struct parser *p, enum section in)
{
	struct problems *problems = &p->reader->problems;
	const struct position *at = &p->token.at;
	const char *name = p->token.text, *section = section_table[in].name;
	enum section home = table_home(name);
	const char *suggestion = table_suggestion(in, name);
	char quoted[PROBLEM_QUOTE_SIZE];

	problem_quote(quoted, name);
	if (p->token.quoted)
		problem_error(problems, at,
		              "%s is in quotes where a keyword is expected: "
		              "a value follows its keyword on the same line",
		              quoted);
	else if (home != SECTION_TOP && in == SECTION_TOP)
		problem_error(problems, at,
		              "%s is outside of any section: put it into '%s { }'",
		              quoted, section_table[home].name);
	else if (home != SECTION_TOP)
		problem_error(problems, at, "%s has no place in %s: it belongs in %s",
		              quoted, section, section_table[home].name);
	else if (suggestion)
		problem_error(problems, at, "unknown %s %s: did you mean %s?",
		              in == SECTION_TOP ? "section" : "keyword", quoted,
		              suggestion);
	else
		problem_error(problems, at,
		              "unknown %s %s%s%s: see checkerd.conf(5) for what "
		              "there is",
		              in == SECTION_TOP ? "section" : "keyword", quoted,
		              in == SECTION_TOP ? "" : " in ", section);
}

static void parse_entry(struct parser *p, enum section in, struct draft *d)
{
	const char *name = p->token.text;
	const struct keyword *k = p->token.quoted ? NULL : table_keyword(in, name);

	if (k)
		parse_value(p, in, k, d);
	else if (!p->token.quoted && table_subsection(in, name) != SECTION_TOP)
		parse_section(p, table_subsection(in, name));
	else if (!p->token.quoted && table_ignored(in, name) >= 0)
		parse_ignored(p, in);
	else if (!p->token.quoted && table_ignored_section(in, name))
		parse_ignored_section(p);
	else {
		tell_unknown(p, in);
		skip_line(p);
	}
}

/*
 * A section that can only be at the top, inside of another: it is that one's brace that
 * is missing, and everything after it would be misread.
 */
static bool begins_top_section(const struct parser *p, enum section in)
{
	return in != SECTION_TOP && p->token.kind == TOKEN_WORD && !p->token.quoted &&
	       table_subsection(SECTION_TOP, p->token.text) != SECTION_TOP;
}

/* Up to the brace that closes the section; false: it was not closed. */
static bool parse_body(struct parser *p, enum section in, struct draft *d)
{
	struct problems *problems = &p->reader->problems;
	struct position at;

	for (;;) {
		next(p);
		at = p->token.at;
		if (begins_top_section(p, in)) {
			problem_error(problems, &at,
			              "%s begins inside of %s, which line %u opens: "
			              "close that with '}' before it",
			              p->token.text, section_table[in].name, d->at.line);
			push_back(p);
			return false;
		}
		switch (p->token.kind) {
		case TOKEN_END:
			if (in != SECTION_TOP)
				tell_unclosed(p, &d->at, section_table[in].name);
			push_back(p);
			return false;
		case TOKEN_CLOSE:
			if (in != SECTION_TOP)
				return true;
			problem_error(problems, &at,
			              "'}' closes nothing: remove it, or look for "
			              "a missing '{' before it");
			break;
		case TOKEN_OPEN:
			problem_error(problems, &at,
			              "'{' without the name of a section before it "
			              "on the same line");
			skip_block(p, &at);
			break;
		case TOKEN_WORD:
			parse_entry(p, in, d);
			break;
		case TOKEN_BAD:
			skip_line(p);
			break;
		case TOKEN_NEWLINE:
			break;
		}
	}
}

/* The '{' after a section's name; false: there is none, and the line is dealt with. */
static bool expect_open(struct parser *p, const struct position *at, enum section in)
{
	bool same_line = true;

	next(p);
	while (p->token.kind == TOKEN_NEWLINE) {
		same_line = false;
		next(p);
	}
	if (p->token.kind == TOKEN_OPEN && same_line)
		return true;
	problem_error(&p->reader->problems, at, "%s needs '{' after it on the same line",
	              section_table[in].name);
	if (p->token.kind == TOKEN_OPEN)
		return true;
	push_back(p);
	if (same_line)
		skip_line(p);
	return false;
}

static void parse_section(struct parser *p, enum section in)
{
	struct draft d = { .at = p->token.at };

	if (expect_open(p, &d.at, in) && parse_body(p, in, &d))
		section_commit(p->reader, in, &d);
	draft_deinit(&d);
}

void reader_text(struct reader *r, const char *name, const char *text, size_t size)
{
	struct parser p = { .reader = r };
	struct draft d = { .at = { NULL, 0, 0 } };

	name = reader_keep_name(r, name);
	if (!name)
		return;
	lexer_init(&p.lexer, name, text, size, &r->problems);
	(void)parse_body(&p, SECTION_TOP, &d); /* at the top nothing is to be closed */
	draft_deinit(&d);
}
