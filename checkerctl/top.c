/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top: the live view on a terminal. It calls checkerd every two seconds over a new connection.
 * While checkerd does not answer, the last answer stays, and the last line shows the error. One
 * thread.
 */
#include "checkerctl/top.h"

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/table_fields.h"
#include "config.h"

#ifdef HAVE_NCURSES

#include <errno.h>
#include <limits.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REFRESH_US (2 * USEC_PER_SEC)
/* How long a daemon that does not answer may delay the keys. */
#define PATIENCE_US    USEC_PER_SEC
#define COMPLAINT_SIZE 256
/* Beside the columns: for the filter, the groups and the order. */
#define ALSO_READ                                       \
	"name,alias,map,host,state,state_since,reason," \
	"failures_total,in_flight_s,latency_us"
#define KEY_ESCAPE 27

struct screen {
	struct top top;
	struct ctl_options options;
	struct ctl ctl;
	/* time of the next call */
	struct mono next;
	/* the error of the last call; "": none */
	char complaint[COMPLAINT_SIZE];
	/* the user types a filter */
	bool typing;
	/* a file in memory that replaces stderr during a call */
	int complaints;
};

enum colour { COLOUR_GOOD = 1, COLOUR_BAD, COLOUR_DOUBTFUL };

static double wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- calls --- */

/* Reads the error message that a call wrote to stderr: it must not appear on the screen. */
static void take_complaint(struct screen *s)
{
	ssize_t n = pread(s->complaints, s->complaint, sizeof(s->complaint) - 1, 0);

	s->complaint[MAX(n, 0)] = '\0';
	s->complaint[strcspn(s->complaint, "\n")] = '\0';
	(void)!ftruncate(s->complaints,
	                 0); /* if it fails, an old message is shown again */
	(void)lseek(s->complaints, 0, SEEK_SET);
}

static int ask(struct screen *s)
{
	json_object *status, *paths;
	int r = ctl_call(&s->ctl, "GetStatus", NULL, &status);

	if (r == 0) {
		r = ctl_call(&s->ctl, "ListPaths",
		             table_fields(NULL, &table_top, &s->options, ALSO_READ),
		             &paths);
		if (r != 0)
			json_object_put(status);
	}
	if (r == 0)
		top_update(&s->top, status, paths, wall_clock());
	connection_deinit(&s->ctl.connection); /* the next call gets a new deadline */
	s->ctl.connection = CONNECTION_NULL;
	s->next = mono_add(mono_now(), REFRESH_US);
	return r;
}

static void refresh_data(struct screen *s)
{
	int saved = dup(STDERR_FILENO);

	s->complaint[0] = '\0';
	if (saved >= 0)
		dup2(s->complaints, STDERR_FILENO);
	if (ask(s) != 0 && saved >= 0)
		take_complaint(s);
	if (saved >= 0) {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
}

/* --- the screen --- */

static attr_t attribute_of(const char *state)
{
	static const struct {
		const char *state;
		enum colour colour;
	} colours[] = {
		{ "up", COLOUR_GOOD },        { "ghost", COLOUR_GOOD },
		{ "down", COLOUR_BAD },       { "timeout", COLOUR_BAD },
		{ "removed", COLOUR_BAD },    { "disconnected", COLOUR_BAD },
		{ "shaky", COLOUR_DOUBTFUL }, { "delayed", COLOUR_DOUBTFUL },
	};

	for (size_t i = 0; i < ARRAY_LEN(colours); i++)
		if (strcmp(colours[i].state, state) == 0 &&
		    colours[i].colour != COLOUR_GOOD)
			return COLOR_PAIR(colours[i].colour);
	return A_NORMAL;
}

static void draw_foot(const struct screen *s, int y)
{
	static const char keys[] =
	        "q: quit  arrows: scroll, order  r: reverse  p, m, h: path, map, host  "
	        "/: filter";
	char line[COMPLAINT_SIZE];

	if (s->typing)
		snprintf(line, sizeof(line), "/%s", s->top.filter);
	else
		snprintf(line, sizeof(line), "%s", s->complaint[0] ? s->complaint : keys);
	(void)attrset((int)(s->complaint[0] && !s->typing ? A_BOLD : A_DIM));
	mvaddnstr(y, 0, line, COLS);
	(void)attrset(A_NORMAL);
}

static void draw(const struct screen *s)
{
	erase();
	for (int y = 0; y + 1 < LINES; y++) {
		char *line = top_line(&s->top, (size_t)y, COLS);
		int attribute =
		        y == TOP_HEAD_LINES - 1
		                ? A_REVERSE
		                : attribute_of(top_line_state(&s->top, (size_t)y));

		(void)attrset((int)attribute);
		mvaddstr(y, 0, line);
		(void)attrset(A_NORMAL);
		free(line);
	}
	draw_foot(s, LINES - 1);
	refresh();
}

/* --- keys --- */

static void type_filter(struct screen *s, int key)
{
	char *filter = s->top.filter;
	size_t length = strlen(filter);

	if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		s->typing = false;
		return;
	}
	if (key == KEY_ESCAPE) {
		s->typing = false;
		filter[0] = '\0';
	} else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (length > 0)
			filter[length - 1] = '\0';
	} else if (key >= ' ' && key < 127 && length + 1 < TOP_FILTER_MAX) {
		filter[length] = (char)key;
		filter[length + 1] = '\0';
	}
	s->top.first = 0;
	top_arrange(&s->top);
}

/* Lines for paths and headings: all but the last line of the screen. */
static size_t lines(void)
{
	return (size_t)MAX(LINES - 1, 1);
}

/* False: quit. */
static bool press(struct screen *s, int key)
{
	long page = MAX(LINES - 1 - TOP_HEAD_LINES, 1), by = 0;

	if (s->typing) {
		type_filter(s, key);
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case '/':
		s->typing = true;
		break;
	case 'r':
		s->top.reverse = !s->top.reverse;
		top_arrange(&s->top);
		break;
	case 'p':
		top_view(&s->top, TOP_PATHS);
		break;
	case 'm':
		top_view(&s->top, TOP_MAPS);
		break;
	case 'h':
		top_view(&s->top, TOP_HOSTS);
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
		top_sort_next(&s->top, key == KEY_LEFT ? -1 : 1);
		break;
	case KEY_UP:
		by = -1;
		break;
	case KEY_DOWN:
		by = 1;
		break;
	case KEY_PPAGE:
		by = -page;
		break;
	case KEY_NPAGE:
		by = page;
		break;
	case KEY_HOME:
		by = LONG_MIN;
		break;
	case KEY_END:
		by = LONG_MAX;
		break;
	default:
		break; /* also KEY_RESIZE: live() draws the screen after every key */
	}
	top_scroll(&s->top, by, lines());
	return true;
}

static void live(struct screen *s)
{
	bool go_on = true;

	while (go_on) {
		int64_t wait_us;
		int key;

		top_scroll(&s->top, 0, lines());
		draw(s);
		wait_us = MAX(mono_diff(s->next, mono_now()), INT64_C(0));
		timeout((int)((wait_us + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
		key = getch();
		if (key != ERR)
			go_on = press(s, key);
		else if (!mono_before(mono_now(), s->next))
			refresh_data(s);
		else if (!isatty(STDIN_FILENO))
			go_on = false; /* the terminal was closed */
	}
}

static bool want_colours(const struct ctl_options *o)
{
	const char *no = getenv("NO_COLOR");

	return o->color == COLOR_ALWAYS ||
	       (o->color == COLOR_AUTO && (no == NULL || *no == '\0'));
}

static bool start_screen(const struct ctl_options *o)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (screen == NULL)
		return false;
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	(void)curs_set(0); /* some terminals cannot hide the cursor */
	if (has_colors() && want_colours(o)) {
		start_color();
		use_default_colors();
		init_pair(COLOUR_GOOD, COLOR_GREEN, -1);
		init_pair(COLOUR_BAD, COLOR_RED, -1);
		init_pair(COLOUR_DOUBTFUL, COLOR_YELLOW, -1);
	}
	return true;
}

static int run_screen(struct screen *s)
{
	int r = ask(s); /* before the screen starts, errors go to stderr */

	if (r)
		return r;
	s->complaints = memfd_create("complaints", MFD_CLOEXEC);
	if (s->complaints < 0)
		return human_complain(EXIT_FAILED, "%s", strerror(errno));
	if (!start_screen(&s->options)) {
		close(s->complaints);
		return human_complain(EXIT_FAILED,
		                      "the terminal type in TERM is unknown");
	}
	live(s);
	endwin();
	close(s->complaints);
	return 0;
}

int run_top(struct ctl *ctl, const char *const *operands, size_t n)
{
	struct screen s = { .options = *ctl->options, .ctl.connection = CONNECTION_NULL };
	int r;

	(void)operands;
	(void)n;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return human_complain(EXIT_FAILED,
		                      "'top' needs a terminal; use 'show paths' instead");
	r = top_init(&s.top, ctl->options->columns, ctl->options->by);
	if (r)
		return r;
	s.ctl.options = &s.options;
	if (!ctl_options_has(&s.options, OPT_TIMEOUT))
		s.options.timeout_us = PATIENCE_US;
	r = run_screen(&s);
	connection_deinit(&s.ctl.connection);
	top_deinit(&s.top);
	return r;
}

#else

int run_top(struct ctl *ctl, const char *const *operands, size_t n)
{
	(void)ctl;
	(void)operands;
	(void)n;
	return human_complain(
	        EXIT_FAILED,
	        "this checkerctl was built without ncurses, which 'top' needs");
}

#endif
