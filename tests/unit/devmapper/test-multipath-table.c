/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The multipath target's two lines: every form of them, and what is none. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/devmapper/multipath_table.h"

/* Two groups of two paths, as Linux 6.1 writes it. */
#define TABLE                                                      \
	"1 queue_if_no_path 0 2 1 round-robin 0 2 1 8:0 1 8:16 1 " \
	"round-robin 0 2 1 8:32 1 8:48 1 "
#define STATUS "2 0 0 0 2 1 A 0 2 0 8:0 A 0 8:16 F 3 E 0 2 0 8:32 A 0 8:48 A 0 "

static struct multipath_room room;

static int read_lines(struct map **ret, const char *table, const char *status)
{
	const struct multipath_text text = {
		.devt_major = 254,
		.devt_minor = 3,
		.event_nr = 9,
		.suspended = true,
		.name = "mpatha",
		.uuid = "mpath-36000",
		.table = table,
		.status = status,
	};

	/* What is left of the map before must not matter. */
	memset(&room, 0xa5, sizeof(room));
	return multipath_read(ret, &text, &room);
}

static void refused(const char *table, const char *status)
{
	struct map *m = NULL;

	assert_int_equal(read_lines(&m, table, status), -EINVAL);
	assert_null(m);
}

static struct map *accepted(const char *table, const char *status)
{
	struct map *m;

	assert_int_equal(read_lines(&m, table, status), 0);
	return m;
}

static void path_is(const struct map *m, uint32_t i, uint32_t minor, uint32_t group,
                    bool active, uint32_t fails)
{
	assert_int_equal(m->paths[i].devt_major, 8);
	assert_int_equal(m->paths[i].devt_minor, minor);
	assert_int_equal(m->paths[i].group, group);
	assert_int_equal(m->paths[i].active, active);
	assert_int_equal(m->paths[i].fail_count, fails);
}

static void reads_every_field(void **state)
{
	struct map *m = accepted(TABLE, STATUS);

	(void)state; /* no fixture */
	assert_int_equal(m->devt_major, 254);
	assert_int_equal(m->devt_minor, 3);
	assert_int_equal(m->event_nr, 9);
	assert_true(m->suspended);
	assert_true(m->queueing);
	assert_string_equal(m->name, "mpatha");
	assert_string_equal(m->wwid, "36000");
	assert_int_equal(m->n_groups, 2);
	assert_int_equal(m->groups[0], MAP_GROUP_ACTIVE);
	assert_int_equal(m->groups[1], MAP_GROUP_ENABLED);
	assert_int_equal(m->n_paths, 4);
	path_is(m, 0, 0, 1, true, 0);
	path_is(m, 1, 16, 1, false, 3);
	path_is(m, 2, 32, 2, true, 0);
	path_is(m, 3, 48, 2, true, 0);
	(void)map_unref(m); /* NULL, always */
}

/* Features and handlers of any number of words, selectors with and without words. */
static void reads_every_form(void **state)
{
	static const struct {
		const char *table, *status;
		uint32_t n_groups, n_paths;
		bool queueing, handled;
	} forms[] = {
		{ "0 0 1 1 service-time 0 1 2 8:0 1 1 ",
		  "2 0 0 0 1 1 E 0 1 2 8:0 A 0 0 1 ", 1, 1, false, false },
		{ "0 1 alua 1 1 service-time 0 1 2 8:0 1 1 ",
		  "2 0 1 0 1 1 A 0 1 2 8:0 A 0 0 1 ", 1, 1, false, true },
		{ "5 queue_if_no_path pg_init_retries 50 queue_mode bio 1 alua 1 1 "
		  "queue-length 0 1 1 8:0 1",
		  "2 1 4 1 alua 1 1 A 0 1 1 8:0 A 0 7", 1, 1, true, true },
		{ "3 pg_init_retries 50 queue_if_no_path 0 1 1 queue-length 0 1 1 8:0 1",
		  "2 0 0 0 1 1 A 0 1 1 8:0 A 0 7", 1, 1, true, false },
		{ "1 retain_attached_hw_handler 3 rdac x y 1 1 io-affinity 0 1 1 8:0 3 ",
		  "2 0 0 0 1 1 D 0 1 1 8:0 F 2 00000000,00000003 ", 1, 1, false, true },
		{ "0 0 1 1 historical-service-time 2 precision 10 2 1 8:0 1 8:16 1 ",
		  "2 0 0 0 1 1 A 3 1 2 3 2 3 8:0 A 0 1 2 3 8:16 F 1 1 2 3 ", 1, 2, false,
		  false },
		/* No paths left, or no group either: both can be loaded. */
		{ "1 queue_if_no_path 0 0 0 ", "2 0 0 0 0 0 ", 0, 0, true, false },
		{ "0 0 1 1 round-robin 0 0 1 ", "2 0 0 0 1 1 E 0 0 0 ", 1, 0, false,
		  false },
		/* No group is next. */
		{ "0 0 1 0 round-robin 0 1 0 8:0 ", "0 0 1 0 E 0 1 0 8:0 A 0 ", 1, 1,
		  false, false },
		/* The same path by its node's name; and whatever a later kernel adds. */
		{ "0 0 1 1 round-robin 0 1 0 /dev/sda", "0 0 1 1 E 0 1 0 8:0 A 0", 1, 1,
		  false, false },
		{ "0 0 1 1 round-robin 0 1 0 8:0 more", "0 0 1 1 E 0 1 0 8:0 A 0 1 new",
		  1, 1, false, false },
		{ "\t 0\n0  1 1 round-robin 0 1 0 8:0", " 0 0 1 1 E\t0 1 0 8:0 A 0\n", 1,
		  1, false, false },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct map *m = accepted(forms[i].table, forms[i].status);

		assert_int_equal(m->n_groups, forms[i].n_groups);
		assert_int_equal(m->n_paths, forms[i].n_paths);
		assert_int_equal(m->queueing, forms[i].queueing);
		assert_int_equal(m->handled, forms[i].handled);
		(void)map_unref(m); /* NULL, always */
	}
}

static void knows_the_largest_numbers(void **state)
{
	struct map *m = accepted("0 0 1 1 rr 0 1 0 4095:1048575",
	                         "0 0 1 1 E 0 1 0 4095:1048575 F 4294967295");

	(void)state; /* no fixture */
	assert_int_equal(m->paths[0].devt_major, 4095);
	assert_int_equal(m->paths[0].devt_minor, 1048575);
	assert_int_equal(m->paths[0].fail_count, UINT32_MAX);
	(void)map_unref(m); /* NULL, always */
}

/* Without its last word a line is none; the words before do not make up for it. */
static void refuses_every_beginning(const char *line, bool is_table)
{
	char *cut = strdup(line);

	assert_non_null(cut);
	for (size_t len = strlen(line); len-- > 0;) {
		/* The last digit of the last number may go, and blanks may. */
		bool same = strspn(line + len, " ") == strlen(line + len);

		cut[len] = '\0';
		if (!same)
			refused(is_table ? cut : TABLE, is_table ? STATUS : cut);
	}
	free(cut);
}

static void refuses_what_is_cut_off(void **state)
{
	(void)state; /* no fixture */
	refuses_every_beginning(TABLE, true);
	refuses_every_beginning(STATUS, false);
}

static void refuses_wrong_statuses(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"x 0 1 1 E 0 1 0 8:0 A 0",
		"-1 0 1 1 E 0 1 0 8:0 A 0",
		"+0 0 1 1 E 0 1 0 8:0 A 0",
		"0x0 0 1 1 E 0 1 0 8:0 A 0",
		"4294967296 0 1 1 E 0 1 0 8:0 A 0",
		"4294967295 0 1 1 E 0 1 0 8:0 A 0",
		"99999999999999999999 0 1 1 E 0 1 0 8:0 A 0",
		"0 4294967295 1 1 E 0 1 0 8:0 A 0",
		"0 0 4294967295 1 E 0 1 0 8:0 A 0",
		"0 0 1025 1 E 0 1 0 8:0 A 0",
		"0 0 2 1 E 0 1 0 8:0 A 0",
		"0 0 1 2 E 0 1 0 8:0 A 0",
		"0 0 1 -1 E 0 1 0 8:0 A 0",
		"0 0 1 1 X 0 1 0 8:0 A 0",
		"0 0 1 1 EE 0 1 0 8:0 A 0",
		"0 0 1 1 e 0 1 0 8:0 A 0",
		"0 0 1 1 E 4294967295 1 0 8:0 A 0",
		"0 0 1 1 E 0 4294967295 0 8:0 A 0",
		"0 0 1 1 E 0 1025 0 8:0 A 0",
		"0 0 1 1 E 0 2 0 8:0 A 0",
		"0 0 1 1 E 0 1 4294967295 8:0 A 0",
		"0 0 1 1 E 0 1 1 8:0 A 0",
		"0 0 1 1 E 0 1 0 8 A 0",
		"0 0 1 1 E 0 1 0 8: A 0",
		"0 0 1 1 E 0 1 0 :0 A 0",
		"0 0 1 1 E 0 1 0 : A 0",
		"0 0 1 1 E 0 1 0 8:0:0 A 0",
		"0 0 1 1 E 0 1 0 8:-0 A 0",
		"0 0 1 1 E 0 1 0 8:4294967296 A 0",
		"0 0 1 1 E 0 1 0 /dev/sda A 0",
		"0 0 1 1 E 0 1 0 8:0 B 0",
		"0 0 1 1 E 0 1 0 8:0 AF 0",
		"0 0 1 1 E 0 1 0 8:0 A -1",
		"0 0 1 1 E 0 1 0 8:0 A -",
		"0 0 1 1 E 0 1 0 8:0 A /",
		"0 0 1 1 E 0 1 0 8:0 A :",
		"0 0 1 1 E 0 1 0 8:0 A a",
		"0 0 1 1 E 0 1 0 8:0 A 5000000000",
		"0 0 1 1 E 0 1 0 8:0 A 4294967296",
		"0 0 1 1 E 0 1 0 8:0 A",
	};

	(void)state; /* no fixture */
	(void)map_unref(accepted("0 0 1 1 rr 0 1 0 8:0", "0 0 1 1 E 0 1 0 8:0 A 0"));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		refused("0 0 1 1 rr 0 1 0 8:0", lines[i]);
}

static void refuses_wrong_tables(void **state)
{
	static const char *const lines[] = {
		"",
		"queue_if_no_path 0 1 1 rr 0 1 0 8:0",
		"-1 0 1 1 rr 0 1 0 8:0",
		"4294967295 0 1 1 rr 0 1 0 8:0",
		"0 4294967295 1 1 rr 0 1 0 8:0",
		"0 0 0 0",
		"0 0 2 1 rr 0 1 0 8:0 rr 0 0 0",
		"0 0 1 2 rr 0 1 0 8:0",
		"0 0 1 1 rr 4294967295 1 0 8:0",
		"0 0 1 1 rr 0 2 0 8:0 8:16",
		"0 0 1 1 rr 0 0 0",
		"0 0 1 1 rr 0 4294967295 0 8:0",
		"0 0 1 1 rr 0 1 4294967295 8:0",
		"0 0 1 1 rr 0 1 1 8:0",
		"0 0 1 1 rr 0 1 0 8:16",
		"0 0 1 1 rr 0 1 0 9:0",
		"0 0 1 1 rr 0 1 0 sda",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		refused(lines[i], "0 0 1 1 E 0 1 0 8:0 A 0");
}

/* n groups of m paths, in both lines. */
static void write_lines(unsigned n, unsigned m, char **ret_table, char **ret_status)
{
	size_t size = 64 + (size_t)n * (32 + (size_t)m * 32), t, s;
	char *table = malloc(size), *status = malloc(size);

	assert_non_null(table);
	assert_non_null(status);
	t = (size_t)snprintf(table, size, "0 0 %u %u ", n, n == 0 ? 0U : 1U);
	s = (size_t)snprintf(status, size, "2 0 0 0 %u %u ", n, n == 0 ? 0U : 1U);
	for (unsigned g = 0; g < n; g++) {
		t += (size_t)snprintf(table + t, size - t, "rr 0 %u 1 ", m);
		s += (size_t)snprintf(status + s, size - s, "E 0 %u 0 ", m);
		for (unsigned p = 0; p < m; p++) {
			t += (size_t)snprintf(table + t, size - t, "8:%u 1 ", g * m + p);
			s += (size_t)snprintf(status + s, size - s, "8:%u A 0 ",
			                      g * m + p);
		}
	}
	*ret_table = table;
	*ret_status = status;
}

static void has_room_for_no_more_than_the_largest(void **state)
{
	static const struct {
		unsigned groups, paths;
		bool fits;
	} sizes[] = {
		{ 1, MAP_PATHS_MAX, true },      { 1, MAP_PATHS_MAX + 1, false },
		{ MAP_GROUPS_MAX, 1, true },     { MAP_GROUPS_MAX + 1, 0, false },
		{ MAP_GROUPS_MAX, 0, true },     { 2, MAP_PATHS_MAX / 2, true },
		{ 4, MAP_PATHS_MAX / 2, false }, { MAP_GROUPS_MAX, 2, false },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *table, *status;

		write_lines(sizes[i].groups, sizes[i].paths, &table, &status);
		if (sizes[i].fits) {
			struct map *m = accepted(table, status);

			assert_int_equal(m->n_groups, sizes[i].groups);
			assert_int_equal(m->n_paths, sizes[i].groups * sizes[i].paths);
			(void)map_unref(m); /* NULL, always */
		} else {
			refused(table, status);
		}
		free(table);
		free(status);
	}
}

/*
 * Every byte of both lines is changed to other values; whatever the result, no buffer is
 * overrun.
 */
static void survives_every_changed_byte(void **state)
{
	static const char bytes[] = "0159 :AFx-\n\x80/";
	const char *lines[2] = { TABLE, STATUS };
	char buf[2][256];

	(void)state; /* no fixture */
	for (size_t which = 0; which < 2; which++) {
		for (size_t at = 0; at < strlen(lines[which]); at++) {
			for (size_t b = 0; b < sizeof(bytes); b++) {
				char *t = strcpy(buf[0], TABLE);
				char *s = strcpy(buf[1], STATUS);
				struct map *m = NULL;
				int r;

				buf[which][at] = bytes[b];
				r = read_lines(&m, t, s);
				assert_true(r == -EINVAL || r == 0);
				assert_true((r == 0) == (m != NULL));
				(void)map_unref(m); /* NULL, always */
			}
		}
	}
}

static void passes_on_what_a_map_may_not_be(void **state)
{
	char name[MAP_NAME_MAX + 1];
	struct multipath_text text = {
		.name = "", .uuid = "", .table = TABLE, .status = STATUS
	};
	struct map *m;

	(void)state; /* no fixture */
	assert_int_equal(multipath_read(&m, &text, &room), -EINVAL);
	memset(name, 'x', MAP_NAME_MAX);
	name[MAP_NAME_MAX] = '\0';
	text.name = name;
	assert_int_equal(multipath_read(&m, &text, &room), -ENAMETOOLONG);
	text.name = "x";
	assert_int_equal(multipath_read(&m, &text, &room), 0);
	assert_null(m->wwid);
	assert_false(m->suspended);
	(void)map_unref(m); /* NULL, always */
}

/* The kernel takes any bytes but a slash, and a map's name ends on terminals and in logs. */
static void makes_names_harmless(void **state)
{
	char name[MAP_NAME_MAX];
	struct multipath_text text = {
		.name = "a\x1b[2J%n\xff",
		.uuid = "mpath-\n3600",
		.table = TABLE,
		.status = STATUS,
	};
	struct map *m;

	(void)state; /* no fixture */
	assert_int_equal(multipath_read(&m, &text, &room), 0);
	assert_string_equal(m->name, "a\\x1b[2J%n\\xff");
	assert_string_equal(m->uuid, "mpath-\\x0a3600");
	assert_string_equal(m->wwid, "\\x0a3600");
	(void)map_unref(m); /* NULL, always */
	/* What becomes too long by it is cut. */
	memset(name, 0x07, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	text.name = name;
	assert_int_equal(multipath_read(&m, &text, &room), 0);
	assert_int_equal(strlen(m->name), (MAP_NAME_MAX - 1) / 4 * 4);
	(void)map_unref(m); /* NULL, always */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(reads_every_form),
		cmocka_unit_test(knows_the_largest_numbers),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(refuses_wrong_statuses),
		cmocka_unit_test(refuses_wrong_tables),
		cmocka_unit_test(has_room_for_no_more_than_the_largest),
		cmocka_unit_test(survives_every_changed_byte),
		cmocka_unit_test(passes_on_what_a_map_may_not_be),
		cmocka_unit_test(makes_names_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
