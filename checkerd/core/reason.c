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

#include "checkerd/core/reason_scsi.h"
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
	DEVICE(ENODATA, "Empty, or smaller than one block", "Medium error"),
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
	E(ENOTBLK, "Not a disk"),
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

/* Failures that mean something wrong in the configuration. */
static const struct {
	enum outcome_stage stage;
	int error;
	const char *words; /* NULL: those of the error */
	const char *remedy;
} advice[] = {
	{ STAGE_OPEN, ENOTBLK, NULL, "name a block device" },
	{ STAGE_OPEN, EINVAL, "It has no direct I/O", "use another file system" },
	{ STAGE_READ, ENODATA, NULL, "look at its size" },
};

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
	const char *request = r->stage == STAGE_OPEN ? "an open"
	                      : r->request == REQUEST_READ
	                              ? "a read"
	                              : reason_request_name(r->request);
	char seconds[32];

	format_seconds(r->timeout_us, seconds, sizeof(seconds));
	(void)snprintf(buf, size, "no answer to %s in %s s", request, seconds);
}

static const char *stage_name(const struct reason *r)
{
	return r->stage == STAGE_OPEN ? "open" : reason_request_name(r->request);
}

/* The answer in words. "": nothing is known of it. */
static void format_answer(const struct reason *r, char *buf, size_t size)
{
	const struct error_words *e = find_error(r->error);
	bool by_device = r->kind == OUTCOME_DEVICE_ERROR;

	/* A read that failed has an errno, and what NVMe says explains it; see append_state(). */
	if (r->error == 0 || (r->request != REQUEST_READ && r->said != SAID_NOTHING))
		(void)reason_said_format(r->said, r->sense, buf, size);
	else if (e != NULL)
		(void)snprintf(buf, size, "%s (%s)",
		               by_device && e->device != NULL ? e->device : e->words,
		               e->name);
	else
		(void)snprintf(buf, size, "error %u", (unsigned)r->error);
}

static void format_device_error(const struct reason *r, char *buf, size_t size)
{
	char answer[REASON_TEXT_MAX];

	format_answer(r, answer, sizeof(answer));
	(void)snprintf(buf, size, "%s: the device answered: %s", stage_name(r), answer);
}

/* A failure with what to do. False: it has no advice. */
static bool format_advice(const struct reason *r, const char *answer, char *buf,
                          size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(advice); i++) {
		if (r->stage != advice[i].stage || r->error != advice[i].error ||
		    r->request != REQUEST_READ)
			continue;
		if (advice[i].words != NULL)
			(void)snprintf(buf, size, "%s: %s (%s): %s", stage_name(r),
			               advice[i].words, reason_errno_name(r->error),
			               advice[i].remedy);
		else
			(void)snprintf(buf, size, "%s: %s: %s", stage_name(r), answer,
			               advice[i].remedy);
		return true;
	}
	return false;
}

static void format_failure(const struct reason *r, char *buf, size_t size)
{
	char answer[REASON_TEXT_MAX];

	format_answer(r, answer, sizeof(answer));
	if (format_advice(r, answer, buf, size))
		return;
	if (answer[0] != '\0') /* else nothing was read: sysfs has the reason */
		(void)snprintf(buf, size, "%s: %s", stage_name(r), answer);
}

static void format_no_unit(const struct reason *r, char *buf, size_t size)
{
	static const char words[] = "the target has no such unit";
	char numbers[16] = "";

	if (r->said == SAID_SENSE)
		(void)snprintf(numbers, sizeof(numbers), " (%02x/%02x/%02x)",
		               r->sense.key, r->sense.code, r->sense.qualifier);
	if (r->request == REQUEST_READ)
		(void)snprintf(buf, size, "%s%s", words, numbers);
	else
		(void)snprintf(buf, size, "%s: %s%s", stage_name(r), words, numbers);
}

/* The kernel's view of the device that may explain the answer, beside what the answer said. */
static struct sysfs_state explaining(const struct reason *r)
{
	const struct sysfs_word unknown = { .layer = SYSFS_NONE };
	struct sysfs_state s = r->sysfs;

	if (reason_is_silence(r) || r->said == SAID_NOTHING || r->said >= SAID_NVME_STATE)
		return s;
	if (r->said == SAID_TRANSPORT) {
		s.access = unknown;
		return s;
	}
	/* The device answered. */
	s.device = s.transport = unknown;
	if (r->said != SAID_SENSE && r->said != SAID_STATUS)
		s.access = unknown;
	return s;
}

/* Appends what explains the failure: the kernel's view of the device, or what NVMe said. */
static void append_state(const struct reason *r, char *buf, size_t size)
{
	const struct sysfs_state s = explaining(r);
	size_t n = strlen(buf), gap = n > 0 ? 2 : 0;

	if (n + gap >= size)
		return;
	if (sysfs_state_format(&s, buf + n + gap, size - n - gap) == 0 &&
	    r->request == REQUEST_READ && r->error != 0 && !reason_is_silence(r))
		(void)reason_said_format(r->said, r->sense, buf + n + gap,
		                         size - n - gap);
	if (buf[n + gap] != '\0')
		memcpy(buf + n, "; ", gap);
	else
		buf[n] = '\0';
}

static void append_counts(const struct reason *r, char *buf, size_t size)
{
	size_t n = strlen(buf), gap = n > 0 ? 2 : 0;

	if (n + gap >= size ||
	    nvme_counts_format((uint16_t)r->counts, buf + n + gap, size - n - gap) == 0)
		buf[n] = '\0';
	else
		memcpy(buf + n, "; ", gap);
}

const char *reason_format(const struct reason *r, char *buf, size_t size)
{
	assert(size > 0);
	buf[0] = '\0';
	switch (r->kind) {
	case OUTCOME_FAILED:
	case OUTCOME_PASSIVE:
	case OUTCOME_PENDING:
		format_failure(r, buf, size);
		append_state(r, buf, size);
		append_counts(r, buf, size);
		break;
	case OUTCOME_TIMED_OUT:
	case OUTCOME_SILENT:
		format_silence(r, buf, size);
		append_state(r, buf, size);
		append_counts(r, buf, size);
		break;
	case OUTCOME_DEVICE_ERROR:
		format_device_error(r, buf, size);
		break;
	case OUTCOME_DISCONNECTED:
		format_no_unit(r, buf, size);
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
