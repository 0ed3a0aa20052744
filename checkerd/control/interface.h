/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_INTERFACE_H
#define CHECKERD_CONTROL_INTERFACE_H

/* The texts of the .varlink files; interface.c is made from them. */
extern const char interface_control[];
extern const char interface_service[];

#endif
