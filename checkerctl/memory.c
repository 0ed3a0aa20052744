/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wraps malloc(), calloc() and realloc(): the dynamic linker resolves the calls of all
 * libraries to the program's functions first. The wrappers call the C library's functions and
 * end the program when one fails. Any thread.
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

static void end_program(void)
{
	static const char word[] = "checkerctl: Cannot allocate memory\n";
	static bool ending;
	int fd = STDERR_FILENO;

	if (!ending) {
		ending = true; /* endwin() may allocate memory, too */
#ifdef HAVE_NCURSES
		if (stdscr != NULL && !isendwin()) {
			(void)endwin();
			fd = STDOUT_FILENO; /* stdout is the terminal, stderr may be a file */
		}
#endif
		(void)!write(fd, word,
		             sizeof(word) - 1); /* there is no other way to report it */
	}
	_exit(exit_code); /* not exit(): stdout may hold half a line */
}

/* *ret_function: a function pointer; ISO C does not convert the void * of dlsym() to one. */
static void find_next(const char *name, void *ret_function)
{
	static bool finding;
	void *found;

	if (finding)
		end_program();
	finding = true; /* dlsym() allocates memory only when it fails */
	found = dlsym(RTLD_NEXT, name);
	finding = false;
	if (found == NULL)
		end_program();
	memcpy(ret_function, &found, sizeof(found));
}

void *malloc(size_t size)
{
	static void *(*next)(size_t size);
	void *p;

	if (next == NULL)
		find_next("malloc", &next);
	p = next(size);
	if (p == NULL)
		end_program();
	return p;
}

void *calloc(size_t n, size_t size)
{
	static void *(*next)(size_t n, size_t size);
	void *p;

	if (next == NULL)
		find_next("calloc", &next);
	p = next(n, size);
	if (p == NULL)
		end_program();
	return p;
}

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *old, size_t size);
	void *p;

	if (next == NULL)
		find_next("realloc", &next);
	p = next(old, size);
	if (p == NULL && size > 0) /* size 0: realloc() has freed it */
		end_program();
	return p;
}

#endif
