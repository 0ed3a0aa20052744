/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CONTROL_CONTROL_FIXTURE_H
#define TESTS_UNIT_CONTROL_CONTROL_FIXTURE_H

/* What each test of control has: a control of its own, and one good client. */
#include "control-harness.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

extern struct test t;
extern int fd; /* of the good client; -1: there is none */

/* Nothing is started yet: a test may set options first. */
int setup(void **state);
/* Ends what was started, if anything was. */
int teardown(void **state);

/* With plain_spec. */
void start(uint32_t n_paths);
void start_with(uint32_t n_paths,
                void (*spec)(uint32_t, struct device_spec *, char[64], char[64]));
void others_are_served(void);

#endif
