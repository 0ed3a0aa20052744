/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --watch. On a terminal each picture replaces the one before, line by line and in one write, so
 * that nothing flickers; it is made in memory first. It is cut to the size of the screen, and drawn
 * again at once when this size changes. While checkerd does not answer, the last picture stays, and
 * the error is below it. One thread; the handler of SIGWINCH only ends the pause.
 */
#include "checkerctl/repeat.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "checkerctl/exit.h"
#include "util/mono.h"

#define CLOCK_BYTES  16
#define DEFAULT_ROWS 24
/* no line is continued in the next row, while a picture is drawn */
#define WRAP_OFF "\033[?7l"
#define WRAP_ON  "\033[?7h"
#define HOME     "\033[H"
/* before the text: behind a line that fills the row it would erase its last character */
#define END_LINE "\033[K"
#define END_PAGE "\033[J"

struct picture {
	char *text, *errors;
	size_t size, errors_size;
};

static void on_resize(int number)
{
	(void)number;
}

static FILE *in_memory(char **text, size_t *size)
{
	FILE *f = open_memstream(text, size);

	if (f == NULL)
		abort();
	return f;
}

static void done(FILE *f)
{
	if (fclose(f) != 0)
		abort();
}

/* Runs the command with stdout and stderr in memory. */
static int take_picture(const struct ctl_options *o, const struct command *command,
                        size_t words, repeat_run_fn *run, struct picture *p)
{
	FILE *out = stdout, *err = stderr;
	int r;

	*p = (struct picture){ 0 };
	stdout = in_memory(&p->text, &p->size);
	stderr = in_memory(&p->errors, &p->errors_size);
	r = run(o, command, words);
	done(stdout);
	done(stderr);
	stdout = out;
	stderr = err;
	if (p->text == NULL || p->errors == NULL)
		abort();
	return r;
}

static void free_picture(struct picture *p)
{
	free(p->text);
	free(p->errors);
	*p = (struct picture){ 0 };
}

static size_t rows_of_screen(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		return DEFAULT_ROWS;
	return size.ws_row;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void put_lines(FILE *f, const char *text, size_t max)
{
	for (; *text && max > 0; max--) {
		size_t length = strcspn(text, "\n");

		fprintf(f, END_LINE "%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* "14:51:24  show paths, every 2 s": the time shows that the picture is new. */
static void put_title(FILE *f, const struct ctl_options *o, const struct command *command)
{
	time_t now = time(NULL);
	char clock[CLOCK_BYTES] = "";
	struct tm tm;

	if (ctl_options_has(o, OPT_UTC) ? gmtime_r(&now, &tm) != NULL
	                                : localtime_r(&now, &tm) != NULL)
		(void)strftime(clock, sizeof(clock), "%T", &tm);
	fprintf(f, END_LINE "%s  %s, every %g s\n", clock, command->words,
	        (double)o->watch_us / USEC_PER_SEC);
}

/* The title, as many lines as there is room for, how many more there are, and the errors. */
static void draw(const struct ctl_options *o, const struct command *command,
                 const struct picture *p, const char *errors)
{
	size_t rows = rows_of_screen(), wrong = MIN(count_lines(errors), rows - 1);
	size_t lines = count_lines(p->text);
	size_t room =
	        rows - wrong > 2 ? rows - wrong - 2 : 0; /* the cursor's row is free */
	char *text = NULL;
	size_t size;
	FILE *f = in_memory(&text, &size);

	fputs(HOME WRAP_OFF, f);
	put_title(f, o, command);
	if (lines > room && room > 0) {
		put_lines(f, p->text, room - 1);
		fprintf(f, END_LINE "and %zu more lines\n", lines - (room - 1));
	} else {
		put_lines(f, p->text, room);
	}
	put_lines(f, errors, wrong);
	fputs(END_PAGE WRAP_ON, f);
	done(f);
	fputs(text, stdout);
	free(text);
}

/* Returns early when the size of the screen changes. */
static void wait_for_next(const struct ctl_options *o)
{
	const struct timespec pause = {
		.tv_sec = o->watch_us / USEC_PER_SEC,
		.tv_nsec = o->watch_us % USEC_PER_SEC * 1000,
	};

	(void)nanosleep(&pause, NULL); /* other signals end the command */
}

static int repeat_on_screen(const struct ctl_options *o, const struct command *command,
                            size_t words, repeat_run_fn *run)
{
	const struct sigaction resized = { .sa_handler = on_resize };
	struct picture last = { 0 }, now;
	int r;

	sigaction(SIGWINCH, &resized, NULL);
	for (;;) {
		r = take_picture(o, command, words, run, &now);
		if (r != EXIT_DONE && r != EXIT_UNREACHABLE) {
			fputs(now.text, stdout);
			fputs(now.errors, stderr);
			break;
		}
		if (r == EXIT_DONE || last.text == NULL) {
			free_picture(&last);
			last = now;
			now = (struct picture){ 0 };
		}
		draw(o, command, &last, now.errors != NULL ? now.errors : last.errors);
		free_picture(&now);
		if (!ctl_flush())
			break;
		wait_for_next(o);
	}
	free_picture(&last);
	free_picture(&now);
	return r;
}

int repeat_command(const struct ctl_options *o, const struct command *command,
                   size_t words, repeat_run_fn *run)
{
	int r;

	if (isatty(STDOUT_FILENO) && !ctl_options_has(o, OPT_JSON))
		return repeat_on_screen(o, command, words, run);
	for (;;) {
		r = run(o, command, words);
		if ((r != EXIT_DONE && r != EXIT_UNREACHABLE) || !ctl_flush())
			return r;
		wait_for_next(o);
		if (!ctl_options_has(o, OPT_JSON))
			putchar('\n');
	}
}
