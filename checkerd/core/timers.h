/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_TIMERS_H
#define CHECKERD_CORE_TIMERS_H

/*
 * Do the kernel's timers fit the settings of a path? The kernel keeps I/O to a lost port, session
 * or controller for a time of its own, whatever checkerd says meanwhile. A table of rules names
 * each combination that does not do what it says. Pure: discovery reads the timers.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include "checkerd/core/finding.h"
#include "checkerd/core/peer.h"
#include "util/macro.h"
#include "util/mono.h"

/* What has the timer. */
enum timer_object {
	TIMER_OF_DISK,
	TIMER_OF_HOST,       /* SCSI host */
	TIMER_OF_PORT,       /* Fibre Channel's remote port */
	TIMER_OF_SRP_PORT,   /* SRP's remote port */
	TIMER_OF_SESSION,    /* iSCSI session */
	TIMER_OF_CONNECTION, /* the first one of an iSCSI session */
	TIMER_OF_CONTROLLER, /* NVMe controller of a fabric */
	TIMER_OBJECT_COUNT_
};

enum timer_id {
	TIMER_SCSI_TIMEOUT, /* of a SCSI disk's commands */
	TIMER_NVME_TIMEOUT, /* of an NVMe disk's commands */
	TIMER_EH_DEADLINE,
	TIMER_FC_FAST_IO_FAIL,
	TIMER_FC_DEV_LOSS,
	TIMER_SRP_FAST_IO_FAIL,
	TIMER_SRP_DEV_LOSS,
	TIMER_RECOVERY,
	TIMER_NOOP_INTERVAL,
	TIMER_NOOP_TIMEOUT,
	TIMER_NVME_FAST_IO_FAIL,
	TIMER_CTRL_LOSS,
	TIMER_RECONNECT_DELAY,
	TIMER_KEEP_ALIVE,
	TIMER_KERNEL_COUNT_,                 /* those above are the kernel's */
	TIMER_CHECKER = TIMER_KERNEL_COUNT_, /* checker_timeout */
	TIMER_INTERVAL,                      /* polling_interval */
	TIMER_DOUBLE_FAILED, /* marginal_path_double_failed_time, if that rule is in force */
	TIMER_COUNT_
};

/* Where the kernel has a timer, and what users call it. */
struct timer_place {
	const char *name; /* the attribute, or the keyword of the configuration */
	enum timer_object object;
	/* It is in class/CLASS/OBJECT/folder/name of sysfs. NULL: it is in no file. */
	const char *class, *folder;
	int64_t unit_us; /* of its number */
};

extern const struct timer_place timer_places[TIMER_COUNT_];

#define TIMER_UNKNOWN INT64_C(-1) /* the object has no such timer */
#define TIMER_OFF     INT64_MAX   /* longer than any time */

/* The timers of one path, in microseconds. */
struct timers {
	int64_t us[TIMER_COUNT_];
};

/* All are unknown. */
void timers_init(struct timers *t);

/* Bytes of the name of an object. */
#define TIMER_NAME_MAX 48

struct timer_names {
	char name[TIMER_OBJECT_COUNT_][TIMER_NAME_MAX]; /* "": none */
};

/* The rules: X(identifier, id). A test visits each. */
#define TIMER_RULES(X)                                          \
	X(FAST_IO_FAIL_OFF, "fast-io-fail-off")                 \
	X(FAST_IO_FAIL_LONG, "fast-io-fail-long")               \
	X(SRP_FAST_IO_FAIL_OFF, "srp-fast-io-fail-off")         \
	X(SRP_FAST_IO_FAIL_LONG, "srp-fast-io-fail-long")       \
	X(ISCSI_RECOVERY_OFF, "iscsi-recovery-off")             \
	X(ISCSI_RECOVERY_LONG, "iscsi-recovery-long")           \
	X(ISCSI_NOOP_OFF, "iscsi-noop-off")                     \
	X(NVME_FAST_IO_FAIL_UNUSED, "nvme-fast-io-fail-unused") \
	X(NVME_RECONNECT_ONCE, "nvme-reconnect-once")           \
	X(NVME_KEEP_ALIVE_OFF, "nvme-keep-alive-off")           \
	X(NVME_IO_WAITS, "nvme-io-waits")                       \
	X(NVME_CTRL_LOSS, "nvme-ctrl-loss")                     \
	X(SCSI_TIMEOUT_LONG, "scsi-timeout-long")               \
	X(NVME_TIMEOUT_LONG, "nvme-timeout-long")               \
	X(EH_DEADLINE_OFF, "eh-deadline-off")                   \
	X(EH_DEADLINE_LONG, "eh-deadline-long")                 \
	X(MARGINAL_WINDOW_SHORT, "marginal-window-short")

enum timer_rule {
#define X(rule, id) TIMER_RULE_##rule,
	TIMER_RULES(X)
#undef X
	        TIMER_RULE_COUNT_
};

/* One kind of finding: how many objects, and one of them as an example. */
struct timer_tally {
	uint32_t count;
	char object[TIMER_NAME_MAX]; /* the example: the first one */
	char path[TIMER_NAME_MAX];   /* a path that uses it */
	struct timers timers;        /* of that path */
	char last[TIMER_NAME_MAX];   /* the object that was counted last */
};

/*
 * What was found on all paths. Once it is complete it is immutable, and counts its references, so
 * that the discovery thread, the loop and snapshots share it.
 */
struct timer_report {
	_Atomic uint32_t refs; /* [atomic any→any] */
	bool udevd_missing;    /* discovery is udev, and udevd does not run */
	struct peer peer;      /* multipathd */
	struct timer_tally tally[TIMER_RULE_COUNT_];
};

/* One reference. NULL: no memory. */
struct timer_report *timer_report_new(void);
struct timer_report *timer_report_ref(struct timer_report *r); /* NULL allowed */
/* NULL allowed; returns NULL. */
struct timer_report *timer_report_unref(struct timer_report *r);

/*
 * Applies each rule to one path and adds what it finds. Paths of one object follow each other, so
 * that each object counts once.
 */
void timer_report_add(struct timer_report *r, const char *path,
                      const struct timer_names *names, const struct timers *t);
/* Describes what a rule has found. False: nothing. */
bool timer_report_finding(const struct timer_report *r, enum timer_rule rule,
                          struct finding *ret);

#endif
