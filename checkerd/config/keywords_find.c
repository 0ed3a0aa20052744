/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds keywords by their names. Owns the tables of older spellings, and of the keywords of
 * multipath.conf that have no meaning here. Immutable; any thread.
 */
#include "checkerd/config/keywords.h"

#include <string.h>

#include "checkerd/config/nearest.h"

/* Other spellings of multipath.conf for the same keyword or section. */
static const struct {
	const char *old, *name;
} spellings[] = {
	{ "checker", "path_checker" },
	{ "default_path_checker", "path_checker" },
	{ "default_uid_attribute", "uid_attribute" },
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
	"auto_resize",
	"bindings_file",
	"config_dir",
	"default_features",
	"default_getuid_callout",
	"default_hw_handler",
	"default_path_grouping_policy",
	"default_prio",
	"default_selector",
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
	"unpriv_sgio",
	"user_friendly_names",
	"uxsock_timeout",
	"verbosity",
	"vpd_vendor",
	"wwids_file",
};
const size_t keywords_ignored_count = ARRAY_LEN(ignored);

/* The sections in which multipath.conf allows these keywords. */
static const unsigned ignored_in = SECTION_BIT(SECTION_DEFAULTS) | SECTIONS_OF_DEVICES |
                                   SECTION_BIT(SECTION_MULTIPATH);

static const char *current_spelling(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		if (strcmp(spellings[i].old, name) == 0)
			return spellings[i].name;
	return name;
}

bool keywords_is_setting(enum section in, const struct keyword *k)
{
	return (SECTIONS_OF_DEVICES & SECTION_BIT(in)) != 0 &&
	       (k->sections & SECTION_BIT(SECTION_DEFAULTS)) != 0;
}

const struct keyword *keywords_find(enum section in, const char *name)
{
	name = current_spelling(name);
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keyword_table[i];

		if ((k->sections & SECTION_BIT(in)) != 0 && strcmp(k->name, name) == 0)
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
	if ((ignored_in & SECTION_BIT(in)) == 0 || keywords_find(in, name) != NULL)
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
		if ((keyword_table[i].sections & SECTION_BIT(in)) != 0)
			nearest_try(&n, keyword_table[i].name);
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT_; i++)
		if (section_table[i].parent == in)
			nearest_try(&n, section_table[i].name);
	for (size_t i = 0; (ignored_in & SECTION_BIT(in)) != 0 && i < ARRAY_LEN(ignored);
	     i++)
		nearest_try(&n, ignored[i]);
	return n.best;
}
