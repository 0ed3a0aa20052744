/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of the control socket, with the product's server and a loop that answers. The
 * first byte selects who the client is, the second how many bytes it sends at once, the
 * third how the loop answers. The client sends the rest. Each message that it receives is
 * JSON without control characters. A client gets at most one reply a request. A client
 * other than root changes nothing. After it has disconnected, the server holds nothing for
 * it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerd/answers/waits.h"
#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/notifications.h"
#include "checkerd/control/parked.h"
#include "checkerd/control/queued.h"
#include "checkerd/control/server.h"
#include "checkerd/control/varlink.h"
#include "tests/fuzz/fuzz.h"
#include "tests/strict_json.h"

#define PATHS 4
/* The server's time advances by this with each round. */
#define STEP_US USEC_PER_SEC
/* Rounds after the last byte. */
#define ROUNDS_MAX 256
#define CHUNKS_MAX 32
#define SENT_MAX   (4 * REQUEST_MAX)
/* Too small for most replies. */
#define SOCKET_SIZE 4608

static struct server server;
static struct waits waits;
static struct service *const service = &server.service;
static struct device *devices[PATHS];
static struct text *config_text;
static uint64_t event_seq;

/* The beginning of the message that the client is receiving. */
static struct {
	int fd;
	char *data;
	size_t used, size;
	unsigned messages; /* that end a reply */
	bool privileged;
} client;

/* --- the loop --- */

static void make_devices(void)
{
	static const struct device_spec specs[PATHS] = {
		{ .name = "sda", .node = "/dev/sda", .devt_major = 8, .alias = "left" },
		{ .name = "sdb",
		  .node = "/dev/sdb",
		  .devt_major = 8,
		  .devt_minor = 16,
		  .map = "m1",
		  .wwid = "3600",
		  .vendor = "IBM",
		  .hcil = "1:0:0:1" },
		/* Discovery rejects such a device. */
		{ .name = "\x1b[2J\xff", .node = "/dev/\xc3", .alias = "\xed\xa0\x80" },
		{ .name = "nvme0n1",
		  .node = "/dev/nvme0n1",
		  .devt_major = 259,
		  .map = "m1",
		  .sysfs_state = "live",
		  .protocol = "nvme:tcp" },
	};
	static const char text[] = "defaults {\n\tdiscovery static\n}\n";

	for (unsigned i = 0; i < PATHS; i++)
		REQUIRE(device_new(&devices[i], &specs[i]) == 0, "no memory");
	REQUIRE(text_new(&config_text, text, strlen(text)) == 0, "no memory");
}

static void publish_snapshot(void)
{
	struct snapshot *s = port_loop_snapshot_begin(service->port);

	REQUIRE(s, "asked for, and there is no room for it");
	s->taken = service->now; /* ahead of the clock */
	s->ready = true;
	for (uint32_t i = 0; i < PATHS; i++)
		s->paths[s->n_paths++] = (struct snap_path){
			.device = device_ref(devices[i]),
			.index = i,
			.generation = 1,
			.status.state = i % 2 == 0 ? PATH_UP : PATH_DOWN,
			.status.since = mono_add(s->taken, -10 * USEC_PER_SEC),
			.due = MONO_NEVER,
			.enabled = i != 0,
			.engine = PATHCHECK_ENGINE_AIO,
			.checker = CHECKER_DIRECTIO,
			.interval_us = 5 * USEC_PER_SEC,
			.timeout_us = 30 * USEC_PER_SEC,
			.in_map = REGISTRY_NONE,
		};
	s->aio_nr = s->aio_max_nr = -1;
	s->config_text = text_ref(config_text);
	port_loop_snapshot_publish(service->port, s);
}

static void answer(const struct port_request *r, uint8_t how)
{
	static const int errors[] = { 0, ESTALE, EBUSY, EPERM, ENXIO, EIO, EINVAL, 0 };
	struct port_reply reply = {
		.token = r->token,
		.error = errors[how % ARRAY_LEN(errors)],
		.state = PATH_UP,
	};

	if (r->batch != NULL) {
		reply.content = PORT_CONTENT_BATCH;
		reply.batch = r->batch;
	} else if (r->explanation != NULL) {
		reply.content = PORT_CONTENT_EXPLANATION;
		reply.explanation = r->explanation;
	}

	for (uint32_t i = 0; r->batch != NULL && i < r->batch->n; i++) {
		REQUIRE(r->batch->items[i].index < PATHS, "path %u",
		        r->batch->items[i].index);
		r->batch->items[i].error = i == 0 ? reply.error : 0;
	}
	if (r->op == PORT_SNAPSHOT) {
		publish_snapshot();
		return;
	}
	REQUIRE(r->op == PORT_PING || r->op == PORT_RELOAD || r->op == PORT_LOG_LEVEL ||
	                r->op == PORT_RELEASE || r->batch != NULL || r->path < PATHS,
	        "path %u", r->path);
	if (r->explanation != NULL) {
		r->explanation->found = (how & 8) != 0;
		r->explanation->n_settings = how % 3;
		r->explanation->settings[0] =
		        (struct explanation_setting){ .keyword = "fail_checks",
			                              .value = "2" };
		r->explanation->settings[1] =
		        (struct explanation_setting){ .keyword = "keep_open" };
	}
	REQUIRE(client.privileged || r->op == PORT_PING || r->op == PORT_EXPLAIN ||
	                r->op == PORT_READ_TIMERS,
	        "carried out for a stranger: %d", r->op);
	if (r->op == PORT_CHECK && r->wait) {
		waits_add(&waits, r);
		return;
	}
	if (r->op == PORT_RELOAD)
		REQUIRE(text_new(&reply.text, "nothing\tchanged\x1b", 16) == 0,
		        "no memory");
	port_loop_reply(service->port, &reply);
}

static void loop_round(uint8_t how)
{
	struct port_request r;
	struct event e = {
		.seq = event_seq + 1,
		.realtime_us = (int64_t)event_seq * USEC_PER_SEC,
		.type = EVENT_PATH_STATE,
		.path = "sda",
		.from = "up",
		.to = "down",
		.message = "sda: down\x1b\xff",
	};

	port_loop_clear(service->port);
	while (port_loop_next(service->port, &r))
		answer(&r, how);
	for (uint32_t i = 0; i < PATHS; i++)
		waits_complete(&waits, i, 0, PATH_UP);
	if ((how & 0x80) != 0) {
		port_loop_event(service->port, &e);
		event_seq++;
	}
}

/* The next input begins without events. */
static void forget_events(void)
{
	if (event_seq == 0)
		return;
	event_seq = 0;
	history_deinit(&service->history);
	REQUIRE(history_init(&service->history) == 0, "no memory");
}

/* --- the client --- */

static void look_at_message(const char *text, size_t size)
{
	struct json_object *o, *more = NULL;

	REQUIRE(fuzz_is_plain(text, size, ""), "%s", text);
	o = strict_json(text, size);
	REQUIRE(o && json_object_is_type(o, json_type_object), "no JSON: %s", text);
	REQUIRE(json_object_object_get(o, "parameters"), "no reply: %s", text);
	if (!json_object_object_get_ex(o, "continues", &more) ||
	    !json_object_get_boolean(more))
		client.messages++;
	json_object_put(o);
}

/* Returns true if bytes have arrived. */
static bool client_reads(void)
{
	bool any = false;

	for (;;) {
		size_t searched = client.used;
		char *end;
		ssize_t n;

		if (client.used == client.size) {
			client.size = 2 * client.size + 4096;
			client.data = realloc(client.data, client.size);
			REQUIRE(client.data, "no memory");
		}
		n = recv(client.fd, client.data + client.used, client.size - client.used,
		         MSG_DONTWAIT);
		if (n <= 0)
			return any;
		any = true;
		client.used += (size_t)n;
		while ((end = memchr(client.data + searched, '\0',
		                     client.used - searched))) {
			size_t whole = (size_t)(end + 1 - client.data);

			look_at_message(client.data, whole - 1);
			client.used -= whole;
			memmove(client.data, end + 1, client.used);
			searched = 0;
		}
	}
}

static void client_comes(struct client *c, uint8_t who)
{
	int pair[2], size = SOCKET_SIZE;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	                   pair) == 0,
	        "no sockets");
	REQUIRE(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0,
	        "no small socket");
	REQUIRE(client_init(service, c, pair[0]) == 0, "no memory");
	c->call.borrower.privileged = client.privileged = (who & 1) != 0;
	client.fd = pair[1];
	client.messages = 0;
	client.used = 0;
}

/* Runs the server and the loop once. Returns true if the client has received something. */
static bool a_round(struct client *c, uint8_t how)
{
	service->now = mono_add(service->now, STEP_US);
	if (c->state != CLIENT_FREE)
		client_run(service, c);
	(void)queued_serve(service);
	(void)parked_request_snapshot(
	        service); /* each round takes a second, so the test need not wait */
	loop_round(how);
	notifications_take(service);
	return client_reads();
}

static void client_goes(struct client *c, uint8_t who)
{
	if (c->state != CLIENT_FREE && (who & 2) != 0)
		client_expired(service, c);
	close(client.fd);
	if (c->state != CLIENT_FREE)
		client_hangup(service, c);
	/* A client that has disconnected may have left a oneway call. */
	for (unsigned i = 0; i < 4 && c->state != CLIENT_FREE; i++) {
		service->now = mono_add(service->now, STEP_US);
		(void)parked_request_snapshot(service);
		loop_round(0);
		notifications_take(service);
	}
	if (c->state != CLIENT_FREE)
		client_drop(service, c);
	loop_round(0);
	notifications_take(service);
}

/* --- requests alone --- */

static void look_at_names(const struct request *r, struct json_object *call)
{
	struct json_object *parameters = json_object_object_get(call, "parameters");
	struct json_object *names = NULL;
	const char *name = r->names;

	if (!json_object_object_get_ex(parameters, "paths", &names) || !names)
		names = json_object_object_get(parameters, "maps");
	REQUIRE(names && json_object_array_length(names) == r->n_names, "%u names",
	        r->n_names);
	for (uint32_t i = 0; i < r->n_names; i++) {
		struct json_object *one = json_object_array_get_idx(names, i);
		size_t n = (size_t)json_object_get_string_len(one);

		REQUIRE(strlen(name) == n &&
		                memcmp(name, json_object_get_string(one), n) == 0,
		        "name %u: %s", i, name);
		name = request_next_name(name);
	}
}

/* json-c must accept a request that the server accepted, and read the same values. */
static void look_at_request(const struct request *r, const uint8_t *data, size_t size)
{
	struct json_object *call, *since = NULL;

	call = strict_json_bytes((const char *)data, size);
	REQUIRE(call, "no JSON");
	REQUIRE(r->more == json_object_get_boolean(json_object_object_get(call, "more")),
	        "more");
	if (r->has_since) {
		since = json_object_object_get(json_object_object_get(call, "parameters"),
		                               "since");
		REQUIRE(json_object_get_uint64(since) == r->since, "since");
	}
	if (r->n_names > 0)
		look_at_names(r, call);
	json_object_put(call);
}

static void parse_alone(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct request r;

	REQUIRE(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	if (varlink_parse(text, size, &r) == REQUEST_FINE) {
		REQUIRE(r.arg >= 0, "numbers");
		look_at_request(&r, data, size);
	}
	REQUIRE(memchr(r.detail, '\0', sizeof(r.detail)), "it does not end");
	free(text);
}

static unsigned parse_all(const uint8_t *data, size_t size)
{
	unsigned n = 0;

	while (size > 0) {
		const uint8_t *end = memchr(data, '\0', size);
		size_t one = end ? (size_t)(end - data) : size;

		parse_alone(data, one);
		n += end ? 1 : 0;
		one += end ? 1 : 0;
		data += one;
		size -= one;
	}
	return n;
}

/* --- all of it --- */

void fuzz_begin(void)
{
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct port *port;

	/* The kernel chooses an abstract name, so that no other process connects. */
	REQUIRE(fd >= 0 &&
	                bind(fd, (struct sockaddr *)&nowhere, sizeof(sa_family_t)) == 0 &&
	                listen(fd, 1) == 0,
	        "no socket");
	make_devices();
	REQUIRE(port_new(&port, PATHS) == 0 && waits_init(&waits, port) == 0, "no port");
	REQUIRE(server_init(&server, port, fd, 1) == 0, "no server");
	service->write_timeout_us = service->reply_timeout_us = INT64_MAX / 4;
	service->idle_timeout_us = service->loop_timeout_us = INT64_MAX / 4;
	service->now = mono_now();
	/* accept_clients() would make the place. */
	service->clients[0] = calloc(1, sizeof(struct client));
	REQUIRE(service->clients[0] != NULL, "no memory");
	service->n_clients = 1;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct client *c = service->clients[0];
	uint8_t who = fuzz_byte(&in), chunk = fuzz_byte(&in), how = fuzz_byte(&in);
	size_t at_once = MAX((size_t)chunk * chunk + 1, in.size / CHUNKS_MAX);
	unsigned asked;

	if (in.size > SENT_MAX)
		return;
	asked = parse_all(in.data, in.size);
	client_comes(c, who);
	while (in.size > 0 && c->state != CLIENT_FREE) {
		size_t n = MIN(in.size, at_once);
		ssize_t sent = send(client.fd, in.data, n, MSG_NOSIGNAL);

		if (sent > 0) {
			in.data += sent;
			in.size -= (size_t)sent;
		}
		if (!a_round(c, how) && sent <= 0)
			break; /* the server is blocked: it does not read the rest */
	}
	for (unsigned i = 0; i < ROUNDS_MAX && a_round(c, how & 0x7f); i++)
		continue;
	REQUIRE(client.messages <= asked, "%u replies to %u requests", client.messages,
	        asked);
	client_goes(c, who);
	forget_events();
	REQUIRE(service->budget.borrowed == 0 && service->budget.borrowed_others == 0,
	        "%zu bytes are borrowed", service->budget.borrowed);
	REQUIRE(service->pending.n_free == port_control_replies_max(service->port),
	        "%u free places for answers", service->pending.n_free);
}
