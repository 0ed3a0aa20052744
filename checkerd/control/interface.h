/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_INTERFACE_H
#define CHECKERD_CONTROL_INTERFACE_H

/* The Varlink interfaces: their names, and the texts of the .varlink files, of which the build
 * makes interface.c. */
#define INTERFACE_CONTROL "io.checkerd.Control"
#define INTERFACE_SERVICE "org.varlink.service"

extern const char interface_control[];
extern const char interface_service[];

#endif
