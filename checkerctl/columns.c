/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of columns. The default columns of show paths fit 80 characters with the names
 * of real hosts. Long columns (REASON, MESSAGE) come last and wrap.
 */
#include "checkerctl/columns.h"

#define R COLUMN_RIGHT
#define S COLUMN_SHOWN
#define W COLUMN_WRAP

static const struct column paths[] = {
	{ "NAME", "name", COLUMN_TEXT, S },
	{ "MAP", "map", COLUMN_TEXT, S },
	{ "STATE", "state", COLUMN_STATE, S },
	{ "FOR", "state_since", COLUMN_AGO, S | R },
	{ "LAST", "last_check", COLUMN_AGO, S | R },
	{ "NEXT", "next_check_in_s", COLUMN_NEXT, S | R },
	{ "ENGINE", "engine", COLUMN_TEXT, S },
	{ "REASON", "reason", COLUMN_TEXT, S | W },
	{ "DEVICE", "device", COLUMN_TEXT, 0 },
	{ "DEVT", "devt", COLUMN_TEXT, 0 },
	{ "ALIAS", "alias", COLUMN_TEXT, 0 },
	{ "WWID", "wwid", COLUMN_TEXT, 0 },
	{ "HCIL", "hcil", COLUMN_TEXT, 0 },
	{ "VENDOR", "vendor", COLUMN_TEXT, 0 },
	{ "PRODUCT", "product", COLUMN_TEXT, 0 },
	{ "REVISION", "revision", COLUMN_TEXT, 0 },
	{ "SERIAL", "serial", COLUMN_TEXT, 0 },
	{ "PROTOCOL", "protocol", COLUMN_TEXT, 0 },
	{ "HOST", "host", COLUMN_TEXT, 0 },
	{ "TARGET", "target", COLUMN_TEXT, 0 },
	{ "STATE_SINCE", "state_since", COLUMN_TIME, 0 },
	{ "ERRNO", "errno", COLUMN_TEXT, R },
	{ "LOSS", "loss", COLUMN_TEXT, 0 },
	{ "DM_STATE", "dm_state", COLUMN_STATE, 0 },
	{ "SYSFS_STATE", "sysfs_state", COLUMN_TEXT, 0 },
	{ "ACCESS_STATE", "access_state", COLUMN_TEXT, 0 },
	{ "CHECKER", "checker", COLUMN_TEXT, 0 },
	{ "CHECKER_WHY", "checker_why", COLUMN_TEXT, 0 },
	{ "GROUP", "group", COLUMN_TEXT, R },
	{ "ENABLED", "enabled", COLUMN_TEXT, 0 },
	{ "DISABLED_BY", "disabled_by", COLUMN_TEXT, 0 },
	{ "DISABLED_SINCE", "disabled_since", COLUMN_TIME, 0 },
	{ "DISABLED_UNTIL", "disabled_until", COLUMN_TIME, 0 },
	{ "SLOW", "slow", COLUMN_TEXT, 0 },
	{ "OVERDUE", "overdue", COLUMN_TEXT, 0 },
	{ "OVERDUE_SINCE", "overdue_since", COLUMN_TIME, 0 },
	{ "LAST_GOOD", "last_good", COLUMN_TIME, 0 },
	{ "MARGINAL", "marginal", COLUMN_TEXT, 0 },
	{ "MARGINAL_REASON", "marginal_reason", COLUMN_TEXT, 0 },
	{ "HOLD_SINCE", "hold_since", COLUMN_TIME, 0 },
	{ "HOLD_UNTIL", "hold_until", COLUMN_TIME, 0 },
	{ "HOLD_USED", "hold_used", COLUMN_TEXT, 0 },
	{ "HOLD_FAILURES", "hold_failures", COLUMN_TEXT, R },
	{ "INTERVAL_S", "interval_s", COLUMN_TEXT, R },
	{ "TIMEOUT_S", "timeout_s", COLUMN_TEXT, R },
	{ "LAST_CHECK", "last_check", COLUMN_TIME, 0 },
	{ "NEXT_CHECK_IN_S", "next_check_in_s", COLUMN_TEXT, R },
	{ "IN_FLIGHT", "in_flight_s", COLUMN_SECONDS, R },
	{ "IN_FLIGHT_S", "in_flight_s", COLUMN_TEXT, R },
	{ "CHECKS_TOTAL", "checks_total", COLUMN_TEXT, R },
	{ "FAILURES_TOTAL", "failures_total", COLUMN_TEXT, R },
	{ "TIMEOUTS_TOTAL", "timeouts_total", COLUMN_TEXT, R },
	{ "DEVICE_ERRORS_TOTAL", "device_errors_total", COLUMN_TEXT, R },
	{ "DEFERRED_TOTAL", "deferred_total", COLUMN_TEXT, R },
	{ "TRANSITIONS_TOTAL", "transitions_total", COLUMN_TEXT, R },
	{ "FAILURES_IN_ROW", "failures_in_row", COLUMN_TEXT, R },
	{ "ERROR_SHARE_PERCENT", "error_share_percent", COLUMN_TEXT, R },
	{ "ERROR_SHARE_CHECKS", "error_share_checks", COLUMN_TEXT, R },
	{ "LATENCY_US", "latency_us", COLUMN_TEXT, R },
	{ "LATENCY_COUNTS", "latency_counts", COLUMN_TEXT, R },
	{ "FORCED", "forced", COLUMN_TEXT, 0 },
	{ "BARRED", "barred", COLUMN_TEXT, 0 },
	{ "HELD_FOR_S", "held_for_s", COLUMN_TEXT, R },
	{ "FAILS", "failures_total", COLUMN_TEXT, R },
	{ "LATENCY", "latency_us.last", COLUMN_MICROS, R },
	{ "P50", "latency_us.p50", COLUMN_MICROS, R },
	{ "P99", "latency_us.p99", COLUMN_MICROS, R },
	{ "MAX", "latency_us.max", COLUMN_MICROS, R },
};

static const struct column latency[] = {
	{ "NAME", "name", COLUMN_TEXT, S },
	{ "MAP", "map", COLUMN_TEXT, S },
	{ "STATE", "state", COLUMN_STATE, S },
	{ "LAST", "latency_us.last", COLUMN_MICROS, S | R },
	{ "P50", "latency_us.p50", COLUMN_MICROS, S | R },
	{ "P99", "latency_us.p99", COLUMN_MICROS, S | R },
	{ "MAX", "latency_us.max", COLUMN_MICROS, S | R },
	{ "HISTOGRAM", "latency_counts", COLUMN_BAR, S },
	{ "SLOWER", "slower", COLUMN_TIMES, S | R },
	{ "CHECKS_TOTAL", "checks_total", COLUMN_TEXT, R },
	{ "LAST_US", "latency_us.last", COLUMN_TEXT, R },
	{ "P50_US", "latency_us.p50", COLUMN_TEXT, R },
	{ "P99_US", "latency_us.p99", COLUMN_TEXT, R },
	{ "MAX_US", "latency_us.max", COLUMN_TEXT, R },
	{ "HOST", "host", COLUMN_TEXT, 0 },
	{ "TARGET", "target", COLUMN_TEXT, 0 },
};

static const struct column maps[] = {
	{ "NAME", "name", COLUMN_TEXT, S },
	{ "DM", "dm", COLUMN_TEXT, S },
	{ "REDUNDANCY", "redundancy", COLUMN_STATE, S },
	{ "UP", "paths_up", COLUMN_TEXT, S | R },
	{ "OF", "paths_total", COLUMN_TEXT, S | R },
	{ "QUEUEING", "queueing", COLUMN_TEXT, S },
	{ "SUSPENDED", "suspended", COLUMN_TEXT, S },
	{ "PATHS", "paths", COLUMN_TEXT, S | W },
	{ "PATHS_UP", "paths_up", COLUMN_TEXT, R },
	{ "PATHS_DISABLED", "paths_disabled", COLUMN_TEXT, R },
	{ "PATHS_OVERDUE", "paths_overdue", COLUMN_TEXT, R },
	{ "PATHS_UNCHECKED", "paths_unchecked", COLUMN_TEXT, R },
	{ "PATHS_TOTAL", "paths_total", COLUMN_TEXT, R },
	{ "PATHS_EXPECTED", "paths_expected", COLUMN_TEXT, R },
	{ "LOST_SINCE", "lost_since", COLUMN_TIME, 0 },
	{ "KEPT_PATH", "kept_path", COLUMN_TEXT, 0 },
	{ "BARRED", "barred", COLUMN_TEXT, 0 },
	{ "DEVT", "devt", COLUMN_TEXT, 0 },
	{ "UUID", "uuid", COLUMN_TEXT, 0 },
	{ "WWID", "wwid", COLUMN_TEXT, 0 },
	{ "GROUPS", "groups", COLUMN_TEXT, 0 },
};

static const struct column groups[] = {
	{ "ID", "id", COLUMN_TEXT, S | R },
	{ "KIND", "kind", COLUMN_TEXT, S },
	{ "SLOTS", "slots", COLUMN_TEXT, S | R },
	{ "QUEUED", "queued", COLUMN_TEXT, S | R },
	{ "IN_FLIGHT", "in_flight", COLUMN_TEXT, S | R },
	{ "EXPIRED", "expired", COLUMN_TEXT, S | R },
	{ "ORPHANS", "orphans", COLUMN_TEXT, S | R },
	{ "STATE", "state", COLUMN_TEXT, S },
};

static const struct column events[] = {
	{ "SEQ", "seq", COLUMN_TEXT, S | R },
	{ "TIME", "time", COLUMN_TIME, S },
	{ "MESSAGE", "message", COLUMN_TEXT, S | W },
	{ "TYPE", "type", COLUMN_TEXT, 0 },
	{ "PATH", "path", COLUMN_TEXT, 0 },
	{ "MAP", "map", COLUMN_TEXT, 0 },
	{ "FROM", "from", COLUMN_STATE, 0 },
	{ "TO", "to", COLUMN_STATE, 0 },
	{ "REASON", "reason", COLUMN_TEXT, W },
	{ "LOSS", "loss", COLUMN_TEXT, 0 },
	{ "CAUSE", "cause", COLUMN_TEXT, 0 },
	{ "MEMBERS_TOTAL", "members_total", COLUMN_TEXT, R },
	{ "MEMBERS", "members", COLUMN_TEXT, W },
};

static const struct column history[] = {
	{ "TIME", "time", COLUMN_TIME, S },
	{ "FROM", "from", COLUMN_STATE, S },
	{ "LASTED", "lasted_s", COLUMN_SECONDS, S | R },
	{ "TO", "to", COLUMN_STATE, S },
	{ "REASON", "reason", COLUMN_TEXT, S | W },
	{ "SEQ", "seq", COLUMN_TEXT, R },
	{ "LASTED_S", "lasted_s", COLUMN_TEXT, R },
};

static const struct column checked[] = {
	{ "PATH", "path", COLUMN_TEXT, S },
	{ "STATE", "state", COLUMN_STATE, S },
	{ "CHECKED", "checked", COLUMN_TEXT, S },
	{ "REASON", "reason", COLUMN_TEXT, S | W },
};

static const struct column compare[] = {
	{ "NAME", "name", COLUMN_TEXT, S },
	{ "MAP", "map", COLUMN_TEXT, S },
	{ "STATE", "state", COLUMN_STATE, S },
	{ "MULTIPATHD", "multipathd.words", COLUMN_TEXT, S },
	{ "DM", "dm_state", COLUMN_STATE, S },
	{ "RESULT", "result", COLUMN_TEXT, S },
	{ "WHY", "why", COLUMN_TEXT, S | W },
	{ "REASON", "reason", COLUMN_TEXT, S | W },
	{ "DEVT", "devt", COLUMN_TEXT, 0 },
	{ "CHECKER", "checker", COLUMN_TEXT, 0 },
	{ "MULTIPATHD_MAP", "multipathd.map", COLUMN_TEXT, 0 },
	{ "MULTIPATHD_STATE", "multipathd.state", COLUMN_TEXT, 0 },
	{ "MULTIPATHD_CHECKER", "multipathd.checker", COLUMN_TEXT, 0 },
};

static const struct column blacklist[] = {
	{ "SECTION", "section", COLUMN_TEXT, S },
	{ "KEYWORD", "keyword", COLUMN_TEXT, S },
	{ "EXPRESSION", "expression", COLUMN_TEXT, S },
	{ "PLACE", "place", COLUMN_TEXT, S },
	{ "FILE", "file", COLUMN_TEXT, 0 },
	{ "LINE", "line", COLUMN_TEXT, R },
};

static const struct column hardware[] = {
	{ "VENDOR", "vendor", COLUMN_TEXT, S },
	{ "PRODUCT", "product", COLUMN_TEXT, S },
	{ "CHECKER", "checker", COLUMN_TEXT, S },
};

static const struct column devices[] = {
	{ "NAME", "device", COLUMN_TEXT, S },
	{ "WATCHED", "watched", COLUMN_TEXT, S },
	{ "PROTOCOL", "protocol", COLUMN_TEXT, S },
	{ "CHECKER", "checker", COLUMN_TEXT, S },
	{ "PLACE", "place", COLUMN_TEXT, S },
	{ "WHY", "why", COLUMN_TEXT, S | W },
	{ "DECIDED_BY", "decided_by", COLUMN_TEXT, 0 },
	{ "NODE", "node", COLUMN_TEXT, 0 },
	{ "DEVT", "devt", COLUMN_TEXT, 0 },
	{ "WWID", "wwid", COLUMN_TEXT, 0 },
	{ "VENDOR", "vendor", COLUMN_TEXT, 0 },
	{ "PRODUCT", "product", COLUMN_TEXT, 0 },
	{ "HOST", "host", COLUMN_TEXT, 0 },
	{ "CHECKER_WHY", "checker_why", COLUMN_TEXT, 0 },
	{ "STATE", "path.state", COLUMN_STATE, 0 },
	{ "REASON", "path.reason", COLUMN_TEXT, W },
};

static const struct column top_groups[] = {
	{ "NAME", "name", COLUMN_TEXT, S },
	{ "STATE", "state", COLUMN_STATE, S },
	{ "PATHS", "paths", COLUMN_TEXT, S | R },
	{ "UP", "up", COLUMN_TEXT, S | R },
	{ "DOWN", "down", COLUMN_TEXT, S | R },
	{ "OTHER", "other", COLUMN_TEXT, S | R },
	{ "IN_FLIGHT", "in_flight_s", COLUMN_SECONDS, S | R },
	{ "P50", "latency_us.p50", COLUMN_MICROS, S | R },
	{ "P99", "latency_us.p99", COLUMN_MICROS, S | R },
	{ "FAILS", "failures_total", COLUMN_TEXT, S | R },
	{ "REASON", "reason", COLUMN_TEXT, S },
};

static_assert(ARRAY_LEN(paths) <= TABLE_COLUMNS_MAX, "-o of all columns");

const struct table_def table_paths = { paths, ARRAY_LEN(paths), NULL };
const struct table_def table_topology = { paths, ARRAY_LEN(paths),
	                                  "NAME,STATE,DM_STATE,FOR,LAST,REASON" };
const struct table_def table_top = {
	paths, ARRAY_LEN(paths), "NAME,MAP,STATE,FOR,IN_FLIGHT,P50,P99,FAILS,REASON"
};
const struct table_def table_top_groups = { top_groups, ARRAY_LEN(top_groups), NULL };
const struct table_def table_maps = { maps, ARRAY_LEN(maps), NULL };
const struct table_def table_groups = { groups, ARRAY_LEN(groups), NULL };
const struct table_def table_events = { events, ARRAY_LEN(events), NULL };
const struct table_def table_latency = { latency, ARRAY_LEN(latency), NULL };
const struct table_def table_history = { history, ARRAY_LEN(history), NULL };
const struct table_def table_checked = { checked, ARRAY_LEN(checked), NULL };
const struct table_def table_compare = { compare, ARRAY_LEN(compare), NULL };
const struct table_def table_blacklist = { blacklist, ARRAY_LEN(blacklist), NULL };
const struct table_def table_hardware = { hardware, ARRAY_LEN(hardware), NULL };
const struct table_def table_devices = { devices, ARRAY_LEN(devices), NULL };
