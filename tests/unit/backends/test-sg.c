/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sg backend over scripted nodes. A pair of sockets stands for a node of the sg driver: the test
 * reads from its end what the backend has written, and what it sends there is the answer. The
 * driver's own ways are in wrapped calls: sense data are copied when an answer is read, and a read
 * without an answer says EAGAIN, also when the device was removed.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcheck/backends/backend.h"
#include "libcheck/checkers/again.h"
#include "libcheck/checkers/sg_header.h"
#include "libcheck/region/limits.h"

#define NODES_MAX  40
#define TIMEOUT_MS 61000
#define DATA_BYTES 96
#define FOREVER    (-1)

struct node {
	int backend_fd, test_fd;
	struct sg_io_hdr written; /* the last command */
	uint8_t sense[UINT8_MAX]; /* of the answer that is on its way */
	uint8_t data[DATA_BYTES];
	struct backend_request request;
};

static struct node nodes[NODES_MAX];
static int wake_fd;

/* What the next calls of the backend say instead; 0: they are made. */
static struct {
	int write, read, arm; /* errno */
	unsigned times;       /* so often */
} fails;

/* Answers the command of the next write: the device is fast. */
static const struct node *answers_at_once;

/* How often the backend has read a node. */
static unsigned reads;

static bool refuses(int *error)
{
	if (*error == 0)
		return false;
	errno = *error;
	if (--fails.times == 0)
		*error = 0;
	return true;
}

/* --- the driver --- */

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __real_write(int fd, const void *buffer, size_t size);
int __real_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_write(int fd, const void *buffer, size_t size);
int __wrap_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	struct sg_io_hdr *h = buffer;
	ssize_t n;

	if (size != sizeof(*h))
		return __real_read(fd, buffer, size);
	assert_int_equal(h->interface_id, 'S');
	assert_int_equal(h->pack_id, -1); /* any answer */
	reads++;
	if (refuses(&fails.read))
		return -1;
	n = __real_read(fd, buffer, size);
	if (n == 0) {
		errno = EAGAIN; /* the device was removed */
		return -1;
	}
	if (n == (ssize_t)sizeof(*h) && h->sb_len_wr > 0)
		memcpy(h->sbp, h->usr_ptr, MIN(h->sb_len_wr, h->mx_sb_len));
	return n;
}

/* A failure with the sense data of the node. */
static void answer_at_once(const struct node *n, const struct sg_io_hdr *written)
{
	struct sg_io_hdr h = *written;

	h.status = SCSI_CHECK_CONDITION;
	h.sb_len_wr = 8;
	h.usr_ptr = (void *)n->sense;
	assert_int_equal(send(n->test_fd, &h, sizeof(h), MSG_NOSIGNAL), sizeof(h));
}

ssize_t __wrap_write(int fd, const void *buffer, size_t size)
{
	if (size == sizeof(struct sg_io_hdr) && refuses(&fails.write))
		return -1;
	if (answers_at_once != NULL)
		answer_at_once(answers_at_once, buffer);
	answers_at_once = NULL;
	return __real_write(fd, buffer, size);
}

int __wrap_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	return refuses(&fails.arm) ? -1 : __real_epoll_ctl(epoll_fd, op, fd, event);
}

/* --- nodes --- */

static void open_nodes(unsigned n)
{
	int fds[2];

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(wake_fd >= 0);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(socketpair(AF_UNIX,
		                            SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		                            0, fds),
		                 0);
		nodes[i] = (struct node){ .backend_fd = fds[0], .test_fd = fds[1] };
	}
}

static void close_nodes(unsigned n)
{
	close(wake_fd);
	for (unsigned i = 0; i < n; i++) {
		close(nodes[i].backend_fd);
		if (nodes[i].test_fd >= 0)
			close(nodes[i].test_fd);
	}
	assert_true(fails.write == 0 && fails.read == 0 && fails.arm == 0);
}

static void remove_device(struct node *n)
{
	close(n->test_fd);
	n->test_fd = -1;
}

/* --- the backend --- */

static void *set_up(void)
{
	void *context = NULL;

	assert_int_equal(backend_sg.setup(PATHCHECK_GROUP_SLOTS, wake_fd, &context), 0);
	assert_non_null(context);
	return context;
}

/* A command that asks for data. */
static int submit(void *context, struct node *n)
{
	struct backend_request *r = &n->request;

	*r = (struct backend_request){ .fd = n->backend_fd,
		                       .slot = (uint32_t)(n - nodes),
		                       .buffer = n->data };
	r->scsi.command =
	        (struct scsi_command){ .cdb = { 0x12, 1, 0x83, 0, DATA_BYTES, 0 },
		                       .cdb_size = 6,
		                       .data_size = DATA_BYTES };
	r->scsi.timeout_ms = TIMEOUT_MS;
	return backend_sg.submit(context, &r, 1);
}

/* Takes what the backend has written to the node. */
static void take_command(struct node *n)
{
	assert_int_equal(recv(n->test_fd, &n->written, sizeof(n->written), 0),
	                 sizeof(n->written));
}

static void submit_well(void *context, struct node *n)
{
	assert_int_equal(submit(context, n), 1);
	take_command(n);
}

/* The answer of a good command, to be changed. */
static struct sg_io_hdr good_answer(struct node *n)
{
	struct sg_io_hdr h = n->written;

	h.usr_ptr = n->sense;
	return h;
}

static void send_answer(const struct node *n, const struct sg_io_hdr *h)
{
	assert_int_equal(send(n->test_fd, h, sizeof(*h), MSG_NOSIGNAL), sizeof(*h));
}

static void answer_well(struct node *n)
{
	struct sg_io_hdr h = good_answer(n);

	send_answer(n, &h);
}

static int reap(void *context, struct backend_event *events, unsigned n)
{
	return backend_sg.reap(context, events, n, 0);
}

/* The only event, of this node. */
static int64_t reap_one(void *context, const struct node *n)
{
	struct backend_event e[2];

	assert_int_equal(backend_sg.reap(context, e, ARRAY_LEN(e), FOREVER), 1);
	assert_ptr_equal(e[0].request, &n->request);
	assert_int_equal(reap(context, e, ARRAY_LEN(e)), 0);
	return e[0].result;
}

/* --- tests --- */

static void the_header_of_a_command(void **state)
{
	struct node *n = &nodes[0];
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	assert_int_equal(n->written.interface_id, 'S');
	assert_int_equal(n->written.dxfer_direction, SG_DXFER_FROM_DEV);
	assert_int_equal(n->written.dxfer_len, DATA_BYTES);
	assert_ptr_equal(n->written.dxferp, n->data);
	assert_int_equal(n->written.cmd_len, 6);
	assert_ptr_equal(n->written.cmdp, n->request.scsi.command.cdb);
	assert_int_equal(n->written.timeout, TIMEOUT_MS);
	assert_int_equal(n->written.mx_sb_len, SG_SENSE_BYTES);
	assert_int_equal(n->written.pack_id, n->request.scsi.number);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);
	backend_sg.destroy(context);
	close_nodes(1);
}

static void each_field_of_an_answer(void **state)
{
	static const uint8_t fixed[18] = { 0x70, 0, 0x02, 0, 0, 0, 0, 10, 0,
		                           0,    0, 0,    4, 3, 0, 0, 0,  0 };
	struct node *n = &nodes[0];
	const struct scsi_answer *a = &n->request.scsi.answer;
	struct sg_io_hdr h;
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	h = good_answer(n);
	h.resid = 90;
	send_answer(n, &h);
	assert_int_equal(reap_one(context, n), 0);
	assert_int_equal(a->got, DATA_BYTES - 90);
	assert_int_equal(a->status, SCSI_GOOD);
	assert_int_equal(a->host, 0);
	assert_int_equal(a->driver, 0);
	assert_false(a->sense.valid);

	submit_well(context, n);
	h = good_answer(n);
	h.resid = DATA_BYTES;
	h.status = SCSI_CHECK_CONDITION;
	h.driver_status = 0x08;
	h.sb_len_wr = sizeof(fixed);
	memcpy(n->sense, fixed, sizeof(fixed));
	send_answer(n, &h);
	assert_int_equal(reap_one(context, n), 0);
	assert_int_equal(a->got, 0);
	assert_int_equal(a->status, SCSI_CHECK_CONDITION);
	assert_int_equal(a->driver, 0);
	assert_true(a->sense.valid);
	assert_int_equal(a->sense.key, 0x02);
	assert_int_equal(a->sense.code, 0x04);
	assert_int_equal(a->sense.qualifier, 0x03);

	submit_well(context, n);
	h = good_answer(n);
	h.host_status = 0x07;
	h.driver_status = 0x06;
	send_answer(n, &h);
	assert_int_equal(reap_one(context, n), 0);
	assert_int_equal(a->host, 0x07);
	assert_int_equal(a->driver, 0x06);
	assert_int_equal(a->status, SCSI_GOOD);
	assert_false(a->sense.valid); /* that of the last command is not its own */
	backend_sg.destroy(context);
	close_nodes(1);
}

/* Answers of many nodes in another order, some at a time: each request gets its own, once. */
static void answers_out_of_order(void **state)
{
	struct backend_event events[8];
	bool answered[NODES_MAX] = { false };
	unsigned all = 0;
	void *context;
	int got;

	(void)state; /* no fixture */
	open_nodes(NODES_MAX);
	context = set_up();
	for (unsigned i = 0; i < NODES_MAX; i++)
		submit_well(context, &nodes[i]);
	assert_int_equal(reap(context, events, ARRAY_LEN(events)), 0);
	for (unsigned i = NODES_MAX; i-- > 0;) {
		struct sg_io_hdr h = good_answer(&nodes[i]);

		h.resid = (int)i;
		h.status = SCSI_CHECK_CONDITION;
		h.sb_len_wr = 8;
		nodes[i].sense[0] = 0x72;
		nodes[i].sense[1] = 0x03;
		nodes[i].sense[2] = (uint8_t)i;
		send_answer(&nodes[i], &h);
	}
	do {
		got = backend_sg.reap(context, events, ARRAY_LEN(events), 0);
		for (int i = 0; i < got; i++) {
			struct node *n =
			        container_of(events[i].request, struct node, request);
			unsigned number = (unsigned)(n - nodes);

			assert_int_equal(events[i].result, 0);
			assert_false(answered[number]);
			answered[number] = true;
			assert_int_equal(n->request.scsi.answer.got, DATA_BYTES - number);
			assert_int_equal(n->request.scsi.answer.sense.code, number);
			all++;
		}
	} while (got == (int)ARRAY_LEN(events)); /* fewer: there are no more */
	assert_int_equal(all, NODES_MAX);
	assert_int_equal(reap(context, events, ARRAY_LEN(events)), 0);
	backend_sg.destroy(context);
	close_nodes(NODES_MAX);
}

static void a_second_command_on_a_node(void **state)
{
	struct node *n = &nodes[0];
	int32_t first;
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	for (unsigned i = 0; i < 3; i++) {
		submit_well(context, n);
		first = n->request.scsi.number;
		answer_well(n);
		assert_int_equal(reap_one(context, n), 0);
		submit_well(context, n);
		assert_int_not_equal(n->request.scsi.number, first);
		answer_well(n);
		assert_int_equal(reap_one(context, n), 0);
	}
	backend_sg.destroy(context);
	close_nodes(1);
}

/* No event comes for it, and the next command is answered as usual. */
static void an_answer_at_once(void **state)
{
	struct node *n = &nodes[1];
	struct backend_event e;
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	submit_well(context, &nodes[0]);
	memcpy(n->sense, ((uint8_t[]){ 0x72, 0x06, 0x29 }), 3);
	answers_at_once = n;
	assert_int_equal(submit(context, n), BACKEND_ANSWERED);
	take_command(n);
	assert_int_equal(n->request.scsi.answer.status, SCSI_CHECK_CONDITION);
	assert_int_equal(n->request.scsi.answer.sense.code, 0x29);
	assert_int_equal(reap(context, &e, 1), 0);
	submit_well(context, n);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);
	answer_well(&nodes[0]);
	assert_int_equal(reap_one(context, &nodes[0]), 0);
	backend_sg.destroy(context);
	close_nodes(2);
}

/* With an answer that is there when it is written. True: the backend has looked. */
static bool is_answered_at_once(void *context, struct node *n)
{
	bool answered;

	answers_at_once = n;
	answered = submit(context, n) == BACKEND_ANSWERED;
	take_command(n);
	if (!answered)
		assert_int_equal(reap_one(context, n), 0);
	return answered;
}

/* Its node is read once a command, but for a few that look whether it has become fast. */
static void a_slow_device(void **state)
{
	struct node *n = &nodes[0];
	unsigned commands = 200, slow = 0;
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	reads = 0;
	for (unsigned i = 0; i < commands; i++) {
		submit_well(context, n);
		answer_well(n);
		assert_int_equal(reap_one(context, n), 0);
	}
	assert_in_range(reads, commands + 2, commands + commands / 10);
	assert_true(is_answered_at_once(context, &nodes[1])); /* of another device */
	while (!is_answered_at_once(context, n))
		assert_true(++slow < commands);
	for (unsigned i = 0; i < commands; i++)
		assert_true(is_answered_at_once(context, n));
	/* One late answer is no slow device. */
	submit_well(context, n);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);
	assert_true(is_answered_at_once(context, n));
	backend_sg.destroy(context);
	close_nodes(2);
}

/* An answer that waits for the reaper keeps its own sense data. */
static void sense_of_two_nodes(void **state)
{
	struct sg_io_hdr h;
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	submit_well(context, &nodes[0]);
	submit_well(context, &nodes[1]);
	assert_ptr_not_equal(nodes[0].written.sbp, nodes[1].written.sbp);
	h = good_answer(&nodes[0]);
	send_answer(&nodes[0], &h);
	assert_int_equal(reap_one(context, &nodes[0]), 0);
	backend_sg.destroy(context);
	close_nodes(2);
}

/* It is no answer of the device to this one, which is still waited for. */
static void an_answer_to_another_command(void **state)
{
	struct node *n = &nodes[0];
	struct backend_event e;
	struct sg_io_hdr h;
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	h = good_answer(n);
	h.pack_id++;
	send_answer(n, &h);
	assert_int_equal(reap(context, &e, 1), 0);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);
	backend_sg.destroy(context);
	close_nodes(1);
}

/* Its node is readable from then on, but its command is answered once. */
static void a_device_that_is_removed(void **state)
{
	struct backend_event e[2];
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	submit_well(context, &nodes[0]);
	submit_well(context, &nodes[1]);
	remove_device(&nodes[0]);
	assert_int_equal(reap_one(context, &nodes[0]), -ENODEV);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(backend_sg.reap(context, e, ARRAY_LEN(e), 1), 0);
	answer_well(&nodes[1]);
	assert_int_equal(reap_one(context, &nodes[1]), 0);
	backend_sg.destroy(context);
	close_nodes(2);
}

static void an_answer_before_the_removal(void **state)
{
	struct node *n = &nodes[0];
	struct sg_io_hdr h;
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	h = good_answer(n);
	h.host_status = 1;
	send_answer(n, &h);
	remove_device(n);
	assert_int_equal(reap_one(context, n), 0);
	assert_int_equal(n->request.scsi.answer.host, 1);
	backend_sg.destroy(context);
	close_nodes(1);
}

/* An event without an answer: the node is armed again. */
static void an_event_too_early(void **state)
{
	struct backend_event e[2];
	struct node *n = &nodes[0];
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	answer_well(n);
	fails.read = EAGAIN;
	fails.times = 1;
	assert_int_equal(reap(context, e, ARRAY_LEN(e)), 0);
	assert_int_equal(reap_one(context, n), 0);
	backend_sg.destroy(context);
	close_nodes(1);
}

/* It cannot be armed again: the check must not wait without end. */
static void an_event_too_early_without_memory(void **state)
{
	struct backend_event e[2];
	struct node *n = &nodes[0];
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	submit_well(context, n);
	answer_well(n);
	fails.read = EAGAIN;
	fails.arm = ENOMEM;
	fails.times = 2;
	assert_int_equal(reap(context, e, ARRAY_LEN(e)), 1);
	assert_int_equal(e[0].result, -EAGAIN);
	fails.read = fails.arm = 0;
	backend_sg.destroy(context);
	close_nodes(1);
}

/* A call that was interrupted is made again, but not for ever. */
static void interrupted_calls(void **state)
{
	struct node *n = &nodes[0];
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	fails.write = EINTR;
	fails.times = TRIES_MAX - 1;
	submit_well(context, n);
	answer_well(n);
	fails.read = EINTR;
	fails.times = TRIES_MAX - 1;
	assert_int_equal(reap_one(context, n), 0);

	fails.write = EINTR;
	fails.times = TRIES_MAX;
	assert_int_equal(submit(context, n), -EINTR);
	backend_sg.destroy(context);
	close_nodes(1);
}

/* Nothing was taken, so no event comes. */
static void a_write_that_is_refused(void **state)
{
	static const int errors[] = { ENODEV, EDOM, EPERM, ENOMEM, EINVAL };
	struct backend_event e[2];
	struct node *n = &nodes[0];
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
		fails.write = errors[i];
		fails.times = 1;
		assert_int_equal(submit(context, n), -errors[i]);
		assert_int_equal(reap(context, e, ARRAY_LEN(e)), 0);
	}
	submit_well(context, n);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);
	remove_device(&nodes[1]);
	assert_int_equal(submit(context, &nodes[1]), -EPIPE);
	assert_int_equal(reap(context, e, ARRAY_LEN(e)), 0);
	backend_sg.destroy(context);
	close_nodes(2);
}

/*
 * The kernel has the command and has no memory to arm the node: its answer is taken at once, so that
 * the next command does not get it.
 */
static void a_node_that_cannot_be_armed(void **state)
{
	struct backend_event e[2];
	struct node *n = &nodes[0];
	struct sg_io_hdr early = { .interface_id = 'S', .pack_id = 77 };
	void *context;

	(void)state; /* no fixture */
	open_nodes(2);
	context = set_up();
	send_answer(n, &early); /* of another command, for who writes this one */
	early.pack_id = 1;
	send_answer(n, &early);
	fails.arm = ENOMEM;
	fails.times = 1;
	assert_int_equal(submit(context, n), -ENOMEM);
	take_command(n);
	assert_int_equal(reap(context, e, ARRAY_LEN(e)), 0);
	submit_well(context, n);
	answer_well(n);
	assert_int_equal(reap_one(context, n), 0);

	/* There is no answer, because the device is removed. */
	assert_int_equal(shutdown(nodes[1].test_fd, SHUT_WR), 0);
	fails.arm = ENOSPC;
	fails.times = 1;
	assert_int_equal(submit(context, &nodes[1]), -ENOMEM);
	backend_sg.destroy(context);
	close_nodes(2);
}

static void a_sleep_ends(void **state)
{
	static const uint64_t one = 1;
	struct backend_event e[2];
	uint64_t n = 0;
	void *context;

	(void)state; /* no fixture */
	open_nodes(1);
	context = set_up();
	assert_int_equal(backend_sg.reap(context, e, ARRAY_LEN(e), 1), 0);
	assert_int_equal(write(wake_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(backend_sg.reap(context, e, ARRAY_LEN(e), FOREVER), 0);
	assert_int_equal(read(wake_fd, &n, sizeof(n)), -1); /* it was cleared */
	assert_int_equal(errno, EAGAIN);
	/* Both at once. */
	submit_well(context, &nodes[0]);
	answer_well(&nodes[0]);
	assert_int_equal(write(wake_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(reap_one(context, &nodes[0]), 0);
	assert_int_equal(read(wake_fd, &n, sizeof(n)), -1);
	backend_sg.destroy(context);
	close_nodes(1);
}

/* A path that another group takes: the node is still known to the first group's context. */
static void a_node_that_moves(void **state)
{
	struct backend_event e[2];
	struct node *n = &nodes[0];
	void *from, *to;

	(void)state; /* no fixture */
	open_nodes(2);
	from = set_up();
	to = set_up();
	for (unsigned i = 0; i < 2; i++) {
		submit_well(from, n);
		answer_well(n);
		assert_int_equal(reap_one(from, n), 0);
		submit_well(to, n);
		answer_well(n);
		assert_int_equal(reap(from, e, ARRAY_LEN(e)), 0);
		assert_int_equal(reap_one(to, n), 0);
	}
	/* The first context ends, and the node stays armed in the other one. */
	submit_well(to, n);
	backend_sg.destroy(from);
	answer_well(n);
	assert_int_equal(reap_one(to, n), 0);
	/* A context ends with a command in flight: it waits for nothing. */
	submit_well(to, &nodes[1]);
	backend_sg.destroy(to);
	close_nodes(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_of_a_command),
		cmocka_unit_test(each_field_of_an_answer),
		cmocka_unit_test(answers_out_of_order),
		cmocka_unit_test(a_second_command_on_a_node),
		cmocka_unit_test(an_answer_to_another_command),
		cmocka_unit_test(a_device_that_is_removed),
		cmocka_unit_test(an_answer_before_the_removal),
		cmocka_unit_test(an_event_too_early),
		cmocka_unit_test(an_event_too_early_without_memory),
		cmocka_unit_test(interrupted_calls),
		cmocka_unit_test(an_answer_at_once),
		cmocka_unit_test(a_slow_device),
		cmocka_unit_test(sense_of_two_nodes),
		cmocka_unit_test(a_write_that_is_refused),
		cmocka_unit_test(a_node_that_cannot_be_armed),
		cmocka_unit_test(a_sleep_ends),
		cmocka_unit_test(a_node_that_moves),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* a write to a removed node says EPIPE */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
