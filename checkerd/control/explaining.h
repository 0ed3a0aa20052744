/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_EXPLAINING_H
#define CHECKERD_CONTROL_EXPLAINING_H

/*
 * The method Explain: discovery says why a device is watched or not, and where its settings come
 * from; the snapshot says in which state it is, and what happens next. The control thread's own.
 */
#include "checkerd/control/method.h"

/* Makes the explanation that is passed to the loop. */
method_step explaining_prepare;
method_step explaining_conclude;
write_piece explaining_write;

#endif
