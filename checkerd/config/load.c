/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the text of the files while it reads them. Runs on the loader thread, and in main() before
 * the loop starts, because reading blocks on the file system.
 *
 * checkerd.conf says whether there is another file to read before it. So it is read twice on hosts
 * with a multipath.conf: once for this keyword, and once more above what multipath.conf says.
 */
#include "checkerd/config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/config/multipath/mpconf.h"
#include "checkerd/config/parser.h"
#include "checkerd/config/source_file.h"

#define DEFAULT_FILE  SYSCONFDIR "/checkerd.conf"
#define DROPIN_SUFFIX ".conf"

/* at_fd, file: as openat() takes them; name: for messages. */
static void read_file(struct reader *r, int at_fd, const char *file, const char *name,
                      bool may_be_missing)
{
	struct source_file source;
	char why[REFUSAL_SIZE];
	int result = source_file_read(&source, at_fd, file, name, SOURCE_TRUST_ROOT, why);

	if (result == -ENOMEM) {
		r->problems.oom = true;
	} else if (result == 0) {
		parser_read(r, name, source.text, source.size);
		source_file_deinit(&source);
	} else if (result != -ENOENT || !may_be_missing) {
		reader_refuse(r, name, why);
	}
}

static int is_dropin(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), suffix = strlen(DROPIN_SUFFIX);

	return entry->d_name[0] != '.' && size > suffix &&
	       strcmp(entry->d_name + size - suffix, DROPIN_SUFFIX) == 0;
}

static void read_dropins(struct reader *r, int dir_fd, const char *dir)
{
	char why[REFUSAL_SIZE];
	struct dirent **list;
	int n = source_dir_list(dir_fd, is_dropin, &list, why);

	if (n < 0) {
		reader_refuse(r, dir, why);
		return;
	}
	for (int i = 0; i < n; i++) {
		char *name = NULL;

		if (asprintf(&name, "%s/%s", dir, list[i]->d_name) < 0)
			r->problems.oom = true;
		else
			read_file(r, dir_fd, list[i]->d_name, name, true);
		free(name);
		free(list[i]);
	}
	free(list);
}

static void read_dir(struct reader *r, const char *dir)
{
	char why[REFUSAL_SIZE];
	int fd = source_dir_open(dir, SOURCE_TRUST_ROOT, why);

	if (fd >= 0) {
		read_dropins(r, fd, dir);
		close(fd);
	} else if (fd != -ENOENT) {
		reader_refuse(r, dir, why);
	}
}

static int read_strict(struct reader *r, const char *file)
{
	const char *name = file != NULL ? file : DEFAULT_FILE;
	char *dir;

	if (asprintf(&dir, "%s.d", name) < 0)
		return -ENOMEM;
	read_file(r, AT_FDCWD, name, name, file == NULL);
	read_dir(r, dir);
	free(dir);
	return 0;
}

/* Replaces what was read with multipathd's file, and checkerd.conf above it. */
static int read_again_above(struct reader *r, const char *multipath_conf,
                            const char *file)
{
	struct reader above;
	int result = reader_init(&above);

	if (result < 0)
		return result;
	(void)mpconf_read(&above, multipath_conf, SOURCE_TRUST_ROOT); /* warns */
	result = read_strict(&above, file);
	if (result < 0) {
		reader_deinit(&above);
		return result;
	}
	reader_deinit(r);
	*r = above;
	return 0;
}

int load_file(const char *file, struct config **ret_config)
{
	struct reader r;
	int result = reader_init(&r);
	char *multipath_conf;

	if (result < 0)
		return result;
	result = read_strict(&r, file);
	multipath_conf = strdup(r.multipath_conf != NULL         ? r.multipath_conf
	                        : access(MPCONF_FILE, F_OK) == 0 ? MPCONF_FILE
	                                                         : "");
	if (multipath_conf == NULL)
		result = -ENOMEM;
	if (result == 0 && r.problems.errors == 0 && *multipath_conf != '\0')
		result = read_again_above(&r, multipath_conf, file);
	free(multipath_conf);
	if (result == 0)
		result = reader_finish(&r, ret_config);
	reader_deinit(&r);
	return result;
}

int load_multipath_conf(const char *file, struct config **ret_config)
{
	struct reader r;
	int result = reader_init(&r);

	if (result < 0)
		return result;
	if (mpconf_read(&r, file, SOURCE_TRUST_ALL) < 0)
		reader_refuse(&r, file, "nothing was read");
	result = reader_finish(&r, ret_config);
	reader_deinit(&r);
	return result;
}

int load_text(const char *name, const char *text, size_t size, struct config **ret_config)
{
	struct reader r;
	int result = reader_init(&r);

	if (result < 0)
		return result;
	parser_read(&r, name, text, size);
	result = reader_finish(&r, ret_config);
	reader_deinit(&r);
	return result;
}
