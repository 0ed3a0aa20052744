/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the memory of each device, one allocation. Any thread. Invariant: after device_new() has
 * returned a device, only its references change.
 */
#include "checkerd/core/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(DEVICE_TEXT_name == 0 && DEVICE_TEXT_node == 1,
              "a shared name is not copied");

static_assert(sizeof(struct device_spec) ==
                      offsetof(struct device_spec, name) +
                              DEVICE_TEXT_COUNT_ * sizeof(const char *),
              "a string of struct device_spec is missing in DEVICE_TEXTS");

static const char *spec_text(const struct device_spec *spec, unsigned i)
{
	static const size_t at[] = {
#define X(text) offsetof(struct device_spec, text),
		DEVICE_TEXTS(X)
#undef X
	};

	return *(const char *const *)((const char *)spec + at[i]);
}

/* Is the name the end of the node, so that both share one text? */
static bool name_ends_node(const struct device_spec *spec)
{
	size_t name = strlen(spec->name), node = strlen(spec->node);

	return name < node && strcmp(spec->node + node - name, spec->name) == 0;
}

static int spec_check(const struct device_spec *spec)
{
	if (spec->name == NULL || spec->name[0] == '\0' || spec->node == NULL ||
	    spec->node[0] != '/')
		return -EINVAL;
	return strlen(spec->name) < DEVICE_NAME_MAX ? 0 : -ENAMETOOLONG;
}

int device_new(struct device **ret, const struct device_spec *spec)
{
	size_t size = offsetof(struct device, text) + sizeof(((struct device *)0)->text);
	size_t end = size;
	struct device *d;
	unsigned first;
	bool shared;
	int r;

	r = spec_check(spec);
	if (r < 0)
		return r;
	shared = name_ends_node(spec);
	first = shared ? DEVICE_TEXT_node : DEVICE_TEXT_name;
	for (unsigned i = first; i < DEVICE_TEXT_COUNT_; i++)
		if (spec_text(spec, i) != NULL)
			size += strlen(spec_text(spec, i)) + 1;
	if (size > UINT16_MAX)
		return -ENAMETOOLONG;
	d = calloc(1, MAX(size, sizeof(*d)));
	if (d == NULL)
		return -ENOMEM;

	atomic_init(&d->refs, 1);
	d->devt_major = spec->devt_major;
	d->devt_minor = spec->devt_minor;
	d->host_key = spec->host_key;
	d->diskseq = spec->diskseq;
	d->kernel_id = spec->kernel_id;
	d->udev_wwid = spec->udev_wwid;
	d->kind = (uint8_t)spec->kind;
	for (unsigned i = first; i < DEVICE_TEXT_COUNT_; i++) {
		const char *s = spec_text(spec, i);
		size_t n = s != NULL ? strlen(s) + 1 : 0;

		if (s == NULL)
			continue;
		d->text[i] = (uint16_t)end;
		memcpy((char *)d + end, s, n);
		end += n;
	}
	assert(end == size);
	if (shared)
		d->text[DEVICE_TEXT_name] =
		        (uint16_t)(d->text[DEVICE_TEXT_node] + strlen(spec->node) -
		                   strlen(spec->name));
	*ret = d;
	return 0;
}

struct device *device_ref(struct device *d)
{
	uint32_t before = atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);

	assert(before > 0 && before < UINT32_MAX);
	return d;
}

struct device *device_unref(struct device *d)
{
	uint32_t before;

	if (d == NULL)
		return NULL;
	before = atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before == 1)
		free(d);
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

bool device_equal(const struct device *a, const struct device *b)
{
	if (a->devt_major != b->devt_major || a->devt_minor != b->devt_minor ||
	    a->host_key != b->host_key || a->diskseq != b->diskseq ||
	    a->kernel_id != b->kernel_id || a->udev_wwid != b->udev_wwid ||
	    a->kind != b->kind)
		return false;
	for (unsigned i = 0; i < DEVICE_TEXT_COUNT_; i++)
		if (!same(device_text(a, i), device_text(b, i)))
			return false;
	return true;
}
