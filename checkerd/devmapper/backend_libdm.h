/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_BACKEND_LIBDM_H
#define CHECKERD_DEVMAPPER_BACKEND_LIBDM_H

/* The backend over libdevmapper and /dev/mapper/control. */
#include "checkerd/devmapper/dm_backend.h"

/* At most one in a process, because libdevmapper has global state. -ENOMEM. */
_must_check_ int backend_libdm_new(struct dm_backend **ret);
/* The most bytes, with that many devices of any kind. */
uint64_t backend_libdm_bytes(uint32_t max_devices);

#endif
