/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the tables of timers and of rules, which are immutable, and the memory of each report. Any
 * thread.
 *
 * What the kernel does, in short (docs/KERNEL.md): the I/O of a lost port, session or controller is
 * neither sent nor answered until the transport's timer ends. Failing the path in device-mapper
 * redirects new I/O only. So a timer that is longer than checker_timeout decides how long programs
 * wait, and checkerd cannot shorten that.
 */
#include "checkerd/core/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S USEC_PER_SEC

const struct timer_place timer_places[TIMER_COUNT_] = {
	[TIMER_SCSI_TIMEOUT] = { "timeout", TIMER_OF_DISK, "block", "device/", S },
	[TIMER_NVME_TIMEOUT] = { "io_timeout", TIMER_OF_DISK, "block", "queue/",
	                         USEC_PER_MSEC },
	[TIMER_EH_DEADLINE] = { "eh_deadline", TIMER_OF_HOST, "scsi_host", "", S },
	[TIMER_FC_FAST_IO_FAIL] = { "fast_io_fail_tmo", TIMER_OF_PORT, "fc_remote_ports",
	                            "", S },
	[TIMER_FC_DEV_LOSS] = { "dev_loss_tmo", TIMER_OF_PORT, "fc_remote_ports", "", S },
	[TIMER_SRP_FAST_IO_FAIL] = { "fast_io_fail_tmo", TIMER_OF_SRP_PORT,
	                             "srp_remote_ports", "", S },
	[TIMER_SRP_DEV_LOSS] = { "dev_loss_tmo", TIMER_OF_SRP_PORT, "srp_remote_ports",
	                         "", S },
	[TIMER_RECOVERY] = { "recovery_tmo", TIMER_OF_SESSION, "iscsi_session", "", S },
	[TIMER_NOOP_INTERVAL] = { "recv_tmo", TIMER_OF_CONNECTION, "iscsi_connection", "",
	                          S },
	[TIMER_NOOP_TIMEOUT] = { "ping_tmo", TIMER_OF_CONNECTION, "iscsi_connection", "",
	                         S },
	[TIMER_NVME_FAST_IO_FAIL] = { "fast_io_fail_tmo", TIMER_OF_CONTROLLER, "nvme", "",
	                              S },
	[TIMER_CTRL_LOSS] = { "ctrl_loss_tmo", TIMER_OF_CONTROLLER, "nvme", "", S },
	[TIMER_RECONNECT_DELAY] = { "reconnect_delay", TIMER_OF_CONTROLLER, "nvme", "",
	                            S },
	[TIMER_KEEP_ALIVE] = { "kato", TIMER_OF_CONTROLLER, "nvme", "", S },
	[TIMER_CHECKER] = { "checker_timeout", TIMER_OF_DISK, NULL, NULL, S },
	[TIMER_INTERVAL] = { "polling_interval", TIMER_OF_DISK, NULL, NULL, S },
	[TIMER_DOUBLE_FAILED] = { "marginal_path_double_failed_time", TIMER_OF_DISK, NULL,
	                          NULL, S },
};

void timers_init(struct timers *t)
{
	for (unsigned i = 0; i < TIMER_COUNT_; i++)
		t->us[i] = TIMER_UNKNOWN;
}

/* Is a longer than b? No, if one of them is unknown. */
static bool longer(const struct timers *t, enum timer_id a, enum timer_id b)
{
	return t->us[a] != TIMER_UNKNOWN && t->us[b] != TIMER_UNKNOWN &&
	       t->us[a] > t->us[b];
}

static bool is_off(const struct timers *t, enum timer_id a)
{
	return t->us[a] == TIMER_OFF;
}

static bool is_set(const struct timers *t, enum timer_id a)
{
	return t->us[a] != TIMER_UNKNOWN && t->us[a] != TIMER_OFF;
}

/* --- the conditions --- */

static bool fast_io_fail_off(const struct timers *t)
{
	return is_off(t, TIMER_FC_FAST_IO_FAIL) &&
	       longer(t, TIMER_FC_DEV_LOSS, TIMER_CHECKER);
}

static bool fast_io_fail_long(const struct timers *t)
{
	return is_set(t, TIMER_FC_FAST_IO_FAIL) &&
	       longer(t, TIMER_FC_FAST_IO_FAIL, TIMER_CHECKER);
}

static bool srp_fast_io_fail_off(const struct timers *t)
{
	return is_off(t, TIMER_SRP_FAST_IO_FAIL) &&
	       longer(t, TIMER_SRP_DEV_LOSS, TIMER_CHECKER);
}

static bool srp_fast_io_fail_long(const struct timers *t)
{
	return is_set(t, TIMER_SRP_FAST_IO_FAIL) &&
	       longer(t, TIMER_SRP_FAST_IO_FAIL, TIMER_CHECKER);
}

static bool iscsi_recovery_off(const struct timers *t)
{
	return is_off(t, TIMER_RECOVERY);
}

static bool iscsi_recovery_long(const struct timers *t)
{
	return is_set(t, TIMER_RECOVERY) && longer(t, TIMER_RECOVERY, TIMER_CHECKER);
}

static bool iscsi_noop_off(const struct timers *t)
{
	return t->us[TIMER_NOOP_INTERVAL] == 0 || t->us[TIMER_NOOP_TIMEOUT] == 0;
}

static bool nvme_fast_io_fail_unused(const struct timers *t)
{
	return is_set(t, TIMER_NVME_FAST_IO_FAIL) &&
	       longer(t, TIMER_NVME_FAST_IO_FAIL, TIMER_CTRL_LOSS);
}

/* The kernel makes ctrl_loss_tmo / reconnect_delay attempts, rounded up. */
static bool nvme_reconnect_once(const struct timers *t)
{
	return is_set(t, TIMER_CTRL_LOSS) && t->us[TIMER_CTRL_LOSS] > 0 &&
	       t->us[TIMER_RECONNECT_DELAY] >= t->us[TIMER_CTRL_LOSS];
}

static bool nvme_keep_alive_off(const struct timers *t)
{
	/* A controller without a fabric has no ctrl_loss_tmo, and needs no keep-alive. */
	return t->us[TIMER_KEEP_ALIVE] == 0 && t->us[TIMER_CTRL_LOSS] != TIMER_UNKNOWN;
}

static bool nvme_io_waits(const struct timers *t)
{
	return longer(t, TIMER_NVME_FAST_IO_FAIL, TIMER_CHECKER) &&
	       longer(t, TIMER_CTRL_LOSS, TIMER_CHECKER);
}

static bool nvme_ctrl_loss(const struct timers *t)
{
	return is_set(t, TIMER_CTRL_LOSS);
}

static bool scsi_timeout_long(const struct timers *t)
{
	return longer(t, TIMER_SCSI_TIMEOUT, TIMER_CHECKER);
}

static bool nvme_timeout_long(const struct timers *t)
{
	return longer(t, TIMER_NVME_TIMEOUT, TIMER_CHECKER);
}

static bool eh_deadline_off(const struct timers *t)
{
	return is_off(t, TIMER_EH_DEADLINE);
}

static bool eh_deadline_long(const struct timers *t)
{
	return is_set(t, TIMER_EH_DEADLINE) &&
	       longer(t, TIMER_EH_DEADLINE, TIMER_CHECKER);
}

/* A path that failed is given back after a check, so it cannot fail twice in an interval. */
static bool marginal_window_short(const struct timers *t)
{
	return t->us[TIMER_DOUBLE_FAILED] != TIMER_UNKNOWN &&
	       !longer(t, TIMER_DOUBLE_FAILED, TIMER_INTERVAL);
}

/* --- the rules --- */

#define VALUES_MAX 3

struct rule {
	enum finding_severity severity;
	bool (*applies)(const struct timers *t);
	/* What the text names: the first is what has to change. TIMER_COUNT_: no more. */
	enum timer_id values[VALUES_MAX];
	const char *meaning, *remedy;
};

#define NO_VALUE TIMER_COUNT_

/*
 * Why each is what it is: a warning is a combination that keeps a setting from doing what it says.
 * Kernel defaults that are only worth knowing are notes, or every host would have warnings.
 */
static const struct rule rules[TIMER_RULE_COUNT_] = {
	/* FC: the I/O of a blocked remote port waits for the first of the two timers that ends
	 * (fc_timeout_fail_rport_io, fc_timeout_deleted_rport in scsi_transport_fc.c). */
	[TIMER_RULE_FAST_IO_FAIL_OFF] = {
		.severity = FINDING_WARNING,
		.applies = fast_io_fail_off,
		.values = { TIMER_FC_FAST_IO_FAIL, TIMER_FC_DEV_LOSS, TIMER_CHECKER },
		.meaning = "I/O that was sent to a lost port waits for dev_loss_tmo, also "
		           "after its path was failed",
		.remedy = "set fast_io_fail_tmo to 5: in multipath.conf, or in sysfs by a "
		          "udev rule",
	},
	[TIMER_RULE_FAST_IO_FAIL_LONG] = {
		.severity = FINDING_WARNING,
		.applies = fast_io_fail_long,
		.values = { TIMER_FC_FAST_IO_FAIL, TIMER_CHECKER, NO_VALUE },
		.meaning = "I/O that was sent to a lost port waits longer than "
		           "checker_timeout says",
		.remedy = "set fast_io_fail_tmo below checker_timeout",
	},
	[TIMER_RULE_SRP_FAST_IO_FAIL_OFF] = {
		.severity = FINDING_WARNING,
		.applies = srp_fast_io_fail_off,
		.values = { TIMER_SRP_FAST_IO_FAIL, TIMER_SRP_DEV_LOSS, TIMER_CHECKER },
		.meaning = "I/O that was sent to a lost port waits for dev_loss_tmo, also "
		           "after its path was failed",
		.remedy = "set fast_io_fail_tmo to 5: in multipath.conf, or in sysfs by a "
		          "udev rule",
	},
	[TIMER_RULE_SRP_FAST_IO_FAIL_LONG] = {
		.severity = FINDING_WARNING,
		.applies = srp_fast_io_fail_long,
		.values = { TIMER_SRP_FAST_IO_FAIL, TIMER_CHECKER, NO_VALUE },
		.meaning = "I/O that was sent to a lost port waits longer than "
		           "checker_timeout says",
		.remedy = "set fast_io_fail_tmo below checker_timeout",
	},
	/* iSCSI: the I/O of a failed session waits for recovery_tmo (session_recovery_timedout
	 * in scsi_transport_iscsi.c); a negative one never ends. */
	[TIMER_RULE_ISCSI_RECOVERY_OFF] = {
		.severity = FINDING_WARNING,
		.applies = iscsi_recovery_off,
		.values = { TIMER_RECOVERY, TIMER_CHECKER, NO_VALUE },
		.meaning = "I/O that was sent to a lost target waits until the target is "
		           "back, also after its path was failed",
		.remedy = "set node.session.timeo.replacement_timeout to 5 with iscsiadm, "
		          "and log in again",
	},
	[TIMER_RULE_ISCSI_RECOVERY_LONG] = {
		.severity = FINDING_WARNING,
		.applies = iscsi_recovery_long,
		.values = { TIMER_RECOVERY, TIMER_CHECKER, NO_VALUE },
		.meaning = "I/O that was sent to a lost target waits for recovery_tmo, "
		           "also after its path was failed",
		.remedy = "set node.session.timeo.replacement_timeout to 5 with iscsiadm, "
		          "and log in again",
	},
	/* Without NOP-Outs only a command's timeout finds a dead connection
	 * (iscsi_check_transport_timeouts in libiscsi.c). */
	[TIMER_RULE_ISCSI_NOOP_OFF] = {
		.severity = FINDING_WARNING,
		.applies = iscsi_noop_off,
		.values = { TIMER_NOOP_INTERVAL, TIMER_NOOP_TIMEOUT, NO_VALUE },
		.meaning = "nothing finds a dead connection but a command that times out, "
		           "so recovery_tmo starts late",
		.remedy = "set node.conn[0].timeo.noop_out_interval and noop_out_timeout "
		          "to 5 with iscsiadm, and log in again",
	},
	/* NVMe: __nvmf_fail_or_requeue in fabrics.c; nvmf_parse_options warns of the first. */
	[TIMER_RULE_NVME_FAST_IO_FAIL_UNUSED] = {
		.severity = FINDING_WARNING,
		.applies = nvme_fast_io_fail_unused,
		.values = { TIMER_NVME_FAST_IO_FAIL, TIMER_CTRL_LOSS, NO_VALUE },
		.meaning = "the controller is deleted before fast_io_fail_tmo ends",
		.remedy = "set fast_io_fail_tmo below ctrl_loss_tmo",
	},
	[TIMER_RULE_NVME_RECONNECT_ONCE] = {
		.severity = FINDING_WARNING,
		.applies = nvme_reconnect_once,
		.values = { TIMER_RECONNECT_DELAY, TIMER_CTRL_LOSS, NO_VALUE },
		.meaning = "the controller is deleted after one attempt to connect again",
		.remedy = "connect with nvme connect --reconnect-delay=10 "
		          "--ctrl-loss-tmo=-1",
	},
	[TIMER_RULE_NVME_KEEP_ALIVE_OFF] = {
		.severity = FINDING_WARNING,
		.applies = nvme_keep_alive_off,
		.values = { TIMER_KEEP_ALIVE, NO_VALUE, NO_VALUE },
		.meaning = "nothing finds a dead controller but a command that times out",
		.remedy = "connect with nvme connect --keep-alive-tmo=5",
	},
	/* device-mapper's requests fail at once (REQ_FAILFAST_TRANSPORT), others wait. */
	[TIMER_RULE_NVME_IO_WAITS] = {
		.severity = FINDING_NOTE,
		.applies = nvme_io_waits,
		.values = { TIMER_NVME_FAST_IO_FAIL, TIMER_CTRL_LOSS, TIMER_CHECKER },
		.meaning = "reads of a lost controller wait, so its paths time out and do "
		           "not fail; I/O through device-mapper does not wait",
		.remedy = "connect with nvme connect --fast_io_fail_tmo=5",
	},
	[TIMER_RULE_NVME_CTRL_LOSS] = {
		.severity = FINDING_NOTE,
		.applies = nvme_ctrl_loss,
		.values = { TIMER_CTRL_LOSS, NO_VALUE, NO_VALUE },
		.meaning = "the kernel deletes a controller that it does not reach for "
		           "this time, and its paths do not come back by themselves",
		.remedy = "connect with nvme connect --ctrl-loss-tmo=-1",
	},
	[TIMER_RULE_SCSI_TIMEOUT_LONG] = {
		.severity = FINDING_NOTE,
		.applies = scsi_timeout_long,
		.values = { TIMER_SCSI_TIMEOUT, TIMER_CHECKER, NO_VALUE },
		.meaning = "an answer may come after its path was called down, and then "
		           "counts; I/O that was sent before waits for the device's "
		           "timeout",
		.remedy = "this is fine for hung disks; else use checker_timeout auto",
	},
	[TIMER_RULE_NVME_TIMEOUT_LONG] = {
		.severity = FINDING_NOTE,
		.applies = nvme_timeout_long,
		.values = { TIMER_NVME_TIMEOUT, TIMER_CHECKER, NO_VALUE },
		.meaning = "an answer may come after its path was called down, and then "
		           "counts; I/O that was sent before waits for the device's "
		           "timeout",
		.remedy = "set nvme_core.io_timeout to no more than checker_timeout",
	},
	/* scsi_error.c: while a host is in error recovery no command is sent to its disks. */
	[TIMER_RULE_EH_DEADLINE_OFF] = {
		.severity = FINDING_NOTE,
		.applies = eh_deadline_off,
		.values = { TIMER_EH_DEADLINE, NO_VALUE, NO_VALUE },
		.meaning = "error recovery for one disk may take minutes, and all disks "
		           "of the host wait for it and time out",
		.remedy = "set eh_deadline to 10 in multipath.conf or in sysfs, if a reset "
		          "of the host does no harm",
	},
	[TIMER_RULE_EH_DEADLINE_LONG] = {
		.severity = FINDING_NOTE,
		.applies = eh_deadline_long,
		.values = { TIMER_EH_DEADLINE, TIMER_CHECKER, NO_VALUE },
		.meaning = "during error recovery for one disk all disks of the host may "
		           "time out",
		.remedy = "set eh_deadline below checker_timeout",
	},
	[TIMER_RULE_MARGINAL_WINDOW_SHORT] = {
		.severity = FINDING_WARNING,
		.applies = marginal_window_short,
		.values = { TIMER_DOUBLE_FAILED, TIMER_INTERVAL, NO_VALUE },
		.meaning = "a path does not fail twice within this time, so it is never held",
		.remedy = "set marginal_path_double_failed_time to several times "
		          "polling_interval",
	},
};

static const char *const rule_ids[TIMER_RULE_COUNT_] = {
#define X(rule, id) [TIMER_RULE_##rule] = (id),
	TIMER_RULES(X)
#undef X
};

/* --- reports --- */

struct timer_report *timer_report_new(void)
{
	struct timer_report *r = calloc(1, sizeof(*r));

	if (r != NULL)
		atomic_init(&r->refs, 1);
	return r;
}

struct timer_report *timer_report_ref(struct timer_report *r)
{
	if (r != NULL)
		atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

struct timer_report *timer_report_unref(struct timer_report *r)
{
	if (r != NULL &&
	    atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
		free(r);
	return NULL;
}

static void copy_name(char to[static TIMER_NAME_MAX], const char *name)
{
	(void)snprintf(to, TIMER_NAME_MAX, "%s", name);
}

void timer_report_add(struct timer_report *r, const char *path,
                      const struct timer_names *names, const struct timers *t)
{
	for (unsigned i = 0; i < TIMER_RULE_COUNT_; i++) {
		struct timer_tally *tally = &r->tally[i];
		const char *object = names->name[timer_places[rules[i].values[0]].object];

		if (!rules[i].applies(t) ||
		    (tally->count > 0 && strcmp(tally->last, object) == 0))
			continue;
		copy_name(tally->last, object);
		if (tally->count++ > 0)
			continue;
		copy_name(tally->object, object);
		copy_name(tally->path, path);
		tally->timers = *t;
	}
}

/* "off", "30 s", "0.5 s". */
static void print_time(char *buf, size_t size, int64_t us)
{
	if (us == TIMER_OFF)
		(void)snprintf(buf, size, "off");
	else if (us % USEC_PER_SEC == 0)
		(void)snprintf(buf, size, "%lld s", (long long)(us / USEC_PER_SEC));
	else
		(void)snprintf(buf, size, "%.3g s", (double)us / (double)USEC_PER_SEC);
}

/* "/sys/… is off, dev_loss_tmo is 60 s, checker_timeout of sda is 30 s" */
static size_t print_values(char *buf, size_t size, const struct rule *rule,
                           const struct timer_tally *tally)
{
	char place[TIMER_NAME_MAX + 80], value[32];
	size_t used = 0;

	for (unsigned i = 0; i < VALUES_MAX && rule->values[i] != NO_VALUE; i++) {
		enum timer_id timer = rule->values[i];
		const struct timer_place *p = &timer_places[timer];

		print_time(value, sizeof(value), tally->timers.us[timer]);
		if (p->class == NULL)
			(void)snprintf(place, sizeof(place), "%s of %s", p->name,
			               tally->path);
		else if (i == 0)
			(void)snprintf(place, sizeof(place), "/sys/class/%s/%s/%s%s",
			               p->class, tally->object, p->folder, p->name);
		else
			(void)snprintf(place, sizeof(place), "%s", p->name);
		used += (size_t)snprintf(buf + used, size - used, "%s%s is %s",
		                         i > 0 ? ", " : "", place, value);
		assert(used < size);
	}
	return used;
}

bool timer_report_finding(const struct timer_report *r, enum timer_rule rule,
                          struct finding *ret)
{
	const struct timer_tally *tally = &r->tally[rule];
	size_t used;

	if (tally->count == 0)
		return false;
	*ret = (struct finding){
		.id = rule_ids[rule],
		.severity = rules[rule].severity,
		.count = tally->count,
	};
	(void)snprintf(ret->object, sizeof(ret->object), "%s", tally->object);
	used = print_values(ret->text, sizeof(ret->text), &rules[rule], tally);
	(void)snprintf(ret->text + used, sizeof(ret->text) - used, ": %s",
	               rules[rule].meaning);
	(void)snprintf(ret->remedy, sizeof(ret->remedy), "%s", rules[rule].remedy);
	return true;
}
