/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPC-4, 7.8.5 (device identification) and 7.8.15 (unit serial number). */
#include "util/vpd.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER 4 /* bytes before a page's content, and before a designator's */

enum designator {
	T10_VENDOR = 1,
	EUI_64 = 2,
	NAA = 3,
	NAME = 8,
};

/* The content's length: what the page says, and no more than there is. */
static size_t content(const uint8_t *page, size_t size)
{
	size_t told;

	if (size < HEADER)
		return 0;
	told = (size_t)page[2] << 8 | page[3];
	return MIN(told, size - HEADER);
}

int vpd_serial(const uint8_t *page, size_t size, char ret[static VPD_TEXT_MAX])
{
	size_t n = MIN(content(page, size), (size_t)VPD_TEXT_MAX - 1);
	const uint8_t *s = page + HEADER;

	while (n > 0 && (*s == ' ' || *s == '\0')) {
		s++;
		n--;
	}
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\0'))
		n--;
	if (n == 0)
		return -ENODATA;
	for (size_t i = 0; i < n; i++)
		ret[i] = s[i] == '\0' ? ' ' : (char)s[i];
	ret[n] = '\0';
	return 0;
}

/*
 * Of several designators the longer-lived and the more unique one, as in sg3_utils' udev rules
 * and in multipathd: 0 for one that does not name the logical unit, or that is malformed.
 */
static unsigned preference(const uint8_t *d)
{
	size_t n = d[3];
	bool binary = (d[0] & 0x0f) == 1;

	if ((d[1] & 0x30) != 0 || n == 0)
		return 0; /* the target's, or its port's */
	switch (d[1] & 0x0f) {
	case NAA:
		if (!binary)
			return 0;
		switch (d[HEADER] >> 4) {
		case 6:
			return n == 16 ? 8 : 0;
		case 5:
			return n == 8 ? 7 : 0;
		case 2:
			return n == 8 ? 6 : 0;
		case 3:
			return n == 8 ? 1
			              : 0; /* locally assigned: unique to nobody else */
		default:
			return 0;
		}
	case EUI_64:
		return binary && (n == 8 || n == 12 || n == 16) ? 5 : 0;
	case NAME:
		return n >= HEADER ? 4 : 0;
	case T10_VENDOR:
		return n >= 8 ? 3 : 0;
	default:
		return 0;
	}
}

static int put_hex(char type, const uint8_t *bytes, size_t n, char *ret)
{
	if (2 * n + 2 > VPD_TEXT_MAX)
		return -ENODATA;
	*ret++ = type;
	for (size_t i = 0; i < n; i++, ret += 2)
		(void)snprintf(ret, 3, "%02x", bytes[i]);
	return 0;
}

/* As udev makes a text fit for a link's name: white space becomes one '_', none at the end, and
 * so does each character that a name may not have. */
static int put_text(char type, const uint8_t *text, size_t n, char *ret)
{
	size_t out = 0;

	ret[out++] = type;
	while (n > 0 && (text[n - 1] == '\0' || isspace(text[n - 1])))
		n--;
	while (n > 0 && isspace(*text)) {
		text++;
		n--;
	}
	for (size_t i = 0; i < n && text[i] != '\0' && out < VPD_TEXT_MAX - 1; i++) {
		if (isspace(text[i]) && i > 0 && isspace(text[i - 1]))
			continue;
		ret[out++] = isascii(text[i]) && (isalnum(text[i]) ||
		                                  strchr("#+-.:=@_", text[i]) != NULL)
		                     ? (char)text[i]
		                     : '_';
	}
	ret[out] = '\0';
	return out > 1 ? 0 : -ENODATA;
}

/* A SCSI name string is one of the others in letters, or an iSCSI name. */
static int put_name(const uint8_t *name, size_t n, char *ret)
{
	const char *s = (const char *)name;

	if (n > 4 && (strncasecmp(s, "naa.", 4) == 0 || strncasecmp(s, "eui.", 4) == 0)) {
		int r = put_text(tolower(*name) == 'n' ? '3' : '2', name + 4, n - 4, ret);

		for (; *ret != '\0'; ret++)
			*ret = (char)tolower((unsigned char)*ret);
		return r;
	}
	return put_text('8', name, n, ret);
}

int vpd_wwid(const uint8_t *page, size_t size, char ret[static VPD_TEXT_MAX])
{
	size_t end = HEADER + content(page, size);
	const uint8_t *best = NULL, *value;
	unsigned most = 0;

	for (size_t at = HEADER; at + HEADER <= end; at += HEADER + page[at + 3]) {
		unsigned p;

		if (at + HEADER + page[at + 3] > end)
			break; /* it says more than there is */
		p = preference(page + at);
		if (p > most) {
			most = p;
			best = page + at;
		}
	}
	if (best == NULL)
		return -ENODATA;
	value = best + HEADER;
	switch (best[1] & 0x0f) {
	case NAA:
		return put_hex('3', value, best[3], ret);
	case EUI_64:
		return put_hex('2', value, best[3], ret);
	case NAME:
		return put_name(value, best[3], ret);
	default:
		return put_text('1', value, best[3], ret);
	}
}

int vpd_wwid_from_attribute(const char *wwid, char ret[static VPD_TEXT_MAX])
{
	const uint8_t *bytes = (const uint8_t *)wwid;

	if (strncmp(wwid, "t10.", 4) == 0)
		return put_text('1', bytes + 4, strlen(wwid) - 4, ret);
	return put_name(bytes, strlen(wwid), ret);
}
