/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_CONFIG_H
#define CHECKERD_CONFIG_CONFIG_H

/*
 * The configuration, as read: immutable once built, so the loop can use one while
 * another thread reads the next. Reading never logs: problems are collected, each with
 * its position.
 *
 * Files in this folder get this header for "config.h"; autoconf's is not used here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

#define CONFIG_FILE_BYTES_MAX  (1024 * 1024) /* of one file */
#define CONFIG_PROBLEMS_MAX    100  /* errors kept; the same number of warnings */
#define CONFIG_DROPINS_MAX     256  /* files in FILE.d */
#define CONFIG_EXPRESSIONS_MAX 1024 /* that are more than a text and an anchor */
#define CONFIG_NAME_MAX        63   /* bytes of an alias, a map's or a group's name */
#define CONFIG_DEVICE_MAX      255  /* bytes of a device's name */
#define CONFIG_PATHS_MAX       131072
#define CONFIG_RESCUERS_MIN    2
#define CONFIG_RESCUERS_MAX    256
#define CONFIG_REALTIME_MAX    99                  /* sched(7) */
#define CONFIG_CHECKS_MAX      1000                /* fail_checks, recover_checks */
#define CONFIG_TIME_MAX_US     INT64_C(3600000000) /* polling_interval, checker_timeout */
#define CONFIG_INTERVAL_MAX_US (24 * CONFIG_TIME_MAX_US) /* max_polling_interval */
#define CONFIG_CLIENTS_MIN     4
#define CONFIG_CLIENTS_MAX     1024

enum discovery_kind { DISCOVERY_UDEV, DISCOVERY_STATIC };

/* This version checks with CHECKER_DIRECTIO whatever is not CHECKER_NONE. */
enum checker_kind {
	CHECKER_DIRECTIO,
	CHECKER_TUR,
	CHECKER_READSECTOR0,
	CHECKER_RDAC,
	CHECKER_EMC_CLARIION,
	CHECKER_HP_SW,
	CHECKER_CCISS_TUR,
	CHECKER_NONE,
};
const char *checker_kind_name(enum checker_kind k);

/* Does a device's descriptor stay open between checks? AUTO: SCSI, NVMe and DASD only. */
enum keep_open { KEEP_OPEN_AUTO, KEEP_OPEN_YES, KEEP_OPEN_NO };

/* What becomes of paths that checkerd failed, when it lets go of them. */
enum dm_release { DM_RELEASE_KEEP, DM_RELEASE_REINSTATE };

struct static_path {
	char *device; /* absolute, unique */
	char *alias;  /* unique; NULL: none */
	char *map;    /* NULL: none */
};

struct problem {
	char *file;            /* NULL: none */
	unsigned line, column; /* from 1, bytes; 0: the file as a whole */
	bool is_error;         /* else a warning */
	char *message;         /* one line, names the thing and the remedy */
};

struct config {
	enum discovery_kind discovery;
	enum checker_kind path_checker;
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks;
	enum keep_open keep_open;
	bool dm_control, keep_last_path;
	enum dm_release dm_release;
	/* max_in_flight 0: as many as paths; max_in_flight_host 0: no cap */
	uint32_t max_paths, max_in_flight, max_in_flight_host, rescuer_threads;
	uint32_t realtime_priority; /* 0: none */
	int64_t aio_setup_timeout_us;
	char *socket_group;   /* NULL: root only. Not looked up here: that may block. */
	uint32_t max_clients; /* control connections at once */
	int log_level;        /* syslog's number, LOG_ERR to LOG_DEBUG */
	size_t n_paths;
	struct static_path *paths;
	struct config_filters *filters; /* blacklist & exceptions, opaque */
	struct config_rules *rules;     /* devices, overrides, multipaths, opaque */
	size_t n_problems;
	struct problem *problems; /* warnings, or with an error every error found */
};

/* "$sysconfdir/checkerd.conf" */
const char *config_default_file(void);

/*
 * Reads `file` and then the *.conf of `file`.d in the order of their names.
 * file: NULL for the default; a default that does not exist is an empty configuration.
 * Returns 0 with *ret_config, problems all warnings; or -EINVAL with *ret_config holding
 * only the problems (at least one error); or -ENOMEM with *ret_config untouched.
 * Blocks on the file system. Any thread with 512 KiB of stack: expressions are compiled.
 */
_must_check_ int config_load(const char *file, struct config **ret_config);
/* The same from memory, `name` for messages. For tests and fuzzing. */
_must_check_ int config_parse(const char *name, const char *text, size_t size,
                              struct config **ret_config);
struct config *config_free(struct config *c); /* NULL allowed; returns NULL */

/* Writes "FILE:LINE:COLUMN: error: …" or "…: warning: …", one a line. */
void config_print_problems(const struct config *c, FILE *out);

/*
 * The effective configuration in its own syntax, defaults included: parsed again it is
 * dumped the same. Not for one that config_load() refused. Look at ferror(out)
 * afterwards.
 */
void config_dump(const struct config *c, FILE *out);

/* What the filters and rules look at; NULL where not known. */
struct config_subject {
	const char *devnode; /* "sda" */
	const char *wwid, *protocol, *vendor, *product, *revision;
	const char *const *properties; /* names of its udev properties, NULL at the end */
	bool partition;                /* see config_excepted() */
};
/*
 * True when the device is to be left out. *ret_why: the keyword that decided, a static
 * word. Criteria in the order of multipath.conf(5): property, devnode, device,
 * protocol, wwid; and as there, what follows without a rule: SCSI and NVMe disks need a property
 * SCSI_IDENT_… or ID_WWN…, unless blacklist_exceptions has a property rule; USB disks need an
 * exception by devnode or protocol.
 */
bool config_excluded(const struct config *c, const struct config_subject *s,
                     const char **ret_why);
/*
 * True when a devnode of blacklist_exceptions asks for the device by name, so that
 * discovery takes what it leaves out otherwise (loop, ram, dm, …). Only devnode counts:
 * a partition shares all else with its disk; and for a partition the expression has to
 * match the whole name, or the usual "^sd[a-z]" would bring them all in. "!…" does not
 * count.
 */
bool config_excepted(const struct config *c, const struct config_subject *s);

/* Settings of one device after defaults, devices and overrides. */
struct config_settings {
	enum checker_kind checker;
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks;
	enum keep_open keep_open;
};
void config_settings_for(const struct config *c, const struct config_subject *s,
                         struct config_settings *ret);
/* The alias a multipaths section gives this wwid, or NULL. Valid as long as c is. */
const char *config_map_alias(const struct config *c, const char *wwid);

#endif
