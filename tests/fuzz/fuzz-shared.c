/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The caller's side of the region that it shares with a prober that misbehaves. The input is a
 * list of the caller's actions and of the prober's writes: any value to any place within its
 * reach. The caller must stay within its own memory. Every result must belong to a request, and
 * come no more often than allowed. The next prober must find all requests.
 *
 * A function plays the prober: no process is started.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libcheck/region/device_names.h"
#include "libcheck/process.h"
#include "tests/fuzz/fuzz.h"

#define PATHS    4
#define IDS      (PATHS + SPARE_IDS_MIN)
#define STEPS    256
#define CHECK_US (5 * USEC_PER_SEC)

int __wrap_process_start(struct process *ret, const char *program, int program_fd,
                         const struct shared *s);
bool __wrap_process_ended(const struct process *p);
bool __wrap_process_dying(const struct process *p);
void __wrap_process_kill(struct process *p);
bool __wrap_process_collect(struct process *p);
void __wrap_process_collect_by(struct process *p, struct mono limit);

/* What the caller knows of an id. */
struct known {
	bool used, outstanding, deferred, timed_out;
	uint64_t cookie;
	char name[PATHCHECK_DEVICE_MAX];
};

static struct pathcheck *pc;
static struct known ids[IDS];
static uint64_t next_cookie;
static struct shared prober; /* the prober's mapping */
static bool ended;

/* --- the prober as a process --- */

int __wrap_process_start(struct process *ret, const char *program, int program_fd,
                         const struct shared *s)
{
	(void)program;
	(void)program_fd;
	prober = *s;
	ended = false;
	*ret = (struct process){ 1, eventfd(0, EFD_CLOEXEC), -1 };
	return 0;
}

bool __wrap_process_ended(const struct process *p)
{
	return p->pidfd >= 0 && ended;
}

bool __wrap_process_dying(const struct process *p)
{
	return __wrap_process_ended(p);
}

void __wrap_process_kill(struct process *p)
{
	(void)p;
}

bool __wrap_process_collect(struct process *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	*p = (struct process)PROCESS_NULL;
	return true;
}

void __wrap_process_collect_by(struct process *p, struct mono limit)
{
	(void)limit;
	(void)__wrap_process_collect(p);
}

/* --- what it writes --- */

static void write_anything(struct fuzz_input *in)
{
	unsigned char *region = (unsigned char *)prober.header;
	unsigned char *const parts[] = {
		region,
		region + offsetof(struct shared_header, bytes),
		region + offsetof(struct shared_header, deferred_now),
		(unsigned char *)prober.commands,
		(unsigned char *)prober.results,
		(unsigned char *)prober.results + sizeof(*prober.results),
		(unsigned char *)prober.groups,
		(unsigned char *)prober.rescuer_busy_us,
		(unsigned char *)prober.opened,
	};
	unsigned char *at = parts[fuzz_byte(in) % ARRAY_LEN(parts)] + fuzz_number(in, 2);

	for (size_t n = fuzz_byte(in) % 65; n > 0; n--, at++)
		if (at < region + prober.bytes)
			*at = fuzz_byte(in);
}

/* Makes a result with a valid layout and arbitrary content. */
static void write_result(struct fuzz_input *in)
{
	uint8_t flags = fuzz_byte(in);
	const struct wire_result w = {
		.id = (uint32_t)fuzz_number(in, 1),
		.generation = (uint32_t)fuzz_number(in, 1),
		.verdict = fuzz_byte(in) & 15,
		.stage = fuzz_byte(in) & 1,
		.engine = fuzz_byte(in) & 3,
		.request = flags >> 5 & 7,
		.said = flags >> 3 & 31,
		.late = flags & 1,
		.opened = flags >> 1 & 1,
		.has_sense = flags >> 2 & 1,
		.sense_key = flags >> 3 & 15,
		.sense_code = flags >> 4,
		.error = (int16_t)fuzz_number(in, 2),
		.group = (uint8_t)fuzz_number(in, 2),
		.started_us = (int64_t)fuzz_number(in, 8),
		.finished_us = (int64_t)fuzz_number(in, 8),
	};
	uint32_t tail = atomic_load(&prober.results->tail), end = IDS * RESULTS_PER_ID;

	if (tail >= 2 * end)
		return;
	memcpy(prober.results->data + (tail % end) * sizeof(w), &w, sizeof(w));
	atomic_store(&prober.results->tail, (tail + 1) % (2 * end));
}

static void take_commands(struct fuzz_input *in)
{
	uint32_t head = atomic_load(&prober.commands->head), end = IDS * COMMANDS_PER_ID;

	atomic_store(&prober.commands->head, (head + fuzz_byte(in)) % (2 * end));
}

/* --- what the caller does --- */

static void add(struct fuzz_input *in)
{
	struct known k = { .used = true, .cookie = ++next_cookie };
	struct pathcheck_path p = { .size = sizeof(p),
		                    .device = k.name,
		                    .cookie = k.cookie };
	size_t length = 1 + fuzz_byte(in) % (PATHCHECK_DEVICE_MAX - 2);
	uint32_t id = PATHCHECK_NO_ID;
	int r;

	memset(k.name, '/', length);
	r = pathcheck_add(pc, &p, &id);
	REQUIRE(r == 0 || r == -ENOSPC || r == -EAGAIN, "%d", r);
	if (r < 0)
		return;
	REQUIRE(id < IDS && !ids[id].used, "id %u", id);
	ids[id] = k;
}

static void drop(struct fuzz_input *in)
{
	uint32_t id = fuzz_byte(in);
	int r = pathcheck_remove(pc, id);

	REQUIRE(r == (id < IDS && ids[id].used ? 0 : -ENOENT) || r == -EAGAIN, "%d", r);
	if (r == 0)
		ids[id].used = false;
}

static void check(struct fuzz_input *in)
{
	uint32_t id = fuzz_byte(in);
	int r = id % 2 == 0 ? pathcheck_check(pc, id, CHECK_US)
	                    : pathcheck_identify(pc, id, CHECK_US);

	if (id >= IDS || !ids[id].used) {
		REQUIRE(r == -ENOENT, "%d", r);
		return;
	}
	REQUIRE(r == -EAGAIN || r == (ids[id].outstanding ? -EBUSY : 0), "%d", r);
	if (r == 0) {
		ids[id].outstanding = true;
		ids[id].deferred = ids[id].timed_out = false;
	}
}

static void look_at_opened(uint32_t id)
{
	struct pathcheck_opened o = { .size = sizeof(o) };
	int r = pathcheck_opened(pc, id, &o);

	REQUIRE(r == 0 || r == -ENODATA, "%d", r);
	if (r < 0)
		return;
	REQUIRE(o.devt_major < 4096 && o.devt_minor < 1U << 20, "%u:%u", o.devt_major,
	        o.devt_minor);
	REQUIRE(o.wwid_state <= PATHCHECK_WWID_UNREADABLE, "%d", (int)o.wwid_state);
	REQUIRE(o.wwid == 0 || o.wwid_state == PATHCHECK_WWID_READ, "a WWID");
}

static void look_at_result(const struct pathcheck_result *r)
{
	struct known *k = &ids[r->id];

	REQUIRE(r->id < IDS && k->used && r->cookie == k->cookie, "of id %u", r->id);
	REQUIRE(k->outstanding, "%u was not asked", r->id);
	REQUIRE(r->stage <= PATHCHECK_STAGE_READ, "stage %d", (int)r->stage);
	REQUIRE(r->engine <= PATHCHECK_ENGINE_SG, "engine %d", (int)r->engine);
	REQUIRE(r->error >= 0 && r->error < 4096, "error %d", r->error);
	REQUIRE(r->late <= 1, "late %u", r->late);
	REQUIRE(r->opened <= 1, "opened %u", r->opened);
	look_at_opened(r->id);
	REQUIRE(r->group < PATHS / PATHCHECK_GROUP_SLOTS + 3, "group %u", r->group);
	REQUIRE(r->started_us >= 0 && r->finished_us >= r->started_us &&
	                r->finished_us <= mono_now().us,
	        "from %ld to %ld", (long)r->started_us, (long)r->finished_us);
	switch (r->verdict) {
	case PATHCHECK_OK:
	case PATHCHECK_FAILED:
	case PATHCHECK_DEVICE_ERROR:
	case PATHCHECK_DISCONNECTED:
	case PATHCHECK_NOT_JUDGED:
	case PATHCHECK_GHOST:
	case PATHCHECK_PENDING:
		REQUIRE((r->late != 0) == k->timed_out, "late %u", r->late);
		REQUIRE((r->error != 0) == (r->verdict != PATHCHECK_OK &&
		                            r->verdict != PATHCHECK_GHOST &&
		                            r->verdict != PATHCHECK_PENDING),
		        "error %d", r->error);
		k->outstanding = false;
		break;
	case PATHCHECK_TIMED_OUT:
		REQUIRE(!k->timed_out, "twice");
		k->timed_out = true;
		break;
	case PATHCHECK_DEFERRED:
		REQUIRE(!k->deferred && !k->timed_out, "twice, or too late");
		k->deferred = true;
		break;
	default:
		REQUIRE(false, "verdict %d", (int)r->verdict);
	}
}

static void take_results(struct fuzz_input *in)
{
	struct pathcheck_result results[16];
	int n = pathcheck_results(pc, results, 1 + fuzz_byte(in) % ARRAY_LEN(results));

	for (int i = 0; i < n; i++)
		look_at_result(&results[i]);
}

/* Takes the prober's commands as a correct prober does. */
static void look_at_new_prober(void)
{
	bool added[IDS] = { false }, asked[IDS] = { false };
	struct ring_consumer commands;
	struct command c;

	ring_consumer_init(&commands, prober.commands);
	while (ring_pop(&commands, &c)) {
		REQUIRE(c.id < IDS && ids[c.id].used, "command for id %u", c.id);
		REQUIRE(c.op == COMMAND_ADD || c.op == COMMAND_CHECK, "command %u", c.op);
		*(c.op == COMMAND_ADD ? &added[c.id] : &asked[c.id]) = true;
	}
	for (uint32_t id = 0; id < IDS; id++) {
		REQUIRE(added[id] == ids[id].used, "id %u", id);
		REQUIRE(asked[id] == (ids[id].used && ids[id].outstanding), "id %u", id);
		REQUIRE(!added[id] || strcmp(names_get(&prober, id), ids[id].name) == 0,
		        "%s", names_get(&prober, id));
		ids[id].deferred = ids[id].timed_out = false;
	}
}

static void tend(void)
{
	int r = pathcheck_tend(pc);

	REQUIRE(r == 0 || r == 1 || r == -EINPROGRESS, "%d", r);
	if (r == 1)
		look_at_new_prober();
}

static void look_at_counters(struct fuzz_input *in)
{
	struct pathcheck_stats s = { .size = sizeof(s) };
	struct pathcheck_group g;

	REQUIRE(pathcheck_stats(pc, &s) == 0, "counters");
	REQUIRE(s.rescuers_busy <= s.rescuers && s.rescuers_stuck <= s.rescuers_busy,
	        "rescuers");
	REQUIRE(s.groups <= PATHS / PATHCHECK_GROUP_SLOTS + 3, "%u groups", s.groups);
	REQUIRE(s.io_setup_error >= 0 && s.io_setup_error < 4096, "error %d",
	        s.io_setup_error);
	if (pathcheck_group(pc, fuzz_byte(in) % 4, &g) < 0)
		return;
	REQUIRE(g.kind <= PATHCHECK_GROUP_SG && g.state <= PATHCHECK_GROUP_RECOVERING,
	        "kind %d, state %d", (int)g.kind, (int)g.state);
	REQUIRE(g.setup_error >= 0 && g.setup_error < 4096, "error %d", g.setup_error);
}

/* --- all of it --- */

static void step(struct fuzz_input *in)
{
	switch (fuzz_byte(in) % 12) {
	case 0:
		add(in);
		break;
	case 1:
		drop(in);
		break;
	case 2:
		check(in);
		break;
	case 3:
		pathcheck_flush(pc);
		break;
	case 4:
	case 5:
		take_results(in);
		break;
	case 6:
		tend();
		break;
	case 7:
		look_at_counters(in);
		break;
	case 8:
		write_result(in);
		break;
	case 9:
		take_commands(in);
		break;
	case 10:
		ended = fuzz_byte(in) != 0;
		break;
	default:
		write_anything(in);
		break;
	}
}

void fuzz_begin(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct pathcheck_options o;

	pathcheck_options_init(&o);
	o.max_paths = PATHS;
	o.rescuers = 4;
	REQUIRE(pathcheck_new(&pc, &o) == 0, "it does not start");
	for (unsigned i = 0; i < STEPS && in.size > 0; i++)
		step(&in);
	pc = pathcheck_free(pc);
	memset(ids, 0, sizeof(ids));
}
