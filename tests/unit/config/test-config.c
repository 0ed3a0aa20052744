/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What valid configurations mean, and what is printed of them. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <syslog.h>

#include "checkerd/config/nearest.h"
#include "checkerd/config/problem.h"
#include "checkerd/config/filter.h"
#include "checkerd/config/rules.h"
#include "checkerd/config/maintenance.h"
#include "tests/unit/config/config-text.h"

#define SECOND INT64_C(1000000)

static void an_empty_text_is_the_defaults(void **state)
{
	struct config *c = text_parse("");

	(void)state; /* no fixture */
	assert_int_equal(c->discovery, DISCOVERY_UDEV);
	assert_int_equal(c->path_checker, CHECKER_AUTO);
	assert_true(c->detect_checker);
	assert_int_equal(c->read_every, 5);
	assert_int_equal(c->polling_interval_us, 5 * SECOND);
	assert_int_equal(c->max_polling_interval_us, 20 * SECOND);
	assert_int_equal(c->checker_timeout_us, 0);
	assert_int_equal(c->fail_checks, 1);
	assert_int_equal(c->recover_checks, 1);
	assert_false(c->dm_control);
	assert_true(c->keep_last_path);
	assert_int_equal(c->max_paths, 16384);
	assert_int_equal(c->max_in_flight, 16384);
	assert_int_equal(c->max_in_flight_host, 0);
	assert_int_equal(c->rescuer_threads, 16);
	assert_int_equal(c->realtime_priority, 0);
	assert_int_equal(c->aio_setup_timeout_us, 2 * SECOND);
	assert_null(c->socket_group);
	assert_int_equal(c->max_clients, 128);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->n_paths, 0);
	assert_int_equal(c->n_problems, 0);
	config_free(c);
}

static void every_default_can_be_changed(void **state)
{
	struct config *c = text_parse("defaults {\n"
	                              "	discovery static\n"
	                              "	path_checker none\n"
	                              "	polling_interval 0.5\n"
	                              "	max_polling_interval 4s\n"
	                              "	checker_timeout 1.5m\n"
	                              "	fail_checks 2\n"
	                              "	recover_checks 3\n"
	                              "	keep_last_path no\n"
	                              "	max_paths 131072\n"
	                              "	max_in_flight 0\n"
	                              "	max_in_flight_host 64\n"
	                              "	rescuer_threads 8\n"
	                              "	aio_setup_timeout 500ms\n"
	                              "	socket_group disk\n"
	                              "	max_clients 5\n"
	                              "	log_level debug\n"
	                              "}\n");

	(void)state; /* no fixture */
	assert_int_equal(c->discovery, DISCOVERY_STATIC);
	assert_int_equal(c->path_checker, CHECKER_NONE);
	assert_int_equal(c->polling_interval_us, SECOND / 2);
	assert_int_equal(c->max_polling_interval_us, 4 * SECOND);
	assert_int_equal(c->checker_timeout_us, 90 * SECOND);
	assert_int_equal(c->fail_checks, 2);
	assert_int_equal(c->recover_checks, 3);
	assert_false(c->keep_last_path);
	assert_int_equal(c->max_paths, 131072);
	assert_int_equal(c->max_in_flight, 0);
	assert_int_equal(c->max_in_flight_host, 64);
	assert_int_equal(c->rescuer_threads, 8);
	assert_int_equal(c->aio_setup_timeout_us, SECOND / 2);
	assert_string_equal(c->socket_group, "disk");
	assert_int_equal(c->max_clients, 5);
	assert_int_equal(c->log_level, LOG_DEBUG);
	assert_int_equal(c->n_problems, 0);
	config_free(c);
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{ "1", SECOND },
		{ "0.1", SECOND / 10 },
		{ "100ms", SECOND / 10 },
		{ "100.001ms", 100001 },
		{ "0.100001", 100001 },
		{ "0.1000010", 100001 },
		{ "1h", 3600 * SECOND },
		{ "30m30s", 1830 * SECOND },
		{ "59min60sec", 3600 * SECOND },
		{ "0.5h", 1800 * SECOND },
		{ "1.5m", 90 * SECOND },
		{ "007", 7 * SECOND },
		{ "2.000000000", 2 * SECOND },
		{ "\"3s\"", 3 * SECOND },
		{ "3600000ms", 3600 * SECOND },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[128];
		struct config *c;

		snprintf(text, sizeof(text), "defaults {\nchecker_timeout %s\n}",
		         rows[i].text);
		c = text_parse(text);
		assert_int_equal(c->checker_timeout_us, rows[i].us);
		config_free(c);
	}
}

static void on_off_yes_no(void **state)
{
	static const struct {
		const char *text;
		bool on;
	} rows[] = { { "on", true }, { "yes", true }, { "off", false }, { "no", false } };

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[128];
		struct config *c;

		snprintf(text, sizeof(text),
		         "defaults {\nkeep_last_path %s\ndm_control %s\n}", rows[i].text,
		         rows[i].text);
		c = text_parse(text);
		assert_int_equal(c->keep_last_path, rows[i].on);
		assert_int_equal(c->dm_control, rows[i].on);
		config_free(c);
	}
}

static void the_interval_grows_to_four_times(void **state)
{
	struct config *c = text_parse("defaults { polling_interval 30 }");
	char *text;

	(void)state; /* no fixture */
	assert_int_equal(c->max_polling_interval_us, 120 * SECOND);
	config_free(c);
	c = text_parse("defaults {\npolling_interval 30\nmax_polling_interval 10\n}");
	assert_int_equal(c->max_polling_interval_us, 30 * SECOND);
	text = text_problems(c);
	assert_string_equal(text,
	                    "test.conf:3:22: warning: max_polling_interval is less than "
	                    "polling_interval, which is used for both: raise it\n");
	free(text);
	config_free(c);
}

static void paths(void **state)
{
	struct config *c =
	        text_parse("paths { path { device /dev/loop0 alias left  map demo } }\n"
	                   "paths {\n"
	                   "	path {\n"
	                   "		device \"/srv/two words.img\"\n"
	                   "	} path { map demo device /dev/sdb }\n"
	                   "}\n");
	char *text;

	(void)state; /* no fixture */
	assert_int_equal(c->n_paths, 3);
	assert_string_equal(c->paths[0].device, "/dev/loop0");
	assert_string_equal(c->paths[0].alias, "left");
	assert_string_equal(c->paths[0].map, "demo");
	assert_string_equal(c->paths[1].device, "/srv/two words.img");
	assert_null(c->paths[1].alias);
	assert_null(c->paths[1].map);
	assert_string_equal(c->paths[2].device, "/dev/sdb");
	assert_string_equal(c->paths[2].map, "demo");
	text = text_problems(c);
	assert_string_equal(text,
	                    "test.conf:1:23: warning: paths are checked with 'discovery "
	                    "static' only: add that to defaults\n");
	free(text);
	config_free(c);
	c = text_parse("defaults { discovery static }\npaths { path { device /d } }");
	assert_int_equal(c->n_problems, 0);
	config_free(c);
}

static void as_many_paths_as_room(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct config *c;

	(void)state; /* no fixture */
	assert_non_null(out);
	fputs("defaults {\nmax_paths 5000\n}\npaths {\n", out);
	for (int i = 0; i < 5000; i++)
		fprintf(out, "path { device /dev/x%d alias a%d }\n", i, i);
	fputs("}\n", out);
	fclose(out);
	c = text_parse(text);
	assert_int_equal(c->n_paths, 5000);
	assert_string_equal(c->paths[4999].alias, "a4999");
	config_free(c);
	free(text);
}

/* The limits themselves are allowed. */
static void the_longest_names(void **state)
{
	char device[CONFIG_DEVICE_MAX + 1], name[CONFIG_NAME_MAX + 1], text[1024];
	struct config *c;

	(void)state; /* no fixture */
	memset(device, 'd', sizeof(device) - 1);
	device[0] = '/';
	device[sizeof(device) - 1] = '\0';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text),
	         "paths { path { device %s alias %s map %s } }\n"
	         "defaults { socket_group %s }",
	         device, name, name, name);
	c = text_parse(text);
	assert_string_equal(c->paths[0].device, device);
	assert_string_equal(c->paths[0].alias, name);
	assert_string_equal(c->socket_group, name);
	config_free(c);
}

static void the_last_one_counts(void **state)
{
	struct config *c = text_parse("defaults { fail_checks 2 }\n"
	                              "defaults {\n"
	                              "	fail_checks 3\n"
	                              "	fail_checks 4\n"
	                              "}\n"
	                              "multipaths {\n"
	                              "	multipath { wwid w alias first }\n"
	                              "	multipath { wwid w alias second }\n"
	                              "}\n");
	char *text = text_problems(c);

	(void)state; /* no fixture */
	assert_int_equal(c->fail_checks, 4);
	assert_string_equal(filter_map_alias(c, "w"), "second");
	assert_null(filter_map_alias(c, "v"));
	assert_null(filter_map_alias(c, NULL));
	assert_string_equal(text,
	                    "test.conf:4:2: warning: fail_checks again: this one counts: "
	                    "remove the one at test.conf:3:2\n");
	free(text);
	config_free(c);
}

static void warnings(void **state)
{
	struct config *c = text_parse("defaults {\n"
	                              "	user_friendly_names yes\n"
	                              "	path_selector \"service-time 0\"\n"
	                              "	hardware_handler 1 alua\n"
	                              "	checker tur\n"
	                              "	dm_control on\n"
	                              "	log_level info#rmation\n"
	                              "}\n"
	                              "devices {\n"
	                              "	device {\n"
	                              "		vendor A\n"
	                              "		user_friendly_names yes\n"
	                              "		no_path_retry queue path_checker tur\n"
	                              "	}\n"
	                              "	device { vendor B path_checker rdac }\n"
	                              "}\n"
	                              "overrides {\n"
	                              "	protocol {\n"
	                              "		type \"scsi:fcp\"\n"
	                              "		dev_loss_tmo 60\n"
	                              "	}\n"
	                              "	protocol { type \"nvme:tcp\" }\n"
	                              "}\n"
	                              "devnode_blacklist {\n"
	                              "	devnode *\n"
	                              "}\n"
	                              "multipaths {\n"
	                              "	multipath { wwid 1 alias a }\n"
	                              "	multipath { wwid 2 alias a }\n"
	                              "	multipath { wwid 3 alias b }\n"
	                              "	multipath { wwid 3 alias b }\n"
	                              "}\n");
	char *text = text_problems(c);

	(void)state; /* no fixture */
	assert_string_equal(
	        text,
	        "test.conf:2:2: warning: user_friendly_names has no meaning here\n"
	        "test.conf:3:2: warning: path_selector has no meaning here\n"
	        "test.conf:4:2: warning: hardware_handler has no meaning here\n"
	        "test.conf:7:16: warning: '#' begins a comment here: put a blank before "
	        "it, or "
	        "quotes around the value that it belongs to\n"
	        "test.conf:13:3: warning: no_path_retry has no meaning here\n"
	        "test.conf:20:3: warning: dev_loss_tmo has no meaning here\n"
	        "test.conf:25:10: warning: devnode '*': taken as '.*': these are regular "
	        "expressions\n"
	        "test.conf:29:27: warning: alias 'a' is there twice: change it here or "
	        "at "
	        "test.conf:28:27\n");
	assert_int_equal(c->path_checker, CHECKER_TUR);
	free(text);
	config_free(c);
}

/* A path_checker that is written is used, where multipathd detects another one. */
static void detection_beside_a_checker(void **state)
{
	static const struct {
		const char *text;
		size_t problems;
	} rows[] = {
		{ "defaults {\n path_checker tur\n detect_checker yes\n}\n", 1 },
		{ "defaults {\n detect_checker yes\n path_checker rdac\n}\n", 1 },
		{ "defaults {\n path_checker tur\n detect_checker no\n}\n", 0 },
		{ "defaults {\n path_checker auto\n detect_checker yes\n}\n", 0 },
		{ "defaults {\n path_checker tur\n}\n", 0 },
		{ "defaults {\n detect_checker yes\n}\n", 0 },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c = text_parse(rows[i].text);

		assert_int_equal(c->n_problems, rows[i].problems);
		if (c->n_problems > 0)
			assert_contains(c->problems[0].message, "detect_checker has no "
			                                        "meaning here with");
		config_free(c);
	}
}

static void every_word_of_multipath_conf(void **state)
{
	/* The keywords of multipath.conf(5) of multipath-tools 0.9.4, by section. */
	static const char text[] =
	        "defaults {\n verbosity 2\n polling_interval 5\n max_polling_interval "
	        "20\n"
	        " reassign_maps no\n multipath_dir /lib\n path_selector \"service-time "
	        "0\"\n"
	        " path_grouping_policy failover\n pg_timeout 5\n uid_attrs "
	        "\"sd:ID_SERIAL\"\n"
	        " uid_attribute ID_SERIAL\n getuid_callout x\n prio const\n prio_args "
	        "\"\"\n"
	        " features \"0\"\n path_checker directio\n alias_prefix mpath\n failback "
	        "manual\n"
	        " rr_min_io 1000\n rr_min_io_rq 1\n max_fds max\n rr_weight uniform\n"
	        " no_path_retry fail\n queue_without_daemon no\n checker_timeout 30\n"
	        " allow_usb_devices no\n flush_on_last_del no\n user_friendly_names no\n"
	        " fast_io_fail_tmo 5\n dev_loss_tmo 600\n eh_deadline off\n "
	        "bindings_file /x\n"
	        " wwids_file /x\n prkeys_file /x\n log_checker_err always\n "
	        "reservation_key 1\n"
	        " all_tg_pt no\n retain_attached_hw_handler yes\n detect_prio yes\n"
	        " detect_checker yes\n force_sync no\n strict_timing no\n "
	        "deferred_remove no\n"
	        " partition_delimiter \"-part\"\n config_dir /x\n san_path_err_threshold "
	        "no\n"
	        " san_path_err_forget_rate no\n san_path_err_recovery_time no\n"
	        " marginal_path_double_failed_time no\n marginal_path_err_sample_time "
	        "no\n"
	        " marginal_path_err_rate_threshold no\n "
	        "marginal_path_err_recheck_gap_time no\n"
	        " delay_watch_checks no\n delay_wait_checks no\n marginal_pathgroups no\n"
	        " find_multipaths strict\n find_multipaths_timeout -10\n uxsock_timeout "
	        "4000\n"
	        " retrigger_tries 3\n retrigger_delay 10\n missing_uev_wait_timeout 30\n"
	        " skip_kpartx no\n disable_changed_wwids yes\n remove_retries 0\n"
	        " max_sectors_kb 1024\n ghost_delay no\n enable_foreign \"NONE\"\n"
	        " recheck_wwid no\n detect_pgpolicy yes\n detect_pgpolicy_use_tpg no\n"
	        " auto_resize never\n}\n"
	        "blacklist {\n devnode \"!^(sd[a-z]|dasd[a-z]|nvme[0-9])\"\n"
	        " wwid \"x\"\n property \"y\"\n protocol \"scsi:unspec\"\n"
	        " device {\n  vendor \"SGI\"\n  product \"Universal Xport\"\n }\n}\n"
	        "blacklist_exceptions {\n property \"(SCSI_IDENT_|ID_WWN)\"\n}\n"
	        "devices {\n device {\n  vendor \"(COMPAQ|HP)\"\n  product \"HSV\"\n"
	        "  revision \"1\"\n  product_blacklist \"LUNZ\"\n  alias_prefix x\n"
	        "  vpd_vendor hp3par\n  hardware_handler \"1 alua\"\n  path_checker "
	        "directio\n"
	        " }\n}\n"
	        "overrides {\n no_path_retry fail\n protocol {\n  type \"scsi:fcp\"\n "
	        "}\n}\n"
	        "multipaths {\n multipath {\n  wwid 1\n  alias a\n  failback immediate\n "
	        "}\n}\n";
	struct config *c = text_parse(text);

	(void)state; /* no fixture */
	for (size_t i = 0; i < c->n_problems; i++)
		assert_contains(c->problems[i].message, " has no meaning here");
	config_free(c);
}

/* The words of multipath.conf(5) for holds mean the same here, in each section. */
static void settings_of_holds(void **state)
{
	static const char text[] =
	        "defaults { flap_time no san_path_err_threshold 3 hold_max 0 }\n"
	        "devices { device { vendor A san_path_err_forget_rate 20 } }\n"
	        "overrides { san_path_err_recovery_time 90\n"
	        " protocol { type scsi:fcp marginal_path_err_rate_threshold 10 } }\n";
	const struct config_subject subject = { .vendor = "A", .protocol = "scsi:fcp" };
	struct config *c = text_parse(text);
	struct config_settings s;

	(void)state; /* no fixture */
	assert_int_equal(c->n_problems, 0);
	filter_settings(c, &subject, &s);
	assert_int_equal(s.holds.flap_time_us, 0);
	assert_int_equal(s.holds.hold_max_us, 0);
	assert_int_equal(s.holds.hold_time_us, 60000000);
	assert_int_equal(s.holds.san_path_err_threshold, 3);
	assert_int_equal(s.holds.san_path_err_forget_rate, 20);
	assert_int_equal(s.holds.san_path_err_recovery_time_us, 90000000);
	assert_int_equal(s.holds.marginal_path_err_rate_threshold, 10);
	config_free(c);
}

static void too_many_errors(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct config *c = NULL;
	unsigned warned = 0;

	(void)state; /* no fixture */
	assert_non_null(out);
	for (int i = 0; i < 150; i++)
		fputs("blacklist {\ndevnode *\n}\n", out);
	for (int i = 0; i < 250; i++)
		fputs("x\n", out);
	fclose(out);
	assert_int_equal(load_text(TEST_NAME, text, size, &c), -EINVAL);
	assert_int_equal(c->n_problems, 2 * CONFIG_PROBLEMS_MAX + 1);
	for (size_t i = 0; i < c->n_problems; i++)
		warned += c->problems[i].kind == PROBLEM_ERROR ? 0 : 1;
	assert_int_equal(warned, CONFIG_PROBLEMS_MAX);
	assert_string_equal(c->problems[c->n_problems - 1].message,
	                    "150 more errors are not shown: correct these first");
	config_free(c);
	free(text);
}

static void too_large(void **state)
{
	char *text = malloc(CONFIG_FILE_BYTES_MAX + 1);
	struct config *c = NULL;
	char *problems;

	(void)state; /* no fixture */
	assert_non_null(text);
	memset(text, '\n', CONFIG_FILE_BYTES_MAX + 1);
	assert_int_equal(load_text(TEST_NAME, text, CONFIG_FILE_BYTES_MAX, &c), 0);
	c = config_free(c);
	assert_int_equal(load_text(TEST_NAME, text, CONFIG_FILE_BYTES_MAX + 1, &c),
	                 -EINVAL);
	problems = text_problems(c);
	assert_string_equal(problems, "test.conf: error: larger than 1 MiB: this is no "
	                              "configuration file\n");
	free(problems);
	config_free(c);
	free(text);
}

static void suggestions(void **state)
{
	static const struct {
		const char *wanted, *candidate;
		bool near;
	} rows[] = {
		{ "polling_intervall", "polling_interval", true },
		{ "plling_interval", "polling_interval", true },
		{ "poilling_interval", "polling_interval", true },
		{ "opllign_interval", "polling_interval", true },
		{ "timeout", "polling_interval", false },
		{ "maps", "map", true },
		{ "abc", "xyz", false },
		{ "", "map", false },
		{ "m", "map", false },
		{ "inter", "interval", true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a",
		  false },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct nearest n;

		nearest_init(&n, rows[i].wanted);
		nearest_try(&n, rows[i].candidate);
		assert_int_equal(n.best != NULL, rows[i].near);
	}
}

static void quoted_in_messages(void **state)
{
	char buf[PROBLEM_QUOTE_SIZE], text[128];

	(void)state; /* no fixture */
	assert_string_equal(problem_quote(buf, ""), "''");
	assert_string_equal(problem_quote(buf, "a b"), "'a b'");
	assert_string_equal(problem_quote(buf, "a\x1b[2J\n\x7f"),
	                    "'a\\x1b[2J\\x0a\\x7f'");
	assert_string_equal(problem_word(buf, "a_b"), "a_b");
	assert_string_equal(problem_word(buf, ""), "''");
	assert_string_equal(problem_word(buf, "a b"), "'a b'");
	assert_string_equal(problem_word(buf, "\xc3\xa4"), "'\xc3\xa4'");

	/* Sixty bytes, and a character of two of them is not halved. */
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	problem_quote(buf, text);
	assert_int_equal(strlen(buf), 60 + strlen("''..."));
	assert_string_equal(buf + 60, "x...'");
	memcpy(text + 59, "\xc3\xa4", 2);
	assert_string_equal(problem_quote(buf, text) + 59, "x...'");
	memcpy(text + 58, "\xc3\xa4x", 3);
	assert_string_equal(problem_quote(buf, text) + 58, "x\xc3\xa4...'");
	/* The longest: escapes up to the end. */
	memset(text, '\n', sizeof(text) - 1);
	assert_true(strlen(problem_quote(buf, text)) < PROBLEM_QUOTE_SIZE);
	/* What is not UTF-8, also where it is cut: nothing before the text is looked at. */
	assert_string_equal(problem_quote(buf, "a\xff\xc3(\x80"), "'a\\xff\\xc3(\\x80'");
	assert_string_equal(problem_quote(buf, "\xc2\x9b"
	                                       "2J"),
	                    "'\\xc2\\x9b2J'");
	memset(text, 0x80, sizeof(text) - 1);
	problem_quote(buf, text);
	assert_int_equal(strlen(buf), 60 + strlen("''..."));
	assert_memory_equal(buf + 57, "\\x80...'", 9);
}

static void what_is_printed(void **state)
{
	struct config *c = text_parse(
	        "defaults { polling_interval 250ms socket_group disk dm_control off }\n"
	        "multipaths { multipath { wwid \"a \"\"b\" alias x } multipath { wwid 3 "
	        "} }\n"
	        "overrides { checker_timeout 90s protocol { path_checker tur+directio "
	        "type \"scsi:sas\" read_every 2 detect_checker off } path_checker none "
	        "}\n"
	        "overrides { protocol { type undef checker_timeout auto } }\n"
	        "overrides { protocol { type undef } }\n"
	        "devices {\n"
	        " device { vendor A product_blacklist \"L U\" fail_checks 4 }\n"
	        " device { vendor B features 0 }\n"
	        "}\n"
	        "blacklist_exceptions { devnode ^loop }\n"
	        "blacklist {\n"
	        " wwid \"a{2}\"\n"
	        " devnode \"!^sd\"\n"
	        " device { product p }\n"
	        " devnode \"#\"\n"
	        "}\n"
	        "paths { path { alias l device \"/dev/l 0\" } }\n");
	char *text = text_dump(c);

	(void)state; /* no fixture */
	assert_string_equal(text, "defaults {\n"
	                          "	discovery udev\n"
	                          "	path_checker auto\n"
	                          "	detect_checker yes\n"
	                          "	read_every 5\n"
	                          "	polling_interval 0.25\n"
	                          "	max_polling_interval 1\n"
	                          "	checker_timeout auto\n"
	                          "	fail_checks 1\n"
	                          "	recover_checks 1\n"
	                          "	keep_open auto\n"
	                          "	native_nvme yes\n"
	                          "	allow_usb_devices no\n"
	                          "	uid_attribute ID_SERIAL\n"
	                          "	uid_attrs \"\"\n"
	                          "	dm_control off\n"
	                          "	keep_last_path yes\n"
	                          "	map_lost_time 60\n"
	                          "	dm_release reinstate\n"
	                          "	slow_path event\n"
	                          "	purge_disconnected no\n"
	                          "	marginal_port yes\n"
	                          "	flap_time 60\n"
	                          "	hold_time 60\n"
	                          "	hold_max 300\n"
	                          "	san_path_err_threshold no\n"
	                          "	san_path_err_forget_rate no\n"
	                          "	san_path_err_recovery_time no\n"
	                          "	marginal_path_double_failed_time no\n"
	                          "	marginal_path_err_sample_time no\n"
	                          "	marginal_path_err_rate_threshold no\n"
	                          "	marginal_path_err_recheck_gap_time no\n"
	                          "	delay_watch_checks no\n"
	                          "	delay_wait_checks no\n"
	                          "	multipath_conf \"\"\n"
	                          "	max_paths 16384\n"
	                          "	max_in_flight 16384\n"
	                          "	max_in_flight_host 0\n"
	                          "	rescuer_threads 16\n"
	                          "	realtime_priority 0\n"
	                          "	aio_setup_timeout 2\n"
	                          "	socket_group disk\n"
	                          "	max_clients 128\n"
	                          "	log_level info\n"
	                          "}\n"
	                          "paths {\n"
	                          "	path {\n"
	                          "		device \"/dev/l 0\"\n"
	                          "		alias l\n"
	                          "	}\n"
	                          "}\n"
	                          "blacklist {\n"
	                          "	devnode \"!^sd\"\n"
	                          "	devnode \"#\"\n"
	                          "	wwid \"a{2}\"\n"
	                          "	device {\n"
	                          "		product p\n"
	                          "	}\n"
	                          "}\n"
	                          "blacklist_exceptions {\n"
	                          "	devnode ^loop\n"
	                          "}\n"
	                          "devices {\n"
	                          "	device {\n"
	                          "		vendor A\n"
	                          "		product_blacklist \"L U\"\n"
	                          "		fail_checks 4\n"
	                          "	}\n"
	                          "}\n"
	                          "overrides {\n"
	                          "	path_checker none\n"
	                          "	checker_timeout 90\n"
	                          "	protocol {\n"
	                          "		type scsi:sas\n"
	                          "		path_checker tur+directio\n"
	                          "		detect_checker no\n"
	                          "		read_every 2\n"
	                          "	}\n"
	                          "	protocol {\n"
	                          "		type undef\n"
	                          "		checker_timeout auto\n"
	                          "	}\n"
	                          "}\n"
	                          "multipaths {\n"
	                          "	multipath {\n"
	                          "		wwid \"a \"\"b\"\n"
	                          "		alias x\n"
	                          "	}\n"
	                          "}\n");
	free(text);
	config_free(c);
}

static bool covers(const struct config *c, size_t window, const char *name,
                   const char *host, const char *target, const char *map)
{
	const struct device_spec spec = {
		.name = name, .node = "/dev/x", .host = host, .target = target
	};
	struct device *d;
	bool covered;

	assert_int_equal(device_new(&d, &spec), 0);
	covered = maintenance_covers(&maintenance_of(c)->windows[window], d, map);
	device_unref(d);
	return covered;
}

static void maintenance_windows(void **state)
{
	static const char normal[] = "maintenance {\n"
	                             "	window {\n"
	                             "		days Mon,Sat,Sun\n"
	                             "		from 22:00\n"
	                             "		to 06:30\n"
	                             "		host host3\n"
	                             "		target iqn.a\n"
	                             "		fail no\n"
	                             "		force no\n"
	                             "	}\n"
	                             "	window {\n"
	                             "		date 2026-12-24\n"
	                             "		from 00:00\n"
	                             "		to 24:00\n"
	                             "		map \"m 1\"\n"
	                             "		devnode \"!^sd[ab]$\"\n"
	                             "		fail yes\n"
	                             "		force yes\n"
	                             "	}\n"
	                             "}\n";
	struct config *c = text_parse("maintenance {\n window {\n days \"Saturday-Mon\"\n"
	                              " to 06:30\n from 22:00\n target iqn.a\n"
	                              " host host3\n }\n}\n"
	                              "maintenance {\n window {\n force on\n fail yes\n"
	                              " date 2026-12-24\n from 00:00\n to 24:00\n"
	                              " devnode \"!^sd[ab]$\"\n map \"m 1\"\n }\n}\n"),
	              *again;
	char *text = text_dump(c), *text_again;

	(void)state; /* no fixture */
	assert_int_equal(maintenance_of(c)->n, 2);
	assert_string_equal(maintenance_of(c)->windows[1].place, "test.conf:11");
	assert_contains(text, normal);
	again = text_parse(text);
	text_again = text_dump(again);
	assert_string_equal(text, text_again);
	assert_true(covers(c, 0, "sda", "host3", "iqn.a", NULL));
	assert_false(covers(c, 0, "sda", "host33", "iqn.a", "m 1"));
	assert_false(covers(c, 0, "sda", "host3", NULL, "m 1"));
	assert_true(covers(c, 1, "sdc", NULL, NULL, "m 1"));
	assert_false(covers(c, 1, "sda", NULL, NULL, "m 1"));
	assert_false(covers(c, 1, "sdc", NULL, NULL, NULL));
	free(text);
	free(text_again);
	config_free(c);
	config_free(again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_the_defaults),
		cmocka_unit_test(every_default_can_be_changed),
		cmocka_unit_test(times),
		cmocka_unit_test(on_off_yes_no),
		cmocka_unit_test(the_interval_grows_to_four_times),
		cmocka_unit_test(paths),
		cmocka_unit_test(as_many_paths_as_room),
		cmocka_unit_test(the_longest_names),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(warnings),
		cmocka_unit_test(detection_beside_a_checker),
		cmocka_unit_test(every_word_of_multipath_conf),
		cmocka_unit_test(too_many_errors),
		cmocka_unit_test(too_large),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(quoted_in_messages),
		cmocka_unit_test(what_is_printed),
		cmocka_unit_test(settings_of_holds),
		cmocka_unit_test(maintenance_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
