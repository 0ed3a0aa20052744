/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_EXPLANATION_H
#define CHECKERD_CORE_EXPLANATION_H

/*
 * The answer of checkerctl explain. The control thread makes one, and passes it to the loop and on
 * to discovery, which fills it in. Then it comes back the same way. It has one owner at a time.
 */
#include "checkerd/core/device.h"

#define EXPLANATION_NAME_MAX     256 /* of a device, final NUL included */
#define EXPLANATION_TEXT_MAX     256
#define EXPLANATION_FILE_MAX     192
#define EXPLANATION_SETTINGS_MAX 64
/* How many discovery has at a time, and that many more in the control thread. */
#define EXPLANATIONS_MAX 8

/* Where the configuration has something. file "": it is built in. */
struct explanation_place {
	char file[EXPLANATION_FILE_MAX];
	uint32_t line;
};

struct explanation_rule {
	const char *section, *keyword; /* static words; NULL: there is no rule */
	char expression[EXPLANATION_TEXT_MAX];
	struct explanation_place at;
};

struct explanation_setting {
	const char *keyword; /* static, as the next one */
	/* "defaults", "devices", …; "device": the device says so; NULL: built in */
	const char *section;
	char value[32];
	struct explanation_place at;
};

struct explanation {
	char asked[EXPLANATION_NAME_MAX]; /* a name, a node, an alias, or "8:0" */
	/* What follows is discovery's. */
	bool found;                        /* the device exists */
	bool watched;                      /* the loop has it as a path */
	char name[EXPLANATION_NAME_MAX];   /* the kernel's */
	struct device *device;             /* a reference; NULL: it was not described */
	char why[EXPLANATION_TEXT_MAX];    /* it is watched, or not */
	struct explanation_rule rule;      /* that excludes it, or lists it */
	struct explanation_rule exception; /* that wins over the rule */
	const char *checker;               /* static; NULL: no checker was chosen */
	char checker_why[EXPLANATION_TEXT_MAX];
	unsigned n_settings;
	struct explanation_setting settings[EXPLANATION_SETTINGS_MAX];
};

/* asked: longer names are cut. NULL: no memory. */
struct explanation *explanation_new(const char *asked);
struct explanation *
explanation_free(struct explanation *e); /* NULL allowed; returns NULL */

#endif
