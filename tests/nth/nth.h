/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_NTH_NTH_H
#define TESTS_NTH_NTH_H

/*
 * The file that tests/nth/nth.c, which is preloaded, shares with the test. The environment
 * variable NTH names the file. The test fills it in, sets armed, and reads the results.
 * tests/nth/run uses the same layout.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "util/macro.h"

#define NTH_BYTES 4096
#define NTH_TEXT  4032

struct nth {
	_Atomic uint64_t
	        /* [atomic any→test] Calls that could have failed while armed. */
	        calls;
	_Atomic uint64_t
	        /* [atomic test→any] The first call that fails; 0: none. */
	        first;
	/* [atomic test→any] The last call that fails. */
	_Atomic uint64_t last;
	/* [atomic test→any] Calls are counted, and fail. */
	_Atomic uint32_t armed;
	/* [atomic test→any] Selects one of a call's errors. */
	_Atomic uint32_t variant;
	/* [atomic any→test] Calls that failed. */
	_Atomic uint64_t failed;
	/* [atomic any→test] The first failure's errno. */
	_Atomic int32_t error;
	_Atomic uint32_t
	        /* [atomic test→any] Count only calls that can fail with a lasting shortage. */
	        lasting;
	_Atomic int64_t
	        /* [atomic any→test] What the process pid holds: memory, mappings, contexts. */
	        live;
	/* [atomic test→any] The process whose memory is counted. */
	_Atomic int32_t pid;
	uint32_t reserved;
	/* The first call that failed, and its callers. */
	char text[NTH_TEXT];
};
static_assert(sizeof(struct nth) == NTH_BYTES, "one page");

#endif
