/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What multipathd says about its paths, and whether that fits dm_control. */
#include "tests/unit/unit.h"

#include <string.h>

#include "checkerd/core/peer.h"
#include "util/macro.h"

static void lines_are_counted(void **state _unused_)
{
	struct peer p = { .state = PEER_ANSWERED };

	peer_add(&p, "none mpatha");
	peer_add(&p, "(null) mpatha");
	peer_add(&p, "tur mpatha");
	peer_add(&p, "directio mpathb");
	peer_add(&p, "nonesuch mpathb");
	/* In no map, no line of a path, and nothing. */
	peer_add(&p, "tur [orphan]");
	peer_add(&p, "fail");
	peer_add(&p, " mpatha");
	peer_add(&p, "");
	assert_int_equal(p.paths, 5);
	assert_int_equal(p.checked, 3);
	assert_string_equal(p.checker, "tur");
}

static void names_are_escaped(void **state _unused_)
{
	struct peer p = { .state = PEER_ANSWERED };

	peer_add(&p, "t\x1b[1mur mpatha");
	assert_string_equal(p.checker, "t?[1mur");
	p.checked = 0;
	peer_add(&p, "a-name-that-is-longer-than-any-checker-has mpatha");
	assert_int_equal(strlen(p.checker), PEER_CHECKER_MAX - 1);
}

/* The id of what is found, or "". */
static const char *found(enum peer_state state, bool control, uint32_t paths,
                         uint32_t checked)
{
	const struct peer p = { .state = state,
		                .control = control,
		                .paths = paths,
		                .checked = checked,
		                .checker = "tur" };
	static struct finding f;

	if (!peer_finding(&p, &f))
		return "";
	assert_int_equal(f.severity, FINDING_WARNING);
	assert_true(f.remedy[0] != '\0' && f.text[0] != '\0' && f.count == 1);
	/* A snapshot has 256 bytes for it. */
	assert_true(strlen(f.text) < 256 && strlen(f.remedy) < sizeof(f.remedy) - 1);
	return f.id;
}

static void each_state(void **state _unused_)
{
	const uint32_t many = UINT32_MAX;

	assert_string_equal(found(PEER_ABSENT, true, 0, 0), "");
	assert_string_equal(found(PEER_ABSENT, false, 0, 0), "");
	assert_string_equal(found(PEER_SILENT, true, 0, 0), "multipathd-checks");
	assert_string_equal(found(PEER_SILENT, false, 0, 0), "");
	assert_string_equal(found(PEER_ANSWERED, true, 0, 0), "");
	assert_string_equal(found(PEER_ANSWERED, false, 0, 0), "");
	assert_string_equal(found(PEER_ANSWERED, true, 8, 0), "");
	assert_string_equal(found(PEER_ANSWERED, true, many, many), "multipathd-checks");
	assert_string_equal(found(PEER_ANSWERED, true, 8, 1), "multipathd-checks");
	assert_string_equal(found(PEER_ANSWERED, false, many, 0), "dm-not-controlled");
	assert_string_equal(found(PEER_ANSWERED, false, 8, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(each_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
