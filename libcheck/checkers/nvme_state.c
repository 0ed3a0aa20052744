/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the state of an NVMe namespace from sysfs: nvme_state.h. Runs on rescuers; no allocation. */
#include "libcheck/checkers/nvme_state.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/macro.h"

#define WORD_SIZE 32

/*
 * nvme_ana_state_names in drivers/nvme/host/multipath.c; NVM Express Base Specification 2.0,
 * 8.1.3. In the other states the namespace can be read.
 */
static const struct {
	const char *word;
	enum pathcheck_said said;
} ana_states[] = {
	{ "inaccessible", PATHCHECK_SAID_INACCESSIBLE },
	{ "persistent-loss", PATHCHECK_SAID_PERSISTENT_LOSS },
	{ "change", PATHCHECK_SAID_CHANGE },
};

enum pathcheck_said nvme_state_said(const char *controller, const char *ana)
{
	/* nvme_sysfs_show_state() in drivers/nvme/host/sysfs.c. */
	if (controller[0] != '\0' && strcmp(controller, "live") != 0)
		return PATHCHECK_SAID_NVME_STATE;
	for (unsigned i = 0; i < ARRAY_LEN(ana_states); i++)
		if (strcmp(ana, ana_states[i].word) == 0)
			return ana_states[i].said;
	return PATHCHECK_SAID_NOTHING;
}

/* One line, without its newline; "": it cannot be read. */
static void read_word(const char *folder, dev_t block, const char *file,
                      char ret[static WORD_SIZE])
{
	char name[PATH_MAX];
	ssize_t n = -1;
	int fd;

	(void)snprintf(name, sizeof(name), "%s/%u:%u/%s", folder, major(block),
	               minor(block), file);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, ret, WORD_SIZE - 1);
		(void)close(fd);
	}
	ret[MAX(n, (ssize_t)0)] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

enum pathcheck_said nvme_state_read(const char *folder, dev_t block)
{
	char controller[WORD_SIZE], ana[WORD_SIZE];

	read_word(folder, block, "device/state", controller);
	read_word(folder, block, "ana_state", ana);
	if (controller[0] == '\0' && ana[0] == '\0')
		return PATHCHECK_SAID_COUNT;
	return nvme_state_said(controller, ana);
}
