/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_CHECKER_H
#define LIBCHECK_CHECKERS_CHECKER_H

/*
 * A checker is what a check of a device is, as a table: how the device is opened, which
 * commands it gets, and what an answer means. The engine carries this out. It does not know
 * what a good answer is, and knows no checker by name.
 *
 * A check opens the device if it is not open, and reads its first block. The judgement of the
 * answer says what follows: the end of the check, the same read in another way, or a command,
 * whose reply is judged together with the read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/checkers/sense.h"
#include "libcheck/pathcheck.h"
#include "libcheck/region/opened.h"

/* What a command that follows a read came to. */
enum checker_replied {
	CHECKER_NOT_SENT,
	CHECKER_REPLIED,  /* it ended, with sense data or without */
	CHECKER_NO_REPLY, /* nothing came back, or not in time */
	CHECKER_UNKNOWN   /* the driver knows no such commands: they are not sent again */
};

struct checker_reply {
	enum checker_replied replied;
	struct sense sense; /* of a command that replied */
	/* An identity was asked for, and this is what is known of it. */
	bool identified;
	enum pathcheck_wwid wwid_state;
	uint64_t wwid;
	struct opened_device device;
};

/* A command that may follow the read. */
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
	bool opening;                 /* of an open that failed; false: of a read */
	bool nowait;                  /* the read was not allowed to wait (RWF_NOWAIT) */
	bool learned;                 /* its block size was learned again in this check */
	bool identify;                /* the identity is wanted, and not known yet */
	enum checker_replied replied; /* to the command that refines the read */
	struct sense sense;           /* the same */
	uint32_t block;               /* bytes that were asked for */
	int64_t result;               /* bytes, or -errno */
};

/* What the engine does next. */
enum checker_next {
	CHECKER_FINAL,    /* report the verdict and the error */
	CHECKER_SHORTAGE, /* this host has too little (error): defer the check */
	CHECKER_BLOCKS,   /* the read would block: a rescuer reads */
	CHECKER_NO_NOWAIT, /* the driver does not know RWF_NOWAIT: from now on rescuers read */
	CHECKER_LEARN,  /* learn the block size again, then read again */
	CHECKER_COMMAND /* send the command, then judge again */
};

struct checker_judgement {
	enum checker_next next;
	enum pathcheck_verdict verdict;
	int error;       /* positive errno, 0 with PATHCHECK_OK */
	bool answered;   /* the device itself has answered: its name leads to it */
	uint8_t command; /* with CHECKER_COMMAND */
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
	/* The read of a rescuer. Bytes or -errno. */
	int64_t (*read)(int fd, void *buffer, uint32_t block);
	const struct checker_command *commands;
	/* Pure, like the next one. */
	struct checker_judgement (*judge)(const struct checker_answer *a);
	/* In short, since most reads are: is the judgement of the read CHECKER_GOOD? */
	bool (*is_good)(uint32_t block, int64_t result);
};

#define CHECKER_GOOD \
	((struct checker_judgement){ .verdict = PATHCHECK_OK, .answered = true })

extern const struct checker checker_directio;

#endif
