/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the words for the reasons of states. Any thread.
 *
 * The words for errors are not the C library's, which depend on the locale. The block layer gives
 * some numbers a meaning of its own (blk_errors[] in block/blk-core.c).
 */
#include "checkerd/core/reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"
#include "util/mono.h"

struct error_words {
	int error;
	const char *name, *words;
	const char *device; /* when the device answered with it; NULL: the same words */
};

#define E(name, words)                   \
	{                                \
		name, #name, words, NULL \
	}
#define DEVICE(name, words, device)        \
	{                                  \
		name, #name, words, device \
	}

static const struct error_words errors[] = {
	E(EIO, "Input/output error"),
	E(ENODEV, "No such device"),
	E(ENXIO, "No such device or address"),
	E(ENOENT, "No such file or directory"),
	DEVICE(ENODATA, "Fewer bytes than asked for", "Medium error"),
	E(ETIMEDOUT, "The transport timed out"),
	E(ENOLINK, "The transport failed"),
	DEVICE(EREMOTEIO, "The target failed", "Target error"),
	E(EBADE, "Reservation conflict"),
	E(EILSEQ, "Protection information does not match"),
	DEVICE(ENOSPC, "No space left on device", "No space left"),
	E(EINVAL, "Invalid argument"),
	E(EACCES, "Permission denied"),
	E(EPERM, "Operation not permitted"),
	E(EBUSY, "Device or resource busy"),
	E(ENOTBLK, "Not a block device"),
	E(EISDIR, "Is a directory"),
	E(ENOTDIR, "Not a directory"),
	E(ELOOP, "Too many symbolic links"),
	E(ENAMETOOLONG, "Name too long"),
	E(ENOMEDIUM, "No medium"),
	E(EMEDIUMTYPE, "Wrong medium type"),
	E(EROFS, "Read-only"),
	DEVICE(EOPNOTSUPP, "Not supported", "Read not supported"),
	E(ENOMEM, "Out of memory"),
	E(EAGAIN, "Would block"),
	E(EMFILE, "Too many open files"),
	E(ENFILE, "Too many open files on this host"),
	E(EINTR, "Interrupted"),
	E(EFAULT, "Bad address"),
	E(EBADF, "Bad file descriptor"),
	E(EFBIG, "File too large"),
	E(EOVERFLOW, "Value too large"),
	E(ESTALE, "Stale file handle"),
	E(ENOTCONN, "Not connected"),
	E(ECONNABORTED, "Connection aborted"),
	E(ESHUTDOWN, "Shut down"),
	E(EREMCHG, "Remote address changed"),
	E(ETOOMANYREFS, "Too many references"),
	E(EKEYREJECTED, "Key rejected"),
};

#undef E
#undef DEVICE

static const struct error_words *find_error(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].error == error)
			return &errors[i];
	return NULL;
}

const char *reason_errno_name(int error)
{
	const struct error_words *e = find_error(error);

	return e != NULL ? e->name : NULL;
}

/* Seconds, with as many decimals as the value needs. */
static void format_seconds(int64_t us, char *buf, size_t size)
{
	int64_t part = us % USEC_PER_SEC;
	int digits = 6;

	if (part == 0) {
		(void)snprintf(buf, size, "%lld", (long long)(us / USEC_PER_SEC));
		return;
	}
	while (part % 10 == 0) {
		part /= 10;
		digits--;
	}
	(void)snprintf(buf, size, "%lld.%0*lld", (long long)(us / USEC_PER_SEC), digits,
	               (long long)part);
}

static void format_silence(const struct reason *r, char *buf, size_t size)
{
	char seconds[32];

	format_seconds(r->timeout_us, seconds, sizeof(seconds));
	(void)snprintf(buf, size, "no answer to %s in %s s",
	               r->stage == STAGE_OPEN ? "an open" : "a read", seconds);
}

static void format_device_error(const struct reason *r, char *buf, size_t size)
{
	const struct error_words *e = find_error(r->error);

	if (e != NULL)
		(void)snprintf(buf, size, "read: the device answered: %s (%s)",
		               e->device != NULL ? e->device : e->words, e->name);
	else
		(void)snprintf(buf, size, "read: the device answered: error %d",
		               r->error);
}

static void format_failure(const struct reason *r, char *buf, size_t size)
{
	const char *stage = r->stage == STAGE_OPEN ? "open" : "read";
	const struct error_words *e = find_error(r->error);

	if (r->error == 0)
		return; /* Nothing was read: sysfs has the reason. */
	if (e != NULL)
		(void)snprintf(buf, size, "%s: %s (%s)", stage, e->words, e->name);
	else
		(void)snprintf(buf, size, "%s: error %d", stage, r->error);
}

/* Appends the kernel's view of the device, if that explains the failure. */
static void append_sysfs(const struct sysfs_state *s, char *buf, size_t size)
{
	size_t n = strlen(buf), gap = n > 0 ? 2 : 0;

	if (n + gap >= size)
		return;
	if (sysfs_state_format(s, buf + n + gap, size - n - gap) > 0)
		memcpy(buf + n, "; ", gap);
	else
		buf[n] = '\0';
}

const char *reason_format(const struct reason *r, char *buf, size_t size)
{
	assert(size > 0);
	buf[0] = '\0';
	switch (r->kind) {
	case OUTCOME_FAILED:
		format_failure(r, buf, size);
		append_sysfs(&r->sysfs, buf, size);
		break;
	case OUTCOME_TIMED_OUT:
	case OUTCOME_SILENT:
		format_silence(r, buf, size);
		append_sysfs(&r->sysfs, buf, size);
		break;
	case OUTCOME_DEVICE_ERROR:
		format_device_error(r, buf, size);
		break;
	case OUTCOME_DISCONNECTED:
		(void)snprintf(buf, size, "the target has no such unit");
		break;
	case OUTCOME_NOT_JUDGED:
		format_failure(r, buf, size);
		break;
	case OUTCOME_GONE:
		(void)snprintf(buf, size, "the device was removed");
		break;
	case OUTCOME_STARTED:
	case OUTCOME_OK:
	case OUTCOME_DEFERRED:
	case OUTCOME_KIND_COUNT_:
		break;
	}
	return buf;
}
