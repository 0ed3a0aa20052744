/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the tables of sections, keywords and words. Immutable; any thread.
 *
 * Invariants, which tests/unit/config/test-config-docs.c checks: every keyword of `defaults` has a
 * valid default, and sample and man page have the same keywords, defaults and ranges.
 */
#include "checkerd/config/keywords.h"

#include <string.h>
#include <syslog.h>

#include "checkerd/config/nearest.h"
#include "util/mono.h"
#include "util/syslog_level.h"

#define IN(section)     (1U << (section))
#define DEFAULTS        IN(SECTION_DEFAULTS)
#define OF_DEVICES      (IN(SECTION_DEVICE) | IN(SECTION_OVERRIDES) | IN(SECTION_PROTOCOL))
#define EVERYWHERE      (DEFAULTS | OF_DEVICES)
#define FILTERS         (IN(SECTION_BLACKLIST) | IN(SECTION_EXCEPTIONS))
#define FILTER_DEVICES  (IN(SECTION_BLACKLIST_DEVICE) | IN(SECTION_EXCEPTIONS_DEVICE))
#define SETS(field)     .in_config = offsetof(struct config, field)
#define OVERLAYS(field) .in_settings = offsetof(struct config_settings, field)

/* A setting of a device about holds, which `no` switches off. */
#define OF_HOLDS(field) \
	.sections = EVERYWHERE, .zero = "no", SETS(holds.field), OVERLAYS(holds.field)

#define MINUTE_US (60 * USEC_PER_SEC)

const struct section_info section_table[SECTION_COUNT_] = {
	[SECTION_TOP] = { "", SECTION_TOP },
	[SECTION_DEFAULTS] = { "defaults", SECTION_TOP },
	[SECTION_PATHS] = { "paths", SECTION_TOP },
	[SECTION_PATH] = { "path", SECTION_PATHS },
	[SECTION_BLACKLIST] = { "blacklist", SECTION_TOP },
	[SECTION_BLACKLIST_DEVICE] = { "device", SECTION_BLACKLIST },
	[SECTION_EXCEPTIONS] = { "blacklist_exceptions", SECTION_TOP },
	[SECTION_EXCEPTIONS_DEVICE] = { "device", SECTION_EXCEPTIONS },
	[SECTION_DEVICES] = { "devices", SECTION_TOP },
	[SECTION_DEVICE] = { "device", SECTION_DEVICES },
	[SECTION_OVERRIDES] = { "overrides", SECTION_TOP },
	[SECTION_PROTOCOL] = { "protocol", SECTION_OVERRIDES },
	[SECTION_MULTIPATHS] = { "multipaths", SECTION_TOP },
	[SECTION_MULTIPATH] = { "multipath", SECTION_MULTIPATHS },
	[SECTION_MAINTENANCE] = { "maintenance", SECTION_TOP },
	[SECTION_WINDOW] = { "window", SECTION_MAINTENANCE },
};

static const struct word discovery_words[] = {
	{ "udev", DISCOVERY_UDEV },
	{ "static", DISCOVERY_STATIC },
	{ NULL, 0 },
};

static const struct word checker_words[] = {
	{ "auto", CHECKER_AUTO },
#define X(kind, word) { (word), CHECKER_##kind },
	CHECKER_KINDS(X)
#undef X
	        { NULL, 0 },
};

/* The protocols that discovery tells apart, and multipathd's others. Only the names count. */
static const struct word protocol_words[] = {
	{ "scsi:fcp", 0 },
	{ "scsi:spi", 0 },
	{ "scsi:ssa", 0 },
	{ "scsi:sbp", 0 },
	{ "scsi:srp", 0 },
	{ "scsi:iscsi", 0 },
	{ "scsi:sas", 0 },
	{ "scsi:adt", 0 },
	{ "scsi:ata", 0 },
	{ "scsi:usb", 0 },
	{ "scsi:unspec", 0 },
	{ "nvme:pcie", 0 },
	{ "nvme:rdma", 0 },
	{ "nvme:fc", 0 },
	{ "nvme:tcp", 0 },
	{ "nvme:loop", 0 },
	{ "nvme:apple-nvme", 0 },
	{ "nvme:unspec", 0 },
	{ "ccw", 0 },
	{ "cciss", 0 },
	{ "virtio", 0 },
	{ "undef", 0 },
	{ NULL, 0 },
};

static const struct word keep_open_words[] = {
	{ "auto", KEEP_OPEN_AUTO },
	{ "yes", KEEP_OPEN_YES },
	{ "no", KEEP_OPEN_NO },
	{ NULL, 0 },
};

static const struct word slow_path_words[] = {
	{ "off", SLOW_MODE_OFF },
	{ "event", SLOW_MODE_EVENT },
	{ "marginal", SLOW_MODE_MARGINAL },
	{ NULL, 0 },
};

static const struct word dm_release_words[] = {
	{ "keep", DM_RELEASE_KEEP },
	{ "reinstate", DM_RELEASE_REINSTATE },
	{ NULL, 0 },
};

#define LEVEL_WORD(level, name) { (name), (level) },
static const struct word log_level_words[] = {
	SYSLOG_LEVELS_OF_CONFIG(LEVEL_WORD){ NULL, 0 },
};

const struct keyword keyword_table[] = {
	{ .name = "discovery",
	  .sections = DEFAULTS,
	  .type = VALUE_WORD,
	  .words = discovery_words,
	  .fallback = "udev",
	  SETS(discovery),
	  .doc = "Take paths from udev, or from the section paths." },
	{ .name = "path_checker",
	  .sections = EVERYWHERE,
	  .type = VALUE_WORD,
	  .words = checker_words,
	  .fallback = "auto",
	  SETS(path_checker),
	  OVERLAYS(checker),
	  .doc = "Choose the checker; auto chooses one for each device." },
	{ .name = "detect_checker",
	  .sections = EVERYWHERE,
	  .type = VALUE_SWITCH,
	  .fallback = "yes",
	  SETS(detect_checker),
	  OVERLAYS(detect_checker),
	  .doc = "With path_checker auto, detect what the device supports." },
	{ .name = "read_every",
	  .sections = EVERYWHERE,
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = CONFIG_READ_EVERY_MAX,
	  .fallback = "5",
	  SETS(read_every),
	  OVERLAYS(read_every),
	  .doc = "With path_checker tur+directio, read in each check of this number." },
	{ .name = "polling_interval",
	  .sections = EVERYWHERE,
	  .type = VALUE_TIME,
	  .min = 100 * USEC_PER_MSEC,
	  .max = CONFIG_TIME_MAX_US,
	  .fallback = "5",
	  SETS(polling_interval_us),
	  OVERLAYS(polling_interval_us),
	  .doc = "Check each path once in this time." },
	{ .name = "max_polling_interval",
	  .sections = EVERYWHERE,
	  .type = VALUE_TIME,
	  .min = 100 * USEC_PER_MSEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "20",
	  SETS(max_polling_interval_us),
	  OVERLAYS(max_polling_interval_us),
	  .doc = "Double the interval of a healthy path up to this time." },
	{ .name = "checker_timeout",
	  .sections = EVERYWHERE,
	  .type = VALUE_TIME,
	  .min = 100 * USEC_PER_MSEC,
	  .max = CONFIG_TIME_MAX_US,
	  .zero = "auto",
	  .fallback = "auto",
	  SETS(checker_timeout_us),
	  OVERLAYS(checker_timeout_us),
	  .doc = "Treat a check as failed when it has no answer after this time." },
	{ .name = "fail_checks",
	  .sections = EVERYWHERE,
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = CONFIG_CHECKS_MAX,
	  .fallback = "1",
	  SETS(fail_checks),
	  OVERLAYS(fail_checks),
	  .doc = "Call a path down after this many failed checks in a row." },
	{ .name = "recover_checks",
	  .sections = EVERYWHERE,
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = CONFIG_CHECKS_MAX,
	  .fallback = "1",
	  SETS(recover_checks),
	  OVERLAYS(recover_checks),
	  .doc = "Call a path up again after this many successful checks in a row." },
	{ .name = "keep_open",
	  .sections = EVERYWHERE,
	  .type = VALUE_WORD,
	  .words = keep_open_words,
	  .fallback = "auto",
	  SETS(keep_open),
	  OVERLAYS(keep_open),
	  .doc = "Keep the descriptor of a device open between checks." },
	{ .name = "native_nvme",
	  .sections = DEFAULTS,
	  .type = VALUE_SWITCH,
	  .fallback = "yes",
	  SETS(native_nvme),
	  .doc = "Show the paths of native NVMe multipathing; no: read its disks." },
	{ .name = "dm_control",
	  .sections = DEFAULTS,
	  .type = VALUE_SWITCH,
	  .fallback = "off",
	  SETS(dm_control),
	  .doc = "Tell device-mapper which paths work; off only observes." },
	{ .name = "keep_last_path",
	  .sections = DEFAULTS,
	  .type = VALUE_SWITCH,
	  .fallback = "yes",
	  SETS(keep_last_path),
	  .doc = "Never fail the last usable path of a map." },
	{ .name = "map_lost_time",
	  .sections = DEFAULTS,
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .zero = "no",
	  .fallback = "60",
	  SETS(map_lost_time_us),
	  .doc = "Report a map without a usable path after this time; no: never." },
	{ .name = "dm_release",
	  .sections = DEFAULTS,
	  .type = VALUE_WORD,
	  .words = dm_release_words,
	  .fallback = "reinstate",
	  SETS(dm_release),
	  .doc = "Choose what happens to failed paths when checkerd releases them." },
	{ .name = "slow_path",
	  .sections = DEFAULTS,
	  .type = VALUE_WORD,
	  .words = slow_path_words,
	  .fallback = "event",
	  SETS(slow_path),
	  .doc = "Choose what happens to a path that is slower than the others of its "
	         "map." },
	{ .name = "purge_disconnected",
	  .sections = EVERYWHERE,
	  .type = VALUE_SWITCH,
	  .fallback = "no",
	  SETS(purge_disconnected),
	  OVERLAYS(purge_disconnected),
	  .doc = "Delete a SCSI disk when its target says that it has no such unit." },
	{ .name = "flap_time",
	  OF_HOLDS(flap_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "60",
	  .doc = "Hold a path that fails this soon after it was given back; no: never." },
	{ .name = "hold_time",
	  OF_HOLDS(hold_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "60",
	  .doc = "Hold such a path for this time at first; no: never." },
	{ .name = "hold_max",
	  OF_HOLDS(hold_max_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "300",
	  .doc = "Double the time of a hold up to this one with each further failure." },
	{ .name = "san_path_err_threshold",
	  OF_HOLDS(san_path_err_threshold),
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = POLICY_THRESHOLD_MAX,
	  .fallback = "no",
	  .doc = "Hold a path that failed more often than this." },
	{ .name = "san_path_err_forget_rate",
	  OF_HOLDS(san_path_err_forget_rate),
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = UINT16_MAX,
	  .fallback = "no",
	  .doc = "Forget one failure after this many successful checks." },
	{ .name = "san_path_err_recovery_time",
	  OF_HOLDS(san_path_err_recovery_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "no",
	  .doc = "Hold such a path until no check has failed for this time." },
	{ .name = "marginal_path_double_failed_time",
	  OF_HOLDS(marginal_path_double_failed_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "no",
	  .doc = "Hold a path that failed twice within this time." },
	{ .name = "marginal_path_err_sample_time",
	  OF_HOLDS(marginal_path_err_sample_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "no",
	  .doc = "Check such a path 10 times a second for this time, 120 s at least." },
	{ .name = "marginal_path_err_rate_threshold",
	  OF_HOLDS(marginal_path_err_rate_threshold),
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = 1000,
	  .fallback = "no",
	  .doc = "End the hold when no more than this share failed, in thousandths." },
	{ .name = "marginal_path_err_recheck_gap_time",
	  OF_HOLDS(marginal_path_err_recheck_gap_time_us),
	  .type = VALUE_TIME,
	  .min = USEC_PER_SEC,
	  .max = CONFIG_INTERVAL_MAX_US,
	  .fallback = "no",
	  .doc = "When more failed, wait this long before the next sample." },
	{ .name = "delay_watch_checks",
	  OF_HOLDS(delay_watch_checks),
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = UINT16_MAX,
	  .fallback = "no",
	  .doc = "Means san_path_err_forget_rate, with san_path_err_threshold 1." },
	{ .name = "delay_wait_checks",
	  OF_HOLDS(delay_wait_checks),
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = UINT16_MAX,
	  .fallback = "no",
	  .doc = "Means san_path_err_recovery_time, in units of max_polling_interval." },
	{ .name = "max_paths",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = 1,
	  .max = CONFIG_PATHS_MAX,
	  .fallback = "16384",
	  SETS(max_paths),
	  .doc = "Reserve memory for this many paths at start." },
	{ .name = "max_in_flight",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = 0,
	  .max = CONFIG_PATHS_MAX,
	  .fallback = "16384",
	  SETS(max_in_flight),
	  .doc = "Limit the checks in the kernel at the same time; 0: one for each "
	         "path." },
	{ .name = "max_in_flight_host",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = 0,
	  .max = CONFIG_PATHS_MAX,
	  .fallback = "0",
	  SETS(max_in_flight_host),
	  .doc = "Limit the checks of one HBA or NVMe controller; 0: no limit." },
	{ .name = "rescuer_threads",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = CONFIG_RESCUERS_MIN,
	  .max = CONFIG_RESCUERS_MAX,
	  .fallback = "16",
	  SETS(rescuer_threads),
	  .doc = "Start this many threads for blocking calls: open, close, synchronous "
	         "reads." },
	{ .name = "realtime_priority",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = 0,
	  .max = CONFIG_REALTIME_MAX,
	  .fallback = "0",
	  SETS(realtime_priority),
	  .doc = "Give checks this realtime priority; 0: the priority of other "
	         "programs." },
	{ .name = "aio_setup_timeout",
	  .sections = DEFAULTS,
	  .type = VALUE_TIME,
	  .min = 100 * USEC_PER_MSEC,
	  .max = MINUTE_US,
	  .fallback = "2",
	  SETS(aio_setup_timeout_us),
	  .doc = "Wait this long for io_setup, then read without asynchronous I/O." },
	{ .name = "socket_group",
	  .sections = DEFAULTS,
	  .type = VALUE_GROUP,
	  .fallback = "\"\"",
	  SETS(socket_group),
	  .doc = "Allow this group to read over the control socket; \"\": only root." },
	{ .name = "max_clients",
	  .sections = DEFAULTS,
	  .type = VALUE_COUNT,
	  .min = CONFIG_CLIENTS_MIN,
	  .max = CONFIG_CLIENTS_MAX,
	  .fallback = "32",
	  SETS(max_clients),
	  .doc = "Limit the connections to the control socket; 4 of them are for root." },
	{ .name = "log_level",
	  .sections = DEFAULTS,
	  .type = VALUE_WORD,
	  .words = log_level_words,
	  .fallback = "info",
	  SETS(log_level),
	  .doc = "Log messages of this level and above." },

	{ .name = "device",
	  .sections = IN(SECTION_PATH),
	  .type = VALUE_DEVICE,
	  .slot = SLOT_DEVICE,
	  .doc = "Check this block device or regular file." },
	{ .name = "alias",
	  .sections = IN(SECTION_PATH) | IN(SECTION_MULTIPATH),
	  .type = VALUE_NAME,
	  .slot = SLOT_ALIAS,
	  .doc = "Give it another name." },
	{ .name = "map",
	  .sections = IN(SECTION_PATH),
	  .type = VALUE_NAME,
	  .slot = SLOT_MAP,
	  .doc = "Name the map of the path." },

	{ .name = "property",
	  .sections = FILTERS,
	  .type = VALUE_NEGATED_REGEX,
	  .criterion = CRITERION_PROPERTY,
	  .doc = "Match the name of a udev property." },
	{ .name = "devnode",
	  .sections = FILTERS,
	  .type = VALUE_NEGATED_REGEX,
	  .criterion = CRITERION_DEVNODE,
	  .doc = "Match the name of the device node, without /dev/." },
	{ .name = "protocol",
	  .sections = FILTERS,
	  .type = VALUE_NEGATED_REGEX,
	  .criterion = CRITERION_PROTOCOL,
	  .doc = "Match the protocol, such as scsi:fcp or nvme:tcp." },
	{ .name = "wwid",
	  .sections = FILTERS,
	  .type = VALUE_NEGATED_REGEX,
	  .criterion = CRITERION_WWID,
	  .doc = "Match the World Wide Identifier." },
	{ .name = "vendor",
	  .sections = FILTER_DEVICES,
	  .type = VALUE_NEGATED_REGEX,
	  .slot = SLOT_VENDOR,
	  .doc = "Match the vendor of the device." },
	{ .name = "product",
	  .sections = FILTER_DEVICES,
	  .type = VALUE_NEGATED_REGEX,
	  .slot = SLOT_PRODUCT,
	  .doc = "Match the product of the device." },

	{ .name = "vendor",
	  .sections = IN(SECTION_DEVICE),
	  .type = VALUE_REGEX,
	  .slot = SLOT_VENDOR,
	  .doc = "Match the vendor of the device." },
	{ .name = "product",
	  .sections = IN(SECTION_DEVICE),
	  .type = VALUE_REGEX,
	  .slot = SLOT_PRODUCT,
	  .doc = "Match the product of the device." },
	{ .name = "revision",
	  .sections = IN(SECTION_DEVICE),
	  .type = VALUE_REGEX,
	  .slot = SLOT_REVISION,
	  .doc = "Match the revision of the product." },
	{ .name = "product_blacklist",
	  .sections = IN(SECTION_DEVICE),
	  .type = VALUE_REGEX,
	  .slot = SLOT_PRODUCT_BLACKLIST,
	  .doc = "Exclude products of this vendor." },

	{ .name = "type",
	  .sections = IN(SECTION_PROTOCOL),
	  .type = VALUE_WORD,
	  .words = protocol_words,
	  .slot = SLOT_TYPE,
	  .doc = "Match the protocol, exactly." },

	{ .name = "wwid",
	  .sections = IN(SECTION_MULTIPATH),
	  .type = VALUE_TEXT,
	  .slot = SLOT_WWID,
	  .doc = "Match the World Wide Identifier, exactly." },

	{ .name = "days",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_DAYS,
	  .doc = "Begin on these days of the week." },
	{ .name = "date",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_DATE,
	  .doc = "Begin on this day only." },
	{ .name = "from",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_FROM,
	  .doc = "Begin at this local time." },
	{ .name = "to",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_TO,
	  .doc = "End at this local time, perhaps of the next day." },
	{ .name = "host",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_HOST,
	  .doc = "Cover paths of this HBA or controller." },
	{ .name = "target",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_TARGET,
	  .doc = "Cover paths to this target." },
	{ .name = "map",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_TEXT,
	  .slot = SLOT_MAP,
	  .doc = "Cover paths of this map." },
	{ .name = "devnode",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_NEGATED_REGEX,
	  .slot = SLOT_DEVNODE,
	  .doc = "Cover paths whose device node matches, without /dev/." },
	{ .name = "fail",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_SWITCH,
	  .slot = SLOT_FAIL,
	  .doc = "Fail the paths in device-mapper, too." },
	{ .name = "force",
	  .sections = IN(SECTION_WINDOW),
	  .type = VALUE_SWITCH,
	  .slot = SLOT_FORCE,
	  .doc = "Cover also the last usable path of a map." },
};
const size_t keyword_count = ARRAY_LEN(keyword_table);

static_assert(ARRAY_LEN(keyword_table) <= KEYWORDS_MAX, "a draft has room for each");

static_assert(sizeof(enum discovery_kind) == sizeof(int),
              "VALUE_WORD is stored as an int");
static_assert(sizeof(enum checker_kind) == sizeof(int), "VALUE_WORD is stored as an int");
static_assert(sizeof(enum keep_open) == sizeof(int), "VALUE_WORD is stored as an int");
static_assert(sizeof(enum dm_release) == sizeof(int), "VALUE_WORD is stored as an int");
static_assert(sizeof(enum slow_mode) == sizeof(int), "VALUE_WORD is stored as an int");

/* Other spellings of multipath.conf for the same keyword or section. */
static const struct {
	const char *old, *name;
} spellings[] = {
	{ "checker", "path_checker" },
	{ "default_path_checker", "path_checker" },
	{ "devnode_blacklist", "blacklist" },
};

/*
 * Keywords of multipath.conf(5) that checkerd ignores: of multipath-tools up to 0.9.x, and of older
 * and distributors' versions.
 */
static const char *const ignored[] = {
	"alias_prefix",
	"all_devs",
	"all_tg_pt",
	"allow_usb_devices",
	"auto_resize",
	"bindings_file",
	"config_dir",
	"default_features",
	"default_getuid_callout",
	"default_hw_handler",
	"default_path_grouping_policy",
	"default_prio",
	"default_selector",
	"default_uid_attribute",
	"deferred_remove",
	"delay_wait_checks",
	"delay_watch_checks",
	"detect_path_checker",
	"detect_pgpolicy",
	"detect_pgpolicy_use_tpg",
	"detect_prio",
	"dev_loss_tmo",
	"disable_changed_wwids",
	"eh_deadline",
	"enable_foreign",
	"failback",
	"fast_io_fail_tmo",
	"features",
	"find_multipaths",
	"find_multipaths_timeout",
	"flush_on_last_del",
	"force_sync",
	"getuid_callout",
	"ghost_delay",
	"gid",
	"hardware_handler",
	"hw_str_match",
	"ignore_new_boot_devs",
	"log_checker_err",
	"marginal_path_double_failed_time",
	"marginal_path_err_rate_threshold",
	"marginal_path_err_recheck_gap_time",
	"marginal_path_err_sample_time",
	"marginal_pathgroups",
	"max_fds",
	"max_retries",
	"max_sectors_kb",
	"missing_uev_wait_timeout",
	"mode",
	"multipath_dir",
	"new_bindings_in_boot",
	"no_path_retry",
	"partition_delimiter",
	"path_grouping_policy",
	"path_selector",
	"pg_prio_calc",
	"pg_timeout",
	"prio",
	"prio_args",
	"prio_callout",
	"prkeys_file",
	"purge_disconnected",
	"queue_without_daemon",
	"reassign_maps",
	"recheck_wwid",
	"remove_retries",
	"reservation_key",
	"retain_attached_hw_handler",
	"retrigger_delay",
	"retrigger_tries",
	"rr_min_io",
	"rr_min_io_rq",
	"rr_weight",
	"san_path_err_forget_rate",
	"san_path_err_recovery_time",
	"san_path_err_threshold",
	"selector",
	"skip_kpartx",
	"strict_timing",
	"udev_dir",
	"uid",
	"uid_attribute",
	"uid_attrs",
	"unpriv_sgio",
	"user_friendly_names",
	"uxsock_timeout",
	"verbosity",
	"vpd_vendor",
	"wwids_file",
};
const size_t keywords_ignored_count = ARRAY_LEN(ignored);

/* The sections in which multipath.conf allows these keywords. */
static const unsigned ignored_in = EVERYWHERE | IN(SECTION_MULTIPATH);

static const char *current_spelling(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		if (strcmp(spellings[i].old, name) == 0)
			return spellings[i].name;
	return name;
}

bool keywords_is_setting(enum section in, const struct keyword *k)
{
	return (OF_DEVICES & IN(in)) != 0 && (k->sections & DEFAULTS) != 0;
}

const struct keyword *keywords_find(enum section in, const char *name)
{
	name = current_spelling(name);
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((k->sections & IN(in)) != 0 && strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

enum section keywords_subsection(enum section in, const char *name)
{
	name = current_spelling(name);
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (section_table[i].parent == in &&
		    strcmp(section_table[i].name, name) == 0)
			return (enum section)i;
	return SECTION_TOP;
}

int keywords_ignored(enum section in, const char *name)
{
	/* checkerd may use a keyword in some of the sections in which multipathd does. */
	if ((ignored_in & IN(in)) == 0 || keywords_find(in, name) != NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		if (strcmp(ignored[i], name) == 0)
			return (int)i;
	return -1;
}

enum section keywords_home(const char *name)
{
	name = current_spelling(name);
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if (strcmp(k->name, name) == 0)
			return (enum section)__builtin_ctz(k->sections);
	}
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (strcmp(section_table[i].name, name) == 0)
			return section_table[i].parent;
	return keywords_ignored(SECTION_DEFAULTS, name) >= 0 ? SECTION_DEFAULTS
	                                                     : SECTION_TOP;
}

const char *keywords_suggestion(enum section in, const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < keyword_count; i++)
		if ((keyword_table[i].sections & IN(in)) != 0)
			nearest_try(&n, keyword_table[i].name);
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (section_table[i].parent == in)
			nearest_try(&n, section_table[i].name);
	for (size_t i = 0; (ignored_in & IN(in)) != 0 && i < ARRAY_LEN(ignored); i++)
		nearest_try(&n, ignored[i]);
	return n.best;
}
