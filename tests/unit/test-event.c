/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for the kinds of event are part of the interface. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "checkerd/core/device.h"
#include "checkerd/core/event.h"
#include "util/macro.h"

static_assert(EVENT_PATH_MAX >= DEVICE_NAME_MAX, "an event holds every path's name");

static void type_names(void **state)
{
	static const char *const words[EVENT_TYPE_COUNT_] = {
		"path_state", "path_added", "path_removed", "map",
		"dm",         "engine",     "config",       "daemon",
	};

	(void)state; /* no fixture */
	for (unsigned t = 0; t < EVENT_TYPE_COUNT_; t++)
		assert_string_equal(event_type_name(t), words[t]);
}

static void holds_every_state_name(void **state)
{
	struct event e;

	(void)state; /* no fixture */
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		assert_true(strlen(path_state_name(s)) < sizeof(e.from));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_names),
		cmocka_unit_test(holds_every_state_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
