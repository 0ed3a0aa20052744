/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd-exporter: shows what checkerd knows over HTTP. Owns the options. main() waits for a
 * signal; threads of libmicrohttpd answer. With a connection that the service manager passes it
 * answers io.systemd.Metrics there instead, without other threads.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "exporter/answers.h"
#include "exporter/http.h"
#include "exporter/listening.h"
#include "exporter/varlink_service.h"

#define DEFAULT_SOCKET RUNSTATEDIR "/checkerd/control"
#define DEFAULT_LISTEN "127.0.0.1:9877"

#define EXIT_USAGE 2

struct options {
	const char *listen;
	struct answers_options answers;
};

static void print_help(void)
{
	printf("Usage: checkerd-exporter [OPTIONS]\n"
	       "\n"
	       "Serves the metrics of checkerd over HTTP, and a page that shows its maps "
	       "and\n"
	       "paths: checkerd-exporter(8).\n"
	       "\n"
	       "  -l, --listen ADDRESS:PORT  listen there (default " DEFAULT_LISTEN ")\n"
	       "  -s, --socket SOCKET        the socket of checkerd\n"
	       "      --no-paths             leave out the series of each path\n"
	       "      --latency              add a histogram of each path\n"
	       "  -h, --help                 print this help\n"
	       "  -V, --version              print the version\n");
}

static int usage(const char *text, const char *what)
{
	(void)fprintf(stderr,
	              "checkerd-exporter: %s%s\nTry 'checkerd-exporter --help'.\n", text,
	              what);
	return EXIT_USAGE;
}

enum long_only { OPTION_NO_PATHS = 256, OPTION_LATENCY };

/* Returns -1 to go on, or an exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "socket", required_argument, NULL, 's' },
		{ "no-paths", no_argument, NULL, OPTION_NO_PATHS },
		{ "latency", no_argument, NULL, OPTION_LATENCY },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "l:s:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'l':
			o->listen = optarg;
			break;
		case 's':
			o->answers.socket = optarg;
			break;
		case OPTION_NO_PATHS:
			o->answers.paths = false;
			break;
		case OPTION_LATENCY:
			o->answers.latency = true;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case 'V':
			printf("checkerd-exporter %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default: /* getopt_long() has printed what is wrong */
			return usage("no such option, or an option without its value",
			             "");
		}
	}
	if (optind < argc)
		return usage("no operand is expected: ", argv[optind]);
	if (o->answers.latency && !o->answers.paths)
		return usage("--latency is about each path, and --no-paths leaves them "
		             "out: remove one of them",
		             "");
	return -1;
}

/* The socket that the service manager passes, or one on the address. -errno. */
static int open_listener(const char *address)
{
	char error[LISTENING_ERROR_BYTES];
	int n = sd_listen_fds(true), fd;

	if (n == 1)
		return SD_LISTEN_FDS_START;
	if (n > 1) {
		(void)fprintf(stderr,
		              "checkerd-exporter: %d sockets were passed: pass one\n", n);
		return -EINVAL;
	}
	fd = listening_open(address, error);
	if (fd < 0)
		(void)fprintf(stderr, "checkerd-exporter: %s\n", error);
	return fd;
}

/* Blocks the signals that end the program, for all threads that follow. */
static void block_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	pthread_sigmask(SIG_BLOCK, ret, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Is it a connection of systemd-report, or of another client of io.systemd.Metrics? */
static bool is_connection(int fd)
{
	return sd_is_socket_unix(fd, SOCK_STREAM, 0, NULL, 0) > 0;
}

static int serve_connection(int fd)
{
	int r = varlink_service_run(fd);

	if (r < 0)
		(void)fprintf(stderr, "checkerd-exporter: the client: %s\n",
		              strerror(-r));
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int serve_http(int fd, const sigset_t *ends)
{
	struct MHD_Daemon *http = NULL;
	int r = http_start(&http, fd), number;

	if (r < 0) {
		(void)fprintf(stderr, "checkerd-exporter: cannot serve: %s\n",
		              strerror(-r));
		return EXIT_FAILURE;
	}
	(void)sd_notify(0, "READY=1"); /* without a service manager nobody listens */
	r = sigwait(ends, &number);
	(void)sd_notify(0, "STOPPING=1");
	http_stop(http);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options o = {
		.listen = DEFAULT_LISTEN,
		.answers = { .socket = DEFAULT_SOCKET, .paths = true },
	};
	sigset_t ends;
	int r = read_options(argc, argv, &o), fd;

	if (r >= 0)
		return r;
	fd = open_listener(o.listen);
	if (fd < 0)
		return EXIT_FAILURE;
	answers_init(&o.answers);
	if (is_connection(fd)) {
		r = serve_connection(fd);
	} else {
		block_signals(&ends);
		r = serve_http(fd, &ends);
	}
	answers_deinit();
	return r;
}
