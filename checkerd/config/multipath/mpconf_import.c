/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the configuration while it is printed. Runs in main(), instead of the daemon.
 *
 * Invariant: what is printed is a checkerd.conf without a mistake, whatever the file has.
 */
#include "checkerd/config/multipath/mpconf_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/dump.h"
#include "checkerd/config/multipath/mpconf.h"
#include "checkerd/config/multipath/mpconf_keywords.h"
#include "util/clean.h"

#define COMMENT_WIDTH 90
#define NAME_SIZE     1024

/* Names in a comment, as many in a line as fit. */
static void print_unused(const bool *seen, FILE *out)
{
	size_t column = COMMENT_WIDTH;
	bool any = false;

	for (size_t i = 0; i < mpconf_count; i++)
		any |= seen[i];
	if (!any)
		return;
	fputs("#\n# Not used, because checkerd makes no maps:", out);
	for (size_t i = 0; i < mpconf_count; i++) {
		size_t size = strlen(mpconf_table[i].name) + 1;

		if (!seen[i])
			continue;
		if (column + size > COMMENT_WIDTH) {
			fputs("\n#", out);
			column = 1;
		}
		column += size;
		fprintf(out, " %s", mpconf_table[i].name);
	}
	putc('\n', out);
}

static void print_remarks(const struct config *c, FILE *out)
{
	char name[NAME_SIZE];

	if (c->n_problems == 0)
		return;
	fputs("#\n# Passed over, or different from what it seems to be:\n", out);
	for (size_t i = 0; i < c->n_problems; i++) {
		const struct problem *p = &c->problems[i];

		(void)clean_copy(name, sizeof(name), p->file);
		fprintf(out, "# %s:%u:%u: %s\n", name, p->line, p->column, p->message);
	}
	if (c->n_notes > CONFIG_PROBLEMS_MAX)
		fprintf(out, "# %zu more remarks are not shown.\n",
		        c->n_notes - CONFIG_PROBLEMS_MAX);
}

static void print_config(const struct config *c, const bool *unused, FILE *out)
{
	char name[NAME_SIZE];

	fputs("# What checkerd takes from these files of multipathd:\n", out);
	for (size_t i = 0; i < c->n_files; i++) {
		(void)clean_copy(name, sizeof(name), c->files[i]);
		fprintf(out, "#   %s\n", name);
	}
	fputs("# With the keyword multipath_conf, checkerd reads them itself, as they "
	      "are.\n"
	      "#\n"
	      "# multipathd lets what it detects win over a path_checker: auto:tur is "
	      "tur where\n"
	      "# nothing is detected. See \"Reading a multipath.conf\" in "
	      "checkerd.conf(5).\n",
	      out);
	print_unused(unused, out);
	print_remarks(c, out);
	putc('\n', out);
	dump_given(c, out);
}

int mpconf_import(const char *file, FILE *out, FILE *err)
{
	bool *unused = calloc(mpconf_count, sizeof(*unused));
	struct config *c = NULL;
	struct reader r;
	int result = unused == NULL ? -ENOMEM : reader_init(&r), readable;

	if (result < 0) {
		free(unused);
		return result;
	}
	r.unused_keywords = unused;
	readable = mpconf_read(&r, file, SOURCE_TRUST_ALL);
	result = reader_finish(&r, &c);
	reader_deinit(&r);
	if (result == 0 && readable < 0) {
		problems_print(c, err);
		result = -EINVAL;
	} else if (result == 0) {
		print_config(c, unused, out);
	}
	config_free(c);
	free(unused);
	return result;
}
