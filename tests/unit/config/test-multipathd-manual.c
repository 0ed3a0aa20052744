/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd-multipathd(7) and the code agree about every keyword of multipath.conf: the keywords
 * that checkerd uses are in the manual's first two lists, the others in the last two.
 */
#include "tests/unit/unit.h"

#include "checkerd/config/keywords.h"
#include "tests/unit/config/config-text.h"

#define MANUAL TEST_SRCDIR "/man/checkerd-multipathd.7"

/* Sections and keywords of multipath-tools 0.14.3 and 0.15, which have the same. */
static const char *const theirs[] = {
	"alias",
	"alias_prefix",
	"all_tg_pt",
	"allow_usb_devices",
	"auto_resize",
	"bindings_file",
	"blacklist",
	"blacklist_exceptions",
	"checker",
	"checker_timeout",
	"config_dir",
	"defaults",
	"deferred_remove",
	"delay_wait_checks",
	"delay_watch_checks",
	"detect_checker",
	"detect_pgpolicy",
	"detect_pgpolicy_use_tpg",
	"detect_prio",
	"dev_loss_tmo",
	"device",
	"devices",
	"devnode",
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
	"log_checker_err",
	"marginal_path_double_failed_time",
	"marginal_path_err_rate_threshold",
	"marginal_path_err_recheck_gap_time",
	"marginal_path_err_sample_time",
	"marginal_pathgroups",
	"max_fds",
	"max_polling_interval",
	"max_retries",
	"max_sectors_kb",
	"missing_uev_wait_timeout",
	"mode",
	"multipath",
	"multipath_dir",
	"multipaths",
	"no_path_retry",
	"overrides",
	"partition_delimiter",
	"path_checker",
	"path_grouping_policy",
	"path_selector",
	"pg_timeout",
	"polling_interval",
	"prio",
	"prio_args",
	"prkeys_file",
	"product",
	"product_blacklist",
	"property",
	"protocol",
	"purge_disconnected",
	"queue_without_daemon",
	"reassign_maps",
	"recheck_wwid",
	"remove_retries",
	"reservation_key",
	"retain_attached_hw_handler",
	"retrigger_delay",
	"retrigger_tries",
	"revision",
	"rr_min_io",
	"rr_min_io_rq",
	"rr_weight",
	"san_path_err_forget_rate",
	"san_path_err_recovery_time",
	"san_path_err_threshold",
	"skip_kpartx",
	"strict_timing",
	"type",
	"uid",
	"uid_attribute",
	"uid_attrs",
	"user_friendly_names",
	"uxsock_timeout",
	"vendor",
	"verbosity",
	"vpd_vendor",
	"wwid",
	"wwids_file",
};

#define USED    ".Ss Keywords with the same meaning\n"
#define DIFFERS ".Ss Keywords with a different meaning\n"
#define UNUSED  ".Ss Keywords without a meaning for checkerd\n"
#define OLDER   ".Ss Keywords of older and distributors' versions\n"
#define END     ".Sh COMMANDS\n"

/* The items between two headings, each name with a blank before and after it; free() it. */
static char *names_between(const char *manual, const char *heading, const char *end)
{
	const char *line = strstr(manual, heading), *stop;
	char *names;
	size_t used = 1;

	if (line == NULL)
		fail_msg("the manual has no %s", heading);
	stop = strstr(line, end);
	assert_non_null(stop);
	names = malloc((size_t)(stop - line) + 2);
	assert_non_null(names);
	names[0] = ' ';
	for (; line < stop; line = strchr(line, '\n') + 1) {
		if (strncmp(line, ".It Cm ", 7) != 0)
			continue;
		for (const char *s = line + 7; *s != '\n'; s++)
			if (*s != ',' && (*s != ' ' || names[used - 1] != ' '))
				names[used++] = *s;
		names[used++] = ' ';
	}
	names[used] = '\0';
	assert_true(used > 20);
	return names;
}

static bool has(const char *names, const char *name)
{
	char wanted[128];

	(void)snprintf(wanted, sizeof(wanted), " %s ", name);
	return strstr(names, wanted) != NULL;
}

/* Is it a keyword or a section of checkerd's, in any section? */
static bool is_used(const char *name)
{
	for (unsigned s = SECTION_TOP; s < SECTION_COUNT_; s++)
		if (keywords_find((enum section)s, name) != NULL ||
		    keywords_subsection((enum section)s, name) != SECTION_TOP)
			return true;
	return false;
}

/* The number of a keyword without a meaning, or -1. */
static int number_of(const char *name)
{
	int number = -1;

	for (unsigned s = SECTION_TOP; s < SECTION_COUNT_ && number < 0; s++)
		number = keywords_ignored((enum section)s, name);
	return number;
}

struct lists {
	char *used, *differs, *unused, *older;
};

static int read_manual(void **state)
{
	static struct lists lists;
	size_t size;
	char *manual = text_read(MANUAL, &size);

	lists.used = names_between(manual, USED, DIFFERS);
	lists.differs = names_between(manual, DIFFERS, UNUSED);
	lists.unused = names_between(manual, UNUSED, OLDER);
	lists.older = names_between(manual, OLDER, END);
	free(manual);
	*state = &lists;
	return 0;
}

static int free_lists(void **state)
{
	struct lists *l = *state;

	free(l->used);
	free(l->differs);
	free(l->unused);
	free(l->older);
	return 0;
}

static void each_keyword_of_multipath_conf(void **state)
{
	const struct lists *l = *state;

	for (size_t i = 0; i < ARRAY_LEN(theirs); i++) {
		int count = has(l->used, theirs[i]) + has(l->differs, theirs[i]) +
		            has(l->unused, theirs[i]);

		if (count != 1)
			fail_msg("%s is in %d lists of checkerd-multipathd(7)", theirs[i],
			         count);
		if (is_used(theirs[i]) == has(l->unused, theirs[i]))
			fail_msg("%s is used, or not: move it in checkerd-multipathd(7)",
			         theirs[i]);
		if (!is_used(theirs[i]) && number_of(theirs[i]) < 0)
			fail_msg("checkerd does not know %s of multipath.conf",
			         theirs[i]);
	}
}

/* The names in a list, each of which `is` accepts; marks their numbers. */
static size_t count_names(const char *names, bool (*is)(const char *name), bool *seen)
{
	char *copy = strdup(names), *rest = copy, *name;
	size_t n = 0;

	assert_non_null(copy);
	while ((name = strsep(&rest, " ")) != NULL) {
		if (*name == '\0')
			continue;
		if (!is(name))
			fail_msg("%s does not belong into this list", name);
		if (number_of(name) >= 0)
			seen[number_of(name)] = true;
		n++;
	}
	free(copy);
	return n;
}

static bool is_ignored(const char *name)
{
	return !is_used(name) && number_of(name) >= 0;
}

/* No name is invented, and none that checkerd ignores is missing. */
static void each_name_of_the_manual(void **state)
{
	const struct lists *l = *state;

	bool *seen = calloc(keywords_ignored_count, sizeof(*seen));

	assert_non_null(seen);
	assert_true(count_names(l->used, is_used, seen) > 10);
	assert_true(count_names(l->differs, is_used, seen) > 0);
	assert_true(count_names(l->unused, is_ignored, seen) > 30);
	assert_true(count_names(l->older, is_ignored, seen) > 10);
	for (size_t i = 0; i < keywords_ignored_count; i++)
		if (!seen[i])
			fail_msg("keyword %zu of keywords_find.c is missing in "
			         "checkerd-multipathd(7)",
			         i);
	free(seen);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_keyword_of_multipath_conf),
		cmocka_unit_test(each_name_of_the_manual),
	};

	return cmocka_run_group_tests(tests, read_manual, free_lists);
}
