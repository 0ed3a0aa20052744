/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_CONFIG_H
#define CHECKERD_CONFIG_CONFIG_H

/*
 * The configuration as it was read. It is immutable once it is built, so that the loop can use
 * one while another thread reads the next. Reading never logs: it collects problems, each with
 * its position.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkerd/core/checker_kind.h"
#include "checkerd/core/policy_rules.h"
#include "checkerd/core/slow.h"
#include "util/macro.h"

#define CONFIG_FILE_BYTES_MAX  (1024 * 1024) /* of one file */
#define CONFIG_PROBLEMS_MAX    100  /* errors kept; the same number of warnings */
#define CONFIG_DROPINS_MAX     256  /* files in FILE.d */
#define CONFIG_EXPRESSIONS_MAX 1024 /* expressions that regcomp() compiles */
#define CONFIG_NAME_MAX        63 /* bytes of a path's alias and map, and of a group's name */
#define CONFIG_ALIAS_MAX       127 /* bytes of the name of a map in device-mapper */
#define CONFIG_DEVICE_MAX      255 /* bytes of a device's name */
#define CONFIG_PATHS_MAX       131072
#define CONFIG_RESCUERS_MIN    2
#define CONFIG_RESCUERS_MAX    256
#define CONFIG_REALTIME_MAX    99   /* sched(7) */
#define CONFIG_CHECKS_MAX      1000 /* fail_checks, recover_checks */
/* With checker_timeout auto, of a device that has no timeout. */
#define CONFIG_TIMEOUT_DEFAULT_US INT64_C(30000000)
#define CONFIG_READ_EVERY_MAX     60                  /* read_every */
#define CONFIG_TIME_MAX_US        INT64_C(3600000000) /* polling_interval, checker_timeout */
#define CONFIG_INTERVAL_MAX_US    (24 * CONFIG_TIME_MAX_US) /* max_polling_interval */
#define CONFIG_CLIENTS_MIN        4
#define CONFIG_CLIENTS_MAX        1024

enum discovery_kind { DISCOVERY_UDEV, DISCOVERY_STATIC };

/* Does a device's descriptor stay open between checks? AUTO: SCSI, NVMe and DASD only. */
enum keep_open { KEEP_OPEN_AUTO, KEEP_OPEN_YES, KEEP_OPEN_NO };

/* What checkerd does with a path that it failed, when it releases the path. */
enum dm_release { DM_RELEASE_KEEP, DM_RELEASE_REINSTATE };

/* Where something was written: a file of struct config, from 1, and a line of it. 0: nowhere, because
 * it is built in. */
struct config_origin {
	uint32_t file : 10, line : 22;
};

static_assert(2 * (CONFIG_DROPINS_MAX + 1) < 1 << 10 &&
                      CONFIG_FILE_BYTES_MAX + 1 < 1 << 22,
              "every file and line has a number");

struct static_path {
	char *device; /* absolute, unique */
	char *alias;  /* unique; NULL: none */
	char *map;    /* NULL: none */
};

enum problem_kind {
	PROBLEM_ERROR,
	PROBLEM_WARNING,
	PROBLEM_NOTE, /* a warning about multipath.conf that changes no check */
};

struct problem {
	char *file;            /* NULL: none */
	unsigned line, column; /* from 1, bytes; 0: the file as a whole */
	enum problem_kind kind;
	char *message; /* one line; it names the thing and the remedy */
};

struct config {
	enum discovery_kind discovery;
	enum checker_kind path_checker;
	bool detect_checker;
	/* checker_timeout_us 0: that of the device */
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks, read_every;
	enum keep_open keep_open;
	bool native_nvme, allow_usb_devices, dm_control, keep_last_path;
	int64_t map_lost_time_us; /* 0: never */
	enum dm_release dm_release;
	enum slow_mode slow_path;
	bool purge_disconnected;
	struct policy_words holds;
	/* max_in_flight 0: as many as paths; max_in_flight_host 0: no limit */
	uint32_t max_paths, max_in_flight, max_in_flight_host, rescuer_threads;
	uint32_t realtime_priority; /* 0: none */
	int64_t aio_setup_timeout_us;
	/* NULL: root only. The reader does not resolve the name, because that may block. */
	char *socket_group;
	/* The udev property with the WWID; prefixes of names, with properties. NULL: the default */
	char *uid_attribute, *uid_attrs;
	uint32_t max_clients; /* control connections at once */
	int log_level;        /* syslog's number, LOG_ERR to LOG_DEBUG */
	size_t n_files;
	char **files; /* names of the texts that it was read from */
	/* One for each row of keyword_table: where `defaults` set it. */
	struct config_origin *defaults_at;
	size_t n_paths;
	struct static_path *paths;
	struct config_origin
	        *paths_at; /* of each path's device; apart, because it is small */
	struct config_filters *filters; /* blacklist & exceptions, opaque */
	struct config_rules *rules;     /* devices, overrides, multipaths, opaque */
	size_t n_problems;
	struct problem
	        *problems; /* warnings; also errors, when the configuration is refused */
	size_t n_notes;    /* found, in `problems` or not */
	/* multipath.conf is there, but nothing of it was read. */
	bool multipath_conf_refused;
};

/* Settings of one device, after defaults, devices and overrides. */
struct config_settings {
	enum checker_kind checker;
	bool detect_checker;
	/* checker_timeout_us 0: that of the device */
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks, read_every;
	enum keep_open keep_open;
	enum slow_mode slow_path;
	bool purge_disconnected;
	struct policy_words holds;
};

/* The file of an origin, and its line. NULL: it is built in. */
const char *config_origin_file(const struct config *c, struct config_origin at);

struct config *config_free(struct config *c); /* NULL allowed; returns NULL */

#endif
