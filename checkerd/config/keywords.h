/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_KEYWORDS_H
#define CHECKERD_CONFIG_KEYWORDS_H

/*
 * The table of keywords. The parser, the dump, the sample configuration and checkerd.conf(5) are
 * checked against it.
 */
#include "checkerd/config/config.h"

enum section {
	SECTION_TOP, /* outside of all sections */
	SECTION_DEFAULTS,
	SECTION_PATHS,
	SECTION_PATH,
	SECTION_BLACKLIST,
	SECTION_BLACKLIST_DEVICE,
	SECTION_EXCEPTIONS,
	SECTION_EXCEPTIONS_DEVICE,
	SECTION_DEVICES,
	SECTION_DEVICE,
	SECTION_OVERRIDES,
	SECTION_PROTOCOL,
	SECTION_MULTIPATHS,
	SECTION_MULTIPATH,
	SECTION_MAINTENANCE,
	SECTION_WINDOW,
	SECTION_COUNT_
};

#define SECTION_BIT(section) (1U << (section))
/* The sections that set something of a device. */
#define SECTIONS_OF_DEVICES                                             \
	(SECTION_BIT(SECTION_DEVICE) | SECTION_BIT(SECTION_OVERRIDES) | \
	 SECTION_BIT(SECTION_PROTOCOL))

struct section_info {
	const char *name;
	enum section parent;
};

enum value_type {
	VALUE_TIME,   /* int64_t, microseconds */
	VALUE_COUNT,  /* uint32_t */
	VALUE_SWITCH, /* bool */
	VALUE_WORD,   /* int: the number of one of `words` */
	VALUE_GROUP,  /* char *, NULL for "" */
	VALUE_NAME,   /* of a path's alias or its map */
	VALUE_ALIAS,  /* of a map, as device-mapper takes it */
	VALUE_FILE,   /* absolute file name; "" for none */
	VALUE_DEVICE, /* absolute file name */
	VALUE_TEXT,   /* any text that is not empty */
	VALUE_STRING, /* any text; in struct config a char *, NULL for the default */
	VALUE_REGEX,  /* POSIX extended */
	VALUE_NEGATED_REGEX, /* the same; a '!' before it negates it */
};

struct word {
	const char *name;
	int number;
};

/* Where a draft keeps the value of a subsection's keyword. */
enum slot {
	SLOT_DEVICE,
	SLOT_ALIAS,
	SLOT_MAP,
	SLOT_WWID,
	SLOT_TYPE,
	SLOT_VENDOR,
	SLOT_PRODUCT,
	SLOT_REVISION,
	SLOT_PRODUCT_BLACKLIST,
	SLOT_UID_ATTRIBUTE,
	SLOT_DAYS,
	SLOT_DATE,
	SLOT_FROM,
	SLOT_TO,
	SLOT_HOST,
	SLOT_TARGET,
	SLOT_DEVNODE,
	SLOT_FAIL,
	SLOT_FORCE,
	SLOT_COUNT_
};

/* Criteria that are lists of expressions. Vendor and product are a subsection instead. */
enum criterion {
	CRITERION_PROPERTY,
	CRITERION_DEVNODE,
	CRITERION_PROTOCOL,
	CRITERION_WWID,
	CRITERION_COUNT_
};

#define KEYWORDS_MAX 96 /* rows of keyword_table */
/* Rows for settings of devices have lower numbers: one bit each in an overlay. */
#define KEYWORDS_OVERLAY_BITS 64

struct keyword {
	const char *name;
	unsigned sections; /* bits 1 << enum section */
	enum value_type type;
	int64_t min, max;         /* TIME in microseconds, COUNT; both included */
	const struct word *words; /* WORD; the last name is NULL */
	const char *zero;         /* TIME, COUNT: the word for 0, below min; NULL: none */
	const char *fallback;     /* the default, as in a file; NULL: none */
	const char *doc;          /* one line */
	size_t in_config;         /* offset in struct config; with SECTION_DEFAULTS */
	/* Offset in struct config_settings; of settings of devices. */
	size_t in_settings;
	enum slot slot;           /* in subsections, of what is no setting */
	enum criterion criterion; /* in SECTION_BLACKLIST and _EXCEPTIONS */
};

extern const struct section_info section_table[SECTION_COUNT_];
extern const struct keyword keyword_table[];
extern const size_t keyword_count;

/* Does it set something of a device, and not say which devices are meant? */
bool keywords_is_setting(enum section in, const struct keyword *k);
/* The keyword of that name in a section. NULL: none. Finds older spellings, too. */
const struct keyword *keywords_find(enum section in, const char *name);
/* The subsection of that name. SECTION_TOP: none. */
enum section keywords_subsection(enum section in, const char *name);

/* The number of a keyword of multipath.conf that checkerd ignores, or -1. */
int keywords_ignored(enum section in, const char *name);
extern const size_t keywords_ignored_count;

/* The known name that is most similar to a wrong one. NULL: no name is similar. */
const char *keywords_suggestion(enum section in, const char *name);
/* The section that a keyword of another section belongs to. SECTION_TOP: none. */
enum section keywords_home(const char *name);

#endif
