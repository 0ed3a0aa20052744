/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SCSI commands that wait for a rescuer to write them: one runner an HBA, another one while it sleeps
 * in a write; whole checks by TEST UNIT READY, which the submitter writes while the HBA is not slow.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/fake-scsi-device.h"
#include "tests/unit/prober/prober-bed.h"
#include "util/thread.h"

#define WATCHDOG_SEC 600 /* a prober that never stops ends the test */
#define SLOTS        8
#define RESCUERS     16 /* a quarter of them may be of one HBA */

/* --- the queues alone --- */

static struct limits limits;
static struct jobs jobs;
static struct runners runners;
static struct slot slots[SLOTS];

static void queues_begin(void)
{
	memset(&jobs, 0, sizeof(jobs));
	memset(&runners, 0, sizeof(runners));
	memset(slots, 0, sizeof(slots));
	jobs_init(&jobs, &limits, NULL);
	runners_init(&runners, &jobs);
	assert_int_equal(runners_reserve(&runners), 0);
}

static void queues_end(void)
{
	runners_deinit(&runners);
	jobs_deinit(&jobs);
}

/* Slots first, first + 1, … of that HBA. */
static void add(unsigned first, unsigned n, uint16_t host)
{
	struct slot_list list;

	slot_list_init(&list);
	for (unsigned i = first; i < first + n; i++) {
		slots[i].host = host;
		slot_list_append(&list, &slots[i]);
	}
	runners_add(&runners, &list);
}

static void help(void)
{
	atomic_store(&runners.wait, true);
	runners_help(&runners);
	assert_false(atomic_load(&runners.wait));
}

/* The first command of the next runner that starts; NULL: none does. */
static struct slot *started(void)
{
	struct job *job = jobs.head[CLASS_READ];

	if (job == NULL)
		return NULL;
	jobs.head[CLASS_READ] = job->next;
	if (job->next == NULL)
		jobs.tail[CLASS_READ] = &jobs.head[CLASS_READ];
	assert_int_equal(job->kind, JOB_SUBMIT);
	assert_false(job->cancelled);
	return jobs_slot(job);
}

static void one_runner_takes_all_in_order(void **state)
{
	(void)state; /* no fixture */
	queues_begin();
	add(0, 3, 5);
	assert_ptr_equal(started(), &slots[0]);
	assert_null(started());
	add(3, 2, 5); /* while it runs */
	assert_null(started());
	for (unsigned i = 1; i < 5; i++) {
		assert_ptr_equal(runners_next(&runners, 5, false), &slots[i]);
		assert_null(slots[i].next); /* it is in no list */
	}
	assert_null(runners_next(&runners, 5, false)); /* it ends */
	add(5, 1, 5);
	assert_ptr_equal(started(), &slots[5]);
	assert_null(started());
	assert_null(runners_next(&runners, 5, false));
	queues_end();
}

/* A slot that is used again is no longer linked to those that were behind it. */
static void a_command_again(void **state)
{
	(void)state; /* no fixture */
	queues_begin();
	add(0, 4, 5);
	assert_ptr_equal(started(), &slots[0]);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[1]);
	add(1, 1, 5);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[2]);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[3]);
	add(0, 1, 5);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[1]);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[0]);
	assert_null(runners_next(&runners, 5, false));
	queues_end();
}

static void hosts_have_their_own(void **state)
{
	static const uint16_t hosts[] = { 0, 7, PATHCHECK_HOSTS_MAX - 1 };

	(void)state; /* no fixture */
	queues_begin();
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++)
		add(2 * i, 2, hosts[i]);
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++)
		assert_ptr_equal(started(), &slots[2 * i]);
	assert_null(started());
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_ptr_equal(runners_next(&runners, hosts[i], false),
		                 &slots[2 * i + 1]);
		assert_null(runners_next(&runners, hosts[i], false));
	}
	queues_end();
}

/* Several HBAs in one list: each keeps its order. */
static void a_list_of_many_hosts(void **state)
{
	struct slot_list list;

	(void)state; /* no fixture */
	queues_begin();
	slot_list_init(&list);
	for (unsigned i = 0; i < 6; i++) {
		slots[i].host = (uint16_t)(1 + i % 2);
		slot_list_append(&list, &slots[i]);
	}
	runners_add(&runners, &list);
	assert_true(slot_list_empty(&list));
	assert_ptr_equal(started(), &slots[0]);
	assert_ptr_equal(started(), &slots[1]);
	assert_null(started());
	for (unsigned i = 2; i < 6; i++)
		assert_ptr_equal(runners_next(&runners, 1 + i % 2, false), &slots[i]);
	assert_null(runners_next(&runners, 1, false));
	assert_null(runners_next(&runners, 2, false));
	queues_end();
}

static void another_one_helps(void **state)
{
	(void)state; /* no fixture */
	queues_begin();
	add(0, 5, 5);
	add(5, 1, 6);
	assert_ptr_equal(started(), &slots[0]);
	assert_ptr_equal(started(), &slots[5]);
	runners_help(&runners); /* nobody has asked for it */
	assert_null(started());
	help();
	assert_ptr_equal(started(), &slots[1]);
	assert_null(started()); /* not where nothing waits */
	static_assert(RUNNERS_HOST == 2, "what follows counts on it");
	help();
	assert_null(started());
	/* One of them ends, and another one may start. */
	for (unsigned i = 2; i < 5; i++)
		assert_ptr_equal(runners_next(&runners, 5, false), &slots[i]);
	assert_null(runners_next(&runners, 5, false));
	add(6, 1, 5);
	assert_null(started());
	help();
	assert_ptr_equal(started(), &slots[6]);
	assert_null(runners_next(&runners, 5, false));
	assert_null(runners_next(&runners, 5, false));
	assert_null(runners_next(&runners, 6, false));
	queues_end();
}

/* Both runners have to end, and no write of either may have slept. */
static void slow_until_no_write_sleeps(void **state)
{
	(void)state; /* no fixture */
	queues_begin();
	assert_false(runners_is_slow(&runners, 5));
	runners_note_slow(&runners, 5);
	add(0, 3, 5);
	assert_ptr_equal(started(), &slots[0]);
	help();
	assert_ptr_equal(started(), &slots[1]);
	assert_ptr_equal(runners_next(&runners, 5, false), &slots[2]);
	assert_null(runners_next(&runners, 5, false));
	assert_true(runners_is_slow(&runners, 5)); /* the other one still writes */
	assert_null(runners_next(&runners, 5, true));
	assert_true(runners_is_slow(&runners, 5));
	add(0, 2, 5);
	assert_ptr_equal(started(), &slots[0]);
	assert_ptr_equal(runners_next(&runners, 5, true), &slots[1]);
	assert_null(runners_next(&runners, 5, false)); /* its first write slept */
	assert_true(runners_is_slow(&runners, 5));
	add(0, 1, 5);
	assert_ptr_equal(started(), &slots[0]);
	assert_true(runners_is_slow(&runners, 5));
	assert_null(runners_next(&runners, 5, false));
	assert_false(runners_is_slow(&runners, 5));
	assert_false(runners_is_slow(&runners, 6));
	queues_end();
}

/* --- whole checks --- */

static struct bed bed;
static struct bed *const b = &bed;
static const struct scsi_answer unit_attention = { .status = SCSI_CHECK_CONDITION,
	                                           .sense = { true, 0x06, 0x29, 0x00 } };

static const char *name_of(const char *file)
{
	static char name[FILE_NAME_MAX];

	files_name(name, file);
	return name;
}

static void begin(void)
{
	struct pathcheck_options o = bed_options(64);

	o.rescuers = RESCUERS;
	bed_start(b, &o);
	scsi_reset();
	bed_pulse_begin_file(b, "pulse");
}

static void add_path(uint32_t id, const char *file, uint32_t host)
{
	b->checker[id] = PATHCHECK_TUR;
	bed_add_file(b, id, file, host);
}

/* Once more than before: on a machine with other load it may have been so early. */
static void until_deferred(uint32_t id, unsigned before)
{
	bed_until(b, &b->of[id].deferred, before + 1);
}

/* Open, so that its next command is written at once. */
static void add_open(uint32_t id, const char *file, uint32_t host)
{
	add_path(id, file, host);
	bed_check(b, id, LONG_US);
	bed_final(b, id, 1);
	assert_int_equal(b->of[id].ok, 1);
	assert_int_equal(b->of[id].last.engine, PATHCHECK_ENGINE_SG);
	assert_int_equal(b->of[id].last.request, PATHCHECK_REQUEST_TEST_UNIT);
}

/* Stops it. Every slot and descriptor is given back. */
static void end(unsigned descriptors)
{
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 0);
	for (uint32_t i = 0; i < b->shared.header->limits.groups; i++)
		group_assert(&b->prober.groups[i]);
	bed_stop(b);
	assert_int_equal(files_open(), descriptors);
}

static void many_paths(void **state)
{
	enum { PATHS = 40, ROUNDS = 20 };
	unsigned descriptors = files_open(), before;

	(void)state; /* no fixture */
	begin();
	for (uint32_t id = 0; id < PATHS; id++)
		add_open(id, "file", id % 4);
	before = scsi_sent(name_of("file"));
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (uint32_t id = 0; id < PATHS; id++)
			bed_check(b, id, LONG_US);
		for (uint32_t id = 0; id < PATHS; id++)
			bed_final(b, id, 2 + round);
	}
	assert_int_equal(b->all.ok, PATHS * (ROUNDS + 1));
	assert_int_equal(b->all.final, PATHS * (ROUNDS + 1));
	assert_int_equal(scsi_sent(name_of("file")) - before, PATHS * ROUNDS);
	end(descriptors);
}

/* No reaper is needed for them, but one answer is bad, and one is to come. */
static void answers_at_once(void **state)
{
	static const struct scsi_answer aborted = { .host = 0x05 };
	enum { PATHS = 40, ROUNDS = 20 };
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	for (uint32_t id = 0; id < PATHS; id++)
		add_open(id, id == 7 ? "hung" : id == 9 ? "bad" : "file", id % 4);
	fake_commands_at_once();
	for (unsigned round = 0; round < ROUNDS; round++) {
		bed_hold_file("hung");
		scsi_says(name_of("bad"), &aborted, 1);
		for (uint32_t id = 0; id < PATHS; id++)
			bed_check(b, id, LONG_US);
		for (uint32_t id = 0; id < PATHS; id++)
			if (id != 7)
				bed_final(b, id, 2 + round);
		assert_int_equal(b->of[9].last.verdict, PATHCHECK_FAILED);
		assert_int_equal(b->of[8].last.verdict, PATHCHECK_OK);
		assert_int_equal(b->of[8].last.engine, PATHCHECK_ENGINE_SG);
		assert_int_equal(b->of[7].final, 1 + round);
		fake_release_all();
		bed_final(b, 7, 2 + round);
	}
	assert_int_equal(b->all.final, PATHS * (ROUNDS + 1));
	assert_int_equal(b->all.ok, PATHS * (ROUNDS + 1) - ROUNDS);
	end(descriptors);
}

/* As many answers as are reported at once, and then one that is to come. */
static void a_full_batch_of_answers(void **state)
{
	enum { PATHS = RESULT_BATCH };
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	for (uint32_t id = 0; id < PATHS; id++)
		add_open(id, "file", 1);
	add_open(PATHS, "hung", 2);
	fake_commands_at_once();
	bed_hold_file("hung");
	for (uint32_t id = 0; id <= PATHS; id++)
		bed_check(b, id, LONG_US);
	for (uint32_t id = 0; id < PATHS; id++)
		bed_final(b, id, 2);
	assert_int_equal(b->of[PATHS].final, 1);
	fake_release_all();
	bed_final(b, PATHS, 2);
	end(descriptors);
}

/* The same check sends again, and reports once. */
static void a_unit_attention(void **state)
{
	unsigned descriptors = files_open(), before;

	(void)state; /* no fixture */
	begin();
	add_open(1, "file", 1);
	before = scsi_sent(name_of("file"));
	scsi_says(name_of("file"), &unit_attention, 2);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].ok, 2);
	assert_int_equal(b->all.final, 2);
	assert_int_equal(scsi_sent(name_of("file")) - before, 3);
	end(descriptors);
}

/* The answers share the time of the check: the last one does not come. */
static void no_answer_after_a_unit_attention(void **state)
{
	unsigned descriptors = files_open(), before;

	(void)state; /* no fixture */
	begin();
	add_open(1, "hung", 1);
	before = scsi_sent(name_of("hung"));
	/* More than are tried again: the check fails with it. */
	scsi_says(name_of("hung"), &unit_attention, 100);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].ok, 1);
	assert_true(scsi_sent(name_of("hung")) - before <= CHECKER_SENDS_MAX);
	bed_hold_file("hung");
	bed_check(b, 1, USEC_PER_MSEC);
	bed_until(b, &b->of[1].timed_out, 1);
	scsi_says(name_of("hung"), &unit_attention, 2);
	fake_release_all();
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].last.late, 1);
	assert_int_equal(b->of[1].timed_out, 1);
	end(descriptors);
}

/* Rescuers send its commands by SG_IO; no runner does. */
static void a_device_without_a_node(void **state)
{
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	scsi_is_slow(name_of("file"));
	add_path(1, "file", 1);
	for (unsigned n = 1; n < 4; n++) {
		bed_check(b, 1, LONG_US);
		bed_final(b, 1, n);
		assert_int_equal(b->of[1].ok, n);
		assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_SYNC);
	}
	end(descriptors);
}

/* --- a write that sleeps --- */

/* On a machine with other load a write so far may have seemed slow. */
static void stick_file(const char *file)
{
	for (uint32_t host = 0; host < PATHCHECK_HOSTS_MAX; host++)
		atomic_store(&b->prober.runners.hosts[host].slow, false);
	fake_stick(name_of(file));
}

static bool is_slow(uint32_t host)
{
	return runners_is_slow(&b->prober.runners, host);
}

/*
 * The submitter sleeps in a write. The command itself counts as deferred and never as timed out. A
 * runner writes those behind it, and other HBAs do not notice.
 */
static void a_write_that_sleeps(void **state)
{
	unsigned descriptors = files_open(), before;

	(void)state; /* no fixture */
	bed_defer_after_us = 20 * USEC_PER_MSEC;
	begin();
	bed_defer_after_us = LONG_US;
	add_open(1, "hung", 1);
	add_open(2, "file", 1);
	add_open(3, "file", 1);
	add_open(4, "held", 2);
	stick_file("hung");
	before = b->of[1].deferred;
	bed_check(b, 1, USEC_PER_MSEC);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	bed_check(b, 2, LONG_US);
	bed_check(b, 3, LONG_US);
	bed_check(b, 4, LONG_US);
	bed_final(b, 4, 2);
	assert_int_equal(b->of[4].ok, 2);
	bed_final(b, 2, 2);
	bed_final(b, 3, 2);
	assert_int_equal(b->of[2].ok + b->of[3].ok, 4);
	until_deferred(1, before);
	for (unsigned i = 0; i < 20; i++)
		assert_true(bed_pulse(b));
	assert_int_equal(b->of[1].final, 1);
	fake_release_all();
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].ok, 2);
	assert_int_equal(b->all.timed_out, 0);
	assert_int_equal(b->all.late, 0);
	end(descriptors);
}

/* The submitter sleeps in a write, and has results in hand: who takes its place tells them. */
static void results_of_a_stuck_submitter(void **state)
{
	enum { PATHS = 10 };
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	for (uint32_t id = 0; id < PATHS; id++)
		add_open(id, "file", 1);
	add_open(PATHS, "hung", 2);
	fake_commands_at_once();
	stick_file("hung");
	for (uint32_t id = 0; id <= PATHS; id++)
		bed_check(b, id, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	for (uint32_t id = 0; id < PATHS; id++)
		bed_final(b, id, 2);
	for (uint32_t id = 0; id < PATHS; id++)
		bed_check(b, id, LONG_US);
	for (uint32_t id = 0; id < PATHS; id++)
		bed_final(b, id, 3);
	assert_int_equal(b->of[PATHS].final, 1);
	fake_release_all();
	bed_final(b, PATHS, 2);
	assert_int_equal(b->all.ok, b->all.final);
	end(descriptors);
}

/* Runners write until none of their writes has slept; then the submitter does again. */
static void a_slow_hba(void **state)
{
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	add_open(1, "hung", 1);
	add_open(2, "hung", 1);
	add_open(3, "file", 1);
	stick_file("hung");
	assert_false(is_slow(1));
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	BED_UNTIL(b, is_slow(1));
	bed_check(b, 2, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(2)); /* a runner */
	assert_int_equal(poll(NULL, 0, 2 * WRITE_SLOW_US / USEC_PER_MSEC), 0);
	fake_release_all();
	bed_final(b, 1, 2);
	bed_final(b, 2, 2);
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	assert_true(is_slow(1)); /* its last runner has slept */
	/* On a machine with other load a write may take long. */
	for (unsigned n = 2; is_slow(1); n++) {
		bed_check(b, 3, LONG_US);
		bed_final(b, 3, n);
	}
	end(descriptors);
}

/* Half of the submitters that may be stuck are left to reads: runners write. */
static void many_hbas_are_slow(void **state)
{
	enum { HBAS = SUBMITTERS_STUCK_MAX };
	unsigned descriptors = files_open();
	_Atomic uint32_t *stuck;

	(void)state; /* no fixture */
	begin();
	stuck = &b->shared.header->submitters_stuck;
	assert_int_equal(b->shared.header->limits.submitters_stuck, SUBMITTERS_STUCK_MAX);
	for (uint32_t host = 1; host <= HBAS; host++)
		add_open(host, "hung", host);
	add_open(20, "file", HBAS + 1);
	stick_file("hung");
	for (uint32_t host = 1; host <= HBAS; host++) {
		bed_check(b, host, LONG_US);
		bed_flush(b);
		assert_true(fake_wait_stuck(host));
		assert_true(bed_pulse(b));
	}
	assert_int_equal(atomic_load(stuck), SUBMITTERS_STUCK_MAX / 2);
	bed_check(b, 20, LONG_US);
	bed_final(b, 20, 2);
	assert_int_equal(b->of[20].ok, 2);
	fake_release_all();
	for (uint32_t host = 1; host <= HBAS; host++)
		bed_final(b, host, 2);
	assert_int_equal(b->all.ok, b->all.final);
	end(descriptors);
	assert_int_equal(b->all.timed_out, 0);
}

/* The submitter and both runners sleep: no third one, so rescuers are left for all others. */
static void all_runners_of_an_hba_sleep(void **state)
{
	enum { FIRST = 10, WAITING = 3, SLEEP = 1 + RUNNERS_HOST };
	unsigned descriptors = files_open(), before[WAITING];

	(void)state; /* no fixture */
	bed_defer_after_us = 5 * USEC_PER_MSEC;
	begin();
	bed_defer_after_us = LONG_US;
	for (uint32_t id = 0; id < SLEEP; id++)
		add_open(id, "hung", 1);
	add_open(SLEEP, "held", 2);
	for (uint32_t id = FIRST; id < FIRST + WAITING; id++)
		add_open(id, "file", 1);
	stick_file("hung");
	for (uint32_t id = 0; id < SLEEP; id++)
		bed_check(b, id, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(SLEEP));
	for (uint32_t id = FIRST; id < FIRST + WAITING; id++) {
		before[id - FIRST] = b->of[id].deferred;
		bed_check(b, id, LONG_US);
	}
	for (uint32_t id = FIRST; id < FIRST + WAITING; id++)
		until_deferred(id, before[id - FIRST]);
	for (unsigned i = 0; i < 20; i++) {
		bed_check(b, SLEEP, LONG_US);
		bed_final(b, SLEEP, 2 + i);
		assert_true(bed_pulse(b));
	}
	assert_int_equal(b->of[SLEEP].ok, 21);
	for (uint32_t id = FIRST; id < FIRST + WAITING; id++)
		assert_int_equal(b->of[id].final, 1);
	fake_release_all();
	for (uint32_t id = FIRST; id < FIRST + WAITING; id++)
		bed_final(b, id, 2);
	for (uint32_t id = 0; id < SLEEP; id++)
		bed_final(b, id, 2);
	assert_int_equal(b->all.ok, b->all.final);
	assert_int_equal(b->all.timed_out, 0);
	end(descriptors);
}

/*
 * Paths that are removed: one whose write sleeps in the submitter, one whose write sleeps in a runner,
 * and one whose command waits behind it, which is never written.
 */
static void removal_meanwhile(void **state)
{
	unsigned descriptors = files_open(), sent;

	(void)state; /* no fixture */
	begin();
	add_open(1, "hung", 1);
	add_open(2, "file", 1);
	add_open(3, "held", 1);
	add_open(4, "hung", 1);
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_check(b, 4, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(2));
	sent = scsi_sent(name_of("file"));
	bed_check(b, 2, LONG_US);
	bed_check(b, 3, LONG_US);
	bed_flush(b);
	assert_true(bed_pulse(b));
	bed_remove(b, 1);
	bed_remove(b, 4);
	bed_remove(b, 2);
	bed_until(b, &b->of[1].released, 1);
	bed_until(b, &b->of[4].released, 1);
	bed_until(b, &b->of[2].released, 1);
	/* Their ids are used again while their slots are not free. */
	add_path(1, "held", 1);
	fake_release_all();
	bed_final(b, 3, 2);
	assert_int_equal(b->of[3].ok, 2);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	assert_int_equal(scsi_sent(name_of("file")), sent);
	end(descriptors);
}

/* The kernel refuses a command: that is its answer. */
static void a_write_that_is_refused(void **state)
{
	unsigned descriptors = files_open();

	(void)state; /* no fixture */
	begin();
	add_open(1, "file", 1);
	fake_submit_says(-ENXIO);
	bed_check(b, 1, LONG_US);
	bed_until(b, &b->of[1].failed, 1);
	assert_int_equal(b->of[1].last.error, ENXIO);
	fake_submit_says(0);
	bed_check(b, 1, LONG_US);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].ok, 2);
	end(descriptors);
}

static void *stop(void *arg)
{
	struct bed *which = arg;

	prober_stop(&which->prober);
	return NULL;
}

/* The submitter's write sleeps and commands wait: the end waits for the write alone. */
static void a_stop_meanwhile(void **state)
{
	unsigned descriptors = files_open();
	pthread_t stopper;

	(void)state; /* no fixture */
	begin();
	add_open(1, "hung", 1);
	add_open(2, "file", 1);
	stick_file("hung");
	bed_check(b, 1, LONG_US);
	bed_flush(b);
	assert_true(fake_wait_stuck(1));
	bed_check(b, 2, LONG_US);
	bed_flush(b);
	assert_true(bed_pulse(b));
	assert_int_equal(thread_start(&stopper, "stopper", 0, stop, b), 0);
	fake_release_all();
	assert_int_equal(pthread_join(stopper, NULL), 0);
	bed_stopped(b);
	assert_int_equal(files_open(), descriptors);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_runner_takes_all_in_order),
		cmocka_unit_test(a_command_again),
		cmocka_unit_test(hosts_have_their_own),
		cmocka_unit_test(a_list_of_many_hosts),
		cmocka_unit_test(another_one_helps),
		cmocka_unit_test(slow_until_no_write_sleeps),
		cmocka_unit_test(many_paths),
		cmocka_unit_test(answers_at_once),
		cmocka_unit_test(a_full_batch_of_answers),
		cmocka_unit_test(a_unit_attention),
		cmocka_unit_test(no_answer_after_a_unit_attention),
		cmocka_unit_test(a_device_without_a_node),
		cmocka_unit_test(a_write_that_sleeps),
		cmocka_unit_test(results_of_a_stuck_submitter),
		cmocka_unit_test(a_slow_hba),
		cmocka_unit_test(many_hbas_are_slow),
		cmocka_unit_test(all_runners_of_an_hba_sleep),
		cmocka_unit_test(removal_meanwhile),
		cmocka_unit_test(a_write_that_is_refused),
		cmocka_unit_test(a_stop_meanwhile),
	};
	int r;

	(void)alarm(WATCHDOG_SEC);
	files_begin();
	files_make("file", 8192);
	files_make("hung", 8192);
	files_make("held", 8192);
	files_make("bad", 8192);
	files_make("pulse", 8192);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	files_end();
	return r;
}
