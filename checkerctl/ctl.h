/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CTL_H
#define CHECKERCTL_CTL_H

/*
 * One run of checkerctl: its options, and its connection, made with the first call. What
 * returns int here returns 0 or an exit code, and has told stderr why.
 */
#include "checkerctl/connection.h"
#include "checkerctl/ctl_options.h"

struct ctl {
	const struct ctl_options *options;
	struct connection connection;
	bool wait_forever; /* no deadline once a request was sent */
};

enum ctl_names { CTL_PATHS, CTL_MAPS };

/*
 * Calls a method of io.checkerd.Control. parameters: taken over, NULL for none. *ret: the
 * reply's parameters, {} when it has none; the caller puts them.
 */
_must_check_ int ctl_call(struct ctl *ctl, const char *method, json_object *parameters,
                          json_object **ret);

/*
 * The same with the n names a user gave as "paths" or "maps" (absent when n is 0). A name
 * below /dev that the daemon does not know is tried as the device it leads to.
 */
_must_check_ int ctl_call_names(struct ctl *ctl, const char *method, enum ctl_names kind,
                                const char *const *names, size_t n,
                                json_object *parameters, json_object **ret);

/* For replies that go on coming: send with "more", then take them one by one. */
_must_check_ int ctl_begin(struct ctl *ctl, const char *method, json_object *parameters);
_must_check_ int ctl_next(struct ctl *ctl, json_object **ret, bool *ret_more);

/* One line on stdout, safe for a terminal; keys and values stay. */
void ctl_print_json(json_object *object);

/* Sends what was printed on its way. False: stdout takes no more, there is no use going on. */
_must_check_ bool ctl_flush(void);

/* What JSON has for us, with a word for what is missing. */
const char *json_text(json_object *object, const char *key, const char *missing);
/* False: missing, null, or not a number. */
_must_check_ bool json_number(json_object *object, const char *key, double *ret);
/* A list that may be missing: 0 elements. */
size_t json_count(json_object *object, const char *key, json_object **ret_list);
/* Paths or maps as people count them: sdz before sdaa, disk2 before disk10. */
void json_sort_named(json_object *list);

#endif
