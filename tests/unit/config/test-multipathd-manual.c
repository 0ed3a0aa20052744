/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd-multipathd(7) and the reader of multipath.conf agree about every keyword: those that
 * checkerd uses are in the manual's first two lists, the others in the last two.
 */
#include "tests/unit/unit.h"

#include "checkerd/config/multipath/mpconf_keywords.h"
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

/* Does multipathd know it, in any section? */
static bool is_known(const char *name)
{
	for (unsigned i = SECTION_TOP; i < SECTION_COUNT_; i++)
		if (mpconf_find((enum section)i, name) != NULL ||
		    mpconf_subsection((enum section)i, name) != SECTION_TOP)
			return true;
	return false;
}

static bool is_unused(const char *name)
{
	return is_known(name) && !mpconf_is_used(name);
}

static bool is_old(const char *name)
{
	return mpconf_find_old(name) != NULL;
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
		if (!is_known(theirs[i]))
			fail_msg("checkerd does not know %s of multipath.conf",
			         theirs[i]);
		if (mpconf_is_used(theirs[i]) == has(l->unused, theirs[i]))
			fail_msg("%s is used, or not: move it in checkerd-multipathd(7)",
			         theirs[i]);
	}
	/* And the other way: the list above has every keyword of the reader. */
	for (size_t i = 0; i < mpconf_count; i++) {
		size_t t = 0;

		while (t < ARRAY_LEN(theirs) && strcmp(theirs[t], mpconf_table[i].name))
			t++;
		if (t == ARRAY_LEN(theirs))
			fail_msg("multipath.conf has no %s", mpconf_table[i].name);
	}
}

/* The number of names in a list, each of which `is` accepts. */
static size_t count_names(const char *names, bool (*is)(const char *name))
{
	char *copy = strdup(names), *rest = copy, *name;
	size_t n = 0;

	assert_non_null(copy);
	while ((name = strsep(&rest, " ")) != NULL) {
		if (*name == '\0')
			continue;
		if (!is(name))
			fail_msg("%s does not belong into this list", name);
		n++;
	}
	free(copy);
	return n;
}

/* No name is invented, and no old one is missing. */
static void each_name_of_the_manual(void **state)
{
	const struct lists *l = *state;

	assert_true(count_names(l->used, mpconf_is_used) > 10);
	assert_true(count_names(l->differs, mpconf_is_used) > 0);
	assert_true(count_names(l->unused, is_unused) > 30);
	assert_int_equal(count_names(l->older, is_old), mpconf_old_count);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_keyword_of_multipath_conf),
		cmocka_unit_test(each_name_of_the_manual),
	};

	return cmocka_run_group_tests(tests, read_manual, free_lists);
}
