/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the devices' memory, one allocation each. Invariant: but for the references, a device
 * is never written after device_new() has returned it. Any thread.
 */
#include "checkerd/core/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where each string is; what is done to one is done to all. */
#define STRING(field)                                                               \
	{                                                                           \
		offsetof(struct device_spec, field), offsetof(struct device, field) \
	}

static const struct {
	size_t in_spec, in_device;
} strings[] = {
	STRING(name),     STRING(node),        STRING(alias),     STRING(map),
	STRING(wwid),     STRING(hcil),        STRING(vendor),    STRING(product),
	STRING(revision), STRING(serial),      STRING(protocol),  STRING(host),
	STRING(target),   STRING(sysfs_state), STRING(transport),
};

#undef STRING

static_assert(sizeof(struct device_spec) ==
                      offsetof(struct device_spec, name) +
                              ARRAY_LEN(strings) * sizeof(const char *),
              "a string of struct device_spec is missing in strings[]");
static_assert(sizeof(struct device) == offsetof(struct device, name) +
                                               ARRAY_LEN(strings) * sizeof(const char *),
              "a string of struct device is missing in strings[]");

static const char *spec_string(const struct device_spec *spec, size_t i)
{
	return *(const char *const *)((const char *)spec + strings[i].in_spec);
}

static const char **device_string(struct device *d, size_t i)
{
	return (const char **)((char *)d + strings[i].in_device);
}

static const char *device_string_const(const struct device *d, size_t i)
{
	return *(const char *const *)((const char *)d + strings[i].in_device);
}

static int spec_check(const struct device_spec *spec)
{
	if (!spec->name || !*spec->name || !spec->node || spec->node[0] != '/')
		return -EINVAL;
	return strlen(spec->name) < DEVICE_NAME_MAX ? 0 : -ENAMETOOLONG;
}

int device_new(struct device **ret, const struct device_spec *spec)
{
	size_t size = sizeof(struct device);
	struct device *d;
	char *end;
	int r;

	r = spec_check(spec);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		if (spec_string(spec, i))
			size += strlen(spec_string(spec, i)) + 1;
	d = calloc(1, size);
	if (!d)
		return -ENOMEM;

	atomic_init(&d->refs, 1);
	d->devt_major = spec->devt_major;
	d->devt_minor = spec->devt_minor;
	d->host_key = spec->host_key;
	d->diskseq = spec->diskseq;
	d->kernel_id = spec->kernel_id;
	d->udev_wwid = spec->udev_wwid;
	end = (char *)(d + 1);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		const char *s = spec_string(spec, i);

		if (!s)
			continue;
		*device_string(d, i) = end;
		end = stpcpy(end, s) + 1;
	}
	assert(end == (char *)d + size);
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

	if (!d)
		return NULL;
	before = atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before == 1)
		free(d);
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool device_equal(const struct device *a, const struct device *b)
{
	if (a->devt_major != b->devt_major || a->devt_minor != b->devt_minor ||
	    a->host_key != b->host_key || a->diskseq != b->diskseq ||
	    a->kernel_id != b->kernel_id || a->udev_wwid != b->udev_wwid)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		if (!same(device_string_const(a, i), device_string_const(b, i)))
			return false;
	return true;
}
