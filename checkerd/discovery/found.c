/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the entries of each list, with their references. Runs on the discovery thread. */
#include "checkerd/discovery/found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/block.h"

void found_deinit(struct found *f)
{
	f->device = device_unref(f->device);
	f->timers = timer_report_unref(f->timers);
}

void found_list_deinit(struct found_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		device_unref(l->entries[i].device);
	block_free(l->entries);
	*l = (struct found_list)FOUND_LIST_NULL;
}

/* The index of the name, or where it would be. */
static size_t find_place(const struct found_list *l, const char *name, bool *ret_there)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(device_name(l->entries[middle].device), name);

		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there = false;
	return low;
}

size_t found_list_find(const struct found_list *l, const char *name)
{
	bool there;
	size_t at = find_place(l, name, &there);

	return there ? at : l->n;
}

struct device *found_list_share(const struct found_list *l, struct device *d)
{
	size_t at = found_list_find(l, device_name(d));
	struct device *known;

	if (at == l->n)
		return d;
	known = l->entries[at].device;
	if (!device_equal(known, d))
		return d;
	(void)device_unref(d); /* NULL, always */
	return device_ref(known);
}

int found_list_append(struct found_list *l, struct device *d,
                      const struct path_settings *s)
{
	if (l->n == l->capacity) {
		/* Grows by an eighth only, because mlockall() locks the unused part, too. */
		size_t more = l->capacity + MAX(l->capacity / 8, (size_t)64);
		struct found_entry *grown =
		        block_resize(l->entries, more, sizeof(l->entries[0]));

		if (grown == NULL) {
			device_unref(d);
			return -ENOMEM;
		}
		l->entries = grown;
		l->capacity = more;
	}
	if (l->before != NULL)
		d = found_list_share(l->before, d);
	l->entries[l->n++] = (struct found_entry){ .device = d, .settings = *s };
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct found_entry *x = a, *y = b;

	return strcmp(device_name(x->device), device_name(y->device));
}

size_t found_list_sort(struct found_list *l)
{
	size_t kept = 0, dropped;

	if (l->n == 0)
		return 0;
	qsort(l->entries, l->n, sizeof(l->entries[0]), by_name);
	for (size_t i = 0; i < l->n; i++) {
		if (kept > 0 && by_name(&l->entries[kept - 1], &l->entries[i]) == 0)
			device_unref(l->entries[i].device);
		else
			l->entries[kept++] = l->entries[i];
	}
	dropped = l->n - kept;
	l->n = kept;
	return dropped;
}

int found_list_add(struct found_list *l, struct device *d, const struct path_settings *s)
{
	struct found_entry added;
	bool there;
	size_t at = find_place(l, device_name(d), &there);
	int r;

	if (there) {
		device_unref(d);
		return -EEXIST;
	}
	r = found_list_append(l, d, s);
	if (r < 0)
		return r;
	added = l->entries[l->n - 1];
	memmove(&l->entries[at + 1], &l->entries[at],
	        (l->n - 1 - at) * sizeof(l->entries[0]));
	l->entries[at] = added;
	return 0;
}

void found_list_remove(struct found_list *l, size_t at)
{
	assert(at < l->n);
	device_unref(l->entries[at].device);
	l->n--;
	memmove(&l->entries[at], &l->entries[at + 1],
	        (l->n - at) * sizeof(l->entries[0]));
}

static bool differ(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

/* Are both numbers known, and different? */
static bool differ_number(uint64_t a, uint64_t b)
{
	return a != 0 && b != 0 && a != b;
}

/* udev and the kernel may write a WWID in different forms, and udev's may come later, so only WWIDs
 * of one origin are compared. */
static bool differ_wwid(const struct device *before, const struct device *after)
{
	return differ_number(before->kernel_id, after->kernel_id) ||
	       (before->udev_wwid == after->udev_wwid &&
	        differ(device_wwid(before), device_wwid(after)));
}

bool found_replaced(const struct device *before, const struct device *after)
{
	bool both_devt = (before->devt_major != 0 || before->devt_minor != 0) &&
	                 (after->devt_major != 0 || after->devt_minor != 0);

	/* An alias or a map is only a name, and changes in place. */
	return strcmp(device_node(before), device_node(after)) != 0 ||
	       before->host_key != after->host_key ||
	       (both_devt && (before->devt_major != after->devt_major ||
	                      before->devt_minor != after->devt_minor)) ||
	       differ_number(before->diskseq, after->diskseq) ||
	       differ_wwid(before, after) ||
	       differ(device_serial(before), device_serial(after));
}

static bool settings_equal(const struct path_settings *a, const struct path_settings *b)
{
	return a->interval_us == b->interval_us &&
	       a->max_interval_grid == b->max_interval_grid &&
	       a->timeout_us == b->timeout_us && a->checker == b->checker &&
	       a->checker_why == b->checker_why && a->read_every == b->read_every &&
	       a->keep_open == b->keep_open && a->purge == b->purge &&
	       a->rule == b->rule && a->fail_checks == b->fail_checks &&
	       a->recover_checks == b->recover_checks;
}

static int emit_record(enum found_op op, const struct found_entry *e, bool gone,
                       bool replaced, int (*emit)(void *arg, struct found *f), void *arg)
{
	struct found f = {
		.op = op,
		.gone = gone,
		.replaced = replaced,
		.device = device_ref(e->device),
		.settings = e->settings,
	};

	return emit(arg, &f);
}

/* Is it a path for the loop? */
static bool is_path(const struct found_entry *e)
{
	return e->device->kind != DEVICE_HEAD;
}

static int emit_removed(const struct found_list *before, const struct found_list *after,
                        bool gone, int (*emit)(void *arg, struct found *f), void *arg)
{
	int r;

	for (size_t i = 0, j = 0; i < before->n; i++) {
		const struct found_entry *old = &before->entries[i];
		bool named, there;

		if (!is_path(old))
			continue;
		while (j < after->n && strcmp(device_name(after->entries[j].device),
		                              device_name(old->device)) < 0)
			j++;
		named = j < after->n && strcmp(device_name(after->entries[j].device),
		                               device_name(old->device)) == 0;
		there = named && is_path(&after->entries[j]);
		if (there && !found_replaced(old->device, after->entries[j].device))
			continue;
		/* A device that another one replaces is gone. */
		r = emit_record(FOUND_REMOVE, old, there || (gone && !named), there, emit,
		                arg);
		if (r < 0)
			return r;
	}
	return 0;
}

int found_plan(const struct found_list *before, const struct found_list *after, bool gone,
               int (*emit)(void *arg, struct found *f), void *arg)
{
	int r;

	r = emit_removed(before, after, gone, emit, arg);
	if (r < 0)
		return r;
	for (size_t i = 0, j = 0; j < after->n; j++) {
		const struct found_entry *new = &after->entries[j], *old;
		bool there, same;

		if (!is_path(new))
			continue;
		while (i < before->n && strcmp(device_name(before->entries[i].device),
		                               device_name(new->device)) < 0)
			i++;
		old = i < before->n ? &before->entries[i] : NULL;
		there = old != NULL && is_path(old) &&
		        strcmp(device_name(old->device), device_name(new->device)) == 0;
		same = there && !found_replaced(old->device, new->device);
		if (same && device_equal(old->device, new->device) &&
		    settings_equal(&old->settings, &new->settings))
			continue;
		r = emit_record(same ? FOUND_CHANGE : FOUND_ADD, new, false,
		                there && !same, emit, arg);
		if (r < 0)
			return r;
	}
	return 0;
}
