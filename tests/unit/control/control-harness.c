/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-harness.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "checkerd/control/interface.h"
#include "checkerd/control/listen.h"
#include "tests/strict_json.h"

#define PATIENCE_MS 60000 /* then the test fails */

/* --- the loop --- */

static void fill(struct loop *l, struct snapshot *s)
{
	s->started_realtime_us = s->taken_realtime_us - 60 * USEC_PER_SEC;
	s->ready = true;
	for (uint32_t i = 0; i < l->n_paths; i++)
		s->paths[s->n_paths++] = (struct snap_path){
			.device = device_ref(l->devices[i]),
			.index = i,
			.generation = 1,
			.status.state = i % 2 == 0 ? PATH_UP : PATH_DOWN,
			.status.since = mono_add(s->taken, -10 * USEC_PER_SEC),
			.due = MONO_NEVER,
			.enabled = !l->disabled[i],
			.engine = PATHCHECK_ENGINE_AIO,
			.checker = CHECKER_DIRECTIO,
			.group = i / 1024,
			.interval_us = 5 * USEC_PER_SEC,
			.timeout_us = 30 * USEC_PER_SEC,
			.in_map = REGISTRY_NONE,
		};
	s->aio_nr = s->aio_max_nr = -1;
	if (l->config && text_new(&s->config_text, l->config, strlen(l->config)) < 0)
		abort();
	if (l->decorate)
		l->decorate(l, s);
}

void loop_answer_snapshot(struct loop *l, void *arg)
{
	struct snapshot *s = port_loop_snapshot_begin(l->port);

	(void)arg;
	if (s == NULL)
		abort(); /* it must not be requested then */
	fill(l, s);
	port_loop_snapshot_publish(l->port, s);
}

/* A request that changes paths. */
static void answer_batch(struct loop *l, const struct port_request *r,
                         struct port_reply *reply)
{
	bool forces = r->op == PORT_FAIL || r->op == PORT_REINSTATE ||
	              r->op == PORT_SET_MARGINAL || r->op == PORT_UNSET_MARGINAL;
	int error = l->stale ? ESTALE : forces ? l->dm_error : 0;

	reply->content = PORT_CONTENT_BATCH;
	reply->batch = r->batch;
	reply->error =
	        error == EIO || error == EINPROGRESS || error == EAGAIN ? 0 : error;
	for (uint32_t i = 0; i < r->batch->n; i++) {
		struct port_item *t = &r->batch->items[i];

		t->error = error;
		t->state = PATH_UP;
		if (error == 0 && !forces)
			l->disabled[t->index] = r->op == PORT_DISABLE;
	}
}

static void answer(struct loop *l, const struct port_request *r)
{
	struct port_reply reply = { .token = r->token, .state = PATH_UP };

	if (r->explanation != NULL) {
		reply.content = PORT_CONTENT_EXPLANATION;
		reply.explanation = r->explanation;
	}
	if (l->silent) {
		explanation_free(r->explanation);
		return;
	}
	if (r->op == PORT_SNAPSHOT) {
		loop_answer_snapshot(l, NULL);
		return;
	}
	if (r->batch != NULL) {
		answer_batch(l, r, &reply);
	} else if (l->stale && r->op != PORT_PING) {
		reply.error = ESTALE;
	} else if (r->op == PORT_EXPLAIN) {
		r->explanation->found = true;
		if (l->explain != NULL)
			reply.error = l->explain(l, r->explanation);
	} else if ((r->op == PORT_RELOAD && l->reload_busy) ||
	           (r->op == PORT_CHECK && l->disabled[r->path])) {
		reply.error = EBUSY;
	} else if (r->op == PORT_CHECK && r->wait && l->hold_checks) {
		waits_add(&l->waits, r);
		return;
	} else if (r->op == PORT_RELOAD) {
		const char *text = l->reload_error ? l->reload_error : "nothing changed";

		reply.error = l->reload_error ? EINVAL : 0;
		if (text_new(&reply.text, text, strlen(text)) < 0)
			abort();
	}
	port_loop_reply(l->port, &reply);
}

/* Of a batch, which the reply gives back, the last path. */
static void log_request(struct port_request *to, const struct port_request *r)
{
	*to = *r;
	to->batch = NULL;
	to->explanation = NULL;
	if (r->batch != NULL && r->batch->n > 0) {
		to->path = r->batch->items[r->batch->n - 1].index;
		to->generation = r->batch->items[r->batch->n - 1].generation;
	}
}

static void *loop_thread(void *arg)
{
	struct loop *l = arg;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = port_loop_fd(l->port), .events = POLLIN },
			{ .fd = l->wake_fd, .events = POLLIN },
		};
		struct port_request r;
		eventfd_t n;

		poll(fds, 2, -1);
		(void)!eventfd_read(l->wake_fd, &n);
		pthread_mutex_lock(&l->mutex);
		if (l->stop) {
			pthread_mutex_unlock(&l->mutex);
			return NULL;
		}
		if (l->job) {
			l->job(l, l->job_arg);
			l->job = NULL;
			pthread_cond_broadcast(&l->changed);
		}
		pthread_mutex_unlock(&l->mutex);
		port_loop_clear(l->port);
		while (port_loop_next(l->port, &r)) {
			pthread_mutex_lock(&l->mutex);
			if (l->n_log < LOG_MAX)
				log_request(&l->log[l->n_log++], &r);
			pthread_cond_broadcast(&l->changed);
			pthread_mutex_unlock(&l->mutex);
			answer(l, &r);
		}
	}
}

static void wait_for_change(struct loop *l)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	assert_int_equal(pthread_cond_timedwait(&l->changed, &l->mutex, &until), 0);
}

void loop_do(struct loop *l, void (*f)(struct loop *, void *), void *arg)
{
	pthread_mutex_lock(&l->mutex);
	l->job = f;
	l->job_arg = arg;
	(void)!eventfd_write(l->wake_fd, 1);
	while (l->job)
		wait_for_change(l);
	pthread_mutex_unlock(&l->mutex);
}

static unsigned count(struct loop *l, enum port_op op)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n_log; i++)
		n += l->log[i].op == op;
	return n;
}

unsigned loop_count(struct loop *l, enum port_op op)
{
	unsigned n;

	pthread_mutex_lock(&l->mutex);
	n = count(l, op);
	pthread_mutex_unlock(&l->mutex);
	return n;
}

void loop_wait_for(struct loop *l, enum port_op op, unsigned n)
{
	pthread_mutex_lock(&l->mutex);
	while (count(l, op) < n)
		wait_for_change(l);
	pthread_mutex_unlock(&l->mutex);
}

void loop_complete_all(struct loop *l, void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < l->n_paths; i++)
		waits_complete(&l->waits, i, 0, i % 2 == 0 ? PATH_UP : PATH_TIMEOUT);
}

void loop_emit(struct loop *l, void *count_arg)
{
	for (unsigned i = *(unsigned *)count_arg; i > 0; i--) {
		struct event e = {
			.seq = ++l->seq,
			.realtime_us = (int64_t)l->seq * USEC_PER_SEC,
			.type = EVENT_PATH_STATE,
			.path = "sd1",
			.from = "up",
			.to = "down",
			.message = "sd1: down",
		};

		port_loop_event(l->port, &e);
	}
}

/* --- start and stop --- */

void plain_spec(uint32_t i, struct device_spec *ret, char name[64], char node[64])
{
	(void)snprintf(name, 64, "sd%u", i);
	(void)snprintf(node, 64, "/dev/checkerd-test/sd%u", i);
	*ret = (struct device_spec){ .devt_major = 8, .devt_minor = i };
}

static void loop_start(struct loop *l, uint32_t n_paths,
                       void (*spec)(uint32_t, struct device_spec *, char[64], char[64]))
{
	l->n_paths = n_paths;
	l->devices = calloc(n_paths + 1, sizeof(*l->devices));
	l->disabled = calloc(n_paths + 1, sizeof(*l->disabled));
	for (uint32_t i = 0; i < n_paths; i++) {
		char name[64], node[64];
		struct device_spec s;

		spec(i, &s, name, node);
		s.name = name;
		s.node = node;
		assert_int_equal(device_new(&l->devices[i], &s), 0);
	}
	assert_int_equal(port_new(&l->port, n_paths > 0 ? n_paths : 1), 0);
	assert_int_equal(waits_init(&l->waits, l->port), 0);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(l->wake_fd >= 0);
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->changed, NULL);
	assert_int_equal(pthread_create(&l->thread, NULL, loop_thread, l), 0);
}

static void loop_stop(struct loop *l)
{
	pthread_mutex_lock(&l->mutex);
	l->stop = true;
	pthread_mutex_unlock(&l->mutex);
	(void)!eventfd_write(l->wake_fd, 1);
	pthread_join(l->thread, NULL);
	waits_deinit(&l->waits);
	port_free(l->port);
	for (uint32_t i = 0; i < l->n_paths; i++) {
		/* Every snapshot and every request has released its references. */
		assert_int_equal(atomic_load(&l->devices[i]->refs), 1);
		device_unref(l->devices[i]);
	}
	free(l->devices);
	free(l->disabled);
	close(l->wake_fd);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->mutex);
}

void test_start(struct test *t, uint32_t n_paths,
                void (*spec)(uint32_t, struct device_spec *, char[64], char[64]))
{
	strcpy(t->directory, "/tmp/test-control-XXXXXX");
	assert_non_null(mkdtemp(t->directory));
	assert_int_equal(chmod(t->directory, 0755), 0);
	(void)snprintf(t->path, sizeof(t->path), "%s/control", t->directory);
	loop_start(&t->loop, n_paths, spec);
	t->options.port = t->loop.port;
	if (t->options.max_clients == 0)
		t->options.max_clients = 32;
	assert_int_equal(listen_at(t->path, (gid_t)-1, &t->options.listen_fd), 0);
	assert_int_equal(chmod(t->path, 0666), 0);
	assert_int_equal(control_new(&t->control, &t->options), 0);
}

void test_stop(struct test *t)
{
	char lock[128];

	t->control = control_free(t->control);
	loop_stop(&t->loop);
	(void)snprintf(lock, sizeof(lock), "%s.lock", t->path);
	unlink(lock);
	unlink(t->path);
	assert_int_equal(rmdir(t->directory), 0);
}

/* --- clients --- */

int client_connect(const struct test *t)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(a.sun_path, t->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void client_send(int fd, const char *text)
{
	size_t size = strlen(text) + 1;

	assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
}

void client_call(int fd, const char *method, const char *parameters)
{
	size_t size = strlen(method) + strlen(parameters) + 64;
	char *text = malloc(size);

	(void)snprintf(text, size, "{\"method\":\"%s%s\",\"parameters\":%s}",
	               strchr(method, '.') ? "" : "io.checkerd.Control.", method,
	               parameters);
	client_send(fd, text);
	free(text);
}

/* Receives one byte; false: the connection was closed. */
static bool receive_byte(int fd, char *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	return recv(fd, ret, 1, 0) == 1;
}

char *client_receive_text(int fd, size_t *ret_size)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);

	for (;;) {
		ssize_t n;
		char *end;

		if (size == room) {
			room *= 2;
			text = realloc(text, room);
		}
		/* MSG_PEEK: no byte of the next message is taken. */
		n = recv(fd, text + size, room - size, MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0) {
			struct pollfd p = { .fd = fd, .events = POLLIN };

			if (n == 0 || errno != EAGAIN) {
				free(text);
				return NULL;
			}
			assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
			continue;
		}
		end = memchr(text + size, '\0', (size_t)n);
		if (end)
			n = end + 1 - (text + size);
		assert_int_equal(recv(fd, text + size, (size_t)n, 0), n);
		size += (size_t)n;
		if (end) {
			*ret_size = size - 1;
			return text;
		}
	}
}

struct json_object *client_receive(int fd)
{
	struct json_object *o;
	size_t size;
	char *text = client_receive_text(fd, &size);

	if (text == NULL)
		return NULL;
	o = strict_json(text, size);
	if (o == NULL)
		fail_msg("not JSON: %.200s", text);
	free(text);
	return o;
}

bool client_is_closed(int fd)
{
	char byte;

	return !receive_byte(fd, &byte);
}

struct json_object *call(int fd, const char *method, const char *parameters)
{
	struct json_object *reply, *p;

	client_call(fd, method, parameters);
	reply = client_receive(fd);
	assert_non_null(reply);
	if (json_object_object_get(reply, "error"))
		fail_msg("%s: %s", method, json_object_to_json_string(reply));
	p = json_object_get(json_object_object_get(reply, "parameters"));
	assert_non_null(p);
	json_object_put(reply);
	return p;
}

void call_fails(int fd, const char *method, const char *parameters, const char *error,
                const char *value)
{
	struct json_object *reply, *p;
	const char *found = "";

	client_call(fd, method, parameters);
	reply = client_receive(fd);
	assert_non_null(reply);
	assert_string_equal(get_string(reply, "error"), error);
	p = get(reply, "parameters");
	assert_in_range(json_object_object_length(p), 0, 1);
	json_object_object_foreach(p, key, v)
	{
		(void)key;
		found = json_object_get_string(v);
	}
	assert_string_equal(found, value);
	json_object_put(reply);
}

struct json_object *get(struct json_object *o, const char *where)
{
	while (*where) {
		size_t n = strcspn(where, ".[");
		char key[64];

		if (*where == '[') {
			size_t i = strtoul(where + 1, NULL, 10);

			assert_true(json_object_is_type(o, json_type_array));
			assert_true(i < json_object_array_length(o));
			o = json_object_array_get_idx(o, i);
			where += strcspn(where, "]") + 1;
		} else {
			(void)snprintf(key, sizeof(key), "%.*s", (int)n, where);
			if (!json_object_object_get_ex(o, key, &o))
				fail_msg("no key %s", key);
			where += n;
		}
		if (*where == '.')
			where++;
	}
	return o;
}

const char *get_string(struct json_object *o, const char *where)
{
	o = get(o, where);
	if (o == NULL)
		return NULL;
	assert_true(json_object_is_type(o, json_type_string));
	return json_object_get_string(o);
}

int64_t get_int(struct json_object *o, const char *where)
{
	o = get(o, where);
	assert_true(json_object_is_type(o, json_type_int));
	return json_object_get_int64(o);
}

void expect(struct json_object *o, const struct expected *all, size_t n)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	for (size_t i = 0; i < n; i++) {
		struct json_object *found = get(o, all[i].where);
		const char *json = json_object_to_json_string_ext(found, flags);

		if (strcmp(json, all[i].json) != 0)
			fail_msg("%s is %s, not %s", all[i].where, json, all[i].json);
	}
}

void expect_described(struct json_object *o, const char *what)
{
	const char *at = strstr(interface_control, what);

	assert_non_null(at);
	at += strlen(what);
	json_object_object_foreach(o, key, value)
	{
		char field[64];

		(void)value;
		at += strspn(at, " \n");
		(void)snprintf(field, sizeof(field), "%s: ", key);
		if (strncmp(at, field, strlen(field)) != 0)
			fail_msg("%s: %s is not described", what, key);
		at += strcspn(at, ",)\n");
		at += *at == ',';
	}
	at += strspn(at, " \n");
	assert_int_equal(*at, ')');
}
