/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_CHECKER_H
#define LIBCHECK_CHECKERS_CHECKER_H

/*
 * A checker is what a check of a device is, as a table: how the device is opened, which
 * requests it gets, and what an answer means. The engine carries this out. It does not know
 * what a good answer is, and knows no checker by name.
 *
 * A check opens the device if it is not open. Then it reads the first block, or sends the SCSI
 * command of step 0. The judgement of the answer says what follows: the end of the check, the same
 * read in another way, another SCSI command, or a call of a rescuer, whose reply is judged together
 * with the read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/checkers/scsi_command.h"
#include "libcheck/pathcheck.h"
#include "libcheck/region/opened.h"

/* What a rescuer's command that follows a request came to. */
enum checker_replied {
	CHECKER_NOT_SENT,
	CHECKER_REPLIED,  /* it ended, with sense data or without */
	CHECKER_NO_REPLY, /* nothing came back, or not in time */
	CHECKER_UNKNOWN   /* the driver knows no such commands: they are not sent again */
};

struct checker_reply {
	enum checker_replied replied;
	struct sense sense; /* of a command that replied */
	uint8_t said;       /* enum pathcheck_said, of a command that asked no device */
	/* An identity was asked for, and this is what is known of it. */
	bool identified;
	enum pathcheck_wwid wwid_state;
	uint64_t wwid;
	struct opened_device device;
};

/* A command that a rescuer may send after the read or the SCSI commands. */
struct checker_command {
	/* Sends it and waits for the reply. It may block: rescuers only. */
	void (*send)(int fd, struct checker_reply *ret);
	/*
	 * It only says more about the answer to the read. So it has COMMAND_LIMIT_US, and no
	 * more than is left of the read's time. Then the read is judged with CHECKER_NO_REPLY.
	 */
	bool refines;
};

/* No command; the commands of a checker begin with 1. */
#define CHECKER_NO_COMMAND 0

struct checker_answer {
	bool opening;                 /* of an open that failed; false: of a request */
	bool nowait;                  /* the read was not allowed to wait (RWF_NOWAIT) */
	bool learned;                 /* its block size was learned again in this check */
	enum checker_replied replied; /* to the command that refines the read */
	struct sense sense;           /* the same */
	uint8_t said;                 /* the same */
	uint32_t block;               /* bytes that were asked for */
	/* Of a read: bytes, or -errno. Of a SCSI command: 0: it is answered; -errno: it was not
	 * sent, or the device was removed. */
	int64_t result;

	/* Of a SCSI command that is answered. */
	uint8_t step;    /* which one it was */
	uint8_t tries;   /* how many this check has sent before it */
	bool reads;      /* of PATHCHECK_TUR_DIRECTIO: this check reads, too */
	bool identify;   /* the identity is wanted, and not known yet */
	uint16_t memory; /* what judgements of this open device have kept; 0: nothing */
	struct scsi_answer scsi;
	const uint8_t *data; /* scsi.got bytes */
};

/* SCSI commands that one check sends at most. */
#define CHECKER_SENDS_MAX 8

/* What the engine does next. */
enum checker_next {
	CHECKER_FINAL,    /* report the verdict and the error */
	CHECKER_SHORTAGE, /* this host has too little (error): defer the check */
	CHECKER_BLOCKS,   /* the read would block: a rescuer reads */
	CHECKER_NO_NOWAIT, /* the driver does not know RWF_NOWAIT: from now on rescuers read */
	CHECKER_LEARN,   /* learn the block size again, then read again */
	CHECKER_COMMAND, /* a rescuer sends the command; then judge again */
	CHECKER_SEND /* send the SCSI command of the step; its answer is judged alone */
};

struct checker_judgement {
	enum checker_next next;
	enum pathcheck_verdict verdict;
	int error;       /* positive errno, 0 with PATHCHECK_OK */
	bool answered;   /* the device itself has answered: its name leads to it */
	uint8_t command; /* with CHECKER_COMMAND */
	uint8_t step;    /* with CHECKER_SEND */
	uint8_t said;    /* enum pathcheck_said */
	uint16_t memory; /* kept for the open device; 0: what was kept stays */
};

/* What the SCSI command of a step depends on. */
struct checker_step {
	uint8_t step;
	uint16_t memory;
	uint32_t block; /* bytes of a block of the device */
};

struct checker {
	/*
	 * Opens the device and learns how many bytes a read has. stale_fd: -1, or an open one
	 * of that name: it is kept if it is still the same device, else closed, also on
	 * failure. 0, or the -errno that judge() knows.
	 */
	int (*open)(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block);
	/*
	 * Is an open descriptor of that name still its device? 0: it is; else open() says more.
	 */
	int (*look)(const char *name, int fd, uint32_t *ret_block);
	void (*close)(int fd);
	/* Which device an open descriptor leads to. */
	void (*describe)(int fd, struct opened_device *ret);
	/* The read of a rescuer. Bytes or -errno. NULL: the checker sends SCSI commands. */
	int64_t (*read)(int fd, void *buffer, uint32_t block);
	/*
	 * Sends a SCSI command and waits for the answer; rescuers only. 0: it is in *x, its data in
	 * data; or -errno of a command that was not sent. NULL: the checker reads.
	 */
	int (*send)(int fd, struct scsi_exchange *x, void *data);
	/* Does only a rescuer send commands to this descriptor? NULL: no. */
	bool (*is_slow)(int fd);
	/* The SCSI command of a step. NULL: the checker reads. Pure, like the next two. */
	void (*command)(const struct checker_step *s, struct scsi_command *ret);
	struct checker_judgement (*judge)(const struct checker_answer *a);
	/* In short, since most reads are: is the judgement of the read CHECKER_GOOD? */
	bool (*is_good)(uint32_t block, int64_t result);
	/* The same of a SCSI command. NULL: more than its answer is needed. */
	bool (*is_good_answer)(const struct scsi_answer *a);
	const struct checker_command *commands;
	/* The command that asks for the identity. */
	uint8_t identify;
};

#define CHECKER_GOOD \
	((struct checker_judgement){ .verdict = PATHCHECK_OK, .answered = true })

/* By enum pathcheck_checker. */
extern const struct checker *const checker_table[PATHCHECK_CHECKERS];

extern const struct checker checker_directio, checker_tur, checker_alua,
        checker_tur_directio, checker_readsector0, checker_rdac, checker_emc_clariion,
        checker_hp_sw, checker_cciss_tur, checker_nvme;

#endif
