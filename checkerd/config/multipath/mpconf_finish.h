/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_FINISH_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_FINISH_H

/* What depends on all files of a multipath.conf. */
#include "checkerd/config/multipath/mpconf_section.h"

void mpconf_finish(struct mpconf *m);

#endif
