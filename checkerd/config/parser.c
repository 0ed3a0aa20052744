/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the lexer and the current token live on the stack of parser_read(). Runs on the
 * thread that reads the configuration.
 *
 * After an error the parser continues at the next line, or after the block that contains the
 * error, so that one mistake gives one message. The nesting of sections in keyword_table bounds
 * the depth of recursion: an unknown block is skipped, not entered.
 */
#include "checkerd/config/parser.h"

#include <string.h>

#include "checkerd/config/section.h"

struct parser {
	struct reader *reader;
	struct lexer lexer;
	struct token token; /* the current one */
	bool pushed_back;   /* take_token() returns the current one again */
};

static void parse_section(struct parser *p, enum section in);

static void take_token(struct parser *p)
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

static void report_unclosed(struct parser *p, const struct position *at, const char *name)
{
	problem_error(&p->reader->problems, at, "%s is not closed: add '}' where it ends",
	              name);
}

/* Skips a block. The current token is its '{'. */
static void skip_block(struct parser *p, const struct position *at)
{
	for (unsigned depth = 1; depth > 0;) {
		take_token(p);
		if (p->token.kind == TOKEN_OPEN) {
			depth++;
		} else if (p->token.kind == TOKEN_CLOSE) {
			depth--;
		} else if (p->token.kind == TOKEN_END) {
			report_unclosed(p, at, "this block");
			push_back(p);
			return;
		}
	}
}

/* Skips to the end of the line or of the section, blocks included. */
static void skip_line(struct parser *p)
{
	for (;;) {
		take_token(p);
		if (p->token.kind == TOKEN_OPEN) {
			struct position at = p->token.at;

			skip_block(p, &at);
		} else if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_BAD) {
			push_back(p);
			return;
		}
	}
}

/* Does the current token, which is a word, begin another entry of the section? */
static bool begins_entry(const struct parser *p, enum section in)
{
	const char *name = p->token.text;

	return !p->token.quoted && (keywords_find(in, name) != NULL ||
	                            keywords_subsection(in, name) != SECTION_TOP ||
	                            keywords_ignored(in, name) >= 0);
}

/* After a value: the line ends, the section ends, or another entry begins. */
static void end_entry(struct parser *p, enum section in, const char *name)
{
	char quoted[PROBLEM_QUOTE_SIZE];
	struct position at;

	take_token(p);
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

	/* A wrong value is not reported as missing, too. */
	d->slot_at[k->slot] = at;
	take_token(p);
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

/* A keyword of multipath.conf without meaning here: reported once a reader. */
static void parse_ignored(struct parser *p, enum section in)
{
	bool *reported =
	        &p->reader->ignored_reported[keywords_ignored(in, p->token.text)];

	if (!*reported)
		problem_warning(&p->reader->problems, &p->token.at,
		                "%s has no meaning here", p->token.text);
	*reported = true;
	do
		take_token(p);
	while (p->token.kind == TOKEN_BAD ||
	       (p->token.kind == TOKEN_WORD && !begins_entry(p, in)));
	if (p->token.kind == TOKEN_OPEN) {
		struct position at = p->token.at;

		skip_block(p, &at);
	} else {
		push_back(p);
	}
}

/* Says which keyword was probably meant, or to which section the word belongs. */
static void report_unknown(struct parser *p, enum section in)
{
	struct problems *problems = &p->reader->problems;
	const struct position *at = &p->token.at;
	const char *name = p->token.text, *section = section_table[in].name;
	enum section home = keywords_home(name);
	const char *suggestion = keywords_suggestion(in, name);
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
	else if (suggestion != NULL)
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
	const struct keyword *k = p->token.quoted ? NULL : keywords_find(in, name);

	if (k != NULL)
		parse_value(p, in, k, d);
	else if (!p->token.quoted && keywords_subsection(in, name) != SECTION_TOP)
		parse_section(p, keywords_subsection(in, name));
	else if (!p->token.quoted && keywords_ignored(in, name) >= 0)
		parse_ignored(p, in);
	else {
		report_unknown(p, in);
		skip_line(p);
	}
}

/*
 * Does a section that is allowed only at the top begin inside of another one? Then the other
 * section's closing brace is missing, and reading on would misread everything after it.
 */
static bool begins_top_section(const struct parser *p, enum section in)
{
	return in != SECTION_TOP && p->token.kind == TOKEN_WORD && !p->token.quoted &&
	       keywords_subsection(SECTION_TOP, p->token.text) != SECTION_TOP;
}

/* Reads up to the brace that closes the section. False: no brace closes it. */
static bool parse_body(struct parser *p, enum section in, struct draft *d)
{
	struct problems *problems = &p->reader->problems;
	struct position at;

	for (;;) {
		take_token(p);
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
				report_unclosed(p, &d->at, section_table[in].name);
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

/* Takes the '{' after a section's name. False: there is none; the line has been skipped. */
static bool expect_open(struct parser *p, const struct position *at, enum section in)
{
	bool same_line = true;

	take_token(p);
	while (p->token.kind == TOKEN_NEWLINE) {
		same_line = false;
		take_token(p);
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

void parser_read(struct reader *r, const char *name, const char *text, size_t size)
{
	struct parser p = { .reader = r };
	struct draft d = { .at = { NULL, 0, 0 } };

	if (size > CONFIG_FILE_BYTES_MAX) {
		reader_refuse(r, name,
		              "larger than 1 MiB: this is no configuration file");
		return;
	}
	name = reader_keep_name(r, name);
	if (name == NULL)
		return;
	lexer_init(&p.lexer, name, text, size, &r->problems);
	(void)parse_body(&p, SECTION_TOP, &d); /* the top has no closing brace */
	draft_deinit(&d);
}
