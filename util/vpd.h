/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_VPD_H
#define UTIL_VPD_H

/*
 * What two vital product data pages of a SCSI device say of who it is. The pages are the
 * device's own words: nothing in them is believed, least of all a length. Pure.
 */
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define VPD_PAGE_MAX 4096 /* what is read of one */
#define VPD_TEXT_MAX 256  /* of what is found in one, final NUL included */

/* Page 0x80, unit serial number. -ENODATA: none in it. */
_must_check_ int vpd_serial(const uint8_t *page, size_t size,
                            char ret[static VPD_TEXT_MAX]);

/*
 * Page 0x83, device identification, as udev and multipathd write it: the designator's type and
 * then the designator, "3600…" for NAA, "2…" for EUI-64, "1…" for T10 vendor, "8…" for a name.
 * -ENODATA: no designator of the logical unit in it.
 */
_must_check_ int vpd_wwid(const uint8_t *page, size_t size,
                          char ret[static VPD_TEXT_MAX]);

/* The same form from the kernel's attribute wwid: "naa.600…", "eui.…", "t10.…", "iqn.…". */
_must_check_ int vpd_wwid_from_attribute(const char *wwid, char ret[static VPD_TEXT_MAX]);

#endif
