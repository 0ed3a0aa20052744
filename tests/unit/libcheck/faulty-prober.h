/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_LIBCHECK_FAULTY_PROBER_H
#define TESTS_UNIT_LIBCHECK_FAULTY_PROBER_H

/*
 * A prober that does what TEST_PROBER in its environment says: it dies, lies, or loses checks.
 */
void faulty_prober_run(void);

#endif
