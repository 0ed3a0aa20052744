/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Runs on the discovery thread. The kernel answers these attributes from memory:
 * drivers/scsi/scsi_sysfs.c, scsi_transport_fc.c, scsi_transport_srp.c, scsi_transport_iscsi.c,
 * drivers/nvme/host/sysfs.c.
 *
 * The paths are visited in the order of their hosts and ports, so that the timers of each are read
 * once, and not once a path.
 */
#include "checkerd/discovery/timers_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/core/policy_rules.h"
#include "checkerd/discovery/sysfs.h"
#include "util/block.h"

static bool starts(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is(const char *s, const char *other)
{
	return s != NULL && strcmp(s, other) == 0;
}

static void set_name(struct timer_names *n, enum timer_object object, const char *name)
{
	n->name[object][0] = '\0';
	if (name != NULL && strlen(name) < TIMER_NAME_MAX)
		memcpy(n->name[object], name, strlen(name) + 1);
}

/* The target ports of SRP have no state of their own, so the device has the first component of the
 * host's only port: ib_srp makes one host for each target port. */
static void set_srp_port(struct timer_names *n, const char *host)
{
	char name[TIMER_NAME_MAX];

	(void)snprintf(name, sizeof(name), "port-%s:1", host + strlen("host"));
	set_name(n, TIMER_OF_SRP_PORT, name);
}

static void set_session(struct timer_names *n, const char *session)
{
	char name[TIMER_NAME_MAX];

	set_name(n, TIMER_OF_SESSION, session);
	(void)snprintf(name, sizeof(name), "connection%s:0", session + strlen("session"));
	set_name(n, TIMER_OF_CONNECTION, name);
}

/* Names what has the timers of a path, besides its disk. */
static void name_objects(const struct device *d, struct timer_names *n)
{
	const char *protocol = device_protocol(d), *host = device_host(d);
	const char *transport = device_transport(d);

	memset(n, 0, sizeof(*n));
	if (starts(protocol, "nvme:")) {
		set_name(n, TIMER_OF_CONTROLLER, host);
		return;
	}
	/* Other hosts serve one disk or one target, so nobody else waits for their recovery. */
	if (is(protocol, "scsi:fcp") || is(protocol, "scsi:sas") ||
	    is(protocol, "scsi:srp"))
		set_name(n, TIMER_OF_HOST, host);
	if (starts(transport, "rport-"))
		set_name(n, TIMER_OF_PORT, transport);
	if (starts(transport, "session"))
		set_session(n, transport);
	if (is(protocol, "scsi:srp") && starts(host, "host"))
		set_srp_port(n, host);
}

/* "30", "off", or a negative number, which is off, too. */
static int64_t parse(const char *text, int64_t unit_us)
{
	long long number;
	char *end;

	if (text == NULL)
		return TIMER_UNKNOWN;
	if (strcmp(text, "off") == 0)
		return TIMER_OFF;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || *end != '\0')
		return TIMER_UNKNOWN;
	if (number < 0 || errno == ERANGE || number > TIMER_OFF / unit_us - 1)
		return TIMER_OFF;
	return number * unit_us;
}

static void read_timer(struct identity *id, int sysfs, enum timer_id timer,
                       const struct timer_names *names, struct timers *t)
{
	const struct timer_place *p = &timer_places[timer];
	char name[2 * SYSFS_ATTRIBUTE_MAX], buf[SYSFS_ATTRIBUTE_MAX];

	t->us[timer] = TIMER_UNKNOWN;
	if (names->name[p->object][0] == '\0')
		return;
	(void)snprintf(name, sizeof(name), "class/%s/%s/%s%s", p->class,
	               names->name[p->object], p->folder, p->name);
	t->us[timer] =
	        parse(sysfs_attribute(id, sysfs, name, buf, sizeof(buf)), p->unit_us);
}

static void read_disk(struct identity *id, int sysfs, const struct found_entry *e,
                      struct timer_names *names, struct timers *t)
{
	const struct policy_rule *rule = policy_rules_get(e->settings.rule);
	bool nvme = starts(device_protocol(e->device), "nvme:");

	set_name(names, TIMER_OF_DISK, device_name(e->device));
	t->us[TIMER_SCSI_TIMEOUT] = t->us[TIMER_NVME_TIMEOUT] = TIMER_UNKNOWN;
	t->us[TIMER_CHECKER] = t->us[TIMER_DOUBLE_FAILED] = TIMER_UNKNOWN;
	if (e->settings.checker == CHECKER_NONE)
		return;
	t->us[TIMER_CHECKER] = e->settings.timeout_us;
	t->us[TIMER_INTERVAL] = e->settings.interval_us;
	if (rule->why == HOLD_MARGINAL_PATH)
		t->us[TIMER_DOUBLE_FAILED] = (int64_t)rule->forget_time * HOLD_TICK_US;
	read_timer(id, sysfs, nvme ? TIMER_NVME_TIMEOUT : TIMER_SCSI_TIMEOUT, names, t);
}

static const char *or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

static int by_object(const void *a, const void *b)
{
	const struct device *x = (*(const struct found_entry *const *)a)->device;
	const struct device *y = (*(const struct found_entry *const *)b)->device;
	int r = strcmp(or_empty(device_host(x)), or_empty(device_host(y)));

	if (r == 0)
		r = strcmp(or_empty(device_transport(x)), or_empty(device_transport(y)));
	return r != 0 ? r : strcmp(device_name(x), device_name(y));
}

/* Appends the entries of SCSI and NVMe paths. */
static size_t take_entries(const struct found_entry **to, size_t n,
                           const struct found_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct device *d = l->entries[i].device;

		if (d->kind != DEVICE_HEAD && (starts(device_protocol(d), "scsi:") ||
		                               starts(device_protocol(d), "nvme:")))
			to[n++] = &l->entries[i];
	}
	return n;
}

static bool same_objects(const struct device *a, const struct device *b)
{
	return a != NULL && is(device_host(a), or_empty(device_host(b))) &&
	       strcmp(or_empty(device_transport(a)), or_empty(device_transport(b))) == 0;
}

int timers_read(int sysfs, const struct found_list *checked,
                const struct found_list *observed, struct timer_report *r)
{
	const struct device *before = NULL;
	const struct found_entry **all;
	struct timer_names names;
	struct identity reading;
	struct timers t;
	size_t n;

	all = block_new(checked->n + observed->n + 1, sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	identity_init(&reading);
	timers_init(&t);
	n = take_entries(all, 0, checked);
	n = take_entries(all, n, observed);
	qsort(all, n, sizeof(*all), by_object);
	for (size_t i = 0; i < n; i++) {
		const struct device *d = all[i]->device;

		if (!same_objects(before, d)) {
			name_objects(d, &names);
			for (unsigned k = 0; k < TIMER_KERNEL_COUNT_; k++)
				read_timer(&reading, sysfs, (enum timer_id)k, &names, &t);
		}
		before = d;
		read_disk(&reading, sysfs, all[i], &names, &t);
		timer_report_add(r, device_name(d), &names, &t);
	}
	block_free(all);
	return -reading.shortage;
}

uint64_t timers_read_bytes(uint32_t max_paths)
{
	return 2 * (uint64_t)max_paths * sizeof(struct found_entry *);
}
