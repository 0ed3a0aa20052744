/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_QUERY_H
#define CHECKERD_CONTROL_QUERY_H

/*
 * The methods that this thread answers itself: from a snapshot, from the events and changes that
 * are kept, or from constants. query_X prepares, query_write_X writes.
 */
#include "checkerd/control/method.h"

method_step query_interface, query_paths, query_maps, query_all_maps, query_config,
        query_rules, query_memory, query_events, query_coming_events, query_histories;

write_piece query_write_info, query_write_paths, query_write_maps, query_write_groups,
        query_write_status, query_write_findings, query_write_metrics, query_write_events,
        query_write_event, query_write_histories;

#endif
