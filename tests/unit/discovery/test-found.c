/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The difference between two lists of paths, and their names. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/discovery/blacklist.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/static_names.h"

static const struct path_settings usual = { .interval_us = 5, .timeout_us = 30 };

static struct device *device(const char *name, const char *node, uint32_t minor)
{
	const struct device_spec spec = {
		.name = name,
		.node = node,
		.devt_major = minor ? 8 : 0,
		.devt_minor = minor,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void put(struct found_list *l, const char *name, const char *node, uint32_t minor)
{
	assert_int_equal(found_list_append(l, device(name, node, minor), &usual), 0);
}

/* What was emitted, a word a record: "+a -b! *c", and "-d~ +d~" for a disk that took another
 * one's name. */
struct told {
	char text[512];
	int stop_after; /* records; 0: never */
	int n;
};

static int tell(void *arg, struct found *f)
{
	struct told *t = arg;
	char word[96];

	(void)snprintf(word, sizeof(word), "%s%c%s%s", t->text[0] ? " " : "",
	               f->op == FOUND_ADD      ? '+'
	               : f->op == FOUND_REMOVE ? '-'
	                                       : '*',
	               device_name(f->device),
	               f->replaced                        ? "~"
	               : f->op == FOUND_REMOVE && f->gone ? "!"
	                                                  : "");
	strcat(t->text, word);
	device_unref(f->device);
	return ++t->n == t->stop_after ? -ECANCELED : 0;
}

static void equal_lists_tell_nothing(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	struct told told = { .stop_after = 0 };

	(void)state;
	put(&a, "x", "/dev/x", 1);
	put(&a, "y", "/dev/y", 2);
	put(&b, "y", "/dev/y", 2);
	put(&b, "x", "/dev/x", 1);
	assert_int_equal(found_list_sort(&a), 0);
	assert_int_equal(found_list_sort(&b), 0);
	assert_int_equal(found_plan(&a, &b, false, tell, &told), 0);
	assert_string_equal(told.text, "");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

static void removals_come_before_additions(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	struct told told = { .stop_after = 0 };

	(void)state;
	put(&a, "b", "/b", 0);
	put(&a, "c", "/c", 0);
	put(&a, "z", "/z", 0);
	put(&b, "a", "/a", 0);
	put(&b, "c", "/c", 0);
	put(&b, "d", "/d", 0);
	assert_int_equal(found_plan(&a, &b, false, tell, &told), 0);
	assert_string_equal(told.text, "-b -z +a +d");

	told = (struct told){ .stop_after = 0 };
	assert_int_equal(found_plan(&a, &b, true, tell, &told), 0);
	assert_string_equal(told.text, "-b! -z! +a +d");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

/* Built again, a list has the devices of the one before, but for those that are others now. */
static void what_is_the_same_is_shared(void **state)
{
	struct found_list before = FOUND_LIST_NULL, after = FOUND_LIST_NULL;
	const struct device_spec same = { .name = "sda", .node = "/dev/sda" };
	const struct device_spec other = { .name = "sdb",
		                           .node = "/dev/sdb",
		                           .alias = "x" };
	const struct device_spec was = { .name = "sdb", .node = "/dev/sdb" };
	struct device *d;

	(void)state;
	assert_int_equal(device_new(&d, &same), 0);
	assert_int_equal(found_list_append(&before, d, &usual), 0);
	assert_int_equal(device_new(&d, &was), 0);
	assert_int_equal(found_list_append(&before, d, &usual), 0);
	after.before = &before;
	assert_int_equal(device_new(&d, &same), 0);
	assert_int_equal(found_list_append(&after, d, &usual), 0);
	assert_int_equal(device_new(&d, &other), 0);
	assert_int_equal(found_list_append(&after, d, &usual), 0);
	assert_ptr_equal(after.entries[0].device, before.entries[0].device);
	assert_int_equal(atomic_load(&after.entries[0].device->refs), 2);
	assert_ptr_equal(after.entries[1].device, d);
	found_list_deinit(&before);
	assert_int_equal(atomic_load(&after.entries[0].device->refs), 1);
	found_list_deinit(&after);
}

static void settings_and_labels_change_in_place(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	const struct device_spec spec = { .name = "y", .node = "/y", .alias = "left" };
	struct told told = { .stop_after = 0 };
	struct device *d;

	(void)state;
	put(&a, "x", "/x", 0);
	put(&a, "y", "/y", 0);
	put(&b, "x", "/x", 0);
	b.entries[0].settings.timeout_us = 31;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(found_list_append(&b, d, &usual), 0);
	assert_int_equal(found_plan(&a, &b, false, tell, &told), 0);
	assert_string_equal(told.text, "*x *y");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

/* The disk of native NVMe multipathing is no path. It stays on the list, and is not announced. */
static void a_head_is_no_path(void **state)
{
	struct found_list paths = FOUND_LIST_NULL, heads = FOUND_LIST_NULL;
	struct told told = { .stop_after = 0 };

	(void)state;
	put(&paths, "nvme0n1", "/dev/nvme0n1", 0);
	put(&heads, "nvme0n1", "/dev/nvme0n1", 0);
	heads.entries[0].device->kind = DEVICE_HEAD;
	assert_int_equal(found_plan(&(struct found_list)FOUND_LIST_NULL, &heads, true,
	                            tell, &told),
	                 0);
	assert_int_equal(found_plan(&heads, &heads, true, tell, &told), 0);
	assert_int_equal(found_plan(&heads, &(struct found_list)FOUND_LIST_NULL, true,
	                            tell, &told),
	                 0);
	assert_string_equal(told.text, "");
	/* It becomes one, and is there all the while. */
	assert_int_equal(found_plan(&paths, &heads, true, tell, &told), 0);
	assert_int_equal(found_plan(&heads, &paths, true, tell, &told), 0);
	assert_string_equal(told.text, "-nvme0n1 +nvme0n1");
	found_list_deinit(&paths);
	found_list_deinit(&heads);
}

static void another_disk_under_the_same_name_is_another_path(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	struct told told = { .stop_after = 0 };

	(void)state;
	put(&a, "sda", "/dev/sda", 1);
	put(&a, "sdb", "/dev/sdb", 2);
	put(&a, "sdc", "/dev/sdc", 3);
	put(&b, "sda", "/dev/sda", 9);
	put(&b, "sdb", "/dev/other", 2);
	put(&b, "sdc", "/dev/sdc",
	    0); /* its number is not known: no difference to act on */
	assert_int_equal(found_plan(&a, &b, false, tell, &told), 0);
	assert_string_equal(told.text, "-sda~ -sdb~ +sda~ +sdb~ *sdc");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

static void another_host_is_another_path(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	const struct device_spec spec = { .name = "sda",
		                          .node = "/dev/sda",
		                          .host_key = 3 };
	struct told told = { .stop_after = 0 };
	struct device *d;

	(void)state;
	put(&a, "sda", "/dev/sda", 0);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(found_list_append(&b, d, &usual), 0);
	assert_int_equal(found_plan(&a, &b, false, tell, &told), 0);
	assert_string_equal(told.text, "-sda~ +sda~");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

/* Compares two descriptions of one name. */
static void signs_of_another_disk(void **state)
{
	static const struct {
		struct device_spec before, after;
		bool replaced;
	} cases[] = {
		{ { .wwid = "3600a" }, { .wwid = "3600a" }, false },
		{ { .wwid = "3600a" }, { .wwid = "3600b" }, true },
		{ { .wwid = "3600a" }, { .wwid = NULL }, false },
		{ { .serial = "a" }, { .serial = "b" }, true },
		{ { .serial = "a" }, { .serial = NULL }, false },
		/* The kernel never gives a disk's number to another one. */
		{ { .diskseq = 7, .wwid = "a" }, { .diskseq = 8, .wwid = "a" }, true },
		{ { .diskseq = 7 }, { .diskseq = 7 }, false },
		{ { .diskseq = 7 }, { .diskseq = 0 }, false },
		/* Another LUN behind the same disk, as the kernel or as udev sees it. */
		{ { .kernel_id = 1, .wwid = "a", .udev_wwid = true },
		  { .kernel_id = 2, .wwid = "a", .udev_wwid = true },
		  true },
		{ { .kernel_id = 1, .wwid = "a", .udev_wwid = true },
		  { .kernel_id = 1, .wwid = "b", .udev_wwid = true },
		  true },
		/* udev's rules have run meanwhile, and write the same WWID otherwise. */
		{ { .kernel_id = 1, .wwid = "1ATA_disk" },
		  { .kernel_id = 1, .wwid = "ACME_disk", .udev_wwid = true },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct device_spec before = cases[i].before, after = cases[i].after;
		struct device *a, *b;

		before.name = after.name = "sda";
		before.node = after.node = "/dev/sda";
		assert_int_equal(device_new(&a, &before), 0);
		assert_int_equal(device_new(&b, &after), 0);
		assert_int_equal(found_replaced(a, b), cases[i].replaced);
		assert_int_equal(found_replaced(b, a), cases[i].replaced);
		device_unref(a);
		device_unref(b);
	}
}

static void a_receiver_can_end_it(void **state)
{
	struct found_list a = FOUND_LIST_NULL, b = FOUND_LIST_NULL;
	struct told told = { .stop_after = 2 };

	(void)state;
	put(&a, "a", "/a", 0);
	put(&b, "b", "/b", 0);
	put(&b, "c", "/c", 0);
	assert_int_equal(found_plan(&a, &b, false, tell, &told), -ECANCELED);
	assert_string_equal(told.text, "-a +b");
	found_list_deinit(&a);
	found_list_deinit(&b);
}

static void a_sorted_list_takes_one_more(void **state)
{
	struct found_list l = FOUND_LIST_NULL;
	static const char *const names[] = { "m", "c", "x", "a", "z", "n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(found_list_add(&l, device(names[i], "/n", 0), &usual),
		                 0);
	assert_int_equal(found_list_add(&l, device("m", "/n", 0), &usual), -EEXIST);
	for (size_t i = 1; i < l.n; i++)
		assert_true(strcmp(device_name(l.entries[i - 1].device),
		                   device_name(l.entries[i].device)) < 0);
	assert_int_equal(found_list_find(&l, "a"), 0);
	assert_int_equal(found_list_find(&l, "q"), l.n);
	found_list_remove(&l, found_list_find(&l, "m"));
	assert_int_equal(l.n, 5);
	assert_int_equal(found_list_find(&l, "m"), l.n);
	found_list_deinit(&l);
}

static void a_name_twice_is_dropped(void **state)
{
	struct found_list l = FOUND_LIST_NULL;

	(void)state;
	put(&l, "a", "/1", 0);
	put(&l, "b", "/2", 0);
	put(&l, "a", "/3", 0);
	assert_int_equal(found_list_sort(&l), 1);
	assert_int_equal(l.n, 2);
	found_list_deinit(&l);
}

static void names_are_short_where_they_can_be(void **state)
{
	static const char *const nodes[] = { "/a/disk1", "/dev/loop0", "/b/disk1",
		                             "/c/disk1" };
	const struct found_list none = FOUND_LIST_NULL;
	char names[4][DEVICE_NAME_MAX];

	(void)state;
	assert_int_equal(static_names_choose(4, nodes, &none, names), 0);
	assert_string_equal(names[0], "disk1");
	assert_string_equal(names[1], "loop0");
	assert_string_equal(names[2], "/b/disk1");
	assert_string_equal(names[3], "/c/disk1");
}

/* A path does not become another one because one with the same last component came or went. */
static void names_stay(void **state)
{
	static const char *const nodes[] = { "/a/disk1", "/b/disk1" };
	struct found_list told = FOUND_LIST_NULL;
	char names[2][DEVICE_NAME_MAX];

	(void)state;
	put(&told, "disk1", "/b/disk1", 0);
	assert_int_equal(static_names_choose(2, nodes, &told, names), 0);
	assert_string_equal(names[0], "/a/disk1");
	assert_string_equal(names[1], "disk1");

	found_list_deinit(&told);
	put(&told, "/b/disk1", "/b/disk1", 0);
	assert_int_equal(static_names_choose(1, nodes + 1, &told, names), 0);
	assert_string_equal(names[0], "/b/disk1");
	found_list_deinit(&told);
}

static void long_and_strange_names_are_made_fit(void **state)
{
	char long_a[200] = "/a/", long_b[200] = "/b/";
	const char *nodes[] = { long_a, long_b, "/c/new\nline" };
	const struct found_list none = FOUND_LIST_NULL;
	char names[3][DEVICE_NAME_MAX];

	(void)state;
	memset(long_a + 3, 'x', 150);
	memset(long_b + 3, 'x', 150);
	assert_int_equal(static_names_choose(3, nodes, &none, names), 0);
	assert_string_not_equal(names[0], names[1]);
	assert_true(strlen(names[0]) < DEVICE_NAME_MAX);
	assert_string_equal(names[2], "new\\x0aline");
}

static void what_is_no_disk_is_left_out(void **state)
{
	static const char *const out[] = { "dm-3",   "md127", "md_d0",     "ram0",
		                           "zram0",  "sr0",   "fd0",       "loop0",
		                           "nbd0",   "vda",   "sd",        "sd0",
		                           "rbd0",   "drbd1", "nvme",      "dasd",
		                           "nvme-x", "xvda",  "cciss!c0d0" };
	static const char *const in[] = { "sda", "sdzz", "sdfd0", "dasda", "nvme0n1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(out); i++)
		assert_true(blacklist_excludes(out[i], false));
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		assert_false(blacklist_excludes(in[i], false));
	assert_true(blacklist_excludes("sda1", true));
	assert_true(blacklist_is_empty("loop0", false, 8));
	assert_false(blacklist_is_empty("loop0", true, 0));
	assert_true(blacklist_is_empty("nbd0", false, 0));
	assert_false(blacklist_is_empty("nbd0", false, 8));
	assert_false(blacklist_is_empty("sda", false, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_lists_tell_nothing),
		cmocka_unit_test(removals_come_before_additions),
		cmocka_unit_test(what_is_the_same_is_shared),
		cmocka_unit_test(settings_and_labels_change_in_place),
		cmocka_unit_test(a_head_is_no_path),
		cmocka_unit_test(another_disk_under_the_same_name_is_another_path),
		cmocka_unit_test(another_host_is_another_path),
		cmocka_unit_test(signs_of_another_disk),
		cmocka_unit_test(a_receiver_can_end_it),
		cmocka_unit_test(a_sorted_list_takes_one_more),
		cmocka_unit_test(a_name_twice_is_dropped),
		cmocka_unit_test(names_are_short_where_they_can_be),
		cmocka_unit_test(names_stay),
		cmocka_unit_test(long_and_strange_names_are_made_fit),
		cmocka_unit_test(what_is_no_disk_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
