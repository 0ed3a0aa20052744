/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SETTINGS_H
#define CHECKERD_DISCOVERY_SETTINGS_H

/* What the configuration says of the checks of one device. Runs on the discovery thread. */
#include "checkerd/config/filter.h"
#include "checkerd/core/registry.h"
#include "checkerd/discovery/identity.h"
#include "checkerd/discovery/judgement.h"

/* subject->devnode: the kernel's name of the device, which id describes. j: NULL: nobody asks. */
void settings_of(const struct config *c, const struct config_subject *subject,
                 const struct identity *id, struct path_settings *ret,
                 struct judgement *j);

#endif
