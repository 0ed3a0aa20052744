/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_CHECKER_CHOICE_H
#define CHECKERD_CONFIG_CHECKER_CHOICE_H

/* Chooses the checker of one device. Pure; any thread. */
#include "checkerd/config/config.h"

/* What the choice depends on. NULL, false and 0: not known. */
struct checker_facts {
	const char *protocol, *vendor, *product;
	unsigned
	        tpgs; /* byte 5, bits 4 and 5, of the standard INQUIRY data (SPC-4 6.6.2) */
	bool rdac_handler; /* the kernel has attached scsi_dh_rdac */
	bool rdac_page;    /* the device has the vendor's VPD page C9h */
};

/*
 * A path_checker that the configuration gives is used, if it can check the device. `auto` takes
 * what detect_checker finds, then the built-in table, then directio. Devices that are no SCSI
 * devices get no checker that sends SCSI commands, so `path_checker tur` may stand in defaults.
 */
enum checker_kind checker_choose(const struct config_settings *s,
                                 const struct checker_facts *f,
                                 enum checker_why *ret_why);

#endif
