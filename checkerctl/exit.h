/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_EXIT_H
#define CHECKERCTL_EXIT_H

/* What checkerctl's exit status says; scripts depend on the numbers. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3, /* no daemon, or none that answers in time */
	EXIT_DENIED = 4,
	EXIT_NOT_FOUND = 5, /* no such path, map or group */
};

/* health has meanings of its own: those of monitoring plug-ins. */
enum health_code {
	HEALTH_OK = 0,
	HEALTH_DEGRADED = 1,
	HEALTH_LOST = 2,
	HEALTH_UNKNOWN = 3,
};

#endif
