/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_IDENTIFY_DEVICE_H
#define LIBCHECK_CHECKERS_IDENTIFY_DEVICE_H

/* The command of every checker that asks which device a descriptor leads to. */
#include "libcheck/checkers/checker.h"

/* Asks for the WWID. It may block: rescuers only. */
void identify_device(int fd, struct checker_reply *ret);

#endif
