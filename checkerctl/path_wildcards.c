/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the table of wildcards of paths; each has a function that prints to a FILE in memory. One
 * thread.
 */
#include "checkerctl/wildcard.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerctl/ctl.h"

#define PROGRESS_LENGTH 10
#define LUN_UNKNOWN     UINT64_MAX

const char *wildcard_text(json_object *path, const char *key, const char *missing)
{
	const char *text = ctl_text(path, key, missing);

	return text != NULL && *text ? text : missing;
}

void wildcard_key(FILE *f, json_object *path, const char *sysfs, const char *key)
{
	(void)sysfs;
	fputs(wildcard_text(path, key, ""), f);
}

/* A value that checkerd does not know: multipathd's word for an unknown value. */
void wildcard_constant(FILE *f, json_object *path, const char *sysfs, const char *word)
{
	(void)path;
	(void)sysfs;
	fputs(word, f);
}

static void print_devt(FILE *f, json_object *path, const char *sysfs,
                       const char *argument)
{
	(void)sysfs;
	(void)argument;
	fputs(wildcard_text(path, "devt", "#:#"), f);
}

static void print_dm_state(FILE *f, json_object *path, const char *sysfs,
                           const char *argument)
{
	const char *state = wildcard_text(path, "dm_state", "undef");

	(void)sysfs;
	(void)argument;
	fputs(strcmp(state, "active") == 0 || strcmp(state, "failed") == 0 ? state
	                                                                   : "undef",
	      f);
}

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * multipathd has two words: "running" for a device that works, or is expected to work again without an
 * operator, and "offline" for all other states. A device that has no state is running if a map has
 * the device.
 */
static void print_device_state(FILE *f, json_object *path, const char *sysfs,
                               const char *argument)
{
	static const char *const runs[] = { "running", "blocked", "quiesce",
		                            "live",    "new",     "deleting" };
	const char *state = wildcard_text(path, "sysfs_state", NULL);
	const char *protocol = wildcard_text(path, "protocol", "");

	(void)sysfs;
	(void)argument;
	if (state == NULL) {
		bool other = !has_prefix(protocol, "scsi:") &&
		             !has_prefix(protocol, "nvme:") &&
		             wildcard_text(path, "map", NULL) != NULL;

		fputs(other ? "running" : "unknown", f);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		if (has_prefix(state, runs[i])) {
			fputs("running", f);
			return;
		}
	fputs("offline", f);
}

static bool is_true(json_object *path, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(path, key, &value);
	return json_object_get_boolean(value);
}

static void print_checker_state(FILE *f, json_object *path, const char *sysfs,
                                const char *argument)
{
	static const char *const words[][2] = {
		{ "up", "ready" },
		{ "down", "faulty" },
		{ "shaky", "shaky" },
		{ "ghost", "ghost" },
		{ "delayed", "delayed" },
		{ "disconnected", "disconnected" },
		{ "pending", "i/o pending" },
		{ "timeout", "i/o timeout" },
	};
	const char *state = wildcard_text(path, "state", "");

	(void)sysfs;
	(void)argument;
	/* multipathd has a state for a path that works and is kept out of use. */
	if (is_true(path, "marginal") && !is_true(path, "hold_used") &&
	    (strcmp(state, "up") == 0 || strcmp(state, "ghost") == 0))
		state = "delayed";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i][0], state) == 0) {
			fputs(words[i][1], f);
			return;
		}
	fputs("undef", f);
}

static void print_vendor(FILE *f, json_object *path, const char *sysfs,
                         const char *argument)
{
	(void)sysfs;
	(void)argument;
	fprintf(f, "%s,%s,%s", wildcard_text(path, "vendor", "##"),
	        wildcard_text(path, "product", "##"),
	        wildcard_text(path, "revision", "##"));
}

/* "XXXXXXX... 7/10": 7 of the 10 seconds of the interval are left until the next check. */
static void print_next_check(FILE *f, json_object *path, const char *sysfs,
                             const char *argument)
{
	double left = 0, interval = 0;
	int total, now, filled;

	(void)sysfs;
	(void)argument;
	if (!ctl_number(path, "interval_s", &interval) ||
	    !ctl_number(path, "next_check_in_s", &left)) {
		fputs("orphan", f);
		return;
	}
	total = (int)lround(fmin(fmax(interval, 1), INT_MAX / PROGRESS_LENGTH / 2));
	now = (int)lround(fmin(fmax(left, 0), total));
	filled = PROGRESS_LENGTH * now / total;
	for (int i = 0; i < PROGRESS_LENGTH; i++)
		putc(i < filled ? 'X' : '.', f);
	fprintf(f, " %d/%d", now, total);
}

/* Reads the first word of an attribute. sysfs answers these attributes from memory, without a
 * request to the device. False: there is none. */
static bool sysfs_word(const char *sysfs, const char *name, char word[static 64])
{
	char file[PATH_MAX];
	FILE *f;
	bool found;

	snprintf(file, sizeof(file), "%s/%s", sysfs, name);
	f = fopen(file, "re");
	if (f == NULL)
		return false;
	found = fscanf(f, "%63s", word) == 1;
	fclose(f);
	return found;
}

bool wildcard_block_word(json_object *path, const char *sysfs, const char *attribute,
                         char word[static 64])
{
	unsigned major, minor;
	char name[128];

	if (sscanf(wildcard_text(path, "devt", ""), "%u:%u", &major, &minor) != 2)
		return false;
	snprintf(name, sizeof(name), "dev/block/%u:%u/%s", major, minor, attribute);
	return sysfs_word(sysfs, name, word);
}

/* multipathd's address of an NVMe namespace: the controller's number and identifier, the
 * namespace's number on this host and identifier. False: the path is no NVMe namespace. */
static bool nvme_address(json_object *path, const char *sysfs, unsigned ret[static 3],
                         uint64_t *ret_nsid)
{
	char word[64];

	if (sscanf(wildcard_text(path, "name", ""), "nvme%un%u", &ret[0], &ret[2]) != 2 ||
	    !wildcard_block_word(path, sysfs, "device/cntlid", word))
		return false;
	ret[1] = (unsigned)strtoul(word, NULL, 10);
	if (!wildcard_block_word(path, sysfs, "nsid", word))
		return false;
	*ret_nsid = strtoull(word, NULL, 10);
	return true;
}

static void print_hcil(FILE *f, json_object *path, const char *sysfs,
                       const char *argument)
{
	unsigned n[3];
	uint64_t nsid;

	(void)argument;
	if (nvme_address(path, sysfs, n, &nsid))
		fprintf(f, "%u:%u:%u:%" PRIu64, n[0], n[1], n[2], nsid);
	else
		fputs(wildcard_text(path, "hcil", "#:#:#:#"), f);
}

void wildcard_size(FILE *f, json_object *path, const char *sysfs, const char *argument)
{
	static const char units[] = "KMGTP";
	const char *unit = units;
	char word[64];
	double size;

	(void)argument;
	if (!wildcard_block_word(path, sysfs, "size", word)) {
		fputs("[undef]", f);
		return;
	}
	size = floor(strtod(word, NULL) / 2); /* sectors of 512 bytes */
	for (; size >= 1024 && unit[1]; unit++)
		size /= 1024;
	fprintf(f, size < 10 ? "%.1f%c" : "%.0f%c", size, *unit);
}

void wildcard_max_sectors(FILE *f, json_object *path, const char *sysfs,
                          const char *argument)
{
	char word[64];

	(void)argument;
	fputs(wildcard_block_word(path, sysfs, "queue/max_sectors_kb", word) ? word
	                                                                     : "n/a",
	      f);
}

static void print_marginal(FILE *f, json_object *path, const char *sysfs,
                           const char *argument)
{
	(void)sysfs;
	(void)argument;
	fputs(is_true(path, "marginal") ? "marginal" : "normal", f);
}

/*
 * Fibre Channel names, from the classes fc_host and fc_transport. "[undef]": the path is not Fibre
 * Channel; "[unknown]": the kernel does not say.
 */
static void print_fc(FILE *f, json_object *path, const char *sysfs, const char *argument)
{
	unsigned host, channel, id;
	char name[128], word[64];

	if (strcmp(wildcard_text(path, "protocol", ""), "scsi:fcp") != 0 ||
	    sscanf(wildcard_text(path, "hcil", ""), "%u:%u:%u:", &host, &channel, &id) !=
	            3) {
		fputs("[undef]", f);
		return;
	}
	if (has_prefix(argument, "host/"))
		snprintf(name, sizeof(name), "class/fc_host/host%u/%s", host,
		         argument + 5);
	else
		snprintf(name, sizeof(name), "class/fc_transport/target%u:%u:%u/%s", host,
		         channel, id, argument);
	fputs(sysfs_word(sysfs, name, word) ? word : "[unknown]", f);
}

/* The name of an iSCSI target, the address of a SAS one, or the WWNN of a port. */
static void print_target(FILE *f, json_object *path, const char *sysfs,
                         const char *argument)
{
	const char *protocol = wildcard_text(path, "protocol", "");
	char word[64];

	if (strcmp(protocol, "scsi:iscsi") == 0)
		fputs(wildcard_text(path, "target", "[undef]"), f);
	else if (strcmp(protocol, "scsi:sas") == 0)
		fputs(wildcard_block_word(path, sysfs, "device/sas_address", word)
		              ? word
		              : "[undef]",
		      f);
	else
		print_fc(f, path, sysfs, argument);
}

/* Finds the last part of a file name that is a PCI function: 0000:05:00.0. */
static bool last_function(char *name, char ret[static 64])
{
	bool found = false;
	char *part;

	while ((part = strsep(&name, "/")) != NULL) {
		unsigned domain, bus, device, function;
		int length = 0;

		if (sscanf(part, "%x:%x:%x.%x%n", &domain, &bus, &device, &function,
		           &length) != 4 ||
		    part[length] || strlen(part) >= 64)
			continue;
		strcpy(ret, part);
		found = true;
	}
	return found;
}

/* The address of an iSCSI host; the PCI function of a Fibre Channel, SAS or SRP host. */
static void print_adapter(FILE *f, json_object *path, const char *sysfs,
                          const char *argument)
{
	const char *protocol = wildcard_text(path, "protocol", "");
	char name[PATH_MAX], link[PATH_MAX], word[64];
	bool found = false;
	unsigned host;
	ssize_t n;

	(void)argument;
	if (sscanf(wildcard_text(path, "hcil", ""), "%u:", &host) != 1) {
		fputs("[undef]", f);
		return;
	}
	if (strcmp(protocol, "scsi:iscsi") == 0) {
		snprintf(name, sizeof(name), "class/iscsi_host/host%u/ipaddress", host);
		found = sysfs_word(sysfs, name, word);
	} else if (strcmp(protocol, "scsi:fcp") == 0 ||
	           strcmp(protocol, "scsi:sas") == 0 ||
	           strcmp(protocol, "scsi:srp") == 0) {
		snprintf(name, sizeof(name), "%s/class/scsi_host/host%u", sysfs, host);
		n = readlink(name, link, sizeof(link) - 1);
		if (n > 0) {
			link[n] = '\0';
			found = last_function(link, word);
		}
	}
	fputs(found ? word : "[undef]", f);
}

/* The eight bytes of a LUN in SAM: its 16-bit levels, first level first. */
static void print_lun(FILE *f, json_object *path, const char *sysfs, const char *argument)
{
	uint64_t lun, bytes = LUN_UNKNOWN;
	unsigned n[3];

	(void)argument;
	if (nvme_address(path, sysfs, n, &lun) ||
	    sscanf(wildcard_text(path, "hcil", ""), "%*u:%*u:%*u:%" SCNu64, &lun) == 1) {
		bytes = 0;
		for (int level = 0; level < 4; level++)
			bytes |= (lun >> (16 * level) & 0xffff) << (48 - 16 * level);
	}
	fprintf(f, "0x%016" PRIx64, bytes);
}

static void print_map(FILE *f, json_object *path, const char *sysfs, const char *argument)
{
	(void)sysfs;
	(void)argument;
	fputs(wildcard_text(path, "map", "[orphan]"), f);
}

const char path_wildcard_keys[] =
        "name,devt,map,wwid,hcil,vendor,product,revision,serial,protocol,target,state,"
        "dm_state,sysfs_state,checker,marginal,hold_used,interval_s,next_check_in_s,"
        "failures_total";

static const struct wildcard all[] = {
	{ 'w', "uuid", wildcard_key, "wwid" },
	{ 'i', "hcil", print_hcil, NULL },
	{ 'd', "dev", wildcard_key, "name" },
	{ 'D', "dev_t", print_devt, NULL },
	{ 't', "dm_st", print_dm_state, NULL },
	{ 'o', "dev_st", print_device_state, NULL },
	{ 'T', "chk_st", print_checker_state, NULL },
	{ 's', "vend/prod/rev", print_vendor, NULL },
	{ 'c', "checker", wildcard_key, "checker" },
	{ 'C', "next_check", print_next_check, NULL },
	{ 'p', "pri", wildcard_constant, "-1" },
	{ 'S', "size", wildcard_size, NULL },
	{ 'z', "serial", wildcard_key, "serial" },
	{ 'M', "marginal_st", print_marginal, NULL },
	{ 'm', "multipath", print_map, NULL },
	{ 'N', "host WWNN", print_fc, "host/node_name" },
	{ 'n', "target WWNN", print_target, "node_name" },
	{ 'R', "host WWPN", print_fc, "host/port_name" },
	{ 'r', "target WWPN", print_fc, "port_name" },
	{ 'a', "host adapter", print_adapter, NULL },
	{ 'h', "hwhandler", wildcard_constant, "[undef]" },
	{ 'g', "vpd page data", wildcard_constant, "[undef]" },
	{ 'G', "foreign", wildcard_constant, "--" },
	{ '0', "failures", wildcard_key, "failures_total" },
	{ 'P', "protocol", wildcard_key, "protocol" },
	{ 'A', "TPG", wildcard_constant, "[undef]" },
	{ 'I', "init_st", wildcard_constant, "ok" },
	{ 'L', "LUN hex", print_lun, NULL },
	{ 'f', "features", wildcard_constant, "[undef]" },
	{ 'k', "max_sectors_kb", wildcard_max_sectors, NULL },
};

static_assert(ARRAY_LEN(all) <= WILDCARDS_MAX, "a message lists them all");

const struct wildcard_table path_wildcards = { all, ARRAY_LEN(all) };
