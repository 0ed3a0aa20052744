/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the sizes that are told apart, and the words for them. Any thread. */
#include "checkerd/core/nvme_counts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

#define LEVEL_MASK ((1U << NVME_COUNT_BITS) - 1)

/* The smallest number of each level. Numbers of the first ones are exact. */
static const uint32_t levels[] = { 0, 1, 2, 3, 10, 100, 1000, 10000 };

#define EXACT 2

static_assert(ARRAY_LEN(levels) == LEVEL_MASK + 1 && NVME_COUNTS_BITS <= 15,
              "struct reason has room for the levels");

static const char *const words[NVME_COUNTS][2] = {
	[NVME_RESETS] = { "reset", "resets" },
	[NVME_RECONNECTS] = { "reconnect", "reconnects" },
	[NVME_FAILOVERS] = { "failover", "failovers" },
	[NVME_ERRORS] = { "error", "errors" },
	[NVME_RETRIES] = { "retry", "retries" },
};

static unsigned level_of(uint32_t n)
{
	unsigned level = ARRAY_LEN(levels) - 1;

	while (n < levels[level])
		level--;
	return level;
}

uint16_t nvme_counts(const uint32_t grown[static NVME_COUNTS])
{
	unsigned counts = 0;

	for (unsigned i = 0; i < NVME_COUNTS; i++)
		counts |= level_of(grown[i]) << i * NVME_COUNT_BITS;
	return (uint16_t)counts;
}

size_t nvme_counts_format(uint16_t counts, char *buf, size_t size)
{
	size_t n = 0;

	assert(size > 0);
	buf[0] = '\0';
	for (unsigned i = 0; i < NVME_COUNTS; i++) {
		unsigned level = counts >> i * NVME_COUNT_BITS & LEVEL_MASK;
		char text[48];
		int length =
		        snprintf(text, sizeof(text), "%s%u%s %s",
		                 n > 0 ? ", " : "new: ", levels[level],
		                 level > EXACT ? "+" : "", words[i][level == 1 ? 0 : 1]);

		if (level == 0 || n + (size_t)length >= size)
			continue;
		memcpy(buf + n, text, (size_t)length + 1);
		n += (size_t)length;
	}
	return n;
}
