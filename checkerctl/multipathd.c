/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the connection to multipathd for one request. Memory grows with the bytes that arrive,
 * not with the length that the peer announces. One thread.
 */
#include "checkerctl/multipathd.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/connection.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"

#define CHUNK_BYTES (64u * 1024)

struct reply {
	char *text;
	size_t announced; /* 0: the length has not arrived */
	size_t received;
};

static bool is_multipathd(const char *proc, const char *pid)
{
	char name[PATH_MAX], comm[32] = "";
	FILE *f;

	if (pid[0] < '1' || pid[0] > '9')
		return false;
	(void)snprintf(name, sizeof(name), "%s/%s/comm", proc, pid);
	f = fopen(name, "re");
	if (f == NULL)
		return false; /* the process has ended */
	if (fgets(comm, sizeof(comm), f) == NULL)
		comm[0] = '\0';
	fclose(f);
	return strcmp(comm, "multipathd\n") == 0;
}

bool multipathd_runs(const char *proc)
{
	DIR *folder = opendir(proc);
	struct dirent *entry;
	bool found = false;

	if (folder == NULL)
		return true; /* unknown: the connection shows it */
	while (!found && (entry = readdir(folder)) != NULL)
		found = is_multipathd(proc, entry->d_name);
	closedir(folder);
	return found;
}

/* As multipathd's own commands: the named socket, or the file and then the abstract name. */
static int connect_any(struct connection *c, int64_t timeout_us)
{
	const char *named = getenv(MULTIPATHD_VARIABLE);
	int r;

	if (named != NULL && *named)
		return connection_connect(c, named, timeout_us);
	r = connection_connect(c, MULTIPATHD_SOCKET_FILE, timeout_us);
	if (r == 0 || r == -ETIMEDOUT)
		return r;
	connection_deinit(c);
	return connection_connect(c, MULTIPATHD_SOCKET, timeout_us);
}

static int send_command(struct connection *c, const char *command)
{
	size_t length = strlen(command) + 1;
	int r = connection_write(c, (const char *)&length, sizeof(length));

	return r < 0 ? r : connection_write(c, command, length);
}

static int receive_exactly(struct connection *c, char *data, size_t length)
{
	size_t used = 0;

	while (used < length) {
		size_t n;
		int r = connection_read(c, -1, data + used, length - used, &n);

		if (r < 0)
			return r;
		used += n;
	}
	return 0;
}

static int receive_reply(struct connection *c, struct reply *reply)
{
	size_t length = 0;
	int r = receive_exactly(c, (char *)&length, sizeof(length));

	if (r < 0)
		return r;
	if (length == 0)
		return -EBADMSG;
	reply->announced = length;
	if (length > MULTIPATHD_REPLY_MAX_BYTES)
		return -EMSGSIZE;
	while (reply->received < length) {
		size_t n = MIN(length - reply->received, (size_t)CHUNK_BYTES);
		char *more = realloc(reply->text, reply->received + n);

		if (more == NULL)
			return -ENOMEM;
		reply->text = more;
		r = receive_exactly(c, more + reply->received, n);
		if (r < 0)
			return r;
		reply->received += n;
	}
	/* A text ends with its only NUL. */
	return strnlen(reply->text, length) == length - 1 ? 0 : -EBADMSG;
}

static int complain_timeout(const struct connection *c)
{
	static const char *const stages[] = {
		[CONNECTION_CONNECTING] = "it did not accept the connection",
		[CONNECTION_SENDING] = "it did not read the request",
		[CONNECTION_WAITING] = "it received the request and sent no reply",
		[CONNECTION_RECEIVING] = "only part of its reply came",
	};

	return human_complain(
	        EXIT_UNREACHABLE,
	        "no answer from multipathd on %s within %.10g s: %s; repeat with a "
	        "longer --timeout, and see 'systemctl status multipathd'",
	        c->socket, (double)c->timeout_us / USEC_PER_SEC, stages[c->stage]);
}

static int complain(const struct connection *c, const struct reply *reply, int error)
{
	switch (-error) {
	case ETIMEDOUT:
		return complain_timeout(c);
	case ENOENT:
	case ECONNREFUSED:
		return human_complain(EXIT_UNREACHABLE,
		                      "multipathd does not listen on %s; see 'systemctl "
		                      "status multipathd'",
		                      c->socket);
	case ECONNRESET:
	case EPIPE:
		return human_complain(
		        EXIT_UNREACHABLE,
		        reply->announced == 0
		                ? "multipathd on %s closed the connection without an "
		                  "answer; see 'systemctl status multipathd'"
		                : "multipathd on %s closed the connection in the middle "
		                  "of its reply; repeat the command",
		        c->socket);
	case EMSGSIZE:
		return human_complain(
		        EXIT_UNREACHABLE,
		        "the reply of multipathd on %s has %zu bytes; checkerctl reads "
		        "at "
		        "most %u MiB; see whether this socket is multipathd's",
		        c->socket, reply->announced,
		        MULTIPATHD_REPLY_MAX_BYTES / 1024 / 1024);
	case EBADMSG:
		return human_complain(EXIT_UNREACHABLE,
		                      "the program on %s is not multipathd: its reply is "
		                      "no text",
		                      c->socket);
	default:
		return human_complain(EXIT_UNREACHABLE,
		                      "cannot talk to multipathd on %s: %s", c->socket,
		                      strerror(-error));
	}
}

int multipathd_ask(const char *proc, int64_t timeout_us, const char *command, char **ret)
{
	struct connection c = CONNECTION_NULL;
	struct reply reply = { 0 };
	int r;

	if (getenv(MULTIPATHD_VARIABLE) == NULL && !multipathd_runs(proc))
		return human_complain(EXIT_UNREACHABLE,
		                      "multipathd is not running; start it with "
		                      "'systemctl start multipathd'");
	r = connect_any(&c, timeout_us);
	if (r == 0)
		r = send_command(&c, command);
	if (r == 0)
		r = receive_reply(&c, &reply);
	if (r < 0) {
		r = complain(&c, &reply, r);
		free(reply.text);
	} else {
		*ret = reply.text;
	}
	connection_deinit(&c);
	return r;
}
