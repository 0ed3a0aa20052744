/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_KEYWORDS_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_KEYWORDS_H

/* The keywords of multipath.conf(5), of multipath-tools 0.9 to 0.15, and what checkerd does with
 * each. */
#include "checkerd/config/keywords.h"

#define MPCONF_CONF_DIR "/etc/multipath/conf.d"

/* What multipathd takes as a value. */
enum mpconf_form {
	MPCONF_TEXT,      /* anything */
	MPCONF_NAME,      /* anything without '/' */
	MPCONF_REGEX,     /* POSIX extended; '!' before it negates it in blacklists */
	MPCONF_ARGUMENTS, /* `min` words, a number, and as many words as it says */
	MPCONF_WORDS,     /* one of `words` */
	MPCONF_INT, /* one of `words`, or a number; the nearest one of the range counts */
	MPCONF_UINT,   /* a number that is not negative */
	MPCONF_DIGITS, /* one of `words`, or what begins with a number */
	MPCONF_KEY,    /* hexadecimal, or one of `words` */
};

/* What checkerd does with it. */
enum mpconf_use {
	MPCONF_UNUSED,     /* it is about maps, and checkerd makes none */
	MPCONF_OBSOLETE,   /* multipathd passes over it, too */
	MPCONF_SETTING,    /* checkerd.conf(5) has the same keyword */
	MPCONF_CHECKER,    /* path_checker */
	MPCONF_INTERVAL,   /* polling_interval and its maximum depend on each other */
	MPCONF_CONFIG_DIR, /* where the drop-ins are */
};

struct mpconf_keyword {
	const char *name;
	unsigned sections; /* SECTION_BIT() each */
	enum mpconf_form form;
	enum mpconf_use use;
	const char *words; /* with blanks between them; NULL: none */
	int min, max;
};

/* A keyword that multipathd 0.9 does not know, but another one did. */
struct mpconf_old {
	const char *name;
	const char *now; /* the keyword that took its place; NULL: none */
};

/* NULL: multipathd does not know it in this section. */
const struct mpconf_keyword *mpconf_find(enum section in, const char *name);
/* The subsection of that name. SECTION_TOP: none. */
enum section mpconf_subsection(enum section in, const char *name);
/* A keyword of older versions and of distributors. NULL: none. */
const struct mpconf_old *mpconf_find_old(const char *name);
/* The section that a keyword of another section belongs to. SECTION_TOP: none. */
enum section mpconf_home(const char *name);
/* The known name that is most similar to a wrong one. NULL: no name is similar. */
const char *mpconf_suggestion(enum section in, const char *name);
/* Does checkerd use what this name means, in any section? */
bool mpconf_is_used(const char *name);

extern const struct mpconf_keyword mpconf_table[];
extern const size_t mpconf_count, mpconf_old_count;

#endif
