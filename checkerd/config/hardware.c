/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of arrays. Immutable; any thread.
 *
 * Only arrays are here whose passive paths answer in a way of their own, so that neither a read
 * nor REPORT TARGET PORT GROUPS finds the state of a path. They are those of the kernel's device
 * handlers: scsi_dh_rdac.c, scsi_dh_emc.c and scsi_dh_hp_sw.c in drivers/scsi/device_handler; and
 * newer products of the same makers, by their INQUIRY data in the makers' host guides. An array
 * that has target port groups needs no row: its checker is detected. devices { } of the
 * configuration adds arrays.
 */
#include "checkerd/config/hardware.h"

#include <string.h>

const struct hardware hardware_table[] = {
	/* LSI/Engenio/NetApp E-Series, and what others sell under their names. */
	{ "IBM", "1722", CHECKER_RDAC }, /* DS4300 */
	{ "IBM", "1724", CHECKER_RDAC }, /* DS4100 */
	{ "IBM", "1726", CHECKER_RDAC }, /* DS3200, DS3300, DS3400 */
	{ "IBM", "1742", CHECKER_RDAC }, /* DS4400, DS4500 */
	{ "IBM", "1745", CHECKER_RDAC },
	{ "IBM", "1746", CHECKER_RDAC }, /* DS3500 */
	{ "IBM", "1813", CHECKER_RDAC }, /* DCS3860 */
	{ "IBM", "1814", CHECKER_RDAC }, /* DS3950, DS4200, DS4700, DS5020 */
	{ "IBM", "1815", CHECKER_RDAC }, /* DS4800 */
	{ "IBM", "1818", CHECKER_RDAC }, /* DS5100, DS5300, DCS3700 */
	{ "IBM", "3526", CHECKER_RDAC },
	{ "IBM", "3542", CHECKER_RDAC }, /* FAStT200 */
	{ "IBM", "3552", CHECKER_RDAC }, /* FAStT500 */
	{ "DELL", "MD3", CHECKER_RDAC }, /* PowerVault MD3000 to MD38xx */
	{ "NETAPP", "INF-01-00", CHECKER_RDAC },
	{ "LSI", "INF-01-00", CHECKER_RDAC },
	{ "ENGENIO", "INF-01-00", CHECKER_RDAC },
	{ "LENOVO", "DE_Series", CHECKER_RDAC },
	{ "FUJITSU", "ETERNUS_AHB", CHECKER_RDAC },
	{ "SGI", "TP9300", CHECKER_RDAC },
	{ "SGI", "TP9400", CHECKER_RDAC },
	{ "SGI", "TP9500", CHECKER_RDAC },
	{ "SGI", "TP9700", CHECKER_RDAC },
	{ "SGI", "IS", CHECKER_RDAC },
	{ "STK", "OPENstorage", CHECKER_RDAC },
	{ "STK", "FLEXLINE 380", CHECKER_RDAC },
	{ "STK", "BladeCtlr", CHECKER_RDAC },
	{ "SUN", "CSM100_R", CHECKER_RDAC },
	{ "SUN", "CSM200_R", CHECKER_RDAC },
	{ "SUN", "LCSM100_", CHECKER_RDAC },
	{ "SUN", "STK6580_6780", CHECKER_RDAC },
	{ "SUN", "SUN_6180", CHECKER_RDAC },
	{ "SUN", "ArrayStorage", CHECKER_RDAC },
	/* EMC CLARiiON and VNX, in PNR mode (failover mode 1). */
	{ "DGC", "RAID", CHECKER_EMC_CLARIION },
	{ "DGC", "DISK", CHECKER_EMC_CLARIION },
	{ "DGC", "VRAID", CHECKER_EMC_CLARIION },
	/* HP StorageWorks with firmware for active/passive controllers. */
	{ "COMPAQ", "MSA1000", CHECKER_HP_SW },
	{ "HP", "MSA1000", CHECKER_HP_SW },
	{ "COMPAQ", "HSV110", CHECKER_HP_SW }, /* EVA 5000 */
	{ "HP", "HSV110", CHECKER_HP_SW },
	{ "COMPAQ", "HSV100", CHECKER_HP_SW }, /* EVA 3000 */
	{ "HP", "HSV100", CHECKER_HP_SW },
	{ "DEC", "HSG80", CHECKER_HP_SW },
};
const size_t hardware_count = ARRAY_LEN(hardware_table);

const struct hardware *hardware_find(const char *vendor, const char *product)
{
	if (vendor == NULL || product == NULL)
		return NULL;
	for (size_t i = 0; i < hardware_count; i++) {
		const struct hardware *h = &hardware_table[i];

		if (strcmp(h->vendor, vendor) == 0 &&
		    strncmp(h->product, product, strlen(h->product)) == 0)
			return h;
	}
	return NULL;
}

/* The vendors and product_blacklist of multipathd's own table, DASDs apart, which are disks. */
const struct hardware_excluded hardware_excluded_table[] = {
	{ "SGI", "Universal Xport" },
	{ "^DGC", "LUNZ" },
	{ "EMC", "LUNZ" },
	{ "DELL", "Universal Xport" },
	{ "FUJITSU", "Universal Xport" },
	{ "IBM", "Universal Xport" },
	{ "LENOVO", "Universal Xport" },
	{ "NETAPP", "Universal Xport" },
	{ "LSI", "Universal Xport" },
	{ "ENGENIO", "Universal Xport" },
	{ "STK", "Universal Xport" },
	{ "SUN", "Universal Xport" },
	{ "Intel", "VTrak V-LUN" },
	{ "INTEL", "VTrak V-LUN" },
	{ "Promise", "VTrak V-LUN" },
	{ "Promise", "Vess V-LUN" },
	{ "Quantum", "cvfsctl" },
};
const size_t hardware_excluded_count = ARRAY_LEN(hardware_excluded_table);

bool hardware_is_excluded(const char *vendor, const char *product)
{
	if (vendor == NULL || product == NULL)
		return false;
	for (size_t i = 0; i < hardware_excluded_count; i++) {
		const struct hardware_excluded *e = &hardware_excluded_table[i];
		bool vendor_matches = e->vendor[0] == '^'
		                              ? strncmp(vendor, e->vendor + 1,
		                                        strlen(e->vendor + 1)) == 0
		                              : strstr(vendor, e->vendor) != NULL;

		if (vendor_matches && strstr(product, e->product) != NULL)
			return true;
	}
	return false;
}
