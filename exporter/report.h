/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_REPORT_H
#define EXPORTER_REPORT_H

/* Makes the replies of io.systemd.Metrics from checkerd's OpenMetrics text. Pure. */
#include <json-c/json.h>

/* The families of metrics are called like those for Prometheus, with this in place of checkerd_. It is
 * the name of the socket in /run/systemd/report: systemd-report accepts no other names. */
#define REPORT_NAME "io.checkerd.Metrics"

/*
 * Arrays of the replies of List and Describe. The caller puts them. There are no histograms: the
 * interface has no such type. A state is a string, and not a label of a metric that is always 1.
 */
json_object *report_list(const char *openmetrics);
json_object *report_describe(const char *openmetrics);

#endif
