/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the texts of the problems. One list belongs to one reader; any thread. A failed allocation
 * loses no error silently: it makes the whole reading fail.
 */
#include "checkerd/config/problem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/block.h"
#include "util/clean.h"

#define QUOTED_BYTES_MAX 60 /* of the text in quotes; then "..." */
#define ESCAPE_BYTES     4  /* "\x7f" */

static_assert(QUOTED_BYTES_MAX + ESCAPE_BYTES + sizeof("''...") <= PROBLEM_QUOTE_SIZE,
              "a shortened text fits with its quotes");

void *array_room(void *array, size_t n, size_t item_size)
{
	/* The capacity is n rounded up to a power of two, so the array is full when n is one. */
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return block_resize(array, n == 0 ? 1 : 2 * n, item_size);
}

/* Adds to a message of a lenient list what becomes of the thing. */
static void add_effect(struct problems *p, char **message)
{
	char *longer;

	if (asprintf(&longer, "%s: passed over", *message) < 0) {
		p->oom = true;
		return;
	}
	free(*message);
	*message = longer;
}

_printf_(4, 0) static void add_problem(struct problems *p, const struct position *at,
                                       enum problem_kind kind, const char *format,
                                       va_list args)
{
	bool softened = p->lenient && kind == PROBLEM_ERROR;
	struct problem *list, problem = { .kind = softened ? PROBLEM_WARNING : kind };
	size_t found = problem.kind == PROBLEM_ERROR     ? ++p->errors
	               : problem.kind == PROBLEM_WARNING ? ++p->warnings
	                                                 : ++p->notes;

	if (p->oom || found > CONFIG_PROBLEMS_MAX)
		return;
	list = array_room(p->list, p->n, sizeof(*list));
	if (list == NULL) {
		p->oom = true;
		return;
	}
	p->list = list;
	if (vasprintf(&problem.message, format, args) < 0) {
		p->oom = true;
		return;
	}
	if (softened)
		add_effect(p, &problem.message);
	if (at != NULL) {
		problem.line = at->line;
		problem.column = at->column;
	}
	if (at != NULL && at->file != NULL) {
		problem.file = strdup(at->file);
		if (problem.file == NULL) {
			free(problem.message);
			p->oom = true;
			return;
		}
	}
	p->list[p->n++] = problem;
}

void problem_error(struct problems *p, const struct position *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_problem(p, at, PROBLEM_ERROR, format, args);
	va_end(args);
}

void problem_warning(struct problems *p, const struct position *at, const char *format,
                     ...)
{
	va_list args;

	va_start(args, format);
	add_problem(p, at, PROBLEM_WARNING, format, args);
	va_end(args);
}

void problem_note(struct problems *p, const struct position *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_problem(p, at, PROBLEM_NOTE, format, args);
	va_end(args);
}

static bool is_later(const struct problem *a, const struct problem *b)
{
	if (a->file == NULL || b->file == NULL || strcmp(a->file, b->file) != 0)
		return false;
	return a->line != b->line ? a->line > b->line : a->column > b->column;
}

void problems_close(struct problems *p)
{
	size_t hidden =
	        p->errors > CONFIG_PROBLEMS_MAX ? p->errors - CONFIG_PROBLEMS_MAX : 0;

	for (size_t i = 1; i < p->n; i++) {
		struct problem moving = p->list[i];
		size_t to = i;

		for (; to > 0 && is_later(&p->list[to - 1], &moving); to--)
			p->list[to] = p->list[to - 1];
		p->list[to] = moving;
	}
	if (hidden == 0)
		return;
	p->errors = 0; /* so that this error is kept */
	problem_error(p, NULL, "%zu more errors are not shown: correct these first",
	              hidden);
}

void problems_deinit(struct problem *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].file);
		free(list[i].message);
	}
	block_free(list);
}

const char *problem_word(char buf[PROBLEM_QUOTE_SIZE], const char *text)
{
	size_t size = 0;

	while (text[size] > ' ' && text[size] <= '~')
		size++;
	if (size == 0 || size > QUOTED_BYTES_MAX || text[size] != '\0')
		return problem_quote(buf, text);
	memcpy(buf, text, size + 1);
	return buf;
}

const char *problem_quote(char buf[PROBLEM_QUOTE_SIZE], const char *text)
{
	size_t used = 0, size;

	buf[used++] = '\'';
	for (; *text != '\0'; text += MAX(size, 1U)) {
		size = clean_length(text);
		if (used - 1 + MAX(size, 1U) > QUOTED_BYTES_MAX)
			break; /* a character of several bytes is not split */
		if (size > 0)
			memcpy(buf + used, text, size);
		else
			(void)snprintf(buf + used, ESCAPE_BYTES + 1, "\\x%02x",
			               (unsigned char)*text);
		used += size > 0 ? size : ESCAPE_BYTES;
	}
	(void)snprintf(buf + used, PROBLEM_QUOTE_SIZE - used, "%s",
	               *text != '\0' ? "...'" : "'");
	return buf;
}

/* Prints a text with control characters escaped: a file name may have any bytes. */
static void print_clean(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		size_t n = clean_length(text);

		if (n == 0) {
			(void)fprintf(out, "\\x%02x", (unsigned char)*text);
			continue;
		}
		(void)fwrite(text, 1, n, out);
		text += n - 1;
	}
}

static void print_problem(const struct problem *p, FILE *out)
{
	if (p->file != NULL)
		print_clean(out, p->file);
	if (p->file != NULL && p->line != 0)
		fprintf(out, ":%u:%u", p->line, p->column);
	fprintf(out, "%s%s: ", p->file != NULL ? ": " : "",
	        p->kind == PROBLEM_ERROR ? "error" : "warning");
	print_clean(out, p->message);
	fputc('\n', out);
}

void problems_print(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < c->n_problems; i++)
		print_problem(&c->problems[i], out);
}

void problems_print_brief(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < c->n_problems; i++)
		if (c->problems[i].kind != PROBLEM_NOTE)
			print_problem(&c->problems[i], out);
	if (c->n_notes == 0)
		return;
	print_clean(out, c->files[0]);
	fprintf(out,
	        ": warning: %zu more remarks, on what changes no check: to list them: "
	        "checkerd -t -m ",
	        c->n_notes);
	print_clean(out, c->files[0]);
	fputc('\n', out);
}
