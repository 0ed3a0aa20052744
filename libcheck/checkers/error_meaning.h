/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_ERROR_MEANING_H
#define LIBCHECK_CHECKERS_ERROR_MEANING_H

/*
 * Whose fault an errno is. The kernel's rule is blk_path_error() in include/linux/blk_types.h:
 * dm-multipath fails a path for these errors only, and so do the checkers. Pure.
 */

enum error_meaning {
	ERROR_SUSPECT, /* no answer, or the way to the device failed; errors that are not listed */
	ERROR_DEVICE,   /* the device answered */
	ERROR_SHORTAGE, /* this host has no memory or descriptor */
	ERROR_HOST      /* this host or this program did not let the request through */
};

/* What has failed. */
enum error_call {
	ERROR_OF_OPEN,
	ERROR_OF_READ,
	ERROR_OF_SEND, /* a SCSI command that was not sent, or whose device was removed */
	ERROR_CALLS_   /* how many there are */
};

/* error: a positive errno. */
enum error_meaning error_meaning(int error, enum error_call call);

#endif
