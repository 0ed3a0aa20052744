/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * import: prints a configuration made from multipathd's. Only checkerd can read that file, so the
 * command becomes checkerd, which needs no running daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"

#define DEFAULT_FILE "/etc/multipath.conf"

int run_import(struct ctl *ctl _unused_, const char *const *operands, size_t n)
{
	static const char *const elsewhere[] = { "/usr/sbin/checkerd",
		                                 "/usr/local/sbin/checkerd" };
	char option[4096];

	if (snprintf(option, sizeof(option), "--import=%s",
	             n > 0 ? operands[0] : DEFAULT_FILE) >= (int)sizeof(option)) {
		fputs("checkerctl: the name of the file is too long\n", stderr);
		return EXIT_FAILED;
	}
	execlp("checkerd", "checkerd", option, (char *)NULL);
	/* The PATH of users other than root may have no folders for daemons. */
	for (size_t i = 0; errno == ENOENT && i < ARRAY_LEN(elsewhere); i++)
		execl(elsewhere[i], "checkerd", option, (char *)NULL);
	fprintf(stderr, "checkerctl: cannot run checkerd: %s\n", strerrordesc_np(errno));
	return EXIT_FAILED;
}
