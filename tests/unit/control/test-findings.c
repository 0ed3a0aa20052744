/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a snapshot has to say to checkerctl doctor: each kind of finding. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/control/findings.h"

static struct port *port;
static struct view view;
static struct snapshot *s;

static int setup(void **state _unused_)
{
	view = (struct view){ 0 };
	assert_int_equal(port_new(&port, 16), 0);
	s = port_loop_snapshot_begin(port);
	assert_non_null(s);
	s->ready = true;
	s->engine.prober_pid = 4;
	s->dm_known = true;
	return 0;
}

static int teardown(void **state _unused_)
{
	view_clear(&view, port);
	port = port_free(port);
	return 0;
}

static void add_path(const char *name, const char *host)
{
	char node[64];
	const struct device_spec spec = { .name = name, .node = node, .host = host };
	struct snap_path *p = &s->paths[s->n_paths++];

	(void)snprintf(node, sizeof(node), "/dev/%s", name);
	*p = (struct snap_path){ .in_map = REGISTRY_NONE, .enabled = true };
	assert_int_equal(device_new(&p->device, &spec), 0);
}

/* A map of paths of the snapshot; REGISTRY_NONE: a path that is not checked. */
static void add_map(const char *name, const uint32_t *paths, uint32_t n)
{
	const enum map_group_state groups[] = { MAP_GROUP_ACTIVE };
	struct map_path of_map[4];
	struct map_spec spec = { .devt_major = 253,
		                 .devt_minor = s->n_maps,
		                 .name = name,
		                 .uuid = "",
		                 .n_groups = 1,
		                 .groups = groups,
		                 .n_paths = n,
		                 .paths = of_map };
	struct snap_map *m = &s->maps[s->n_maps];

	*m = (struct snap_map){ .first_path = s->n_map_paths };
	for (uint32_t i = 0; i < n; i++) {
		of_map[i] = (struct map_path){ .devt_major = 8,
			                       .devt_minor = s->n_map_paths,
			                       .group = 1,
			                       .active = true };
		if (paths[i] != REGISTRY_NONE)
			s->paths[paths[i]].in_map = s->n_map_paths;
		s->map_paths[s->n_map_paths++] =
		        (struct snap_map_path){ .path = paths[i], .map = s->n_maps };
	}
	assert_int_equal(map_new(&m->map, &spec), 0);
	s->n_maps++;
}

static void warn(const char *id, const char *text)
{
	s->warning_ids[s->n_warnings] = id;
	(void)snprintf(s->warnings[s->n_warnings++], SNAP_WARNING_SIZE, "%s", text);
}

/* "severity id count object;" of each finding. The last one's text is in *ret. */
static const char *all(struct finding *ret)
{
	static char text[1024];

	port_loop_snapshot_publish(port, s);
	view.snap = port_control_snapshot(port);
	assert_int_equal(view_make_maps(&view), 0);
	text[0] = '\0';
	for (uint32_t i = 0; i < findings_count(); i++) {
		size_t used = strlen(text);
		struct finding f;

		if (!findings_get(&view, i, &f))
			continue;
		assert_true(f.count >= 1 && f.text[0] != '\0' && f.remedy[0] != '\0');
		(void)snprintf(text + used, sizeof(text) - used, "%s %s %u %s;",
		               finding_severity_name(f.severity), f.id, f.count,
		               f.object);
		*ret = f;
	}
	return text;
}

static void a_sound_host_is_quiet(void **state _unused_)
{
	const uint32_t both[] = { 0, 1 };
	struct finding f;

	add_path("sda", "host1");
	add_path("sdb", "host2");
	add_map("good", both, 2);
	s->timers = timer_report_new();
	assert_string_equal(all(&f), "");
}

static void the_daemon(void **state _unused_)
{
	struct finding f;

	s->engine.prober_pid = 0;
	(void)snprintf(s->prober_end, sizeof(s->prober_end), "signal 9");
	s->discovery_error = EMFILE;
	s->excluded = 7;
	s->dm_error = EPERM;
	s->dm_control = true;
	s->maps_left_out = 2;
	s->timers = timer_report_new();
	s->timers->udevd_missing = true;
	warn(SNAP_WARNING_DM, "the same as maps-not-listed");
	assert_string_equal(all(&f), "error no-prober 1 ;error devices-not-listed 1 ;"
	                             "warning no-paths 1 ;warning udevd-missing 1 ;"
	                             "error maps-not-listed 1 ;error maps-left-out 1 ;");
}

static void set_multipathd(bool control, uint32_t checked)
{
	s->timers = timer_report_new();
	s->timers->peer = (struct peer){ .state = PEER_ANSWERED,
		                         .control = control,
		                         .paths = 8,
		                         .checked = checked,
		                         .checker = "tur" };
}

static void multipathd_checks_too(void **state _unused_)
{
	struct finding f;

	add_path("sda", "host1");
	set_multipathd(true, 7);
	assert_string_equal(all(&f), "warning multipathd-checks 1 ;");
	assert_non_null(strstr(f.text, "checks 7 of its 8 paths too (tur)"));
	assert_non_null(strstr(f.remedy, "checkerd-multipathd(7)"));
}

static void nobody_decides(void **state _unused_)
{
	struct finding f;

	add_path("sda", "host1");
	set_multipathd(false, 0);
	assert_string_equal(all(&f), "warning dm-not-controlled 1 ;");
	assert_non_null(strstr(f.remedy, "set dm_control on"));
}

static void a_host_without_device_mapper(void **state _unused_)
{
	struct finding f;

	add_path("sda", "host1");
	s->dm_error = ENODEV;
	assert_string_equal(all(&f), "note maps-not-listed 1 ;");
	assert_non_null(strstr(f.text, "No such device"));
}

static void paths_that_are_not_checked(void **state _unused_)
{
	const uint32_t some[] = { 0, REGISTRY_NONE, REGISTRY_NONE };
	const uint32_t none[] = { REGISTRY_NONE, REGISTRY_NONE };
	struct finding f;

	add_path("sda", "host1");
	add_map("b", some, 3);
	add_map("a", none, 2);
	assert_string_equal(all(&f), "warning map-unwatched-paths 2 a;");
	assert_string_equal(f.text, "4 of the paths in maps are not checked");
}

static void maps_behind_one_hba(void **state _unused_)
{
	const uint32_t same[] = { 0, 1 }, two[] = { 1, 2 }, files[] = { 3, 4 },
	               one[] = { 5 };
	struct finding f;

	add_path("sda", "host1");
	add_path("sdb", "host1");
	add_path("sdc", "host2");
	add_path("filea", NULL);
	add_path("fileb", NULL);
	add_path("sdd", "host1");
	add_map("same", same, 2);
	add_map("two", two, 2);
	add_map("files", files, 2);
	add_map("one", one, 1);
	assert_string_equal(all(&f), "warning map-one-host 1 same;");
	assert_non_null(strstr(f.text, "through host1: "));
}

/* Each warning of show status has its finding, with its text. */
static void warnings(void **state _unused_)
{
	static const char *const ids[] = {
		SNAP_WARNING_OVERDUE, SNAP_WARNING_DM,       SNAP_WARNING_KEPT,
		SNAP_WARNING_PURGE,   SNAP_WARNING_SEALED,   SNAP_WARNING_AIO,
		SNAP_WARNING_MEMLOCK, SNAP_WARNING_REALTIME,
	};
	struct finding f;

	add_path("sda", "host1");
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		warn(ids[i], "see here");
	assert_string_equal(all(&f),
	                    "error paths-overdue 1 ;warning device-mapper 1 ;"
	                    "warning paths-kept 1 ;warning purge-failed 1 ;"
	                    "error allocation 1 ;warning aio-quota 1 ;"
	                    "warning memory-not-locked 1 ;warning no-realtime 1 ;");
	assert_string_equal(f.text, "see here");
}

static void more_warnings(void **state _unused_)
{
	struct finding f;

	add_path("sda", "host1");
	warn(SNAP_WARNING_FLUSHER, "a");
	warn(SNAP_WARNING_OOM, "b");
	warn(SNAP_WARNING_DESCRIPTORS, "c");
	assert_string_equal(all(&f), "warning no-io-flusher 1 ;warning oom-score 1 ;"
	                             "warning descriptors 1 ;");
}

/* A timer is a finding once, though it is a warning of show status, too. */
static void timers(void **state _unused_)
{
	const struct timer_names names = { .name = { [TIMER_OF_SESSION] = "session2" } };
	struct timers t;
	struct finding f;

	add_path("sda", "host1");
	timers_init(&t);
	t.us[TIMER_CHECKER] = 30 * USEC_PER_SEC;
	t.us[TIMER_RECOVERY] = 120 * USEC_PER_SEC;
	s->timers = timer_report_new();
	timer_report_add(s->timers, "sda", &names, &t);
	warn("iscsi-recovery-long", "text");
	assert_string_equal(all(&f), "warning iscsi-recovery-long 1 session2;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_sound_host_is_quiet),
		TEST(the_daemon),
		TEST(multipathd_checks_too),
		TEST(nobody_decides),
		TEST(a_host_without_device_mapper),
		TEST(paths_that_are_not_checked),
		TEST(maps_behind_one_hba),
		TEST(warnings),
		TEST(more_warnings),
		TEST(timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
