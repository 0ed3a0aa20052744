/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_COLUMNS_H
#define CHECKERCTL_COLUMNS_H

/* The columns of each table: every key of its JSON, and some that are easier to read. */
#include "checkerctl/table.h"

extern const struct table_def table_paths, table_topology, table_top, table_top_groups,
        table_maps, table_groups, table_events, table_latency, table_history,
        table_checked, table_compare, table_blacklist, table_hardware, table_devices;

#endif
