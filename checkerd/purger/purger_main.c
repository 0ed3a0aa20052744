/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd-purger DEVT DISKSEQ H:C:T:L: deletes one SCSI disk from this host. checkerd starts it
 * for each disk. It is a process of its own, because the kernel may hold the write without a limit,
 * and a process with such a thread cannot exit. This one holds nothing that another program needs.
 * The exit code is 0, or the errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkerd/purger/purge_disk.h"
#include "checkerd/purger/purger.h"

/* root owns the attribute, so the write needs no capability. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	(void)syscall(SYS_capset, &h, none); /* a smaller set is always allowed */
}

int main(int argc, char **argv)
{
	struct purge_disk d;
	int fd, r;

	/* A program that was started by its descriptor has no name. */
	(void)prctl(PR_SET_NAME, "checkerd-purger"); /* only cosmetic */
	(void)close(PURGER_FD_PROGRAM);              /* EBADF: it is missing */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	drop_capabilities();
	if (argc != 4 || purge_disk_parse(&d, argv[1], argv[2], argv[3]) < 0)
		return EINVAL;
	fd = open("/sys/dev/block", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	r = purge_disk_delete(fd, &d);
	close(fd);
	return -r;
}
