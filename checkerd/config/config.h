/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_CONFIG_H
#define CHECKERD_CONFIG_CONFIG_H

/*
 * The configuration, as read: immutable once built, so the loop can use one while another
 * thread reads the next. Reading never logs: problems are collected, each with its position.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

enum discovery_kind { DISCOVERY_UDEV, DISCOVERY_STATIC };

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

struct static_path {
	char *device; /* absolute */
	char *alias;  /* NULL: none */
	char *map;    /* NULL: none */
};

struct problem {
	char *file;      /* NULL: none */
	unsigned line, column; /* from 1; 0: the file as a whole */
	bool is_error;   /* else a warning */
	char *message;   /* one line, names the thing and the remedy */
};

struct config {
	enum discovery_kind discovery;
	enum checker_kind path_checker;
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks;
	bool dm_control, keep_last_path;
	uint32_t max_paths, max_in_flight, max_in_flight_host, rescuer_threads;
	int64_t aio_setup_timeout_us;
	char *socket_group;     /* NULL: root's only */
	uint32_t max_clients;   /* control connections at once */
	char *log_level;        /* "info", … */
	size_t n_paths;
	struct static_path *paths;
	struct config_filters *filters; /* blacklist & exceptions, opaque */
	struct config_rules *rules;     /* devices, overrides, multipaths, opaque */
	size_t n_problems;
	struct problem *problems; /* warnings, or with an error every error found */
};

/*
 * Reads `file` and then the *.conf of `file`.d in the order of their names.
 * file: NULL for the default; a default that does not exist is an empty configuration.
 * Returns 0 with *ret_config, problems all warnings; or -EINVAL with *ret_config holding only
 * the problems (at least one error); or -ENOMEM with *ret_config NULL.
 */
_must_check_ int config_load(const char *file, struct config **ret_config);
/* The same from memory, `name` for messages. For tests and fuzzing. */
_must_check_ int config_parse(const char *name, const char *text, size_t size,
                              struct config **ret_config);
struct config *config_free(struct config *c);

/* Writes "FILE:LINE:COLUMN: error: …" a line. */
void config_print_problems(const struct config *c, FILE *out);

/* The effective configuration in its own syntax, defaults included. */
void config_dump(const struct config *c, FILE *out);

/* What the filters and rules look at; NULL where not known. */
struct config_subject {
	const char *devnode, *wwid, *protocol, *vendor, *product, *property;
};
/* True when the device is to be left out. *ret_why: a static word or a rule of the config. */
bool config_excluded(const struct config *c, const struct config_subject *s,
                     const char **ret_why);

/* Settings of one device after defaults, devices and overrides. */
struct config_settings {
	enum checker_kind checker;
	int64_t polling_interval_us, max_polling_interval_us, checker_timeout_us;
	uint32_t fail_checks, recover_checks;
};
void config_settings_for(const struct config *c, const struct config_subject *s,
                         struct config_settings *ret);
/* The alias a multipaths section gives this wwid, or NULL. */
const char *config_map_alias(const struct config *c, const char *wwid);

#endif
