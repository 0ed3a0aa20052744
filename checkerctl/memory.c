/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library's functions for memory stand here once more: a library's calls find the
 * program's first. They call the next ones, and look at what those return.
 */
#include "checkerctl/memory.h"

#include "checkerctl/exit.h"

static int exit_code = EXIT_FAILED;

void memory_exit_code(int code)
{
	exit_code = code;
}

#ifndef SANITIZED

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "util/macro.h"

#ifdef HAVE_NCURSES
#include <ncurses.h>
#endif

static void end(void)
{
	static const char word[] = "checkerctl: Cannot allocate memory\n";
	static bool ending;
	int fd = STDERR_FILENO;

	if (!ending) {
		ending = true; /* what follows may want memory, too */
#ifdef HAVE_NCURSES
		if (stdscr != NULL && !isendwin()) {
			(void)endwin();
			fd = STDOUT_FILENO; /* it is the terminal, and the other may not be */
		}
#endif
		(void)!write(fd, word,
		             sizeof(word) - 1); /* nothing can be done about it */
	}
	_exit(exit_code); /* what was to be printed may be half of something */
}

/* ret_function: room for a pointer to one, which dlsym() cannot return in C. */
static void find(const char *name, void *ret_function)
{
	static bool finding;
	void *found;

	if (finding)
		end();
	finding = true; /* it wants no memory unless it fails */
	found = dlsym(RTLD_NEXT, name);
	finding = false;
	if (found == NULL)
		end();
	memcpy(ret_function, &found, sizeof(found));
}

void *malloc(size_t size)
{
	static void *(*next)(size_t size);
	void *p;

	if (next == NULL)
		find("malloc", &next);
	p = next(size);
	if (p == NULL)
		end();
	return p;
}

void *calloc(size_t n, size_t size)
{
	static void *(*next)(size_t n, size_t size);
	void *p;

	if (next == NULL)
		find("calloc", &next);
	p = next(n, size);
	if (p == NULL)
		end();
	return p;
}

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *old, size_t size);
	void *p;

	if (next == NULL)
		find("realloc", &next);
	p = next(old, size);
	if (p == NULL && size > 0) /* 0: it was freed */
		end();
	return p;
}

#endif
