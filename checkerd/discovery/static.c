/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: describes the paths that the configuration lists. Runs on the discovery thread.
 *
 * No function opens or stats a path, because a file on a dead file system would hang the thread.
 * The kernel's name of a device node comes from the node's name or link in devtmpfs, and its number
 * from sysfs.
 */
#include "checkerd/discovery/static.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/settings.h"
#include "checkerd/discovery/static_names.h"
#include "checkerd/discovery/sysfs_block.h"
#include "util/block.h"
#include "util/shortage.h"

/* Copies the kernel's name of a node into `buf`. False: no name can be read without blocking. */
static bool kernel_name(const char *node, char *buf, size_t size)
{
	char link[PATH_MAX];
	const char *name;
	ssize_t n;

	if (strncmp(node, "/dev/", 5) != 0)
		return false;
	/* /dev/disk/by-id/… -> ../../sda: one step, inside devtmpfs. */
	n = readlink(node, link, sizeof(link) - 1);
	if (n > 0) {
		link[n] = '\0';
		name = strrchr(link, '/');
		name = name == NULL ? link : name + 1;
	} else {
		name = node + 5;
	}
	if (strlen(name) >= size)
		return false;
	memcpy(buf, name, strlen(name) + 1);
	/* sysfs has "cciss!c0d0" for /dev/cciss/c0d0. */
	for (char *c = buf; *c != '\0'; c++) {
		if (*c == '/')
			*c = '!';
	}
	return true;
}

int static_describe(const struct config *c, int sysfs, const struct static_path *p,
                    const char *name, struct judgement *j, struct found_entry *ret)
{
	struct config_subject subject = { .devnode = name };
	struct identity id;
	char sysname[NAME_MAX + 1];
	int r;

	identity_init(&id);
	id.spec.name = name;
	r = identity_set_exact(&id, &id.spec.node, p->device);
	if (r < 0)
		return r;
	identity_set(&id, &id.spec.alias, p->alias);
	identity_set(&id, &id.spec.map, p->map);
	if (kernel_name(p->device, sysname, sizeof(sysname))) {
		subject.devnode = sysname;
		/* A node that does not exist is no error here: its check reports it. */
		r = sysfs_block_identify(&id, sysfs, sysname);
		if (is_shortage(-r))
			return r;
	}
	subject.wwid = id.spec.wwid;
	subject.protocol = id.spec.protocol;
	subject.vendor = id.spec.vendor;
	subject.product = id.spec.product;
	subject.revision = id.spec.revision;
	settings_of(c, &subject, &id, &ret->settings, j);
	return device_new(&ret->device, &id.spec);
}

static int describe(const struct config *c, int sysfs, const struct static_path *p,
                    const char *name, struct found_list *list)
{
	struct found_entry entry = { 0 };
	int r = static_describe(c, sysfs, p, name, NULL, &entry);

	return r < 0 ? r : found_list_append(list, entry.device, &entry.settings);
}

int static_scan(const struct config *c, int sysfs, const struct found_list *reported,
                struct found_list *ret, uint32_t *ret_excluded)
{
	char(*names)[DEVICE_NAME_MAX] = NULL;
	const char **nodes = NULL;
	uint32_t excluded = 0;
	int r = -ENOMEM;

	if (c->n_paths > 0) {
		names = block_new(c->n_paths, sizeof(*names));
		nodes = block_new(c->n_paths, sizeof(*nodes));
		if (names == NULL || nodes == NULL)
			goto out;
	}
	for (size_t i = 0; i < c->n_paths; i++)
		nodes[i] = c->paths[i].device;
	r = static_names_choose(c->n_paths, nodes, reported, names);
	for (size_t i = 0; r == 0 && i < c->n_paths; i++) {
		r = describe(c, sysfs, &c->paths[i], names[i], ret);
		if (is_shortage(-r))
			break;
		if (r < 0) {
			excluded++;
			r = 0;
		}
	}
	if (r == 0)
		*ret_excluded = excluded + (uint32_t)found_list_sort(ret);
out:
	block_free(nodes);
	block_free(names);
	return r;
}
