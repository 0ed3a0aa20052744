/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_UDEV_WATCH_H
#define CHECKERD_DISCOVERY_UDEV_WATCH_H

/* Finds the disks that udev knows, and follows what happens to them. Runs on the discovery
 * thread. */
#include "checkerd/config/config.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/judgement.h"

struct udev_watch;

/* Starts to listen: no message after this call is missed. -errno: no netlink socket. */
_must_check_ int udev_watch_new(struct udev_watch **ret, int sysfs);
struct udev_watch *udev_watch_free(struct udev_watch *w); /* NULL allowed; returns NULL */
int udev_watch_fd(const struct udev_watch *w);

/*
 * Lists every disk that is there now and that the rules include. reload: the rules may have
 * changed since ret->before was listed. Without reload a disk that was included stays included.
 * -errno.
 */
_must_check_ int udev_watch_scan(struct udev_watch *w, const struct config *c,
                                 bool reload, struct found_list *ret,
                                 uint32_t *ret_excluded);

/* Does udevd run? Without it no device has properties. */
bool udev_watch_has_udevd(const struct udev_watch *w);
/* Were there messages about NVMe controllers or disks since the last call? */
bool udev_watch_heard_nvme(struct udev_watch *w);

/*
 * Reads the waiting messages, changes `reported`, and emits the differences. Returns 0, or what
 * emit returned. -ENOBUFS: messages were lost, and the caller scans again; a later call may return it
 * again for the same loss.
 */
_must_check_ int udev_watch_take(struct udev_watch *w, const struct config *c,
                                 struct found_list *reported,
                                 int (*emit)(void *arg, struct found *f), void *arg);

/*
 * Examines one device as a scan does, and reports nothing. reported: its entry, or NULL. Returns as
 * udev_disk_consider(), or UDEV_DISK_NOT_READY. *ret has a reference with INCLUDED and EXCLUDED.
 */
_must_check_ int udev_watch_explain(struct udev_watch *w, const struct config *c,
                                    const char *sysname,
                                    const struct found_entry *reported,
                                    struct judgement *j, struct found_entry *ret);

#endif
