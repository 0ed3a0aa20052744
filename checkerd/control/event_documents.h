/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_EVENT_DOCUMENTS_H
#define CHECKERD_CONTROL_EVENT_DOCUMENTS_H

/*
 * The JSON objects of events and histories: io.checkerd.Control.varlink describes them. Each function
 * writes one piece, which fits into an empty buffer of OUT_SIZE.
 */
#include "checkerd/control/changes.h"
#include "checkerd/control/json_writer.h"
#include "checkerd/control/view.h"

/* path: NULL: the path was removed. */
void document_history(struct jw *j, const struct snapshot *s,
                      const struct snap_path *path, const char *name,
                      const struct changes *changes);
/* An event; document_event_names() and document_event_end() follow if it has records of names. */
void document_event(struct jw *j, const struct event *e);
void document_event_names(struct jw *j, const char *names);
void document_event_end(struct jw *j);

#endif
