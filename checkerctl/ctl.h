/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CTL_H
#define CHECKERCTL_CTL_H

/*
 * One run of checkerctl: its options, and its connection, which the first call makes. A
 * function that returns int returns 0, or an exit code after a message on stderr.
 */
#include "checkerctl/connection.h"
#include "checkerctl/ctl_options.h"

struct ctl {
	const struct ctl_options *options;
	struct connection connection;
	/* no deadline after the request was sent */
	bool wait_forever;
	/* of the connection that the next call makes */
	struct connection_tick tick;
};

enum ctl_names { CTL_PATHS, CTL_MAPS };

/*
 * Calls a method of io.checkerd.Control. parameters: ctl_call() puts them, NULL: none. *ret:
 * the reply's parameters, {} when it has none; the caller puts them. A daemon that refuses the
 * parameter "fields" (fields.h) is called again without it, and its reply has all keys.
 */
_must_check_ int ctl_call(struct ctl *ctl, const char *method, json_object *parameters,
                          json_object **ret);

/*
 * ctl_call(), and prints the reply's parameters as JSON. A reply of megabytes is printed as it came,
 * which takes an eighth of the time that its objects would take.
 */
_must_check_ int ctl_print_call(struct ctl *ctl, const char *method,
                                json_object *parameters);

/*
 * ctl_call() with the user's n names as "paths" or "maps" (absent when n is 0). If the daemon
 * does not know a name below /dev, ctl_call_names() repeats the call with its device.
 */
_must_check_ int ctl_call_names(struct ctl *ctl, const char *method, enum ctl_names kind,
                                const char *const *names, size_t n,
                                json_object *parameters, json_object **ret);

/*
 * ctl_call() with one name as "device", which may be a device that is no path. A name below /dev that
 * the daemon does not know is repeated as with ctl_call_names().
 */
_must_check_ int ctl_call_device(struct ctl *ctl, const char *method, const char *name,
                                 json_object **ret);

/* ctl_call_device(); may_be_gone: *ret is NULL, and there is no message, when there is no such device. */
_must_check_ int ctl_call_device_if(struct ctl *ctl, const char *method, const char *name,
                                    bool may_be_gone, json_object **ret);

/* A request of io.checkerd.Control; it puts the parameters, NULL: none. The caller puts it. */
json_object *ctl_request(const char *method, json_object *parameters, bool more);

/* For methods with many replies: send with "more", then receive one reply at a time. */
_must_check_ int ctl_begin(struct ctl *ctl, const char *method, json_object *parameters);
_must_check_ int ctl_next(struct ctl *ctl, json_object **ret, bool *ret_more);

/* Prints one line to stdout, safe for a terminal; keys and values stay. */
void ctl_print_json(json_object *object);

/* Flushes stdout. False: stdout failed, so the command must end. */
_must_check_ bool ctl_flush(void);

/* The text of a key; `missing` when the key is missing or null. */
const char *ctl_text(json_object *object, const char *key, const char *missing);
/* False: missing, null, or not a number. */
_must_check_ bool ctl_number(json_object *object, const char *key, double *ret);
/* The elements of a list; 0 when the list is missing. */
size_t ctl_list(json_object *object, const char *key, json_object **ret_list);
/* Sorts paths or maps by device number, then by name: disk2 before disk10. */
void ctl_sort_named(json_object *list);

#endif
