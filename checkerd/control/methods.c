/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of methods, which is constant. What differs from method to method is here. */
#include "checkerd/control/methods.h"

#include <string.h>

#include "checkerd/control/bulk.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/explaining.h"
#include "checkerd/control/interface.h"
#include "checkerd/control/operation.h"
#include "checkerd/control/query.h"
#include "checkerd/control/reply.h"

#define CONTROL(n) .interface = INTERFACE_CONTROL, .name = (n)
#define SERVICE(n) .interface = INTERFACE_SERVICE, .name = (n)

#define OPTIONAL false
#define REQUIRED true

#define CHANGES_PATHS(o)                                                             \
	.changes = true, .needs_snapshot = true, .op = (o), .prepare = bulk_prepare, \
	.conclude = bulk_conclude, .piece = bulk_write

#define PATHS                                         \
	{                                             \
		"paths", request_read_names, OPTIONAL \
	}
/* Which paths. */
#define SELECTION                                            \
	PATHS, { "host", request_read_host, OPTIONAL },      \
	        { "target", request_read_target, OPTIONAL }, \
	        { "map", request_read_map, OPTIONAL },       \
	{                                                    \
		"states", request_read_states, OPTIONAL      \
	}
#define FORCE                                         \
	{                                             \
		"force", request_read_force, OPTIONAL \
	}

static const struct method methods[] = {
	{ SERVICE("GetInfo"), .piece = query_write_info },
	{ SERVICE("GetInterfaceDescription"),
	  .parameters = { { "interface", request_read_interface, REQUIRED } },
	  .prepare = query_interface },

	{ CONTROL("ListPaths"), .needs_snapshot = true, .lists = true,
	  .parameters = { SELECTION, { "fields", request_read_fields, OPTIONAL } },
	  .prepare = query_paths, .piece = query_write_paths },
	{ CONTROL("ListMaps"), .needs_snapshot = true, .lists = true,
	  .parameters = { { "maps", request_read_names, OPTIONAL } },
	  .prepare = query_maps, .piece = query_write_maps },
	{ CONTROL("GetGroups"), .needs_snapshot = true, .piece = query_write_groups },
	{ CONTROL("GetStatus"), .needs_snapshot = true, .prepare = query_all_maps,
	  .piece = query_write_status },
	{ CONTROL("GetFindings"), .needs_snapshot = true, .prepare = query_all_maps,
	  .piece = query_write_findings },
	{ CONTROL("Explain"), .keeps_view = true, .needs_snapshot = true,
	  .parameters = { { "device", request_read_device, REQUIRED } },
	  .op = PORT_EXPLAIN, .prepare = explaining_prepare,
	  .conclude = explaining_conclude, .piece = explaining_write },
	{ CONTROL("ReadTimers"), .renews = true, .op = PORT_READ_TIMERS,
	  .prepare = operation_for_daemon, .conclude = operation_conclude,
	  .piece = reply_write_empty },
	{ CONTROL("GetConfig"), .needs_snapshot = true, .prepare = query_config },
	{ CONTROL("GetRules"), .needs_snapshot = true, .prepare = query_rules },
	{ CONTROL("GetMemory"), .needs_snapshot = true, .prepare = query_memory },
	{ CONTROL("GetMetrics"), .needs_snapshot = true, .lists = true,
	  .parameters = { { "path_series", request_read_path_series, OPTIONAL },
	                  { "path_latency", request_read_path_latency, OPTIONAL } },
	  .prepare = query_all_maps, .piece = query_write_metrics },
	{ CONTROL("ListEvents"),
	  .parameters = { { "since", request_read_since, OPTIONAL } },
	  .prepare = query_events, .piece = query_write_events },
	{ CONTROL("ListHistory"), .needs_snapshot = true,
	  .parameters = { { "paths", request_read_names, REQUIRED } },
	  .prepare = query_histories, .piece = query_write_histories },
	{ CONTROL("Monitor"), .streams = true,
	  .parameters = { { "since", request_read_since, OPTIONAL } },
	  .prepare = query_coming_events, .piece = query_write_event },

	{ CONTROL("Check"), .changes = true, .needs_snapshot = true,
	  .parameters = { SELECTION, { "wait", request_read_wait, OPTIONAL } },
	  .op = PORT_CHECK, .prepare = operation_for_paths,
	  .piece = operation_write_results },
	{ CONTROL("Disable"), CHANGES_PATHS(PORT_DISABLE),
	  .parameters = { SELECTION,
	                  { "for_s", request_read_duration, OPTIONAL },
	                  { "fail", request_read_fail, OPTIONAL },
	                  FORCE } },
	{ CONTROL("Enable"), CHANGES_PATHS(PORT_ENABLE), .parameters = { SELECTION } },
	{ CONTROL("Fail"), CHANGES_PATHS(PORT_FAIL), .parameters = { SELECTION, FORCE } },
	{ CONTROL("Reinstate"), CHANGES_PATHS(PORT_REINSTATE),
	  .parameters = { SELECTION } },
	{ CONTROL("SetMarginal"), CHANGES_PATHS(PORT_SET_MARGINAL),
	  .parameters = { SELECTION } },
	{ CONTROL("UnsetMarginal"), CHANGES_PATHS(PORT_UNSET_MARGINAL),
	  .parameters = { SELECTION } },
	{ CONTROL("Accept"), CHANGES_PATHS(PORT_ACCEPT), .parameters = { SELECTION } },
	{ CONTROL("Release"), CHANGES_PATHS(PORT_RELEASE), .parameters = { SELECTION } },
	{ CONTROL("Reload"), .changes = true, .op = PORT_RELOAD,
	  .timeout_us = RELOAD_TIMEOUT_US, .prepare = operation_for_daemon,
	  .conclude = operation_conclude_reload },
	{ CONTROL("SetLogLevel"), .changes = true,
	  .parameters = { { "level", request_read_level, REQUIRED } },
	  .op = PORT_LOG_LEVEL, .prepare = operation_for_daemon,
	  .conclude = operation_conclude, .piece = reply_write_empty },
	{ CONTROL("Ping"), .op = PORT_PING, .prepare = operation_for_daemon,
	  .conclude = operation_conclude, .piece = reply_write_empty },
};

const struct method *methods_all(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(methods);
	return methods;
}

const struct method *methods_find(const char *interface, size_t interface_size,
                                  const char *name, bool *ret_interface_known)
{
	*ret_interface_known = false;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		const struct method *m = &methods[i];

		if (strlen(m->interface) != interface_size ||
		    strncmp(m->interface, interface, interface_size) != 0)
			continue;
		*ret_interface_known = true;
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}
