/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CHECKERS_SCSI_BED_H
#define TESTS_UNIT_CHECKERS_SCSI_BED_H

/* Answers to SCSI commands, and what is expected of the judgement. */
#include "libcheck/checkers/checker.h"

#define BED_BLOCK 512

/* Both sense formats of SPC-4 4.5. */
enum bed_format { BED_FIXED, BED_DESCRIPTOR, BED_FORMATS };

/* A good answer without data to the first command of a check that does not read. */
struct checker_answer bed_good(void);
/* The same with CHECK CONDITION and sense data. */
struct checker_answer bed_sense(uint8_t key, uint8_t code, uint8_t qualifier,
                                enum bed_format format);
/* The same with a host byte. */
struct checker_answer bed_host(uint8_t host);
/* A good answer with the first got bytes; what lies behind them cannot be read. */
struct checker_answer bed_data(const uint8_t *data, size_t got);
/* Gives back what bed_data() has made. */
void bed_drop(struct checker_answer *a);

void bed_expect_end(const struct checker *c, struct checker_answer a,
                    enum pathcheck_verdict verdict, int error, enum pathcheck_said said);
void bed_expect_send(const struct checker *c, struct checker_answer a, uint8_t step);

/* The command of a step. */
struct scsi_command bed_command(const struct checker *c, uint8_t step, uint16_t memory);
/* It is this request, with this first byte. */
void bed_expect_command(const struct checker *c, uint8_t step, uint16_t memory,
                        enum pathcheck_request request, uint8_t operation);

#endif
