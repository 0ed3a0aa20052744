/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the text of the files while it reads them. Runs on the thread that reads the configuration.
 *
 * A file that others than root may write, or that cannot be read, is passed over as a whole.
 */
#include "checkerd/config/multipath/mpconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/config/multipath/mpconf_finish.h"
#include "checkerd/config/multipath/mpconf_text.h"

#define DROPIN_SUFFIX ".conf"

static void report_refused(struct mpconf *m, const char *name, const char *why)
{
	const struct position at = { name, 0, 0 };

	problem_warning(&m->reader->problems, &at, "%s: nothing of it is in force", why);
}

static void read_text(struct mpconf *m, const char *name, const char *text, size_t size)
{
	name = reader_keep_name(m->reader, name);
	if (name != NULL)
		mpconf_text_read(m, name, text, size);
}

static int read_file(struct mpconf *m, int at_fd, const char *file, const char *name,
                     enum source_trust trust)
{
	struct source_file source;
	char why[REFUSAL_SIZE];
	int r = source_file_read(&source, at_fd, file, name, trust, why);

	if (r == -ENOMEM) {
		m->reader->problems.oom = true;
	} else if (r < 0) {
		report_refused(m, name, why);
	} else {
		read_text(m, name, source.text, source.size);
		source_file_deinit(&source);
	}
	return r;
}

/* Hidden files, too. */
static int is_dropin(const struct dirent *entry)
{
	const char *suffix = strrchr(entry->d_name, '.');

	return suffix != NULL && strcmp(suffix, DROPIN_SUFFIX) == 0;
}

static void read_dropins(struct mpconf *m, int dir_fd, const char *dir,
                         enum source_trust trust)
{
	char why[REFUSAL_SIZE];
	struct dirent **list;
	int n = source_dir_list(dir_fd, is_dropin, &list, why);

	if (n < 0) {
		report_refused(m, dir, why);
		return;
	}
	for (int i = 0; i < n; i++) {
		char *name = NULL;

		if (asprintf(&name, "%s/%s", dir, list[i]->d_name) < 0)
			m->reader->problems.oom = true;
		else
			(void)read_file(m, dir_fd, list[i]->d_name, name,
			                trust); /* warns */
		free(name);
		free(list[i]);
	}
	free(list);
}

static void read_dir(struct mpconf *m, const char *dir, enum source_trust trust)
{
	char why[REFUSAL_SIZE];
	int fd = source_dir_open(dir, trust, why);

	m->is_dropin = true;
	if (fd >= 0) {
		read_dropins(m, fd, dir, trust);
		close(fd);
	} else if (fd != -ENOENT || strcmp(dir, MPCONF_CONF_DIR) != 0) {
		report_refused(m, dir, why);
	}
}

int mpconf_read(struct reader *r, const char *file, enum source_trust trust)
{
	struct mpconf m = { .reader = r };
	int result;

	r->problems.lenient = true;
	result = read_file(&m, AT_FDCWD, file, file, trust);
	if (result == 0) {
		read_dir(&m, m.config_dir != NULL ? m.config_dir : MPCONF_CONF_DIR,
		         trust);
		mpconf_finish(&m);
	}
	r->config->multipath_conf_refused = result < 0;
	r->problems.lenient = false;
	free(m.config_dir);
	return result;
}

void mpconf_read_text(struct reader *r, const char *name, const char *text, size_t size)
{
	struct mpconf m = { .reader = r };

	r->problems.lenient = true;
	read_text(&m, name, text, size);
	mpconf_finish(&m);
	r->problems.lenient = false;
	free(m.config_dir);
}
