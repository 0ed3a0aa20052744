/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_SYSFS_TREE_H
#define TESTS_UNIT_SYSFS_TREE_H

/* A sysfs that a test makes in /tmp. To be included after unit.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macro.h"

struct sysfs_tree {
	char root[32];
	int dir;           /* of its root */
	int sys_dev_block; /* of dev/block */
};

/* Writes a file, and makes the folders on its way. */
static inline void sysfs_tree_file(const struct sysfs_tree *t, const char *name,
                                   const char *text)
{
	char part[256];
	int fd;

	for (const char *c = strchr(name, '/'); c != NULL; c = strchr(c + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(c - name), name);
		assert_true(mkdirat(t->dir, part, 0755) == 0 || errno == EEXIST);
	}
	fd = openat(t->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static inline void sysfs_tree_link(const struct sysfs_tree *t, const char *to,
                                   const char *name)
{
	assert_int_equal(symlinkat(to, t->dir, name), 0);
}

static inline void sysfs_tree_remove(const struct sysfs_tree *t, const char *name)
{
	assert_int_equal(unlinkat(t->dir, name, 0), 0);
}

static inline void sysfs_tree_make(struct sysfs_tree *t)
{
	(void)snprintf(t->root, sizeof(t->root), "/tmp/test-sysfs-XXXXXX");
	assert_non_null(mkdtemp(t->root));
	t->dir = open(t->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	sysfs_tree_file(t, "class/block/none", "");
	sysfs_tree_file(t, "dev/block/none", "");
	t->sys_dev_block = openat(t->dir, "dev/block", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->sys_dev_block >= 0);
}

static inline int sysfs_tree_end(struct sysfs_tree *t)
{
	char command[64];

	(void)close(t->sys_dev_block);
	(void)close(t->dir);
	(void)snprintf(command, sizeof(command), "rm -rf %s", t->root);
	return system(command);
}

/*
 * A namespace as the kernel has it: devices/CONTROLLER/NAME, and links to it by name and by number. NULL:
 * the link is not made.
 */
static inline void sysfs_tree_namespace(const struct sysfs_tree *t,
                                        const char *controller, const char *name,
                                        const char *number)
{
	char place[128], to[128];

	(void)snprintf(place, sizeof(place), "devices/%s/%s/size", controller, name);
	sysfs_tree_file(t, place, "8\n");
	(void)snprintf(place, sizeof(place), "devices/%s/%s/device", controller, name);
	(void)snprintf(to, sizeof(to), "../../%s", controller);
	sysfs_tree_link(t, to, place);
	(void)snprintf(to, sizeof(to), "../../devices/%s/%s", controller, name);
	(void)snprintf(place, sizeof(place), "class/block/%s", name);
	sysfs_tree_link(t, to, place);
	if (number == NULL)
		return;
	(void)snprintf(place, sizeof(place), "dev/block/%s", number);
	sysfs_tree_link(t, to, place);
}

#endif
