/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_PAGE_H
#define EXPORTER_PAGE_H

/* The files of exporter/page, in the program itself. */
#include <stddef.h>

struct page_file {
	const char *data;
	size_t size;
};

extern const struct page_file page_html, page_css, page_js;

#endif
