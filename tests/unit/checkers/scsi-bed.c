/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcheck/region/limits.h"
#include "tests/unit/checkers/scsi-bed.h"

struct checker_answer bed_good(void)
{
	return (struct checker_answer){ .block = BED_BLOCK };
}

struct checker_answer bed_sense(uint8_t key, uint8_t code, uint8_t qualifier,
                                enum bed_format format)
{
	const uint8_t fixed[18] = { 0x70, 0, key, [12] = code, qualifier };
	const uint8_t descriptor[8] = { 0x72, key, code, qualifier };
	struct checker_answer a = bed_good();

	a.scsi.status = SCSI_CHECK_CONDITION;
	a.scsi.sense = format == BED_FIXED ? sense_read(fixed, sizeof(fixed))
	                                   : sense_read(descriptor, sizeof(descriptor));
	assert_true(a.scsi.sense.valid);
	return a;
}

struct checker_answer bed_host(uint8_t host)
{
	struct checker_answer a = bed_good();

	a.scsi.host = host;
	return a;
}

struct checker_answer bed_data(const uint8_t *data, size_t got)
{
	struct checker_answer a = bed_good();
	uint8_t *copy = malloc(got);

	/* A block of exactly this size: a read behind it is found by sanitizers and valgrind. */
	assert_true(copy != NULL || got == 0);
	if (got > 0)
		memcpy(copy, data, got);
	a.scsi.got = (uint16_t)got;
	a.data = copy;
	return a;
}

void bed_drop(struct checker_answer *a)
{
	free((void *)(uintptr_t)a->data);
	a->data = NULL;
}

void bed_expect_end(const struct checker *c, struct checker_answer a,
                    enum pathcheck_verdict verdict, int error, enum pathcheck_said said)
{
	struct checker_judgement j = c->judge(&a);

	if (j.next != CHECKER_FINAL || j.verdict != verdict || j.error != error ||
	    j.said != said)
		fail_msg("next %d, verdict %d, error %d, said %d", (int)j.next,
		         (int)j.verdict, j.error, j.said);
	assert_int_equal(j.answered, verdict == PATHCHECK_OK ||
	                                     verdict == PATHCHECK_DEVICE_ERROR ||
	                                     verdict == PATHCHECK_GHOST);
	assert_int_equal(j.memory, 0);
}

void bed_expect_send(const struct checker *c, struct checker_answer a, uint8_t step)
{
	struct checker_judgement j = c->judge(&a);

	if (j.next != CHECKER_SEND || j.step != step)
		fail_msg("next %d, step %d, verdict %d", (int)j.next, j.step,
		         (int)j.verdict);
}

struct scsi_command bed_command(const struct checker *c, uint8_t step, uint16_t memory)
{
	struct checker_step s = { .step = step, .memory = memory, .block = BED_BLOCK };
	struct scsi_command command;

	memset(&command, 0xff, sizeof(command));
	c->command(&s, &command);
	assert_true(command.cdb_size == 6 || command.cdb_size == 10 ||
	            command.cdb_size == 12 || command.cdb_size == 16);
	assert_true(command.data_size <= BUFFER_SMALL);
	for (unsigned i = command.cdb_size; i < SCSI_CDB_MAX; i++)
		assert_int_equal(command.cdb[i], 0);
	return command;
}

void bed_expect_command(const struct checker *c, uint8_t step, uint16_t memory,
                        enum pathcheck_request request, uint8_t operation)
{
	struct scsi_command command = bed_command(c, step, memory);

	assert_int_equal(command.request, request);
	assert_int_equal(command.cdb[0], operation);
}
