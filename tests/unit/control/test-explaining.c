/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Explain: what is passed to discovery, and what the reply says of state and future. */
#include <errno.h>
#include <unistd.h>

#include "control-fixture.h"
#include "util/macro.h"

static char asked[EXPLANATION_NAME_MAX]; /* what discovery was asked for last */

static struct explanation_place place(const char *file, uint32_t line)
{
	struct explanation_place p = { .line = line };

	(void)snprintf(p.file, sizeof(p.file), "%s", file);
	return p;
}

/* Stands in for discovery. */
static int explain(struct loop *l, struct explanation *e)
{
	(void)snprintf(asked, sizeof(asked), "%s", e->asked);
	if (strcmp(e->asked, "busy") == 0)
		return EBUSY;
	e->found = strcmp(e->asked, "nothing") != 0;
	if (!e->found)
		return 0;
	(void)snprintf(e->name, sizeof(e->name), "%s", e->asked);
	(void)snprintf(e->why, sizeof(e->why), "no rule excludes it");
	if (strncmp(e->asked, "sd", 2) != 0)
		return 0;
	e->watched = true;
	e->device = device_ref(l->devices[0]);
	e->checker = "directio";
	(void)snprintf(e->checker_why, sizeof(e->checker_why), "default");
	e->rule = (struct explanation_rule){ .section = "blacklist",
		                             .keyword = "devnode",
		                             .expression = "^sd",
		                             .at = place("a.conf", 3) };
	e->n_settings = 3;
	e->settings[0] = (struct explanation_setting){ "fail_checks", "overrides", "2",
		                                       place("b.conf", 9) };
	e->settings[1] =
	        (struct explanation_setting){ .keyword = "recover_checks", .value = "3" };
	e->settings[2] = (struct explanation_setting){ .keyword = "checker_timeout",
		                                       .section = "device",
		                                       .value = "auto: 30" };
	return 0;
}

static void begin(uint32_t n_paths, void (*decorate)(struct loop *, struct snapshot *))
{
	t.loop.explain = explain;
	t.loop.decorate = decorate;
	start(n_paths);
}

static void test_a_watched_path(void **state)
{
	static const struct expected all[] = {
		{ "device", "\"sd0\"" },
		{ "devt", "\"8:0\"" },
		{ "watched", "true" },
		{ "why", "\"no rule excludes it\"" },
		{ "checker", "\"directio\"" },
		{ "rule", "{\"section\":\"blacklist\",\"keyword\":\"devnode\","
		          "\"expression\":\"^sd\",\"file\":\"a.conf\",\"line\":3}" },
		{ "exception", "null" },
		{ "settings[0]",
		  "{\"keyword\":\"fail_checks\",\"value\":\"2\","
		  "\"section\":\"overrides\",\"file\":\"b.conf\",\"line\":9}" },
		{ "settings[1]", "{\"keyword\":\"recover_checks\",\"value\":\"3\","
		                 "\"section\":null,\"file\":null,\"line\":null}" },
		{ "settings[2]",
		  "{\"keyword\":\"checker_timeout\",\"value\":\"auto: 30\","
		  "\"section\":\"device\",\"file\":null,\"line\":null}" },
	};
	struct json_object *o;

	(void)state;
	begin(2, NULL);
	o = call(fd, "Explain", "{\"device\":\"8:0\"}");
	assert_string_equal(asked, "sd0");
	json_object_put(o);
	o = call(fd, "Explain", "{\"device\":\"/dev/checkerd-test/sd0\"}");
	assert_string_equal(asked, "sd0");
	expect(o, all, ARRAY_LEN(all));
	expect_described(o, "method Explain(device: string) -> (");
	assert_string_equal(get_string(o, "path.state"), "up");
	json_object_put(o);
}

static void test_what_is_no_path(void **state)
{
	struct json_object *o;

	(void)state;
	begin(1, NULL);
	o = call(fd, "Explain", "{\"device\":\"vda\"}");
	assert_int_equal(json_object_get_boolean(get(o, "watched")), false);
	assert_null(get(o, "path"));
	assert_null(get(o, "node"));
	assert_int_equal(json_object_array_length(get(o, "next")), 0);
	json_object_put(o);
	/* Discovery has it, the snapshot has not. */
	o = call(fd, "Explain", "{\"device\":\"sd9\"}");
	assert_non_null(strstr(get_string(o, "next[0]"), "max_paths"));
	json_object_put(o);
	call_fails(fd, "Explain", "{\"device\":\"nothing\"}",
	           "io.checkerd.Control.NoSuchDevice", "nothing");
	call_fails(fd, "Explain", "{\"device\":\"busy\"}", "io.checkerd.Control.Busy",
	           "the main loop refuses");
	call_fails(fd, "Explain", "{\"device\":\"\"}",
	           "org.varlink.service.InvalidParameter", "device");
	call_fails(fd, "Explain", "{\"device\":7}",
	           "org.varlink.service.InvalidParameter", "device");
}

/* --- what happens next --- */

static void (*prepare)(struct snapshot *s, struct snap_path *p);

static void add_map(struct snapshot *s)
{
	const enum map_group_state groups[] = { MAP_GROUP_ACTIVE };
	const struct map_path paths[] = { { .devt_major = 8, .group = 1 } };
	const struct map_spec spec = { .devt_major = 253,
		                       .name = "m",
		                       .uuid = "",
		                       .n_groups = 1,
		                       .groups = groups,
		                       .n_paths = 1,
		                       .paths = paths };
	struct snap_map *m = &s->maps[s->n_maps];

	*m = (struct snap_map){ .first_path = s->n_map_paths };
	if (map_new(&m->map, &spec) < 0)
		abort();
	s->paths[0].in_map = s->n_map_paths;
	s->map_paths[s->n_map_paths++] =
	        (struct snap_map_path){ .path = 0, .map = s->n_maps };
	s->n_maps++;
}

static void decorate(struct loop *l, struct snapshot *s)
{
	struct snap_path *p = &s->paths[0];

	(void)l;
	s->dm_control = true;
	p->enabled = true;
	p->status.state = PATH_UP;
	p->due = mono_add(s->taken, 2500 * USEC_PER_MSEC);
	p->timeout_us = 30 * USEC_PER_SEC;
	if (prepare != NULL)
		prepare(s, p);
}

static void disabled(struct snapshot *s, struct snap_path *p)
{
	p->enabled = false;
	p->due = mono_add(s->taken, 60 * USEC_PER_SEC);
}

static void disabled_for_good(struct snapshot *s _unused_, struct snap_path *p)
{
	p->enabled = false;
	p->due = MONO_NEVER;
}

static void without_checker(struct snapshot *s _unused_, struct snap_path *p)
{
	p->checker = CHECKER_NONE;
}

static void running(struct snapshot *s, struct snap_path *p)
{
	p->status.state = PATH_DOWN;
	p->outstanding = true;
	p->started = mono_add(s->taken, -10 * USEC_PER_SEC);
}

static void hung(struct snapshot *s, struct snap_path *p)
{
	p->status.state = PATH_TIMEOUT;
	p->outstanding = true;
	p->started = mono_add(s->taken, -90 * USEC_PER_SEC);
}

static void forced(struct snapshot *s, struct snap_path *p)
{
	add_map(s);
	p->forced = true;
}

static void barred(struct snapshot *s, struct snap_path *p _unused_)
{
	add_map(s);
	s->map_paths[0].barred = true;
	s->dm_control = false;
}

static void kept(struct snapshot *s, struct snap_path *p)
{
	add_map(s);
	s->map_paths[0].kept = true;
	p->status.state = PATH_DOWN;
}

static void held(struct snapshot *s, struct snap_path *p)
{
	add_map(s);
	p->held_why = HOLD_FLAPPING;
	p->held_until = hold_time_of(mono_add(s->taken, 40 * USEC_PER_SEC)) + 1;
}

static void test_what_happens_next(void **state)
{
	static const struct {
		void (*prepare)(struct snapshot *s, struct snap_path *p);
		const char *next[3];
	} cases[] = {
		{ NULL,
		  { "it is checked again in 2.5 s",
		    "it goes down after 2 failed checks in a row" } },
		{ disabled, { "its checks start again in 60 s" } },
		{ disabled_for_good,
		  { "its checks start again with checkerctl enable" } },
		{ without_checker,
		  { "it is not checked, because path_checker is none" } },
		{ running,
		  { "its check is running, and times out in 20.0 s",
		    "it comes up after 3 successful checks in a row" } },
		{ hung,
		  { "its check has been in the kernel for 90 s: if an answer comes, it "
		    "counts",
		    "it comes up after 3 successful checks in a row" } },
		{ forced,
		  { NULL, NULL,
		    "it stays failed in its map until checkerctl reinstate" } },
		{ barred,
		  { NULL, NULL,
		    "it stays out of use in its map until it leaves the map, because "
		    "another disk is there" } },
		{ kept,
		  { NULL, NULL,
		    "it is not failed in its map while no other path is usable" } },
		{ held,
		  { NULL, NULL,
		    "it is held (flapping) for 41 s at least; ends when no check has "
		    "failed "
		    "for its time" } },
	};

	(void)state;
	begin(1, decorate);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_object *o, *all;

		prepare = cases[i].prepare;
		/* Another snapshot, because something has changed. */
		json_object_put(call(fd, "Enable", "{\"paths\":[\"sd0\"]}"));
		o = call(fd, "Explain", "{\"device\":\"sd0\"}");
		all = get(o, "next");
		for (size_t k = 0; k < ARRAY_LEN(cases[i].next); k++) {
			if (cases[i].next[k] == NULL)
				continue;
			assert_true(json_object_array_length(all) > k);
			assert_string_equal(
			        json_object_get_string(json_object_array_get_idx(all, k)),
			        cases[i].next[k]);
		}
		json_object_put(o);
	}
	prepare = NULL;
}

static void set_silent(struct loop *l, void *arg)
{
	l->silent = *(bool *)arg;
}

/* A client that goes away while discovery works leaves nothing behind: see loop_stop(). */
static void test_the_client_goes(void **state)
{
	(void)state;
	begin(1, NULL);
	loop_do(&t.loop, set_silent, &(bool){ true });
	client_call(fd, "Explain", "{\"device\":\"sd0\"}");
	close(fd);
	fd = client_connect(&t);
	loop_do(&t.loop, set_silent, &(bool){ false });
	json_object_put(call(fd, "Ping", "{}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_watched_path),
		TEST(test_what_is_no_path),
		TEST(test_what_happens_next),
		TEST(test_the_client_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
