/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One path: its state machine and its hold, with every outcome of a check at every time. Links
 * checkerd/paths/holds.c, so that states and holds work together as in the daemon.
 *
 * The clock stands still; a tick makes everything older. A time that is so old that nothing depends
 * on its age any more stays as old as that. Counters stop where the next one decides the same.
 * Judged: each step, each state, and from each state both ways: what works is up again and given
 * back, and what fails goes down.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/core/policy_rules.h"
#include "checkerd/paths/holds.h"
#include "checkerd/paths/outage_holds.h"
#include "tests/whole/whole.h"
#include "util/macro.h"

#define NOW 1000 /* tenths of a second */
/* Rounds after which a path that works has no hold: longer than any sum of times below. */
#define ROUNDS 24
/* Results of checks that a sample has, at most. */
#define SAMPLE_MAX 3

enum running { RUNS_NOT, RUNS, RUNS_LATE };

struct one {
	struct path_status status;
	struct hold hold;
	uint8_t running; /* enum running */
	bool counted;    /* the check that runs late was counted as a failure */
	/* The judge's own: failures since the last success, and the reverse. */
	uint8_t failures, successes;
};

/* What the kernel says of the port while a check fails. */
enum told { PORT_UNKNOWN, PORT_PASSIVE, PORT_CHANGING };

static const struct move {
	const char *name;
	enum outcome_kind kind;
	enum told port;
	int error;
	bool opens; /* the open failed */
	bool known;
	/* It says nothing about the path. */
	bool neutral;
} outcomes[] = {
	{ .name = "a check starts", .kind = OUTCOME_STARTED, .neutral = true },
	{ .name = "the read succeeds", .kind = OUTCOME_OK },
	{ .name = "the read fails", .kind = OUTCOME_FAILED, .error = EIO },
	{ .name = "the read fails, the port is passive",
	  .kind = OUTCOME_FAILED,
	  .port = PORT_PASSIVE,
	  .error = EIO },
	{ .name = "the read fails, the port changes",
	  .kind = OUTCOME_FAILED,
	  .port = PORT_CHANGING,
	  .error = EIO,
	  .neutral = true },
	{ .name = "no device", .kind = OUTCOME_FAILED, .error = ENXIO, .opens = true },
	{ .name = "only the node is missing",
	  .kind = OUTCOME_FAILED,
	  .error = ENOENT,
	  .opens = true,
	  .known = true,
	  .neutral = true },
	{ .name = "the device has an error",
	  .kind = OUTCOME_DEVICE_ERROR,
	  .error = ENODATA },
	{ .name = "no such unit", .kind = OUTCOME_DISCONNECTED },
	{ .name = "a passive port answers", .kind = OUTCOME_PASSIVE },
	{ .name = "an answer that decides nothing",
	  .kind = OUTCOME_PENDING,
	  .neutral = true },
	{ .name = "the check times out", .kind = OUTCOME_TIMED_OUT, .error = ETIMEDOUT },
	{ .name = "the check times out, the port is passive",
	  .kind = OUTCOME_TIMED_OUT,
	  .port = PORT_PASSIVE,
	  .error = ETIMEDOUT },
	{ .name = "the check times out, the port changes",
	  .kind = OUTCOME_TIMED_OUT,
	  .port = PORT_CHANGING,
	  .error = ETIMEDOUT,
	  .neutral = true },
	{ .name = "still no answer", .kind = OUTCOME_SILENT, .error = ETIMEDOUT },
	{ .name = "still no answer, the port is passive",
	  .kind = OUTCOME_SILENT,
	  .port = PORT_PASSIVE,
	  .error = ETIMEDOUT },
	{ .name = "the check waits for a resource",
	  .kind = OUTCOME_DEFERRED,
	  .error = ENOMEM,
	  .neutral = true },
	{ .name = "the host prevents the check",
	  .kind = OUTCOME_NOT_JUDGED,
	  .error = EACCES,
	  .neutral = true },
	{ .name = "the device is removed", .kind = OUTCOME_GONE },
};

enum other {
	TICK = ARRAY_LEN(outcomes),
	MARK_SLOWER,
	MARK_HAND,
	PARDON,
	FAILED_IN_MAP,
	MOVES,
};

static struct {
	struct path_policy policy;
	const struct policy_rule *rule;
	unsigned most; /* the bucket's */
	struct maps *maps;
	struct device *device;
	struct path path;
	struct holds holds;
} w;

/* What the daemon writes and reports is not of interest here. */
void persist_touch(struct persist *ps, uint32_t path)
{
	(void)ps;
	(void)path;
}

void outage_hold(struct events *ev, uint32_t index, const struct path *p,
                 const struct hold *before, struct mono now)
{
	(void)ev;
	(void)index;
	(void)p;
	(void)before;
	(void)now;
}

static struct mono now_of(void)
{
	return hold_time_mono(NOW);
}

static void load(const struct one *o)
{
	enum hold_why why = policy_why(&o->hold);

	w.path.status = o->status;
	w.path.hold = o->hold;
	w.holds = (struct holds){ .maps = w.maps, .held = { 0 } };
	w.holds.held[why] = w.holds.held[HOLD_NONE] = why != HOLD_NONE;
	w.holds.sampled = policy_is_sampled(&o->hold);
}

static void store(struct one *o)
{
	enum hold_why why = policy_why(&w.path.hold);

	o->status = w.path.status;
	o->hold = w.path.hold;
	for (unsigned i = 1; i < HOLD_WHY_COUNT_; i++)
		if (w.holds.held[i] != (why != HOLD_NONE && i == why))
			explore_fail("held paths are miscounted");
	if (w.holds.held[HOLD_NONE] != policy_is_held(&o->hold) ||
	    w.holds.sampled != policy_is_sampled(&o->hold))
		explore_fail("held or sampled paths are miscounted");
}

/* --- one step, and what may follow from it --- */

static bool is_final(enum outcome_kind k)
{
	return k != OUTCOME_STARTED && k != OUTCOME_TIMED_OUT && k != OUTCOME_SILENT &&
	       k != OUTCOME_DEFERRED;
}

static struct outcome outcome_of(const struct one *o, const struct move *m)
{
	struct outcome out = {
		.kind = m->kind,
		.error = m->error,
		.stage = m->opens ? STAGE_OPEN : STAGE_READ,
		.known = m->known,
		.late = o->running == RUNS_LATE && is_final(m->kind),
	};

	if (m->port != PORT_UNKNOWN)
		out.sysfs.access =
		        sysfs_word(SYSFS_ACCESS,
		                   m->port == PORT_PASSIVE ? "standby" : "transitioning");
	return out;
}

/* Can this outcome come now? */
static bool is_possible(const struct one *o, const struct move *m)
{
	/* A sample has few results. */
	if (!m->neutral && policy_is_sampled(&o->hold) && o->hold.until > NOW &&
	    o->hold.succeeded + o->hold.failed >= SAMPLE_MAX)
		return false;
	if (m->kind == OUTCOME_GONE)
		return true;
	if (m->kind == OUTCOME_STARTED)
		return o->running == RUNS_NOT;
	if (m->kind == OUTCOME_TIMED_OUT || m->kind == OUTCOME_DEFERRED)
		return o->running == RUNS;
	if (m->kind == OUTCOME_SILENT)
		return o->running == RUNS_LATE;
	return o->running != RUNS_NOT;
}

static bool is_success(const struct move *m)
{
	return m->kind == OUTCOME_OK || m->kind == OUTCOME_DEVICE_ERROR ||
	       m->kind == OUTCOME_PASSIVE || m->port == PORT_PASSIVE;
}

/*
 * The judge's own count. Each check that fails counts once, and once more at each further due time
 * without an answer. A check that a passive port explains counts when it times out.
 */
static void count(struct one *o, const struct move *m)
{
	bool again = o->running == RUNS_LATE && is_final(m->kind);

	if (m->neutral)
		return;
	if (is_success(m)) {
		if (m->kind == OUTCOME_SILENT ||
		    (again && o->status.excused && m->port == PORT_PASSIVE))
			return;
		o->failures = 0;
		o->successes = (uint8_t)MIN(o->successes + 1, w.policy.recover_checks);
		return;
	}
	o->successes = 0;
	if (!again || !o->counted)
		o->failures = (uint8_t)MIN(o->failures + 1, w.policy.fail_checks);
	o->counted = !is_final(m->kind);
}

static bool is_proof_of_absence(const struct move *m)
{
	return m->kind == OUTCOME_GONE || m->kind == OUTCOME_DISCONNECTED ||
	       m->error == ENXIO;
}

static void judge_decision(const struct one *old, const struct one *o,
                           const struct move *m, unsigned actions)
{
	enum path_verdict was = old->status.verdict, is = o->status.verdict;

	if (((actions & ACTION_FAIL) != 0) != (was != is && is == VERDICT_UNUSABLE) ||
	    ((actions & ACTION_REINSTATE) != 0) != (was != is && is == VERDICT_USABLE))
		explore_fail("a decision that is not told, or told and not made");
	if ((actions & ACTION_FAIL) != 0 && (m->neutral || is_success(m)))
		explore_fail("the path is decided to be unusable without a failure");
	if ((actions & ACTION_FAIL) != 0 && !is_proof_of_absence(m) &&
	    old->status.state != PATH_DELAYED && o->failures < w.policy.fail_checks)
		explore_fail("the path is decided to be unusable after %u failures",
		             o->failures);
	if ((actions & ACTION_REINSTATE) != 0 && !is_success(m))
		explore_fail("the path is decided to be usable without a success");
	if ((actions & ACTION_REINSTATE) != 0 && was == VERDICT_UNUSABLE &&
	    o->successes < w.policy.recover_checks)
		explore_fail("the path is decided to be usable after %u successes",
		             o->successes);
}

static void judge_step(const struct one *old, const struct one *o, const struct move *m,
                       unsigned actions)
{
	bool started = old->status.state == PATH_UNCHECKED && m->kind == OUTCOME_STARTED;
	unsigned judged = actions & (ACTION_SUCCESS | ACTION_FAILURE);

	judge_decision(old, o, m, actions);
	if (m->neutral && (judged != 0 || o->status.streak != old->status.streak ||
	                   o->status.verdict != old->status.verdict ||
	                   (!started && o->status.state != old->status.state)))
		explore_fail("an outcome that says nothing changes the path");
	/* The port explained the silence before, and explains its end. */
	if (is_final(m->kind) && !m->neutral && judged == 0 &&
	    !(old->status.excused && m->port == PORT_PASSIVE))
		explore_fail("an answer counts neither as a success nor as a failure");
	if (judged == (ACTION_SUCCESS | ACTION_FAILURE) ||
	    (judged == ACTION_SUCCESS && !is_success(m)) ||
	    (judged == ACTION_FAILURE && is_success(m)))
		explore_fail("a check counts as what it is not");
	if (((actions & ACTION_EVENT) != 0) != (o->status.state != old->status.state))
		explore_fail("a change of the state that is not told");
	/* The table of maps relies on it: a good check never goes with another verdict. */
	if (judged == ACTION_SUCCESS && path_state_usable(o->status.state) &&
	    o->status.verdict != VERDICT_USABLE)
		explore_fail("a usable path is not decided to be usable");
}

/* --- holds --- */

/* `m` NULL: no check. */
static void judge_hold_change(const struct one *old, const struct one *o,
                              const struct move *m)
{
	const struct hold *a = &old->hold, *b = &o->hold;
	bool success = m != NULL && is_success(m) && is_final(m->kind);
	bool usable = o->status.verdict == VERDICT_USABLE;

	if (m != NULL && a->marks != b->marks)
		explore_fail("a check changes a mark");
	if (a->phase == HOLD_PHASE_NONE && b->phase == HOLD_PHASE_SAMPLE)
		explore_fail("a hold begins with its sample");
	if (m != NULL && a->phase == HOLD_PHASE_NONE && b->phase != HOLD_PHASE_NONE &&
	    (m->neutral || success))
		explore_fail("the rule holds the path without a failure");
	if (m != NULL && a->phase != HOLD_PHASE_NONE && b->phase == HOLD_PHASE_NONE &&
	    (a->until > NOW || (a->phase == HOLD_PHASE_TIMED && !(success && usable))))
		explore_fail("the hold ends too early");
	if (a->out && !b->out && !(success && usable && !policy_is_held(b)))
		explore_fail("the path is given back without a success");
}

static void judge_hold(const struct hold *h)
{
	bool phase = h->phase != HOLD_PHASE_NONE;

	if (phase != (h->until != 0) || (phase && (h->why == HOLD_NONE || h->mark == 0)))
		explore_fail("a hold without its reason or its times");
	if (policy_is_held(h) && (!h->out || h->at == 0 || policy_since(h).us == 0))
		explore_fail("a held path that is not out");
	if (phase && w.rule->why == HOLD_NONE)
		explore_fail("a hold without a rule");
	if (h->phase == HOLD_PHASE_SAMPLE && w.rule->sample == 0)
		explore_fail("a sample without a rule for it");
	if (h->until > NOW + MAX(w.rule->max, w.rule->sample))
		explore_fail("a hold that is too long");
	if (h->failures > w.most || (phase && h->failures <= w.rule->threshold))
		explore_fail("%u failures are in the bucket", h->failures);
	if ((policy_why(h) == HOLD_NONE) == policy_is_held(h))
		explore_fail("a hold without a word for it");
	if (phase && policy_reuse_at(h).us < POLICY_REUSE_US)
		explore_fail("a held path is reused at once");
}

/* --- the world's moves --- */

static void take_outcome(struct one *o, const struct move *m)
{
	const struct outcome out = outcome_of(o, m);
	struct one old = *o;
	enum path_verdict before = o->status.verdict;
	unsigned actions;

	count(o, m);
	load(o);
	actions = path_status_step(&o->status, &out, &w.policy, USEC_PER_SEC, now_of(),
	                           &w.path.status);
	holds_checked(&w.holds, 0, &w.path, before, actions, now_of());
	store(o);
	if (m->kind == OUTCOME_STARTED)
		o->running = RUNS;
	else if (m->kind == OUTCOME_TIMED_OUT)
		o->running = RUNS_LATE;
	else if (is_final(m->kind))
		o->running = RUNS_NOT;
	if (o->running != RUNS_LATE)
		o->counted = false;
	judge_step(&old, o, m, actions);
	judge_hold_change(&old, o, m);
}

static void older(hold_time *t)
{
	*t -= *t > 1;
}

static void take_other(struct one *o, unsigned move)
{
	struct one old = *o;
	enum policy_mark mark = move == MARK_SLOWER ? MARK_SLOW : MARK_BY_HAND;

	load(o);
	switch (move) {
	case TICK:
		older(&w.path.hold.at);
		older(&w.path.hold.until);
		older(&w.path.hold.mark);
		break;
	case MARK_SLOWER:
	case MARK_HAND:
		holds_mark(&w.holds, 0, &w.path, mark,
		           !policy_is_marked(&w.path.hold, mark), now_of());
		break;
	case PARDON:
		holds_pardon(&w.holds, 0, &w.path, now_of());
		break;
	default:
		holds_failed(&w.holds, 0, &w.path, now_of());
		break;
	}
	store(o);
	judge_hold_change(&old, o, NULL);
	if (move == PARDON && (policy_is_marked(&o->hold, MARK_BY_HAND) ||
	                       o->hold.failures > 0 || o->hold.phase != HOLD_PHASE_NONE))
		explore_fail("the administrator is not heard");
	if (move == FAILED_IN_MAP && o->hold.phase != HOLD_PHASE_NONE &&
	    o->hold.mark != NOW)
		explore_fail("the last failure of a held path is not noted");
	if (move == PARDON && policy_is_marked(&o->hold, MARK_SLOW) !=
	                              policy_is_marked(&old.hold, MARK_SLOW))
		explore_fail("the administrator takes away what is not theirs");
}

/* Keeps a time that is older than `most` at this age. */
static void forget_age(hold_time *t, unsigned most)
{
	if (*t != 0 && *t + most < NOW)
		*t = NOW - most;
}

static void forget_what_decides_nothing(struct one *o)
{
	enum outcome_kind kind = o->status.reason.kind;
	int error = kind == OUTCOME_DEVICE_ERROR ? o->status.reason.error : 0;
	struct hold *h = &o->hold;

	if (kind == OUTCOME_SILENT)
		kind = OUTCOME_TIMED_OUT;
	else if (kind != OUTCOME_TIMED_OUT && kind != OUTCOME_DEVICE_ERROR)
		kind = OUTCOME_OK;
	o->status.reason = (struct reason){ .kind = kind, .error = error };
	o->status.since = (struct mono){ 0 };
	o->status.streak =
	        (int16_t)MAX(MIN((int)o->status.streak, w.policy.recover_checks),
	                     -(int)w.policy.fail_checks);
	forget_age(&h->at, w.rule->flap_time + 1);
	forget_age(&h->until, 0);
	if (h->phase == HOLD_PHASE_NONE && h->failures == 0)
		h->mark = 0;
	forget_age(&h->mark, h->phase == HOLD_PHASE_NONE
	                             ? h->failures * w.rule->forget_time + 1
	                             : 1);
	if (h->phase == HOLD_PHASE_TIMED ||
	    (h->phase == HOLD_PHASE_NONE && h->failures == 0))
		h->succeeded = h->failed = 0;
}

static bool move_path(void *state, unsigned move)
{
	struct one *o = state;

	if (move < ARRAY_LEN(outcomes)) {
		if (!is_possible(o, &outcomes[move]))
			return false;
		take_outcome(o, &outcomes[move]);
	} else {
		take_other(o, move);
	}
	forget_what_decides_nothing(o);
	return true;
}

/* --- each state --- */

static void judge_status(const struct path_status *s)
{
	static const uint8_t may[PATH_STATE_COUNT_] = {
		[PATH_UNCHECKED] = 1 << VERDICT_NONE,
		[PATH_PENDING] = 1 << VERDICT_NONE,
		[PATH_UP] = 1 << VERDICT_USABLE,
		[PATH_GHOST] = 1 << VERDICT_USABLE,
		[PATH_DOWN] = 1 << VERDICT_UNUSABLE,
		[PATH_DELAYED] = 1 << VERDICT_UNUSABLE,
		[PATH_REMOVED] = 1 << VERDICT_UNUSABLE,
		[PATH_DISCONNECTED] = 1 << VERDICT_UNUSABLE,
		[PATH_SHAKY] = 1 << VERDICT_NONE | 1 << VERDICT_USABLE,
		[PATH_TIMEOUT] = 1 << VERDICT_NONE | 1 << VERDICT_USABLE,
	};

	if ((may[s->state] >> s->verdict & 1) == 0)
		explore_fail("the state %s with the verdict %u",
		             path_state_name(s->state), s->verdict);
}

static const struct move *outcome_named(enum outcome_kind kind, int error)
{
	unsigned i = 0;

	while (outcomes[i].kind != kind || outcomes[i].error != error ||
	       outcomes[i].port != PORT_UNKNOWN)
		i++;
	return &outcomes[i];
}

static void check(struct one *o, const struct move *result)
{
	if (o->running == RUNS_NOT)
		take_outcome(o, outcome_named(OUTCOME_STARTED, 0));
	take_outcome(o, result);
	forget_what_decides_nothing(o);
}

static void judge_path(const void *state)
{
	struct one o = *(const struct one *)state;
	unsigned rounds = ROUNDS;

	judge_status(&o.status);
	judge_hold(&o.hold);
	for (unsigned i = 0; i < w.policy.fail_checks; i++)
		check(&o, outcome_named(OUTCOME_FAILED, EIO));
	/* The check that was late may have been counted before. */
	check(&o, outcome_named(OUTCOME_FAILED, EIO));
	if (o.status.verdict != VERDICT_UNUSABLE)
		explore_fail("a path that fails stays in use");
	o = *(const struct one *)state;
	for (unsigned i = 0; i < w.policy.recover_checks; i++)
		check(&o, outcome_named(OUTCOME_OK, 0));
	if (o.status.state != PATH_UP || o.status.verdict != VERDICT_USABLE)
		explore_fail("a path that works is not up in time");
	while (rounds-- > 0) {
		check(&o, outcome_named(OUTCOME_OK, 0));
		take_other(&o, TICK);
		forget_what_decides_nothing(&o);
	}
	if (o.status.state != PATH_UP || o.status.verdict != VERDICT_USABLE)
		explore_fail("a path that works is not up again");
	if (o.hold.phase != HOLD_PHASE_NONE)
		explore_fail("the hold of a path that works does not end");
	if (o.hold.out && o.hold.marks == 0)
		explore_fail("a path that works is not given back");
}

static void start_path(void *state)
{
	struct one *o = state;

	path_status_init(&o->status, (struct mono){ 0 });
}

static struct key key_path(const void *state)
{
	return key_of(state, sizeof(struct one));
}

static void describe_path(unsigned move, char *buf, size_t size)
{
	static const char *const others[] = { "time passes",
		                              "the path is slower, or is not any more",
		                              "setmarginal, or unsetmarginal",
		                              "the administrator judges",
		                              "the kernel fails the path" };

	(void)snprintf(buf, size, "%s",
	               move < ARRAY_LEN(outcomes) ? outcomes[move].name
	                                          : others[move - ARRAY_LEN(outcomes)]);
}

/* --- the rules, with times of a few ticks --- */

static const struct {
	const char *name;
	struct policy_rule rule;
	unsigned most; /* threshold + 1, and one more for each doubling of the hold */
} rules[] = {
	{ "without a rule", { .why = HOLD_NONE }, 1 },
	{ "flapping",
	  { .why = HOLD_FLAPPING,
	    .threshold = 1,
	    .forget_time = 3,
	    .flap_time = 2,
	    .first = 1,
	    .max = 2 },
	  3 },
	{ "san_path_err",
	  { .why = HOLD_SAN_PATH_ERR,
	    .threshold = 1,
	    .forget_checks = 2,
	    .first = 2,
	    .max = 2,
	    .forgives = true },
	  2 },
	{ "marginal_path",
	  { .why = HOLD_MARGINAL_PATH,
	    .threshold = 1,
	    .forget_time = 2,
	    .first = 1,
	    .max = 1,
	    .sample = 2,
	    .permille = 400,
	    .forgives = true },
	  2 },
};

static void run_world(void (*each)(const struct world *world), unsigned rule,
                      struct path_policy policy)
{
	char name[64];
	const struct world world = {
		.name = name,
		.size = sizeof(struct one),
		.n_moves = MOVES,
		.start = start_path,
		.move = move_path,
		.key = key_path,
		.judge = judge_path,
		.describe = describe_path,
	};

	(void)snprintf(name, sizeof(name), "path, fail %u, recover %u, %s",
	               policy.fail_checks, policy.recover_checks, rules[rule].name);
	w.policy = policy;
	w.rule = &rules[rule].rule;
	w.most = rules[rule].most;
	w.path.settings.rule = policy_rules_add(w.rule);
	each(&world);
}

void whole_path(void (*each)(const struct world *w))
{
	static const struct path_policy policies[] = {
		{ 1, 1 }, { 2, 2 }, { 1, 3 }, { 3, 1 }
	};
	const struct device_spec spec = { .name = "sda", .node = "/dev/sda" };

	if (device_new(&w.device, &spec) < 0 || maps_new(&w.maps, 1) < 0)
		explore_fail("no memory");
	maps_path_added(w.maps, 0, w.device);
	w.path.device = w.device;
	for (unsigned r = 0; r < ARRAY_LEN(rules); r++)
		for (unsigned p = 0; p < ARRAY_LEN(policies); p++)
			run_world(each, r, policies[p]);
	w.maps = maps_free(w.maps);
	w.device = device_unref(w.device);
}
