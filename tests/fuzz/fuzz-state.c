/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records of a predecessor's state file. The input is a run of records, each with a byte in front:
 * an odd one asks for the right sum, so that the values are read. What is read of a path is possible,
 * and reads back to the same when it is written.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkerd/store/old_records.h"
#include "checkerd/store/stored_map.h"
#include "checkerd/store/stored_path.h"
#include "tests/fuzz/fuzz.h"
#include "util/kept.h"

#define RECORDS_MAX 64

static const struct mono now = { INT64_C(1) << 40 };

void fuzz_begin(void)
{
}

/* Returns a file with the records. */
static int make_file(struct fuzz_input in, uint64_t *ret_size)
{
	int fd = memfd_create("fuzz-state", MFD_CLOEXEC);
	uint64_t n = 0;

	REQUIRE(fd >= 0, "memfd_create");
	while (in.size > 0 && n < RECORDS_MAX) {
		bool sum = fuzz_byte(&in) & 1;
		size_t size = MIN(in.size, (size_t)RECORD_BYTES);
		struct record r;

		memset(&r, 0, sizeof(r));
		memcpy(&r, in.data, size);
		in.data += size;
		in.size -= size;
		if (sum && r.head.bytes <= sizeof(r.sections))
			record_seal(&r);
		REQUIRE(kept_write(fd, &r, in.size > 0 ? sizeof(r) : size,
		                   n * RECORD_BYTES) == 0,
		        "write");
		n++;
	}
	*ret_size = n * RECORD_BYTES;
	return fd;
}

static void look_at_path(const struct stored_path *p)
{
	char text[REASON_TEXT_MAX];
	uint32_t samples = 0;

	REQUIRE(p->name[0] != '\0' && strnlen(p->name, DEVICE_NAME_MAX) < DEVICE_NAME_MAX,
	        "name");
	REQUIRE(p->status.state < PATH_STATE_COUNT_, "state");
	REQUIRE(p->status.since.us >= 0 && !mono_before(now, p->status.since), "since");
	REQUIRE(!mono_before(now, p->last) && !mono_before(now, p->good), "times");
	REQUIRE(!path_state_usable(p->status.state) ||
	                p->status.verdict == VERDICT_USABLE,
	        "verdict");
	REQUIRE(p->status.streak >= -PATH_STREAK_MAX, "streak");
	REQUIRE(p->marks.disabled_until.us >= 0, "disabled");
	REQUIRE(policy_why(&p->hold) < HOLD_WHY_COUNT_ &&
	                !mono_before(now, policy_since(&p->hold)),
	        "hold");
	REQUIRE(error_share_permille(&p->share) <= 1000, "share");
	(void)path_state_name(p->status.state);
	(void)reason_format(&p->status.reason, text, sizeof(text));
	for (unsigned i = 0; i < HISTOGRAM_PATH_BUCKETS; i++)
		samples += p->latency.bucket[i];
	REQUIRE(samples == p->latency.samples, "samples");
	(void)histogram_quantile(&p->latency, 0.99);
}

/* It is written, and reads back to the same. */
static void write_again(const struct stored_path *s)
{
	const struct device_spec spec = { .name = s->name, .node = "/n" };
	char a[REASON_TEXT_MAX], b[REASON_TEXT_MAX];
	struct path p = { .status = s->status,
		          .last = s->last,
		          .good = s->good,
		          .counters = s->counters,
		          .latency = s->latency,
		          .hold = s->hold,
		          .share = s->share };
	struct stored_path again;
	struct record r;

	REQUIRE(device_new(&p.device, &spec) == 0, "device");
	stored_path_write(&r, &p, &s->marks, now);
	record_seal(&r);
	REQUIRE(record_is_good(&r, now) && stored_path_read(&r, now, &again), "again");
	REQUIRE(strcmp(again.name, s->name) == 0, "name");
	REQUIRE(again.status.state == s->status.state &&
	                again.status.verdict == s->status.verdict &&
	                again.status.since.us == s->status.since.us &&
	                again.status.streak == s->status.streak &&
	                again.status.no_unit == s->status.no_unit,
	        "status");
	REQUIRE(strcmp(reason_format(&s->status.reason, a, sizeof(a)),
	               reason_format(&again.status.reason, b, sizeof(b))) == 0,
	        "%s, %s", a, b);
	REQUIRE(memcmp(&again.counters, &s->counters, sizeof(s->counters)) == 0,
	        "counters");
	REQUIRE(again.hold.at == s->hold.at && again.hold.until == s->hold.until &&
	                again.hold.mark == s->hold.mark &&
	                again.hold.failures == s->hold.failures &&
	                again.hold.marks == s->hold.marks &&
	                policy_why(&again.hold) == policy_why(&s->hold),
	        "hold");
	REQUIRE(memcmp(&again.marks, &s->marks, sizeof(s->marks)) == 0, "marks");
	device_unref(p.device);
}

static void look_at(const struct old_records *o, const struct record *r)
{
	char name[MAP_UUID_MAX];
	struct stored_path p;
	struct stored_map m;

	if (r->head.kind == RECORD_PATH) {
		REQUIRE(stored_path_name(r, name), "a path without a name");
		REQUIRE(old_records_find(o, RECORD_PATH, name) == r, "not found");
		if (stored_path_read(r, now, &p)) {
			look_at_path(&p);
			write_again(&p);
		}
	} else {
		REQUIRE(stored_map_name(r, name), "a map without a name");
		REQUIRE(old_records_find(o, RECORD_MAP, name) == r, "not found");
		if (stored_map_read(r, &m))
			REQUIRE(m.reported <= REDUNDANCY_NONE, "redundancy");
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct old_records o;
	uint64_t bytes;
	int fd = make_file((struct fuzz_input){ data, size }, &bytes);

	REQUIRE(old_records_read(&o, fd, 0, bytes, RECORDS_MAX, now) == 0, "memory");
	REQUIRE(o.n + o.damaged <= RECORDS_MAX, "more records than there are");
	for (uint32_t i = 0; i < o.n; i++)
		look_at(&o, &o.records[i]);
	old_records_deinit(&o);
	close(fd);
}
