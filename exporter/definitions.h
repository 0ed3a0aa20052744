/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_DEFINITIONS_H
#define EXPORTER_DEFINITIONS_H

/* The Varlink interfaces that the exporter has: the texts of the .varlink files, of which the build
 * makes definitions.c. */
extern const char interface_metrics[]; /* io.systemd.Metrics */
extern const char interface_service[]; /* org.varlink.service */

#endif
