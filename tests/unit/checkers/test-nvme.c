/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nvme checker: what sysfs says after a read that failed, and what it means. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcheck/checkers/nvme.h"
#include "libcheck/checkers/nvme_state.h"
#include "tests/unit/prober/direct-files.h"
#include "util/macro.h"

#define BLOCK 512

/* --- the judgement --- */

static struct checker_judgement judge(int64_t result, enum checker_replied replied,
                                      enum pathcheck_said said)
{
	struct checker_answer a = { .result = result,
		                    .block = BLOCK,
		                    .learned = true,
		                    .replied = replied,
		                    .said = (uint8_t)said };

	return nvme_judge(&a);
}

static void a_failed_read_looks_at_sysfs(void **state)
{
	static const int errors[] = { EIO, ENOLINK, ENODEV, ETIMEDOUT, EHOSTDOWN };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
		struct checker_judgement j =
		        judge(-errors[i], CHECKER_NOT_SENT, PATHCHECK_SAID_NOTHING);

		assert_int_equal(j.next, CHECKER_COMMAND);
		assert_int_equal(j.command, NVME_LOOK);
		assert_true(checker_nvme.commands[j.command].refines);
		for (int replied = CHECKER_REPLIED; replied <= CHECKER_UNKNOWN;
		     replied++) {
			j = judge(-errors[i], (enum checker_replied)replied,
			          PATHCHECK_SAID_NOTHING);
			assert_int_equal(j.next, CHECKER_FINAL);
			assert_int_equal(j.verdict, PATHCHECK_FAILED);
			assert_int_equal(j.error, errors[i]);
			assert_int_equal(j.said, PATHCHECK_SAID_NOTHING);
		}
	}
}

static void what_sysfs_says_decides(void **state)
{
	static const struct {
		enum pathcheck_said said;
		enum pathcheck_verdict verdict;
	} cells[] = {
		{ PATHCHECK_SAID_NVME_STATE, PATHCHECK_FAILED },
		{ PATHCHECK_SAID_INACCESSIBLE, PATHCHECK_GHOST },
		{ PATHCHECK_SAID_PERSISTENT_LOSS, PATHCHECK_FAILED },
		{ PATHCHECK_SAID_CHANGE, PATHCHECK_PENDING },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		struct checker_judgement j =
		        judge(-ENOLINK, CHECKER_REPLIED, cells[i].said);

		assert_int_equal(j.next, CHECKER_FINAL);
		assert_int_equal(j.verdict, cells[i].verdict);
		assert_int_equal(j.said, cells[i].said);
		assert_int_equal(j.error, j.verdict == PATHCHECK_FAILED ? ENOLINK : 0);
		assert_int_equal(j.answered, j.verdict == PATHCHECK_GHOST);
		/* What was said of another read does not count. */
		j = judge(-ENOLINK, CHECKER_NO_REPLY, cells[i].said);
		assert_int_equal(j.verdict, PATHCHECK_FAILED);
		assert_int_equal(j.said, PATHCHECK_SAID_NOTHING);
	}
}

/* Other answers are those of the directio checker, and ask nothing. */
static void other_answers(void **state)
{
	struct checker_answer a = { .result = -EIO, .opening = true };

	(void)state; /* no fixture */
	assert_int_equal(judge(BLOCK, CHECKER_NOT_SENT, 0).verdict, PATHCHECK_OK);
	assert_int_equal(judge(0, CHECKER_NOT_SENT, 0).next, CHECKER_FINAL);
	assert_int_equal(judge(0, CHECKER_NOT_SENT, 0).verdict, PATHCHECK_FAILED);
	assert_int_equal(judge(-ENODATA, CHECKER_NOT_SENT, 0).verdict,
	                 PATHCHECK_DEVICE_ERROR);
	assert_int_equal(judge(-EREMOTEIO, CHECKER_NOT_SENT, 0).verdict,
	                 PATHCHECK_DEVICE_ERROR);
	assert_int_equal(judge(-EPERM, CHECKER_NOT_SENT, 0).verdict,
	                 PATHCHECK_NOT_JUDGED);
	assert_int_equal(judge(-ENOMEM, CHECKER_NOT_SENT, 0).next, CHECKER_SHORTAGE);
	assert_int_equal(nvme_judge(&a).next, CHECKER_FINAL);
	assert_int_equal(nvme_judge(&a).verdict, PATHCHECK_FAILED);
	a = (struct checker_answer){ .result = -EINVAL };
	assert_int_equal(nvme_judge(&a).next, CHECKER_LEARN);
	a = (struct checker_answer){ .result = -EAGAIN, .nowait = true };
	assert_int_equal(nvme_judge(&a).next, CHECKER_BLOCKS);
}

/* --- sysfs --- */

static void the_words_of_sysfs(void **state)
{
	static const struct {
		const char *controller, *ana;
		enum pathcheck_said said;
	} cells[] = {
		{ "live", "", PATHCHECK_SAID_NOTHING },
		{ "live", "optimized", PATHCHECK_SAID_NOTHING },
		{ "live", "non-optimized", PATHCHECK_SAID_NOTHING },
		{ "live", "inaccessible", PATHCHECK_SAID_INACCESSIBLE },
		{ "live", "persistent-loss", PATHCHECK_SAID_PERSISTENT_LOSS },
		{ "live", "change", PATHCHECK_SAID_CHANGE },
		{ "live", "changes", PATHCHECK_SAID_NOTHING },
		{ "", "change", PATHCHECK_SAID_CHANGE },
		{ "resetting", "optimized", PATHCHECK_SAID_NVME_STATE },
		{ "connecting", "inaccessible", PATHCHECK_SAID_NVME_STATE },
		{ "deleting (no IO)", "", PATHCHECK_SAID_NVME_STATE },
		{ "dead", "", PATHCHECK_SAID_NVME_STATE },
		{ "new", "", PATHCHECK_SAID_NVME_STATE },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++)
		assert_int_equal(nvme_state_said(cells[i].controller, cells[i].ana),
		                 cells[i].said);
}

static void write_file(const char *file, const char *text)
{
	char name[FILE_NAME_MAX];
	int fd;

	files_name(name, file);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static enum pathcheck_said look_at_259_7(void)
{
	char folder[FILE_NAME_MAX];

	files_name(folder, "");
	return nvme_state_read(folder, makedev(259, 7));
}

static void the_files_of_sysfs(void **state)
{
	char name[FILE_NAME_MAX], device[FILE_NAME_MAX];
	unsigned open_before = files_open();

	(void)state; /* no fixture */
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_COUNT);
	files_name(name, "259:7");
	files_name(device, "259:7/device");
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(mkdir(device, 0700), 0);
	/* As of a namespace with native multipathing. */
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_COUNT);
	write_file("259:7/device/state", "live\n");
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_NOTHING);
	write_file("259:7/ana_state", "inaccessible\n");
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_INACCESSIBLE);
	write_file("259:7/device/state", "deleting (no IO)\n");
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_NVME_STATE);
	write_file("259:7/device/state",
	           "a word that is much longer than those of any kernel until today\n");
	assert_int_equal(look_at_259_7(), PATHCHECK_SAID_NVME_STATE);
	files_unlink("259:7/device/state");
	files_unlink("259:7/ana_state");
	assert_int_equal(rmdir(device), 0);
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(files_open(), open_before);
}

/* What is no block device is asked nothing, and never again. */
static void a_file_has_no_controller(void **state)
{
	struct checker_reply reply = { .replied = CHECKER_NO_REPLY };
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state; /* no fixture */
	checker_nvme.commands[NVME_LOOK].send(fd, &reply);
	assert_int_equal(reply.replied, CHECKER_UNKNOWN);
	close(fd);
	checker_nvme.commands[NVME_LOOK].send(-1, &reply);
	assert_int_equal(reply.replied, CHECKER_UNKNOWN);
	assert_false(reply.identified);
}

static int begin(void **state)
{
	(void)state; /* no fixture */
	files_begin();
	return 0;
}

static int end(void **state)
{
	(void)state; /* no fixture */
	files_end();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_read_looks_at_sysfs),
		cmocka_unit_test(what_sysfs_says_decides),
		cmocka_unit_test(other_answers),
		cmocka_unit_test(the_words_of_sysfs),
		cmocka_unit_test(the_files_of_sysfs),
		cmocka_unit_test(a_file_has_no_controller),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
