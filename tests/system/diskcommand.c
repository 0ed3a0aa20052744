/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of faultydisk: a verb, a range of disks, for some verbs an argument. */
#include "tests/system/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

struct range {
	uint32_t first, last;
};

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EIO", EIO },         { "ENXIO", ENXIO },           { "ENODEV", ENODEV },
	{ "EACCES", EACCES },   { "EINVAL", EINVAL },         { "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },   { "EOPNOTSUPP", EOPNOTSUPP }, { "ETIMEDOUT", ETIMEDOUT },
	{ "ENOLINK", ENOLINK }, { "EREMOTEIO", EREMOTEIO },   { "ENODATA", ENODATA },
	{ "EILSEQ", EILSEQ },   { "ENOSPC", ENOSPC },         { "EBADE", EBADE },
};

static bool parse_number(const char *s, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(s, &end, 10);
	return !errno && end != s && !*end && *s != '-' && *ret <= max;
}

static bool parse_error(const char *s, int *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (strcmp(s, errors[i].name) == 0) {
			*ret = errors[i].error;
			return true;
		}
	}
	return false;
}

/* "7", "0-499" or "all". */
static bool parse_range(const struct disks *ds, const char *s, struct range *ret)
{
	const char *dash = strchr(s, '-');
	char first[16];
	uint64_t a, b;

	if (strcmp(s, "all") == 0) {
		*ret = (struct range){ 0, ds->n - 1 };
		return true;
	}
	if (dash && (size_t)(dash - s) >= sizeof(first))
		return false;
	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - s) : 15, s);
	if (!parse_number(first, ds->n - 1, &a))
		return false;
	b = a;
	if (dash && (!parse_number(dash + 1, ds->n - 1, &b) || b < a))
		return false;
	*ret = (struct range){ (uint32_t)a, (uint32_t)b };
	return true;
}

/* --- one verb each: what it does to one disk; false: its argument is wrong --- */

static bool do_answer(struct disks *ds, uint32_t i, const char *arg)
{
	struct disk *d = &ds->disk[i];

	d->mode = DISK_ANSWER;
	d->hang_open = d->hang_close = false;
	return !arg;
}

static bool do_hang(struct disks *ds, uint32_t i, const char *arg)
{
	ds->disk[i].mode = DISK_HANG;
	return !arg;
}

static bool do_release(struct disks *ds, uint32_t i, const char *arg)
{
	int error = 0;

	if (arg && !parse_error(arg, &error))
		return false;
	do_answer(ds, i, NULL);
	disk_release(ds, i, error);
	return true;
}

static bool do_fail(struct disks *ds, uint32_t i, const char *arg)
{
	int error;

	if (!arg || !parse_error(arg, &error))
		return false;
	ds->disk[i].mode = DISK_FAIL;
	ds->disk[i].error = error;
	return true;
}

static bool do_slow(struct disks *ds, uint32_t i, const char *arg)
{
	uint64_t ms;

	if (!arg || !parse_number(arg, 3600 * 1000, &ms))
		return false;
	ds->disk[i].mode = DISK_SLOW;
	ds->disk[i].slow_ms = (uint32_t)ms;
	return true;
}

static bool do_truncate(struct disks *ds, uint32_t i, const char *arg)
{
	uint64_t size = 0;

	if (arg && !parse_number(arg, ds->full_size, &size))
		return false;
	ds->disk[i].size = size;
	disk_invalidate(ds, i);
	return true;
}

static bool do_vanish(struct disks *ds, uint32_t i, const char *arg)
{
	ds->disk[i].vanished = true;
	return !arg;
}

static bool do_hang_open(struct disks *ds, uint32_t i, const char *arg)
{
	ds->disk[i].hang_open = true;
	return !arg;
}

static bool do_hang_close(struct disks *ds, uint32_t i, const char *arg)
{
	ds->disk[i].hang_close = true;
	return !arg;
}

static bool do_heal(struct disks *ds, uint32_t i, const char *arg)
{
	ds->disk[i].vanished = false;
	if (ds->disk[i].size != ds->full_size) {
		ds->disk[i].size = ds->full_size;
		disk_invalidate(ds, i);
	}
	return do_release(ds, i, arg);
}

static const struct {
	const char *name;
	bool (*fn)(struct disks *ds, uint32_t i, const char *arg);
} verbs[] = {
	{ "answer",
	  do_answer },       /* answer normally; requests that hang continue to hang */
	{ "hang", do_hang }, /* keep reads */
	{ "release", do_release },   /* [ERRNO]: answer normally, and answer what hangs */
	{ "fail", do_fail },         /* ERRNO */
	{ "slow", do_slow },         /* MILLISECONDS */
	{ "truncate", do_truncate }, /* [BYTES] */
	{ "vanish", do_vanish },     /* opens: ENOENT, reads: ENODEV */
	{ "hang-open", do_hang_open },   /* keep opens */
	{ "hang-close", do_hang_close }, /* keep closes */
	{ "heal", do_heal }, /* [ERRNO]: reset all faults, and answer what hangs */
};

static void print_status(const struct disks *ds, const char *arg, FILE *reply)
{
	static const char *const modes[] = { "answer", "hang", "fail", "slow" };
	struct range r = { 1, 0 };
	uint64_t reads = 0, opens = 0;

	if (arg && !parse_range(ds, arg, &r)) {
		fprintf(reply, "error: no such disks: %s\n", arg);
		return;
	}
	for (uint32_t i = 0; i < ds->n; i++) {
		reads += ds->disk[i].reads;
		opens += ds->disk[i].opens;
	}
	for (uint32_t i = r.first; i <= r.last; i++) {
		const struct disk *d = &ds->disk[i];

		fprintf(reply,
		        "disk=%" PRIu32 " mode=%s held=%" PRIu32 " reads=%" PRIu64
		        " opens=%" PRIu64 " size=%" PRIu64 " vanished=%d hang_open=%d\n",
		        i, modes[d->mode], d->n_held, d->reads, d->opens, d->size,
		        d->vanished, d->hang_open);
	}
	fprintf(reply,
	        "disks=%" PRIu32 " held=%" PRIu32 " reads=%" PRIu64 " opens=%" PRIu64
	        "\n",
	        ds->n, ds->n_held, reads, opens);
	fprintf(reply, "ok\n");
}

bool disk_command(struct disks *ds, char *line, FILE *reply)
{
	char *save = NULL;
	char *verb = strtok_r(line, " \t\r", &save);
	char *where = strtok_r(NULL, " \t\r", &save);
	char *arg = strtok_r(NULL, " \t\r", &save);
	struct range r;
	size_t v = 0;

	if (!verb)
		return true;
	if (strcmp(verb, "quit") == 0) {
		fprintf(reply, "ok\n");
		return false;
	}
	if (strcmp(verb, "status") == 0) {
		print_status(ds, where, reply);
		return true;
	}
	while (v < ARRAY_LEN(verbs) && strcmp(verb, verbs[v].name) != 0)
		v++;
	if (v == ARRAY_LEN(verbs)) {
		fprintf(reply, "error: no such command: %s\n", verb);
		return true;
	}
	if (!where || !parse_range(ds, where, &r)) {
		fprintf(reply, "error: no such disks: %s\n",
		        where ? where : "(none given)");
		return true;
	}
	for (uint32_t i = r.first; i <= r.last; i++) {
		if (!verbs[v].fn(ds, i, arg)) {
			fprintf(reply, "error: bad argument: %s\n", arg ? arg : "(none)");
			return true;
		}
	}
	fprintf(reply, "ok\n");
	return true;
}
