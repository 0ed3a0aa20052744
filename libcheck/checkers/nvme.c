/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nvme checker: a direct read of the first block. After a read that failed, a look at sysfs
 * says why: the controller is not live, or the namespace is not accessible through it (ANA). The look
 * runs on rescuers; reapers judge.
 */
#include "libcheck/checkers/nvme.h"

#include <errno.h>
#include <sys/stat.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/directio_judge.h"
#include "libcheck/checkers/identify_device.h"
#include "libcheck/checkers/nvme_state.h"

static void look(int fd, struct checker_reply *ret)
{
	enum pathcheck_said said;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
		ret->replied = CHECKER_UNKNOWN;
		return;
	}
	said = nvme_state_read(NVME_SYSFS, st.st_rdev);
	if (said == PATHCHECK_SAID_COUNT) {
		ret->replied = CHECKER_UNKNOWN;
		return;
	}
	ret->replied = CHECKER_REPLIED;
	ret->said = (uint8_t)said;
}

/*
 * The namespace works through other controllers, and may do so through this one later (inaccessible);
 * never will through this one (persistent loss); or is about to tell (change).
 */
static struct checker_judgement refined(struct checker_judgement j, uint8_t said)
{
	switch (said) {
	case PATHCHECK_SAID_INACCESSIBLE:
		j.verdict = PATHCHECK_GHOST;
		j.answered = true;
		break;
	case PATHCHECK_SAID_CHANGE:
		j.verdict = PATHCHECK_PENDING;
		break;
	case PATHCHECK_SAID_PERSISTENT_LOSS:
	case PATHCHECK_SAID_NVME_STATE:
		break;
	default:
		return j;
	}
	j.said = said;
	if (j.verdict != PATHCHECK_FAILED)
		j.error = 0;
	return j;
}

struct checker_judgement nvme_judge(const struct checker_answer *a)
{
	struct checker_answer alone = *a;
	struct checker_judgement j;

	/* Nobody is asked for a unit: the rest is as of the directio checker. */
	alone.replied = CHECKER_NO_REPLY;
	j = directio_judge(&alone);
	if (a->opening || a->result >= 0 || j.next != CHECKER_FINAL ||
	    j.verdict != PATHCHECK_FAILED)
		return j;
	if (a->replied == CHECKER_NOT_SENT)
		return (struct checker_judgement){ .next = CHECKER_COMMAND,
			                           .verdict = PATHCHECK_NOT_JUDGED,
			                           .error = j.error,
			                           .command = NVME_LOOK };
	return a->replied == CHECKER_REPLIED ? refined(j, a->said) : j;
}

static const struct checker_command commands[] = {
	[NVME_LOOK] = { .send = look, .refines = true },
	[NVME_IDENTIFY] = { .send = identify_device },
};

const struct checker checker_nvme = {
	.open = directio_open,
	.look = directio_look,
	.close = directio_close,
	.describe = directio_describe,
	.read = directio_read,
	.judge = nvme_judge,
	.is_good = directio_is_good,
	.commands = commands,
	.identify = NVME_IDENTIFY,
};
