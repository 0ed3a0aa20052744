/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerctl's handling of replies. The first byte selects the command, the second its
 * options; the rest arrives over the socket unchanged. All output is safe on a terminal.
 * Output in JSON is valid JSON with the same content.
 */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerctl/commands.h"
#include "checkerctl/top.h"
#include "tests/fuzz/fuzz.h"
#include "tests/strict_json.h"

#define SENT_MAX (64 * 1024) /* what a socket buffers without a reader */

static const struct {
	int (*run)(struct ctl *ctl, const char *const *operands, size_t n);
	const char *operand;
} commands[] = {
	{ show_paths, NULL },
	{ show_paths, "sda" },
	{ show_paths_format, "%d %i %t %T %s %w %c %p %S %z %N %n %R %r %a %0" },
	{ show_maps, NULL },
	{ show_topology, NULL },
	{ show_latency, NULL },
	{ show_groups, NULL },
	{ show_status, NULL },
	{ show_config, NULL },
	{ show_memory, NULL },
	{ show_events, NULL },
	{ show_history, "sda" },
	{ run_monitor, NULL },
	{ run_check, "sda" },
	{ run_fail, "sda" },
	{ run_reload, NULL },
	{ run_ping, NULL },
	{ run_metrics, NULL },
	{ run_health, NULL },
};

/* Standard output and error while a command runs. */
static struct {
	FILE *saved_out, *saved_err;
	char *out, *err;
	size_t out_size, err_size;
} printed;

static void catch_output(void)
{
	printed.saved_out = stdout;
	printed.saved_err = stderr;
	stdout = open_memstream(&printed.out, &printed.out_size);
	stderr = open_memstream(&printed.err, &printed.err_size);
}

static void let_output_go(void)
{
	bool done = fclose(stdout) == 0 && fclose(stderr) == 0;

	stdout = printed.saved_out;
	stderr = printed.saved_err;
	REQUIRE(done, "no memory");
}

void fuzz_begin(void)
{
	REQUIRE(setlocale(LC_CTYPE, "C.UTF-8"), "no such locale");
}

/*
 * Makes a socket whose end 0 holds these bytes and then the end of file. Requests go to end
 * 1, which is never read.
 */
static void receive(const uint8_t *data, size_t size, int pair[2])
{
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	                   pair) == 0,
	        "no sockets");
	REQUIRE(size == 0 || send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size,
	        "the socket is too small");
	REQUIRE(shutdown(pair[1], SHUT_WR) == 0, "no end");
}

/* The only reply of a command that takes one reply. */
static void look_at_json(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t line = strcspn(printed.out, "\n");
	json_object *sent, *said, *parameters = NULL;

	REQUIRE(line + 1 == printed.out_size, "more than a line: %s", printed.out);
	printed.out[line] = '\0';
	said = strict_json(printed.out, line);
	REQUIRE(said, "no JSON: %s", printed.out);
	sent = end ? strict_json_parse((const char *)data, (size_t)(end - data), 0)
	           : NULL;
	REQUIRE(sent, "it printed what did not come: %s", printed.out);
	if (fuzz_is_plain((const char *)data, (size_t)(end - data), "\t\n\r") &&
	    json_object_object_get_ex(sent, "parameters", &parameters) &&
	    json_object_is_type(parameters, json_type_object))
		REQUIRE(json_object_equal(parameters, said), "another: %s", printed.out);
	json_object_put(sent);
	json_object_put(said);
}

static void run_command(size_t which, unsigned options, const uint8_t *data, size_t size)
{
	static const char *const columns[] = { NULL, NULL, "+DEVT", "NAME" };
	const char *operands[] = { commands[which].operand, NULL };
	struct ctl_options o = {
		.given = (options & 1 ? OPT_BIT(OPT_JSON) : 0) |
		         (options & 2 ? OPT_BIT(OPT_RAW) : 0) |
		         (options & 4 ? OPT_BIT(OPT_NO_HEADINGS) : 0),
		.socket = "/nowhere",
		.columns = columns[options >> 4 & 3],
		.timeout_us = 60 * USEC_PER_SEC,
	};
	struct ctl ctl = { .options = &o, .connection = CONNECTION_NULL };
	int pair[2], code;

	receive(data, size, pair);
	ctl.connection.fd = pair[0];
	ctl.connection.socket = o.socket;
	ctl.connection.timeout_us = o.timeout_us;
	ctl.connection.deadline = mono_add(mono_now(), o.timeout_us);
	catch_output();
	code = commands[which].run(&ctl, operands, operands[0] ? 1 : 0);
	let_output_go();
	connection_deinit(&ctl.connection);
	close(pair[1]);

	REQUIRE(code >= 0 && code <= 5, "exit code %d", code);
	REQUIRE(fuzz_is_plain(printed.out, printed.out_size, "\n\t"), "printed: %s",
	        printed.out);
	REQUIRE(fuzz_is_plain(printed.err, printed.err_size, "\n\t"), "complained: %s",
	        printed.err);
	if ((options & 1) != 0 && code == 0 && commands[which].run == show_paths)
		look_at_json(data, size);
	free(printed.out);
	free(printed.err);
}

/* --- the live view: a status and a list of paths --- */

static void show_top(unsigned options, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t one = end ? (size_t)(end - data) : size;
	struct fuzz_input rest = { data + one, size - one };
	struct fuzz_input first = { data, one };
	char *texts[2] = { fuzz_string(&first, '\0'), NULL };
	json_object *objects[2];
	struct top top = TOP_NULL;

	(void)fuzz_byte(&rest); /* skips the NUL between them */
	texts[1] = fuzz_string(&rest, '\0');
	for (int i = 0; i < 2; i++) {
		objects[i] = strict_json_parse(texts[i], strlen(texts[i]), 0);
		free(texts[i]);
		if (!json_object_is_type(objects[i], json_type_object)) {
			json_object_put(objects[i]);
			objects[i] = json_object_new_object();
		}
	}
	REQUIRE(top_init(&top, NULL, TOP_PATHS) == 0, "no columns");
	top_update(&top, objects[0], objects[1], 1e9);
	for (unsigned i = 0; i < 3; i++) {
		for (size_t n = 0; n < TOP_HEAD_LINES + top.n_rows && n < 16; n++) {
			char *line = top_line(&top, n, (int)(options % 200));

			REQUIRE(fuzz_is_plain_text(line), "line %zu: %s", n, line);
			free(line);
			(void)top_line_state(&top, n); /* the reply has it, or "" */
		}
		top_sort_next(&top, 1);
		top_scroll(&top, 2, 8);
		top_view(&top, (enum top_by)((options + i) % 3));
	}
	top_deinit(&top);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	size_t which = fuzz_byte(&in) % (ARRAY_LEN(commands) + 1);
	unsigned options = fuzz_byte(&in);

	if (in.size > SENT_MAX)
		return;
	if (which < ARRAY_LEN(commands))
		run_command(which, options, in.data, in.size);
	else
		show_top(options, in.data, in.size);
}
