/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_EXIT_H
#define CHECKERCTL_EXIT_H

/* checkerctl's exit status; scripts depend on the numbers. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3, /* no daemon, or no answer in time */
	EXIT_DENIED = 4,
	EXIT_NOT_FOUND = 5, /* no such path, map or group */
};

/* The exit status of health is that of monitoring plug-ins. */
enum health_code {
	HEALTH_OK = 0,
	HEALTH_DEGRADED = 1,
	HEALTH_LOST = 2,
	HEALTH_UNKNOWN = 3,
};

/* The exit status of doctor: the worst finding. */
enum doctor_code {
	DOCTOR_FINE = 0, /* notes at most */
	DOCTOR_WARNINGS = 1,
	DOCTOR_ERRORS = 2,
};

/* The exit status of compare; EXIT_UNREACHABLE if one of the daemons gives no opinion. */
enum compare_code {
	COMPARE_AGREE = 0,
	COMPARE_DIFFER = 1,
};

#endif
