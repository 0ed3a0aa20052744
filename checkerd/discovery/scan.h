/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SCAN_H
#define CHECKERD_DISCOVERY_SCAN_H

/*
 * The ways of finding paths, for discovery.c. All of it runs on the discovery thread.
 */
#include "checkerd/config/filter.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/identity.h"

/* What the rules of the configuration make of a device. devnode: the kernel's name. */
void scan_settings(const struct config *c, const struct config_subject *s,
                   struct path_settings *ret);

/* --- static: the paths section --- */

/*
 * Every path of the section, in `ret` (empty before). A path keeps the name it has in `told`.
 * No file is opened or looked at: that could hang. ret_left_out: paths that could not be
 * described. -ENOMEM.
 */
_must_check_ int scan_static(const struct config *c, int sysfs,
                             const struct found_list *told, struct found_list *ret,
                             uint32_t *ret_left_out);

/*
 * Chooses a name for each node, in their order: the last component when no other has it,
 * else the whole node, else a part of it with a checksum. One that has a name in `told` keeps
 * it. Each ret_names[i] is NUL-terminated. -ENOMEM.
 */
_must_check_ int scan_names(size_t n, const char *const *nodes,
                            const struct found_list *told,
                            char (*ret_names)[DEVICE_NAME_MAX]);

/* --- udev --- */

struct watch;

/* Starts listening: what happens from now on is seen. -errno: no netlink socket. */
_must_check_ int watch_new(struct watch **ret, int sysfs);
struct watch *watch_free(struct watch *w);
int watch_fd(const struct watch *w);

/*
 * Every disk there is now that the rules let in. reload: the rules may be others than those that
 * ret->before was made by; else a disk that was let in stays. -errno.
 */
_must_check_ int watch_scan(struct watch *w, const struct config *c, bool reload,
                            struct found_list *ret, uint32_t *ret_left_out);

/* Takes what the kernel said. Changes `told` and emits the difference. Returns 0, or what
 * emit returned, or -ENOBUFS: messages were lost: scan again. */
_must_check_ int watch_take(struct watch *w, const struct config *c,
                            struct found_list *told,
                            int (*emit)(void *arg, struct found *f), void *arg);

/* Left out unless a devnode of blacklist_exceptions names it: all but SCSI, DASD and NVMe
 * disks, and partitions. */
bool watch_left_out(const char *sysname, bool partition);
/* Left out in any case: a loop device without a file, an nbd device that is not connected. */
bool watch_is_empty(const char *sysname, bool loop_backed, unsigned long long sectors);

#endif
