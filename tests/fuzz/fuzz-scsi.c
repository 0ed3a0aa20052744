/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What devices answer to SCSI commands. The first byte selects the checker; the rest are the answers
 * to its commands, check after check, as long as there are some. Each check ends within its limit, and
 * what it says can be reported.
 */
#include <errno.h>
#include <string.h>

#include "libcheck/checkers/checker.h"
#include "libcheck/region/limits.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"

#define BLOCK     512
#define SENSE_MAX 64

void fuzz_begin(void)
{
}

/* The bytes in a block of exactly their number. Those that are missing are 0. */
static uint8_t *take_bytes(struct fuzz_input *in, size_t size)
{
	uint8_t *copy = malloc(size);

	REQUIRE(copy != NULL || size == 0, "no memory");
	for (size_t i = 0; i < size; i++)
		copy[i] = fuzz_byte(in);
	return copy;
}

static void take_sense(struct fuzz_input *in, struct sense *ret)
{
	size_t size = fuzz_byte(in) % (SENSE_MAX + 1);
	uint8_t *bytes = take_bytes(in, size);

	*ret = sense_read(bytes, size);
	free(bytes);
	REQUIRE(ret->valid || (ret->key == 0 && ret->code == 0 && ret->qualifier == 0),
	        "%x/%x/%x", ret->key, ret->code, ret->qualifier);
	REQUIRE(ret->key < 16, "%x", ret->key);
}

/* The low bits of the first byte say which parts of the answer are not as of a good one. */
static uint8_t *take_answer(struct fuzz_input *in, const struct scsi_command *c,
                            struct checker_answer *ret)
{
	uint8_t unusual = fuzz_byte(in);
	uint8_t *data;

	if (unusual & 1)
		ret->scsi.host = fuzz_byte(in);
	if (unusual & 2)
		ret->scsi.driver = fuzz_byte(in) & 0x0f;
	if (unusual & 4)
		ret->scsi.status = fuzz_byte(in) & SCSI_STATUS_MASK;
	if (unusual & 8) {
		ret->scsi.status = SCSI_CHECK_CONDITION;
		take_sense(in, &ret->scsi.sense);
	}
	if (unusual & 16)
		ret->result = -(int64_t)(fuzz_byte(in) + 1);
	ret->opening = (unusual & 32) != 0 && ret->result < 0;
	ret->reads = ret->identify = (unusual & 64) != 0;
	ret->scsi.got = c->data_size;
	if (unusual & 128)
		ret->scsi.got = (uint16_t)(fuzz_number(in, 2) % (c->data_size + 1U));
	data = take_bytes(in, ret->scsi.got);
	ret->data = data;
	return data;
}

static bool has_error(enum pathcheck_verdict verdict)
{
	return verdict != PATHCHECK_OK && verdict != PATHCHECK_GHOST &&
	       verdict != PATHCHECK_PENDING;
}

static void look_at_end(const struct checker_answer *a, const struct checker_judgement *j)
{
	REQUIRE(j->next == CHECKER_FINAL || j->next == CHECKER_SHORTAGE, "%d",
	        (int)j->next);
	REQUIRE(j->verdict <= PATHCHECK_PENDING && j->verdict != PATHCHECK_TIMED_OUT &&
	                j->verdict != PATHCHECK_DEFERRED,
	        "%d", (int)j->verdict);
	REQUIRE((j->error > 0) == has_error(j->verdict), "%d, %d", (int)j->verdict,
	        j->error);
	REQUIRE(j->said < PATHCHECK_SAID_COUNT, "%d", j->said);
	REQUIRE(j->said != PATHCHECK_SAID_SENSE || a->scsi.sense.valid, "no sense data");
	REQUIRE(!j->answered || (a->result == 0 && j->verdict != PATHCHECK_FAILED), "%d",
	        (int)j->verdict);
	REQUIRE(j->verdict != PATHCHECK_DISCONNECTED ||
	                sense_is_unit_gone(&a->scsi.sense),
	        "disconnected");
}

static void one_check(const struct checker *c, struct fuzz_input *in, uint16_t *memory)
{
	uint8_t step = 0;

	for (unsigned sends = 0;; sends++) {
		struct checker_step s = { .step = step,
			                  .memory = *memory,
			                  .block = BLOCK };
		struct checker_answer a = { .step = step,
			                    .tries = (uint8_t)sends,
			                    .memory = *memory,
			                    .block = BLOCK };
		struct scsi_command command;
		struct checker_judgement j, again;
		uint8_t *data;

		REQUIRE(sends < CHECKER_SENDS_MAX, "%u commands", sends);
		c->command(&s, &command);
		REQUIRE(command.data_size <= BUFFER_SMALL && command.cdb_size >= 6 &&
		                command.cdb_size <= SCSI_CDB_MAX &&
		                command.request < PATHCHECK_REQUESTS,
		        "%u bytes", command.data_size);
		data = take_answer(in, &command, &a);
		j = c->judge(&a);
		/* As the engine does when the identity is known. */
		if (j.next == CHECKER_FINAL)
			a.identify = false;
		again = c->judge(&a);
		free(data);
		REQUIRE(again.next == j.next && again.verdict == j.verdict &&
		                again.error == j.error && again.said == j.said,
		        "judged twice");
		if (j.memory != 0)
			*memory = j.memory;
		if (j.next != CHECKER_SEND) {
			look_at_end(&a, &j);
			return;
		}
		REQUIRE(j.step < 4, "%u", j.step);
		step = j.step;
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const struct checker *c = checker_table[fuzz_byte(&in) % PATHCHECK_CHECKERS];
	uint16_t memory = 0;

	if (c->command == NULL)
		return;
	do
		one_check(c, &in, &memory);
	while (in.size > 0);
}
