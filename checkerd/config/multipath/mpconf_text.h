/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_TEXT_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_TEXT_H

/* The lines of a multipath.conf: which section they belong to. */
#include "checkerd/config/multipath/mpconf_section.h"

/* Reads one text. name: kept by reader_keep_name(). */
void mpconf_text_read(struct mpconf *m, const char *name, const char *text, size_t size);

#endif
