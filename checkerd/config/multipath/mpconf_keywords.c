/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the tables of keywords. Immutable; any thread. */
#include "checkerd/config/multipath/mpconf_keywords.h"

#include <limits.h>
#include <string.h>

#include "checkerd/config/nearest.h"

#define DEFAULTS   SECTION_BIT(SECTION_DEFAULTS)
#define DEVICE     SECTION_BIT(SECTION_DEVICE)
#define OVERRIDES  SECTION_BIT(SECTION_OVERRIDES)
#define PROTOCOL   SECTION_BIT(SECTION_PROTOCOL)
#define MULTIPATH  SECTION_BIT(SECTION_MULTIPATH)
#define OF_DEVICES (DEFAULTS | DEVICE | OVERRIDES)
#define OF_MAPS    (OF_DEVICES | MULTIPATH)
#define OF_PORTS   (OF_DEVICES | PROTOCOL)
#define FILTERS    (SECTION_BIT(SECTION_BLACKLIST) | SECTION_BIT(SECTION_EXCEPTIONS))
#define FILTER_DEVICES \
	(SECTION_BIT(SECTION_BLACKLIST_DEVICE) | SECTION_BIT(SECTION_EXCEPTIONS_DEVICE))

#define TEXT           MPCONF_TEXT, MPCONF_UNUSED, NULL, 0, 0
#define NAME           MPCONF_NAME, MPCONF_UNUSED, NULL, 0, 0
#define ARGUMENTS(n)   MPCONF_ARGUMENTS, MPCONF_UNUSED, NULL, n, 0
#define WORDS(words)   MPCONF_WORDS, MPCONF_UNUSED, words, 0, 0
#define SWITCH         WORDS("yes no 1 0")
#define INT(least)     MPCONF_INT, MPCONF_UNUSED, NULL, least, INT_MAX
#define WORD_OR(words) MPCONF_INT, MPCONF_UNUSED, words, 1, INT_MAX
#define OBSOLETE       MPCONF_TEXT, MPCONF_OBSOLETE, NULL, 0, 0
#define SET_SWITCH     MPCONF_WORDS, MPCONF_SETTING, "yes no 1 0", 0, 0
#define SET_COUNT      MPCONF_INT, MPCONF_SETTING, "no 0", 1, INT_MAX
#define SET_TEXT       MPCONF_TEXT, MPCONF_SETTING, NULL, 0, 0
#define SET_NAME       MPCONF_NAME, MPCONF_SETTING, NULL, 0, 0
#define SET_REGEX      MPCONF_REGEX, MPCONF_SETTING, NULL, 0, 0
#define CHECKER        MPCONF_TEXT, MPCONF_CHECKER, NULL, 0, 0
#define INTERVAL       MPCONF_UINT, MPCONF_INTERVAL, NULL, 0, 0

const struct mpconf_keyword mpconf_table[] = {
	/* What checkerd uses. */
	{ "polling_interval", DEFAULTS, INTERVAL },
	{ "max_polling_interval", DEFAULTS, INTERVAL },
	{ "path_checker", OF_DEVICES, CHECKER },
	{ "checker", OF_DEVICES, CHECKER },
	{ "detect_checker", OF_DEVICES, SET_SWITCH },
	{ "checker_timeout", DEFAULTS, MPCONF_INT, MPCONF_SETTING, NULL, 0, INT_MAX },
	{ "allow_usb_devices", DEFAULTS, SET_SWITCH },
	{ "uid_attribute", OF_DEVICES, SET_TEXT },
	{ "uid_attrs", DEFAULTS, SET_TEXT },
	{ "purge_disconnected", OF_MAPS, SET_SWITCH },
	{ "san_path_err_threshold", OF_MAPS, SET_COUNT },
	{ "san_path_err_forget_rate", OF_MAPS, SET_COUNT },
	{ "san_path_err_recovery_time", OF_MAPS, SET_COUNT },
	{ "marginal_path_double_failed_time", OF_MAPS, SET_COUNT },
	{ "marginal_path_err_sample_time", OF_MAPS, SET_COUNT },
	{ "marginal_path_err_rate_threshold", OF_MAPS, SET_COUNT },
	{ "marginal_path_err_recheck_gap_time", OF_MAPS, SET_COUNT },
	{ "delay_watch_checks", OF_MAPS, SET_COUNT },
	{ "delay_wait_checks", OF_MAPS, SET_COUNT },
	{ "config_dir", DEFAULTS, MPCONF_TEXT, MPCONF_CONFIG_DIR, NULL, 0, 0 },
	{ "devnode", FILTERS, SET_REGEX },
	{ "wwid", FILTERS, SET_REGEX },
	{ "property", FILTERS, SET_REGEX },
	{ "protocol", FILTERS, SET_REGEX },
	{ "vendor", FILTER_DEVICES | DEVICE, SET_REGEX },
	{ "product", FILTER_DEVICES | DEVICE, SET_REGEX },
	{ "revision", DEVICE, SET_REGEX },
	{ "product_blacklist", DEVICE, SET_REGEX },
	{ "wwid", MULTIPATH, SET_TEXT },
	{ "alias", MULTIPATH, SET_NAME },

	/* What is about maps. */
	{ "verbosity", DEFAULTS, MPCONF_INT, MPCONF_UNUSED, NULL, 0, 4 },
	{ "reassign_maps", DEFAULTS, SWITCH },
	{ "path_selector", OF_MAPS, ARGUMENTS(1) },
	{ "path_grouping_policy", OF_MAPS,
	  WORDS("failover multibus group_by_serial group_by_prio group_by_node_name "
	        "group_by_tpg") },
	{ "prio", OF_MAPS, TEXT },
	{ "prio_args", OF_MAPS, TEXT },
	{ "features", OF_MAPS, ARGUMENTS(0) },
	{ "hardware_handler", DEVICE, ARGUMENTS(0) },
	{ "alias_prefix", OF_DEVICES, NAME },
	{ "failback", OF_MAPS, MPCONF_INT, MPCONF_UNUSED, "manual immediate followover",
	  0, INT_MAX },
	{ "rr_min_io", OF_MAPS, INT(0) },
	{ "rr_min_io_rq", OF_MAPS, INT(0) },
	{ "rr_weight", OF_MAPS, WORDS("priorities uniform") },
	{ "max_fds", DEFAULTS, MPCONF_INT, MPCONF_UNUSED, "max", 0, INT_MAX },
	{ "no_path_retry", OF_MAPS, WORD_OR("fail queue 0") },
	{ "queue_without_daemon", DEFAULTS, SWITCH },
	{ "flush_on_last_del", OF_MAPS, WORDS("never always unused yes no 1 0") },
	{ "user_friendly_names", OF_MAPS, SWITCH },
	{ "mode", DEFAULTS | MULTIPATH, TEXT },
	{ "uid", DEFAULTS | MULTIPATH, TEXT },
	{ "gid", DEFAULTS | MULTIPATH, TEXT },
	{ "fast_io_fail_tmo", OF_PORTS, WORD_OR("off 0") },
	{ "eh_deadline", OF_PORTS, WORD_OR("off 0") },
	{ "dev_loss_tmo", OF_PORTS, MPCONF_DIGITS, MPCONF_UNUSED, "infinity", 0, 0 },
	{ "max_retries", DEFAULTS, MPCONF_INT, MPCONF_UNUSED, "off 0", 1, 5 },
	{ "log_checker_err", DEFAULTS, WORDS("once always") },
	{ "reservation_key", DEFAULTS | MULTIPATH, MPCONF_KEY, MPCONF_UNUSED, "file", 0,
	  0 },
	{ "all_tg_pt", OF_DEVICES, SWITCH },
	{ "retain_attached_hw_handler", OF_DEVICES, SWITCH },
	{ "detect_prio", OF_DEVICES, SWITCH },
	{ "detect_pgpolicy", OF_DEVICES, SWITCH },
	{ "detect_pgpolicy_use_tpg", OF_DEVICES, SWITCH },
	{ "force_sync", DEFAULTS, SWITCH },
	{ "strict_timing", DEFAULTS, SWITCH },
	{ "deferred_remove", OF_MAPS, SWITCH },
	{ "partition_delimiter", DEFAULTS, NAME },
	{ "find_multipaths", DEFAULTS, WORDS("off on strict greedy smart yes no 1 0") },
	{ "find_multipaths_timeout", DEFAULTS, INT(INT_MIN) },
	{ "uxsock_timeout", DEFAULTS, INT(4000) },
	{ "retrigger_tries", DEFAULTS, INT(0) },
	{ "retrigger_delay", DEFAULTS, INT(0) },
	{ "missing_uev_wait_timeout", DEFAULTS, INT(0) },
	{ "skip_kpartx", OF_MAPS, SWITCH },
	{ "remove_retries", DEFAULTS, INT(0) },
	{ "max_sectors_kb", OF_MAPS, INT(0) },
	{ "ghost_delay", OF_MAPS, WORD_OR("no 0") },
	{ "auto_resize", DEFAULTS, WORDS("never grow_only grow_shrink") },
	{ "enable_foreign", DEFAULTS, TEXT },
	{ "marginal_pathgroups", DEFAULTS, WORDS("off on fpin yes no 1 0") },
	{ "recheck_wwid", OF_DEVICES, SWITCH },
	{ "vpd_vendor", DEVICE, WORDS("undef hp3par") },
	{ "type", PROTOCOL, TEXT },

	/* What multipathd passes over, too. */
	{ "multipath_dir", DEFAULTS, OBSOLETE },
	{ "getuid_callout", OF_DEVICES, OBSOLETE },
	{ "pg_timeout", DEFAULTS | DEVICE | MULTIPATH, OBSOLETE },
	{ "bindings_file", DEFAULTS, OBSOLETE },
	{ "wwids_file", DEFAULTS, OBSOLETE },
	{ "prkeys_file", DEFAULTS, OBSOLETE },
	{ "disable_changed_wwids", DEFAULTS, OBSOLETE },
};
const size_t mpconf_count = ARRAY_LEN(mpconf_table);

/* Of multipath-tools before 0.9, and of what distributors add. */
static const struct mpconf_old old_table[] = {
	{ "all_devs", NULL },
	{ "default_features", "features" },
	{ "default_getuid_callout", NULL },
	{ "default_hw_handler", "hardware_handler" },
	{ "default_path_checker", "path_checker" },
	{ "default_path_grouping_policy", "path_grouping_policy" },
	{ "default_prio", "prio" },
	{ "default_prio_callout", "prio" },
	{ "default_selector", "path_selector" },
	{ "default_uid_attribute", "uid_attribute" },
	{ "detect_path_checker", "detect_checker" },
	{ "devnode_blacklist", "blacklist" },
	{ "hw_str_match", NULL },
	{ "hwtable_regex_match", NULL },
	{ "ignore_new_boot_devs", NULL },
	{ "multipath_tool", NULL },
	{ "new_bindings_in_boot", NULL },
	{ "pg_prio_calc", NULL },
	{ "prio_callout", "prio" },
	{ "reload_readwrite", NULL },
	{ "replace_wwid_whitespace", NULL },
	{ "selector", "path_selector" },
	{ "udev_dir", NULL },
	{ "unpriv_sgio", NULL },
};
const size_t mpconf_old_count = ARRAY_LEN(old_table);

/* The sections of checkerd.conf(5) that multipath.conf has as well. */
static bool is_multipaths_own(enum section s)
{
	return s != SECTION_PATHS && s != SECTION_PATH && s != SECTION_MAINTENANCE &&
	       s != SECTION_WINDOW;
}

const struct mpconf_keyword *mpconf_find(enum section in, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(mpconf_table); i++)
		if ((mpconf_table[i].sections & SECTION_BIT(in)) != 0 &&
		    strcmp(mpconf_table[i].name, name) == 0)
			return &mpconf_table[i];
	return NULL;
}

enum section mpconf_subsection(enum section in, const char *name)
{
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (is_multipaths_own((enum section)i) && section_table[i].parent == in &&
		    strcmp(section_table[i].name, name) == 0)
			return (enum section)i;
	return SECTION_TOP;
}

const struct mpconf_old *mpconf_find_old(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(old_table); i++)
		if (strcmp(old_table[i].name, name) == 0)
			return &old_table[i];
	return NULL;
}

enum section mpconf_home(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(mpconf_table); i++)
		if (strcmp(mpconf_table[i].name, name) == 0)
			return (enum section)__builtin_ctz(mpconf_table[i].sections);
	return SECTION_TOP;
}

const char *mpconf_suggestion(enum section in, const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < ARRAY_LEN(mpconf_table); i++)
		if ((mpconf_table[i].sections & SECTION_BIT(in)) != 0)
			nearest_try(&n, mpconf_table[i].name);
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (is_multipaths_own((enum section)i) && section_table[i].parent == in)
			nearest_try(&n, section_table[i].name);
	return n.best;
}

bool mpconf_is_used(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(mpconf_table); i++)
		if (strcmp(mpconf_table[i].name, name) == 0)
			return mpconf_table[i].use != MPCONF_UNUSED &&
			       mpconf_table[i].use != MPCONF_OBSOLETE;
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (is_multipaths_own((enum section)i) &&
		    strcmp(section_table[i].name, name) == 0)
			return true;
	return false;
}
