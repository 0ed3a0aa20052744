/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checkers by their numbers. Immutable; any thread. */
#include "libcheck/checkers/checker.h"

const struct checker *const checker_table[PATHCHECK_CHECKERS] = {
	[PATHCHECK_DIRECTIO] = &checker_directio, [PATHCHECK_TUR] = &checker_tur,
	[PATHCHECK_ALUA] = &checker_tur,          [PATHCHECK_TUR_DIRECTIO] = &checker_tur,
	[PATHCHECK_READSECTOR0] = &checker_tur,   [PATHCHECK_RDAC] = &checker_tur,
	[PATHCHECK_EMC_CLARIION] = &checker_tur,  [PATHCHECK_HP_SW] = &checker_tur,
	[PATHCHECK_CCISS_TUR] = &checker_tur,     [PATHCHECK_NVME] = &checker_directio,
};
