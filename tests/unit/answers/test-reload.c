/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reloads, with a loader and a discovery that the test controls. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/answers/reload.h"

/* --- the loader --- */

static unsigned started;
static bool done;
static struct loaded to_give;

void loaded_deinit(struct loaded *l)
{
	free(l->config);
	l->dump = text_unref(l->dump);
	l->rules = text_unref(l->rules);
	l->messages = text_unref(l->messages);
	*l = (struct loaded){ .result = 0 };
}

void loader_start(struct loader *l, const struct config *present)
{
	(void)l;
	assert_non_null(present);
	started++;
}

bool loader_take(struct loader *l, struct loaded *ret)
{
	(void)l;
	if (!done)
		return false;
	done = false;
	*ret = to_give;
	to_give = (struct loaded){ .result = 0 };
	return true;
}

/* --- discovery and the configuration --- */

static uint64_t applied;

void discovery_apply(struct discovery *d, struct config_ref *ref)
{
	(void)d;
	applied = ref->generation;
}

struct config *config_free(struct config *c)
{
	free(c);
	return NULL;
}

void inventory_reset_counts(struct inventory *inv)
{
	inv->added = inv->removed = inv->changed = 0;
}

/* --- the receivers of events and replies --- */

static char told[1024];
static unsigned n_replies;
static struct {
	uint64_t token;
	int error;
	char text[256];
} replies[64];

bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return true;
}

void port_loop_event(struct port *p, const struct event *e)
{
	(void)p;
	(void)snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n",
	               e->message);
}

void port_loop_reply(struct port *p, const struct port_reply *reply)
{
	(void)p;
	replies[n_replies].token = reply->token;
	replies[n_replies].error = reply->error;
	(void)snprintf(replies[n_replies].text, sizeof(replies[0].text), "%s",
	               reply->text == NULL ? "" : reply->text->data);
	n_replies++;
	text_unref(reply->text);
}

void log_push(struct log *l, const struct event *e)
{
	(void)l;
	(void)e;
}

/* --- the tests --- */

static const struct mono now = { 1000 };
static struct notify nobody = NOTIFY_NULL;
static struct checks checks;
static struct inventory inventory;
static struct ready ready;
static struct events events;
static struct reload reload;

static struct loaded good(const char *warning)
{
	struct loaded l = { .config = calloc(1, sizeof(struct config)) };

	l.config->log_level = 6;
	if (warning != NULL)
		assert_int_equal(text_new(&l.messages, warning, strlen(warning)), 0);
	assert_int_equal(text_new(&l.dump, "dump", 4), 0);
	assert_int_equal(text_new(&l.rules, "rules", 5), 0);
	return l;
}

static struct loaded bad(const char *errors)
{
	struct loaded l = { .result = -EINVAL,
		            .config = calloc(1, sizeof(struct config)) };

	assert_int_equal(text_new(&l.messages, errors, strlen(errors)), 0);
	return l;
}

/* The loader returns this. */
static void loaded(struct loaded l)
{
	to_give = l;
	done = true;
	reload_loaded(&reload, now);
}

/* Discovery has reported every record. */
static void synced(void)
{
	inventory.generation = applied;
	reload_progress(&reload, now);
}

static int setup(void **state)
{
	struct reload_parts parts = {
		.inventory = &inventory,
		.ready = &ready,
		.events = &events,
	};
	struct events_options of_events = { .level = 7, .max_paths = 4 };
	struct loaded first = good(NULL);

	(void)state;
	started = n_replies = 0;
	told[0] = '\0';
	applied = 0;
	inventory = (struct inventory){ .checks = &checks };
	if (registry_new(&checks.registry, 4) < 0 || events_init(&events, &of_events) < 0)
		return -1;
	ready_init(&ready, &nobody, now);
	return reload_init(&reload, &parts, &first);
}

static int teardown(void **state)
{
	(void)state;
	reload_deinit(&reload);
	events_deinit(&events);
	registry_free(checks.registry);
	return 0;
}

static void the_first_one_is_applied_without_a_question(void **state)
{
	(void)state;
	assert_int_equal(applied, 1);
	assert_int_equal(reload.step, RELOAD_APPLYING);
	inventory.added = 3;
	inventory.excluded = 2;
	synced();
	assert_int_equal(reload.step, RELOAD_IDLE);
	assert_non_null(strstr(told, "3 paths found, 2 devices excluded"));
	assert_int_equal(started, 0);
}

static void a_good_one_is_told_when_its_last_path_is(void **state)
{
	(void)state;
	synced();
	assert_true(reload_request_with_token(&reload, 77, now));
	assert_int_equal(started, 1);
	loaded(good("warning: something\n"));
	assert_int_equal(applied, 2);
	assert_int_equal(n_replies, 0);
	reload_progress(&reload, now); /* nothing is new */
	assert_int_equal(n_replies, 0);
	inventory.removed = 5;
	synced();
	assert_int_equal(n_replies, 1);
	assert_int_equal(replies[0].token, 77);
	assert_int_equal(replies[0].error, 0);
	assert_non_null(strstr(replies[0].text, "5 removed"));
	assert_non_null(strstr(replies[0].text, " in all\nwarning: something\n"));
	assert_non_null(strstr(told, "warning: something"));
}

static void a_bad_one_changes_nothing_and_says_every_error(void **state)
{
	struct config_ref *before = reload.ref;

	(void)state;
	synced();
	assert_true(reload_request_with_token(&reload, 5, now));
	loaded(bad("f:1:2: error: one\nf:3:4: error: two\n"));
	assert_ptr_equal(reload.ref, before);
	assert_int_equal(applied, 1);
	assert_int_equal(reload.step, RELOAD_IDLE);
	assert_int_equal(replies[0].error, EINVAL);
	assert_string_equal(replies[0].text, "f:1:2: error: one\nf:3:4: error: two\n");
	assert_non_null(strstr(told, "error: one\n"));
	assert_non_null(strstr(told, "error: two\n"));
	assert_non_null(strstr(told, "the old one stays in force"));
}

/* The file may have changed after the present reload read it: another reload serves them. */
static void who_asks_meanwhile_is_served_by_one_more(void **state)
{
	(void)state;
	synced();
	assert_true(reload_request_with_token(&reload, 1, now));
	assert_true(reload_request_with_token(&reload, 2, now));
	reload_request(&reload, now);
	assert_true(reload_request_with_token(&reload, 3, now));
	assert_int_equal(started, 1);
	loaded(good(NULL));
	synced();
	assert_int_equal(n_replies, 1);
	assert_int_equal(replies[0].token, 1);
	assert_int_equal(started, 2);
	loaded(bad("f:1:1: error: x\n"));
	assert_int_equal(n_replies, 3);
	assert_int_equal(replies[1].token, 2);
	assert_int_equal(replies[2].token, 3);
	assert_int_equal(started, 2);
	assert_int_equal(reload.step, RELOAD_IDLE);
}

static void too_many_who_wait_are_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RELOAD_WAITERS_MAX; i++)
		assert_true(reload_request_with_token(&reload, i, now));
	assert_false(reload_request_with_token(&reload, 99, now));
	synced();
	assert_int_equal(started, 1);
	assert_true(reload_request_with_token(&reload, 99, now));
}

static void the_log_level_is_the_new_ones(void **state)
{
	struct loaded quiet;

	(void)state;
	synced();
	assert_int_equal(events.level, 6);
	reload_request(&reload, now);
	quiet = good(NULL);
	quiet.config->log_level = 3;
	loaded(quiet);
	assert_int_equal(events.level, 3);
	synced();
	reload.keep_level = true;
	reload_request(&reload, now);
	loaded(good(NULL));
	assert_int_equal(events.level, 3);
}

static void devices_that_cannot_be_listed_are_told(void **state)
{
	(void)state;
	synced();
	assert_true(reload_request_with_token(&reload, 8, now));
	loaded(good(NULL));
	inventory.error = ENOBUFS;
	synced();
	assert_int_equal(replies[0].error, 0);
	assert_non_null(strstr(replies[0].text, "cannot be listed"));
	assert_non_null(strstr(replies[0].text, "ENOBUFS"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_one_is_applied_without_a_question),
		TEST(a_good_one_is_told_when_its_last_path_is),
		TEST(a_bad_one_changes_nothing_and_says_every_error),
		TEST(who_asks_meanwhile_is_served_by_one_more),
		TEST(too_many_who_wait_are_told),
		TEST(the_log_level_is_the_new_ones),
		TEST(devices_that_cannot_be_listed_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
