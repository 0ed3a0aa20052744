/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written of a path and a map is read back, and nothing else is believed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/store/stored_map.h"
#include "checkerd/store/stored_path.h"

static const struct mono t0 = { 5000 * USEC_PER_SEC };

static struct device *device_of(const struct device_spec *spec)
{
	struct device *d;

	assert_int_equal(device_new(&d, spec), 0);
	return d;
}

static const struct device_spec usual = {
	.name = "sda",
	.node = "/dev/sda",
	.devt_major = 8,
	.devt_minor = 16,
	.diskseq = 77,
	.wwid = "3600508b400105e210000900000490000",
	.hcil = "1:0:0:1",
	.protocol = "scsi:fcp",
};

static struct path path_of(struct device *d)
{
	return (struct path){
		.device = d,
		.status = { .since = { t0.us - 100 },
		            .reason = { .kind = OUTCOME_FAILED,
		                        .stage = STAGE_READ,
		                        .error = EIO,
		                        .sysfs = { sysfs_word(SYSFS_DEVICE, "blocked"),
		                                   sysfs_word(SYSFS_SESSION, "FAILED"),
		                                   sysfs_word(SYSFS_ACCESS, "standby") },
		                        .request = REQUEST_TEST_UNIT,
		                        .said = SAID_SENSE,
		                        .sense = { 2, 4, 11 } },
		            .streak = -7,
		            .state = PATH_DOWN,
		            .verdict = VERDICT_UNUSABLE,
		            .no_unit = 2 },
		.last = { t0.us - 50 },
		.good = { t0.us - 1000 },
		.counters = { 1, 2, 3, 4, 5, 6 },
		.latency = { .bucket = { 3, 0, 9 },
		             .last_us = 8,
		             .max_us = 9000,
		             .samples = 12 },
		.hold = { .at = 40,
		          .until = 900,
		          .mark = 41,
		          .succeeded = 3,
		          .failed = 2,
		          .failures = 9,
		          .marks = 1U << MARK_BY_HAND,
		          .phase = HOLD_PHASE_SAMPLE,
		          .out = true,
		          .why = HOLD_MARGINAL_PATH },
		.share = { 5, 4, 64, 32 },
	};
}

static const struct stored_marks some_marks = {
	.disabled_until = { 1234567 },
	.disabled_since = { 777 },
	.empties = 1,
	.forced = 1,
	.even_last = 1,
	.waived = 1,
	.ours = 1,
	.kept_reported = 1,
	.spared_reported = 1,
	.released = 1,
	.hold_unreported = 1,
	.map_reported = REDUNDANCY_LAST,
};

static void write_path(struct record *r, const struct path *p,
                       const struct stored_marks *marks)
{
	stored_path_write(r, p, marks, t0);
	record_seal(r);
	assert_true(record_is_good(r, t0));
}

/* Field by field: there are bits between them. */
static void assert_same_status(const struct path_status *a, const struct path_status *b)
{
	char of_a[REASON_TEXT_MAX], of_b[REASON_TEXT_MAX];

	assert_int_equal(a->since.us, b->since.us);
	assert_int_equal(a->streak, b->streak);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->excused, b->excused);
	assert_int_equal(a->no_unit, b->no_unit);
	assert_int_equal(a->reason.kind, b->reason.kind);
	assert_int_equal(a->reason.stage, b->reason.stage);
	assert_int_equal(a->reason.error, b->reason.error);
	assert_int_equal(a->reason.request, b->reason.request);
	assert_int_equal(a->reason.said, b->reason.said);
	assert_memory_equal(&a->reason.sysfs, &b->reason.sysfs, sizeof(b->reason.sysfs));
	assert_string_equal(reason_format(&a->reason, of_a, sizeof(of_a)),
	                    reason_format(&b->reason, of_b, sizeof(of_b)));
}

static void assert_same_hold(const struct hold *a, const struct hold *b)
{
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->until, b->until);
	assert_int_equal(a->mark, b->mark);
	assert_int_equal(a->succeeded, b->succeeded);
	assert_int_equal(a->failed, b->failed);
	assert_int_equal(a->failures, b->failures);
	assert_int_equal(a->marks, b->marks);
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->out, b->out);
	assert_int_equal(a->why, b->why);
}

static void every_field_comes_back(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	const struct stored_disk disk = stored_disk_of(d);
	struct stored_path got;
	struct record r;

	(void)state;
	write_path(&r, &p, &some_marks);
	assert_true(stored_path_read(&r, t0, &got));
	assert_string_equal(got.name, "sda");
	assert_memory_equal(&got.disk, &disk, sizeof(disk));
	assert_same_status(&got.status, &p.status);
	assert_int_equal(got.last.us, p.last.us);
	assert_int_equal(got.good.us, p.good.us);
	assert_memory_equal(&got.counters, &p.counters, sizeof(p.counters));
	assert_memory_equal(&got.latency, &p.latency, sizeof(p.latency));
	assert_same_hold(&got.hold, &p.hold);
	assert_memory_equal(&got.share, &p.share, sizeof(p.share));
	assert_memory_equal(&got.marks, &some_marks, sizeof(some_marks));
	device_unref(d);
}

static void a_timeout_comes_back(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct stored_path got;
	struct record r;

	(void)state;
	p.status.reason = (struct reason){ .kind = OUTCOME_TIMED_OUT,
		                           .error = ETIMEDOUT,
		                           .timeout_us = 30 * USEC_PER_SEC };
	write_path(&r, &p, &some_marks);
	assert_true(stored_path_read(&r, t0, &got));
	assert_int_equal(got.status.reason.timeout_us, 30 * USEC_PER_SEC);
	device_unref(d);
}

static void the_longest_name_fits(void **state)
{
	char name[DEVICE_NAME_MAX];
	struct device_spec spec = usual;
	struct device *d;
	struct path p;
	struct stored_path got;
	struct record r;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	spec.name = name;
	d = device_of(&spec);
	p = path_of(d);
	write_path(&r, &p, &some_marks);
	assert_true(stored_path_read(&r, t0, &got));
	assert_string_equal(got.name, name);
	device_unref(d);
}

/* Any other disk or place is not the same path. */
static void only_the_same_disk_is_the_same(void **state)
{
	struct device_spec others[] = { usual, usual, usual, usual, usual, usual, usual };
	struct device_spec less = usual;
	struct device *d = device_of(&usual), *o;
	struct stored_disk a = stored_disk_of(d), b;

	(void)state;
	assert_true(stored_disk_same(&a, &a));
	others[0].devt_minor++;
	others[1].diskseq++;
	others[2].wwid = "another";
	others[3].hcil = "1:0:0:2";
	others[4].node = "/dev/sdb";
	others[5].kind = DEVICE_OBSERVED;
	others[6].protocol = "scsi:iscsi";
	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		o = device_of(&others[i]);
		b = stored_disk_of(o);
		assert_false(stored_disk_same(&a, &b));
		assert_false(stored_disk_same(&b, &a));
		device_unref(o);
	}
	/* The sequence number is enough, and so is the WWID. */
	less.wwid = NULL;
	o = device_of(&less);
	b = stored_disk_of(o);
	assert_true(stored_disk_same(&a, &b));
	device_unref(o);
	less = usual;
	less.diskseq = 0;
	o = device_of(&less);
	b = stored_disk_of(o);
	assert_true(stored_disk_same(&a, &b));
	/* Neither of both is the same. */
	a.wwid = 0;
	assert_false(stored_disk_same(&a, &b));
	device_unref(o);
	device_unref(d);
}

/* A record in which any byte is another one is not good. */
static void each_flipped_byte_is_found(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct record r;
	unsigned char *bytes = (unsigned char *)&r;

	(void)state;
	write_path(&r, &p, &some_marks);
	for (size_t i = 0; i < sizeof(r.head) + r.head.bytes; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			/* Its bytes are not all covered by the sum when it is wrong. */
			bytes[i] ^= (unsigned char)(1U << bit);
			assert_false(record_is_good(&r, t0));
			bytes[i] ^= (unsigned char)(1U << bit);
		}
	assert_true(record_is_good(&r, t0));
	device_unref(d);
}

/* Whatever the bytes of a section are, if the sum is right: a state that is read is a possible one. */
static void every_value_is_in_its_range(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct stored_path got;
	struct record r, changed;
	char text[REASON_TEXT_MAX];

	(void)state;
	write_path(&r, &p, &some_marks);
	for (size_t i = sizeof(r.head); i < sizeof(r.head) + r.head.bytes; i++)
		for (unsigned v = 0; v < 256; v++) {
			changed = r;
			((unsigned char *)&changed)[i] = (unsigned char)v;
			record_seal(&changed);
			if (!record_is_good(&changed, t0) ||
			    !stored_path_read(&changed, t0, &got))
				continue;
			assert_true(got.status.state < PATH_STATE_COUNT_);
			assert_true(policy_why(&got.hold) < HOLD_WHY_COUNT_);
			assert_true(mono_before(policy_since(&got.hold), t0));
			assert_true(got.status.since.us <= t0.us);
			assert_true(got.last.us >= 0 && got.last.us <= t0.us);
			assert_true(got.good.us >= 0 && got.good.us <= t0.us);
			assert_non_null(
			        reason_format(&got.status.reason, text, sizeof(text)));
			assert_true(path_state_usable(got.status.state) ==
			                    (got.status.verdict == VERDICT_USABLE) ||
			            got.status.state == PATH_SHAKY ||
			            got.status.state == PATH_TIMEOUT);
		}
	device_unref(d);
}

/* A later version appended a field to each section, and added a section. */
static void what_is_longer_is_read(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct record r, longer;
	struct stored_path got;
	unsigned char buf[256];

	(void)state;
	write_path(&r, &p, &some_marks);
	record_begin(&longer, RECORD_PATH, t0);
	record_put(&longer, (enum record_tag)99, "more", 4);
	for (unsigned tag = TAG_NAME; tag <= TAG_HOLD; tag++) {
		uint16_t n = 0;

		if (tag == TAG_MAP)
			continue;
		/* Its length is what can be cut from it. */
		memset(buf, 0, sizeof(buf));
		for (size_t at = 0; at < r.head.bytes;) {
			uint16_t head[2];

			memcpy(head, r.sections + at, sizeof(head));
			if (head[0] == tag) {
				n = head[1];
				memcpy(buf, r.sections + at + sizeof(head), n);
			}
			at += sizeof(head) + head[1];
		}
		record_put(&longer, (enum record_tag)tag, buf,
		           tag == TAG_NAME ? n : (uint16_t)(n + 8));
	}
	record_seal(&longer);
	assert_true(record_is_good(&longer, t0));
	assert_true(stored_path_read(&longer, t0, &got));
	assert_same_status(&got.status, &p.status);
	assert_memory_equal(&got.latency, &p.latency, sizeof(p.latency));
	assert_memory_equal(&got.marks, &some_marks, sizeof(some_marks));
	device_unref(d);
}

/* An earlier version had neither marks, counters nor latencies. */
static void what_is_shorter_is_read(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct stored_path got;
	struct record r;

	(void)state;
	write_path(&r, &p, &some_marks);
	/* The sections are in the order of their tags. */
	for (size_t at = 0; at < r.head.bytes;) {
		uint16_t head[2];

		memcpy(head, r.sections + at, sizeof(head));
		if (head[0] == TAG_COUNTERS)
			r.head.bytes = (uint16_t)at;
		at += sizeof(head) + head[1];
	}
	record_seal(&r);
	assert_true(record_is_good(&r, t0));
	assert_true(stored_path_read(&r, t0, &got));
	assert_same_status(&got.status, &p.status);
	assert_int_equal(got.counters.checks, 0);
	assert_int_equal(got.latency.samples, 0);
	assert_int_equal(got.marks.disabled_until.us, 0);
	assert_int_equal(got.marks.forced, 0);
	device_unref(d);
}

static void a_time_to_come_is_not_believed(void **state)
{
	struct device *d = device_of(&usual);
	struct path p = path_of(d);
	struct stored_path got;
	struct record r;

	(void)state;
	write_path(&r, &p, &some_marks);
	assert_false(record_is_good(&r, (struct mono){ t0.us - 1 }));
	p.status.since.us = t0.us + 1;
	write_path(&r, &p, &some_marks);
	assert_false(stored_path_read(&r, t0, &got));
	p.status.since.us = t0.us;
	p.good.us = t0.us + 1;
	write_path(&r, &p, &some_marks);
	assert_false(stored_path_read(&r, t0, &got));
	device_unref(d);
}

static void a_map_comes_back(void **state)
{
	const struct stored_map m = { .loss = 0x12345678,
		                      .reported_any = true,
		                      .reported = REDUNDANCY_LAST,
		                      .expected = 1024 };
	const struct stored_map wrong = { .expected = 1025 };
	char uuid[MAP_UUID_MAX], name[MAP_UUID_MAX];
	struct stored_map got;
	struct record r;

	(void)state;
	memset(uuid, 'u', sizeof(uuid) - 1);
	uuid[sizeof(uuid) - 1] = '\0';
	stored_map_write(&r, uuid, &m, t0);
	record_seal(&r);
	assert_true(record_is_good(&r, t0));
	assert_true(stored_map_name(&r, name));
	assert_string_equal(name, uuid);
	assert_true(stored_map_read(&r, &got));
	assert_true(got.reported_any);
	assert_int_equal(got.reported, REDUNDANCY_LAST);
	assert_int_equal(got.expected, 1024);
	assert_int_equal(got.loss, 0x12345678);
	stored_map_write(&r, uuid, &wrong, t0);
	record_seal(&r);
	assert_false(stored_map_read(&r, &got));
	assert_false(stored_path_name(&r, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(a_timeout_comes_back),
		cmocka_unit_test(the_longest_name_fits),
		cmocka_unit_test(only_the_same_disk_is_the_same),
		cmocka_unit_test(each_flipped_byte_is_found),
		cmocka_unit_test(every_value_is_in_its_range),
		cmocka_unit_test(what_is_longer_is_read),
		cmocka_unit_test(what_is_shorter_is_read),
		cmocka_unit_test(a_time_to_come_is_not_believed),
		cmocka_unit_test(a_map_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
