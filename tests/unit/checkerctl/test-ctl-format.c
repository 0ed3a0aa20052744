/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* multipathd's wildcards: the value of each, and its word for an unknown value. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerctl/exit.h"
#include "checkerctl/format.h"

static char sysfs[] = "/tmp/ctl-format.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char file[256];
	FILE *f;

	for (const char *slash = strchr(name, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(file, sizeof(file), "%s/%.*s", sysfs, (int)(slash - name), name);
		(void)mkdir(file, 0700);
	}
	snprintf(file, sizeof(file), "%s/%s", sysfs, name);
	f = fopen(file, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_sysfs(void **state)
{
	char name[128];

	(void)state;
	if (!mkdtemp(sysfs))
		return -1;
	write_file("dev/block/8:0/size", "209715200\n");
	write_file("dev/block/8:16/size", "19\n");
	write_file("dev/block/8:32/device/sas_address", "0x5000c50012345678\n");
	write_file("dev/block/254:3/size", "209715200\n");
	write_file("dev/block/254:3/ro", "1\n");
	write_file("dev/block/254:3/queue/max_sectors_kb", "512\n");
	write_file("dev/block/8:0/queue/max_sectors_kb", "1280\n");
	write_file("dev/block/259:1/device/cntlid", "2\n");
	write_file("dev/block/259:1/nsid", "3\n");
	write_file("class/fc_host/host3/node_name", "0x20000025b500003e\n");
	write_file("class/fc_host/host3/port_name", "0x20000025b500003f\n");
	write_file("class/fc_transport/target3:0:1/node_name", "0x50060160bb60014c\n");
	write_file("class/fc_transport/target3:0:1/port_name", "0x50060160bb60014d\n");
	write_file("class/iscsi_host/host4/ipaddress", "192.0.2.7\n");
	write_file("class/scsi_host/dir", "");
	snprintf(name, sizeof(name), "%s/class/scsi_host/host3", sysfs);
	return symlink(
	        "../../devices/pci0000:00/0000:00:03.0/0000:05:00.1/host3/scsi_host/"
	        "host3",
	        name);
}

static int remove_sysfs(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", sysfs);
	return system(command); /* NOLINT(cert-env33-c): the test made the name */
}

/* The keys that checkerctl requests for a format, and no others. */
static json_object *requested(json_object *path)
{
	json_object *some = json_object_new_object(), *value;

	for (const char *at = path_wildcard_keys; *at != '\0';) {
		size_t n = strcspn(at, ",");
		char key[64];

		(void)snprintf(key, sizeof(key), "%.*s", (int)n, at);
		if (json_object_object_get_ex(path, key, &value))
			json_object_object_add(some, key, json_object_get(value));
		at += n + (at[n] != '\0');
	}
	return some;
}

static void assert_value(json_object *path, char letter, const char *expected)
{
	json_object *some = requested(path);
	char *value = format_value(&path_wildcards, letter, some, sysfs);

	json_object_put(some);
	if (strcmp(value, expected) != 0)
		fail_msg("%%%c is '%s', not '%s'", letter, value, expected);
	free(value);
}

static void test_known(void **state)
{
	json_object *path = json_tokener_parse(
	        "{\"wwid\":\"3600\",\"hcil\":\"3:0:1:49154\",\"name\":\"sda\",\"devt\":"
	        "\"8:0\","
	        "\"dm_state\":\"failed\",\"sysfs_state\":\"offline\",\"state\":\"down\","
	        "\"vendor\":\"DGC\",\"product\":\"VRAID\",\"revision\":\"4201\","
	        "\"checker\":\"directio\",\"interval_s\":20.0,\"next_check_in_s\":15.2,"
	        "\"serial\":\"CKM\",\"marginal\":true,\"map\":\"mpatha\",\"failures_"
	        "total\":7,"
	        "\"protocol\":\"scsi:fcp\"}");

	(void)state;
	assert_non_null(path);
	assert_value(path, 'w', "3600");
	assert_value(path, 'i', "3:0:1:49154");
	assert_value(path, 'd', "sda");
	assert_value(path, 'D', "8:0");
	assert_value(path, 't', "failed");
	assert_value(path, 'o', "offline");
	assert_value(path, 'T', "faulty");
	assert_value(path, 's', "DGC,VRAID,4201");
	assert_value(path, 'c', "directio");
	assert_value(path, 'C', "XXXXXXX... 15/20");
	assert_value(path, 'p', "-1");
	assert_value(path, 'S', "100G");
	assert_value(path, 'z', "CKM");
	assert_value(path, 'M', "marginal");
	assert_value(path, 'm', "mpatha");
	assert_value(path, 'N', "0x20000025b500003e");
	assert_value(path, 'R', "0x20000025b500003f");
	assert_value(path, 'n', "0x50060160bb60014c");
	assert_value(path, 'r', "0x50060160bb60014d");
	assert_value(path, '0', "7");
	assert_value(path, 'P', "scsi:fcp");
	assert_value(path, 'a', "0000:05:00.1");
	assert_value(path, 'I', "ok");
	assert_value(path, 'L', "0xc002000000000000");
	assert_value(path, 'k', "1280");
	json_object_put(path);
}

static void test_adapter(void **state)
{
	static const struct {
		const char *hcil, *protocol, *adapter;
	} cases[] = {
		{ "3:0:0:1", "scsi:sas", "0000:05:00.1" },
		{ "4:0:0:1", "scsi:iscsi", "192.0.2.7" },
		{ "3:0:0:1", "scsi:iscsi", "[undef]" },
		{ "3:0:0:1", "scsi:unspec", "[undef]" },
		{ "4:0:0:1", "scsi:fcp", "[undef]" },
		{ "", "scsi:fcp", "[undef]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_object *path = json_object_new_object();

		json_object_object_add(path, "hcil",
		                       json_object_new_string(cases[i].hcil));
		json_object_object_add(path, "protocol",
		                       json_object_new_string(cases[i].protocol));
		assert_value(path, 'a', cases[i].adapter);
		json_object_put(path);
	}
}

static void test_unknown(void **state)
{
	json_object *path =
	        json_tokener_parse("{\"name\":\"x\",\"devt\":null,\"state\":\"new\"}");

	(void)state;
	assert_value(path, 'w', "");
	assert_value(path, 'i', "#:#:#:#");
	assert_value(path, 'D', "#:#");
	assert_value(path, 't', "undef");
	assert_value(path, 'o', "unknown");
	assert_value(path, 'T', "undef");
	assert_value(path, 's', "##,##,##");
	assert_value(path, 'C', "orphan");
	assert_value(path, 'S', "[undef]");
	assert_value(path, 'M', "normal");
	assert_value(path, 'm', "[orphan]");
	assert_value(path, 'N', "[undef]");
	assert_value(path, 'r', "[undef]");
	assert_value(path, 'a', "[undef]");
	assert_value(path, 'h', "[undef]");
	assert_value(path, 'g', "[undef]");
	assert_value(path, 'A', "[undef]");
	assert_value(path, 'f', "[undef]");
	assert_value(path, 'G', "--");
	assert_value(path, 'L', "0xffffffffffffffff");
	assert_value(path, 'k', "n/a");
	json_object_put(path);
}

/* The words of multipathd's path_sysfs_state(): a blocked device is running, not offline. */
static void test_device_states(void **state)
{
	static const struct {
		const char *protocol, *state, *word;
	} cases[] = {
		{ "scsi:fcp", "running", "running" },
		{ "scsi:fcp", "blocked", "running" },
		{ "scsi:fcp", "quiesce", "running" },
		{ "scsi:fcp", "offline", "offline" },
		{ "scsi:fcp", "transport-offline", "offline" },
		{ "scsi:fcp", "deleted", "offline" },
		{ "scsi:fcp", NULL, "unknown" },
		{ "nvme:tcp", "live", "running" },
		{ "nvme:tcp", "dead", "offline" },
		{ "nvme:tcp", "connecting", "offline" },
		{ "undef", NULL, "running" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_object *path = json_object_new_object();

		json_object_object_add(path, "map", json_object_new_string("m"));
		json_object_object_add(path, "protocol",
		                       json_object_new_string(cases[i].protocol));
		if (cases[i].state != NULL)
			json_object_object_add(path, "sysfs_state",
			                       json_object_new_string(cases[i].state));
		assert_value(path, 'o', cases[i].word);
		json_object_put(path);
	}
}

static void test_names_of_ports(void **state)
{
	json_object *gone =
	        json_tokener_parse("{\"hcil\":\"9:0:1:0\",\"protocol\":\"scsi:fcp\"}");
	json_object *parallel =
	        json_tokener_parse("{\"hcil\":\"3:0:1:0\",\"protocol\":\"scsi:unspec\"}");
	json_object *sas = json_tokener_parse("{\"hcil\":\"3:0:1:0\",\"devt\":\"8:32\","
	                                      "\"protocol\":\"scsi:sas\"}");

	(void)state;
	for (const char *c = "NnRr"; *c != '\0'; c++) {
		assert_value(gone, *c, "[unknown]");
		assert_value(parallel, *c, "[undef]");
	}
	assert_value(sas, 'n', "0x5000c50012345678");
	assert_value(sas, 'r', "[undef]");
	json_object_put(gone);
	json_object_put(parallel);
	json_object_put(sas);
}

static void assert_map(json_object *map, const char *format, const char *expected)
{
	json_object *maps = json_object_new_array();
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	json_object_array_add(maps, json_object_get(map));
	format_print(f, &map_wildcards, format, maps, false, true, sysfs);
	fclose(f);
	assert_string_equal(out, expected);
	free(out);
	json_object_put(maps);
}

static void test_maps(void **state)
{
	json_object *map = json_tokener_parse(
	        "{\"name\":\"mpatha\",\"wwid\":\"3600\",\"dm\":\"dm-3\",\"devt\":\"254:"
	        "3\","
	        "\"queueing\":true,\"suspended\":false,\"paths_up\":1,\"paths_total\":2,"
	        "\"groups\":[{\"paths\":[{\"fail_count\":2},{\"fail_count\":3}]},"
	        "{\"paths\":[{\"fail_count\":4}]}],"
	        "\"first_path\":{\"vendor\":\"DGC\",\"product\":\"VRAID\","
	        "\"revision\":\"4201\"}}");
	json_object *named = json_tokener_parse("{\"name\":\"m\",\"dm\":null,"
	                                        "\"queueing\":null,\"paths_up\":0}");

	(void)state;
	assert_map(map, "%n %w %d %Q %N %r %t %S %0 %k",
	           "mpatha 3600 dm-3 on 1 ro active 100G 9 512\n");
	assert_map(map, "%s %v %p %e", "DGC,VRAID DGC VRAID 4201\n");
	assert_map(map, "%F|%f|%x|%h|%A|%1|%2|%3|%4|%G|%g",
	           "undef|[undef]|0|[undef]||0|0|0|0|--|[undef]\n");
	assert_map(named, "%n|%w|%d|%Q|%N|%r|%t|%S|%s|%v|%e|%0|%k",
	           "m||undef|-|0|undef|undef|[undef]|##,##|##|##|0|n/a\n");
	json_object_object_add(map, "suspended", json_object_new_boolean(true));
	json_object_object_add(map, "queueing", json_object_new_boolean(false));
	assert_map(map, "%t %Q", "suspend off\n");
	assert_int_equal(format_check(&map_wildcards, "%i"), EXIT_USAGE);
	json_object_put(map);
	json_object_put(named);
}

static void test_words(void **state)
{
	static const char *const words[][2] = {
		{ "up", "ready" },
		{ "down", "faulty" },
		{ "shaky", "shaky" },
		{ "ghost", "ghost" },
		{ "pending", "i/o pending" },
		{ "timeout", "i/o timeout" },
		{ "delayed", "delayed" },
		{ "disconnected", "disconnected" },
		{ "unchecked", "undef" },
		{ "removed", "undef" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		json_object *path = json_object_new_object();

		json_object_object_add(path, "state",
		                       json_object_new_string(words[i][0]));
		assert_value(path, 'T', words[i][1]);
		json_object_put(path);
	}
}

static void test_numbers(void **state)
{
	json_object *path = json_tokener_parse(
	        "{\"devt\":\"8:16\",\"hcil\":\"1:0:0:5\",\"interval_s\":0.1,"
	        "\"next_check_in_s\":-3,\"name\":\"a\\u001b[0m\"}");

	(void)state;
	assert_value(path, 'S',
	             "9.0K"); /* nineteen sectors; the half kilobyte is dropped */
	assert_value(path, 'L', "0x0005000000000000");
	assert_value(path, 'C', ".......... 0/1");
	assert_value(path, 'd', "a\\x1b[0m");
	json_object_put(path);
}

/* For two transports multipathd prints more than their class in sysfs has. */
static void test_names_of_other_transports(void **state)
{
	json_object *nvme =
	        json_tokener_parse("{\"name\":\"nvme1n4\",\"devt\":\"259:1\"}");
	json_object *head =
	        json_tokener_parse("{\"name\":\"nvme1n4\",\"devt\":\"259:2\"}");
	json_object *iscsi = json_tokener_parse("{\"hcil\":\"3:0:1:0\",\"protocol\":"
	                                        "\"scsi:iscsi\",\"target\":\"iqn.x\"}");

	(void)state;
	assert_value(nvme, 'i', "1:2:4:3");
	assert_value(nvme, 'L', "0x0003000000000000");
	assert_value(nvme, 'n', "[undef]");
	assert_value(head, 'i', "#:#:#:#");
	assert_value(head, 'L', "0xffffffffffffffff");
	assert_value(iscsi, 'i', "3:0:1:0");
	assert_value(iscsi, 'n', "iqn.x");
	json_object_put(nvme);
	json_object_put(head);
	json_object_put(iscsi);
}

static void test_check(void **state)
{
	(void)state;
	assert_int_equal(format_check(&path_wildcards,
	                              "%w %i %d %D %t %o %T %s %c %C %p %S %z %M %m"),
	                 0);
	assert_int_equal(
	        format_check(&path_wildcards, "%N%n%R%r%a%h%g%G%P%A%I%L%f%0%k 100%%"), 0);
	assert_int_equal(format_check(&path_wildcards, "no wildcard"), 0);
	assert_int_equal(format_check(&path_wildcards, ""), 0);
	assert_int_equal(format_check(&path_wildcards, "%d %x"), EXIT_USAGE);
	assert_int_equal(format_check(&path_wildcards, "%d %"), EXIT_USAGE);
	assert_int_equal(format_check(&path_wildcards, "%%%"), EXIT_USAGE);
}

static char *print(const char *format, bool headings, bool raw)
{
	json_object *paths =
	        json_tokener_parse("[{\"name\":\"sda\",\"state\":\"up\"},{\"name\":"
	                           "\"sdaaa\",\"state\":\"down\"}]");
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	format_print(f, &path_wildcards, format, paths, headings, raw, sysfs);
	fclose(f);
	json_object_put(paths);
	return out;
}

static void assert_print(const char *format, bool headings, bool raw,
                         const char *expected)
{
	char *out = print(format, headings, raw);

	assert_string_equal(out, expected);
	free(out);
}

static void test_print(void **state)
{
	(void)state;
	assert_print("%d %T", true, false, "dev   chk_st\nsda   ready\nsdaaa faulty\n");
	assert_print("%d %T", false, false, "sda   ready\nsdaaa faulty\n");
	assert_print("%d %T", true, true, "sda ready\nsdaaa faulty\n");
	assert_print("%d|%T|", true, false,
	             "dev  |chk_st|\nsda  |ready |\nsdaaa|faulty|\n");
	assert_print("100%% %d%%", false, true, "100% sda%\n100% sdaaa%\n");
	assert_print("%%%d", false, false, "%sda\n%sdaaa\n");
	assert_print("x", true, false, "x\nx\nx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_adapter),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_device_states),
		cmocka_unit_test(test_names_of_ports),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names_of_other_transports),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests_name("ctl-format", tests, make_sysfs, remove_sysfs);
}
