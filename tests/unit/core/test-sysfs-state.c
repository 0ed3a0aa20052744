/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's words for a device. */
#include "tests/unit/unit.h"

#include <string.h>

#include "checkerd/core/sysfs_state.h"
#include "util/macro.h"

static void words_are_kept(void **state)
{
	static const struct {
		enum sysfs_layer layer;
		const char *const words[14];
	} cases[] = {
		{ SYSFS_DEVICE,
		  { "created", "running", "cancel", "deleted", "quiesce", "offline",
		    "transport-offline", "blocked", "created-blocked", NULL } },
		{ SYSFS_CONTROLLER,
		  { "new", "live", "resetting", "connecting", "deleting",
		    "deleting (no IO)", "dead", NULL } },
		{ SYSFS_PORT,
		  { "Unknown", "Not Present", "Online", "Offline", "Blocked", "Bypassed",
		    "Diagnostics", "Linkdown", "Error", "Loopback", "Deleted", "Marginal",
		    NULL } },
		{ SYSFS_SESSION, { "LOGGED_IN", "FAILED", "FREE", NULL } },
		{ SYSFS_ACCESS,
		  { "active/optimized", "active/non-optimized", "standby", "passive",
		    "unavailable", "lba-dependent", "offline", "transitioning", NULL } },
		{ SYSFS_ANA,
		  { "optimized", "non-optimized", "inaccessible", "persistent-loss",
		    "change", NULL } },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (const char *const *w = cases[i].words; *w != NULL; w++) {
			struct sysfs_word word = sysfs_word(cases[i].layer, *w);

			assert_int_equal(word.layer, cases[i].layer);
			assert_string_equal(sysfs_word_text(word), *w);
			assert_true(strlen(*w) < SYSFS_WORD_MAX);
		}
}

static void nothing_is_not_known(void **state)
{
	(void)state; /* no fixture */
	assert_null(sysfs_word_text(sysfs_word(SYSFS_DEVICE, NULL)));
	assert_null(sysfs_word_text(sysfs_word(SYSFS_DEVICE, "")));
	assert_null(sysfs_word_text(sysfs_word(SYSFS_NONE, "running")));
	assert_null(sysfs_word_text((struct sysfs_word){ 0 }));
}

static void what_no_kernel_writes_is_not_repeated(void **state)
{
	static const char *const texts[] = {
		"a\x1b[2J",
		"Running",
		"other",
		"live",
		"longer than any word that there is",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_string_equal(sysfs_word_text(sysfs_word(SYSFS_DEVICE, texts[i])),
		                    "other");
}

static void only_what_is_wrong_is_told(void **state)
{
	static const struct {
		enum sysfs_layer device_layer;
		const char *device;
		enum sysfs_layer transport_layer;
		const char *transport, *told;
	} cases[] = {
		{ SYSFS_NONE, NULL, SYSFS_NONE, NULL, "" },
		{ SYSFS_DEVICE, "running", SYSFS_NONE, NULL, "" },
		{ SYSFS_DEVICE, "offline", SYSFS_NONE, NULL, "device offline" },
		{ SYSFS_CONTROLLER, "live", SYSFS_NONE, NULL, "" },
		{ SYSFS_CONTROLLER, "dead", SYSFS_NONE, NULL, "controller dead" },
		{ SYSFS_DEVICE, "running", SYSFS_PORT, "Online", "" },
		{ SYSFS_DEVICE, "running", SYSFS_PORT, "Blocked", "port Blocked" },
		{ SYSFS_DEVICE, "running", SYSFS_SESSION, "LOGGED_IN", "" },
		{ SYSFS_DEVICE, "blocked", SYSFS_SESSION, "FAILED",
		  "device blocked, session FAILED" },
		/* A word that is good elsewhere. */
		{ SYSFS_CONTROLLER, "running", SYSFS_NONE, NULL, "controller other" },
	};
	struct sysfs_state s = { 0 };
	char buf[64];

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		s.device = sysfs_word(cases[i].device_layer, cases[i].device);
		s.transport = sysfs_word(cases[i].transport_layer, cases[i].transport);
		assert_int_equal(sysfs_state_format(&s, buf, sizeof(buf)),
		                 strlen(cases[i].told));
		assert_string_equal(buf, cases[i].told);
		assert_int_equal(sysfs_state_is_bad(&s), cases[i].told[0] != '\0');
	}
}

static void who_is_about_to_go(void **state)
{
	static const struct {
		enum sysfs_layer layer;
		const char *word;
		bool there;
	} cases[] = {
		{ SYSFS_NONE, NULL, false },
		{ SYSFS_DEVICE, "running", true },
		{ SYSFS_DEVICE, "offline", true },
		{ SYSFS_DEVICE, "a word to come", true },
		{ SYSFS_DEVICE, "cancel", false },
		{ SYSFS_DEVICE, "deleted", false },
		{ SYSFS_CONTROLLER, "connecting", true },
		{ SYSFS_CONTROLLER, "deleting", false },
		{ SYSFS_CONTROLLER, "deleting (no IO)", false },
		{ SYSFS_CONTROLLER, "dead", false },
	};
	struct sysfs_state s = { .transport = sysfs_word(SYSFS_SESSION, "LOGGED_IN") };

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		s.device = sysfs_word(cases[i].layer, cases[i].word);
		assert_int_equal(sysfs_state_has_device(&s), cases[i].there);
	}
}

static void what_an_access_state_explains(void **state)
{
	static const struct {
		const char *device, *access;
		bool bad, passive, transitioning;
	} cases[] = {
		{ "running", NULL, false, false, false },
		{ "running", "active/optimized", false, false, false },
		{ "running", "active/non-optimized", false, false, false },
		{ "running", "lba-dependent", false, false, false },
		{ "running", "standby", true, true, false },
		{ "running", "passive", true, true, false },
		{ "running", "unavailable", true, false, false },
		{ "running", "offline", true, false, false },
		{ "running", "transitioning", true, false, true },
		{ "running", "a word to come", true, false, false },
		{ NULL, "standby", true, true, false },
		{ "blocked", "standby", true, false, false },
		{ "offline", "transitioning", true, false, false },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sysfs_state s = {
			.device = sysfs_word(SYSFS_DEVICE, cases[i].device),
			.access = sysfs_word(SYSFS_ACCESS, cases[i].access),
		};

		assert_int_equal(sysfs_state_is_bad(&s), cases[i].bad);
		assert_int_equal(sysfs_state_is_passive(&s), cases[i].passive);
		assert_int_equal(sysfs_state_is_transitioning(&s),
		                 cases[i].transitioning);
	}
}

/* I/O goes on over a port that is Marginal: a standby port behind it is no broken one. */
static void a_marginal_port_explains_nothing(void **state)
{
	struct sysfs_state s = {
		.device = sysfs_word(SYSFS_DEVICE, "running"),
		.transport = sysfs_word(SYSFS_PORT, "Marginal"),
		.access = sysfs_word(SYSFS_ACCESS, "standby"),
	};

	(void)state; /* no fixture */
	assert_true(sysfs_word_is_marginal(s.transport));
	assert_true(sysfs_state_is_passive(&s));
	s.transport = sysfs_word(SYSFS_PORT, "Blocked");
	assert_false(sysfs_word_is_marginal(s.transport));
	assert_false(sysfs_state_is_passive(&s));
	s.transport = sysfs_word(SYSFS_SESSION, "FAILED");
	assert_false(sysfs_word_is_marginal(s.transport));
}

/* An ANA state is believed while the controller is live only. */
static void what_an_ana_state_explains(void **state)
{
	static const struct {
		const char *controller, *ana;
		bool bad, passive, transitioning;
		const char *told;
	} cases[] = {
		{ "live", NULL, false, false, false, "" },
		{ "live", "optimized", false, false, false, "" },
		{ "live", "non-optimized", false, false, false, "" },
		{ "live", "inaccessible", true, true, false, "ANA state inaccessible" },
		{ "live", "persistent-loss", true, false, false,
		  "ANA state persistent-loss" },
		{ "live", "change", true, false, true, "ANA state change" },
		{ "live", "a word to come", true, false, false, "ANA state other" },
		{ "connecting", "optimized", true, false, false,
		  "controller connecting" },
		{ "connecting", "inaccessible", true, false, false,
		  "controller connecting, ANA state inaccessible" },
		{ "resetting", "change", true, false, false,
		  "controller resetting, ANA state change" },
	};
	char buf[64];

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sysfs_state s = {
			.device = sysfs_word(SYSFS_CONTROLLER, cases[i].controller),
			.access = sysfs_word(SYSFS_ANA, cases[i].ana),
		};

		assert_int_equal(sysfs_state_is_bad(&s), cases[i].bad);
		assert_int_equal(sysfs_state_is_passive(&s), cases[i].passive);
		assert_int_equal(sysfs_state_is_transitioning(&s),
		                 cases[i].transitioning);
		(void)sysfs_state_format(&s, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].told);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_kept),
		cmocka_unit_test(nothing_is_not_known),
		cmocka_unit_test(what_no_kernel_writes_is_not_repeated),
		cmocka_unit_test(only_what_is_wrong_is_told),
		cmocka_unit_test(who_is_about_to_go),
		cmocka_unit_test(what_an_access_state_explains),
		cmocka_unit_test(a_marginal_port_explains_nothing),
		cmocka_unit_test(what_an_ana_state_explains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
