/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers of parameters: they own nothing. The control thread runs them. */
#include "checkerd/control/request.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/document_path.h"
#include "checkerd/control/json_reader.h"
#include "checkerd/control/view.h"
#include "util/syslog_level.h"

/* The names fit where the array was: each had two quotes, and no escape is shorter than the
 * character that it stands for. */
bool request_read_names(char *value, struct request *r)
{
	char *to = value;
	uint32_t n = 0;
	struct jr j;

	if (jr_type(value) != JR_ARRAY)
		return false;
	jr_begin(&j, value);
	while (jr_next(&j)) {
		size_t length;

		if (jr_type(j.value) != JR_STRING)
			return false;
		length = jr_string(j.value, to);
		/* A name with a NUL inside would be taken for two. */
		if (strlen(to) != length)
			return false;
		to += length + 1;
		n++;
	}
	r->has_names = true;
	r->n_names = n;
	r->names = value;
	return true;
}

static bool read_bool(const char *value, bool *ret)
{
	if (jr_type(value) != JR_BOOL)
		return false;
	*ret = jr_bool(value);
	return true;
}

bool request_read_wait(char *value, struct request *r)
{
	return read_bool(value, &r->wait);
}

bool request_read_force(char *value, struct request *r)
{
	return read_bool(value, &r->force);
}

bool request_read_fail(char *value, struct request *r)
{
	return read_bool(value, &r->fail);
}

bool request_read_path_series(char *value, struct request *r)
{
	bool with;

	if (!read_bool(value, &with))
		return false;
	r->without_paths = !with;
	return true;
}

bool request_read_path_latency(char *value, struct request *r)
{
	return read_bool(value, &r->latency);
}

/* The text replaces the value. An empty one would be taken for "any". */
static bool read_text(char *value, const char **ret)
{
	if (jr_type(value) != JR_STRING || jr_string(value, value) != strlen(value) ||
	    *value == '\0')
		return false;
	*ret = value;
	return true;
}

bool request_read_host(char *value, struct request *r)
{
	return read_text(value, &r->select.host);
}

bool request_read_target(char *value, struct request *r)
{
	return read_text(value, &r->select.target);
}

bool request_read_map(char *value, struct request *r)
{
	return read_text(value, &r->select.map);
}

static const char *state_word(unsigned kind)
{
	return kind == PATH_KIND_DISABLED ? VIEW_DISABLED
	                                  : path_state_name((enum path_state)kind);
}

bool request_read_states(char *value, struct request *r)
{
	struct jr j;

	if (jr_type(value) != JR_ARRAY)
		return false;
	jr_begin(&j, value);
	while (jr_next(&j)) {
		uint32_t found = 0;

		if (jr_type(j.value) != JR_STRING)
			return false;
		for (unsigned kind = 0; kind < PATH_KINDS; kind++)
			if (jr_is(j.value, state_word(kind)))
				found = UINT32_C(1) << kind;
		if (found == 0)
			return false;
		r->select.states |= found;
	}
	return r->select.states != 0;
}

bool request_read_fields(char *value, struct request *r)
{
	struct jr j;

	if (jr_type(value) != JR_ARRAY)
		return false;
	jr_begin(&j, value);
	while (jr_next(&j)) {
		uint64_t found = 0;

		if (jr_type(j.value) != JR_STRING)
			return false;
		for (unsigned i = 0; i < DOCUMENT_PATH_KEYS && found == 0; i++)
			if (jr_is(j.value, document_path_key(i)))
				found = UINT64_C(1) << i;
		if (found == 0)
			return false;
		r->fields |= found;
	}
	return r->fields != 0;
}

bool request_read_duration(char *value, struct request *r)
{
	double s;

	if (jr_type(value) != JR_NUMBER)
		return false;
	s = jr_double(value);
	if (s < 1e-6 || s > DISABLE_MAX_S)
		return false;
	/* The value is positive, so this rounds. libm, which has round(), would be locked too. */
	r->arg = (int64_t)(s * (double)USEC_PER_SEC + 0.5);
	return true;
}

bool request_read_since(char *value, struct request *r)
{
	int64_t since;

	if (jr_type(value) != JR_NUMBER || !jr_int(value, &since) || since < 0)
		return false;
	r->has_since = true;
	r->since = (uint64_t)since;
	return true;
}

bool request_read_level(char *value, struct request *r)
{
	if (jr_type(value) != JR_STRING)
		return false;
	for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
		if (jr_is(value, syslog_level_name(level))) {
			r->arg = level;
			return true;
		}
	return false;
}

bool request_read_interface(char *value, struct request *r)
{
	if (jr_type(value) != JR_STRING)
		return false;
	(void)jr_string(value, value); /* what follows a NUL does not matter */
	(void)snprintf(r->detail, sizeof(r->detail), "%s", value);
	return true;
}

bool request_read_device(char *value, struct request *r)
{
	size_t length;

	if (jr_type(value) != JR_STRING)
		return false;
	length = jr_string(value, value);
	if (length == 0 || length >= sizeof(r->detail) || strlen(value) != length)
		return false;
	memcpy(r->detail, value, length + 1);
	return true;
}

const char *request_next_name(const char *name)
{
	return name + strlen(name) + 1;
}
