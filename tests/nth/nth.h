/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_NTH_NTH_H
#define TESTS_NTH_NTH_H

/*
 * What tests/nth/nth.c, which is preloaded, shares with the test: a file of this size that the
 * environment names as NTH. The test fills it in, sets armed, and reads what came of it. The
 * layout is tests/nth/run's, too.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "util/macro.h"

#define NTH_BYTES 4096
#define NTH_TEXT  4032

struct nth {
	_Atomic uint64_t
	        calls; /* [atomic any→test] that could have failed, while armed */
	_Atomic uint64_t
	        first; /* [atomic test→any] the first of them that fails; 0: none */
	_Atomic uint64_t last;  /* [atomic test→any] and the last one */
	_Atomic uint32_t armed; /* [atomic test→any] */
	_Atomic uint32_t turn; /* [atomic test→any] which of a call's errors is taken */
	_Atomic uint64_t failed; /* [atomic any→test] how many did */
	_Atomic int32_t error;   /* [atomic any→test] the first one's */
	_Atomic uint32_t
	        lasting; /* [atomic test→any] only what can fail for long is counted */
	_Atomic int64_t
	        live; /* [atomic any→test] what pid holds: memory, mappings, contexts */
	_Atomic int32_t pid; /* [atomic test→any] */
	uint32_t reserved;
	char text[NTH_TEXT]; /* what the first one was, and who called it */
};
static_assert(sizeof(struct nth) == NTH_BYTES, "one page");

#endif
