/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: prints words. One thread. */
#include "checkerctl/fold.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "checkerctl/human.h"

#define WORD_BYTES 1024

size_t fold_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

void fold_print(const char *line, size_t used, size_t indent, size_t columns)
{
	size_t begin = used;

	while (*line != '\0') {
		size_t n = strcspn(line, " ");
		char word[WORD_BYTES];

		(void)snprintf(word, sizeof(word), "%.*s", (int)n, line);
		if (used > begin && columns > 0 && used + 1 + n > columns) {
			printf("\n%*s", (int)indent, "");
			used = begin = indent;
		} else if (used > begin) {
			putchar(' ');
			used++;
		}
		human_put(stdout, word, false);
		used += n;
		line += n + (line[n] == ' ');
	}
	putchar('\n');
}
