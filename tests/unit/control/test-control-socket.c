/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket's name: who owns it, who could take it away, and sockets that are handed over. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkerd/control/listen.h"
#include "control-fixture.h"

static void test_second_instance(void **state)
{
	int second = -1;

	(void)state;
	start(2);
	assert_int_equal(listen_at(t.path, (gid_t)-1, &second), -EADDRINUSE);
	assert_int_equal(second, -1);
	others_are_served();
}

static void test_name_left_over(void **state)
{
	struct stat st;
	int second;

	(void)state;
	start(2);
	assert_int_equal(chmod(t.path, 0600), 0);
	t.control = control_free(t.control);
	close(fd);
	assert_int_equal(lstat(t.path, &st), 0); /* it is still there */
	assert_int_equal(listen_at(t.path, (gid_t)-1, &t.options.listen_fd), 0);
	assert_int_equal(lstat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(control_new(&t.control, &t.options), 0);
	fd = client_connect(&t);
	others_are_served();
	assert_int_equal(listen_at(t.path, (gid_t)-1, &second), -EADDRINUSE);
}

static void test_name_of_something_else(void **state)
{
	char name[128], longer[200];
	int other;

	(void)state;
	start(2);
	(void)snprintf(name, sizeof(name), "%s/file", t.directory);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(listen_at(name, (gid_t)-1, &other), -EEXIST);
	unlink(name);
	strcat(name, ".lock");
	unlink(name);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(listen_at(longer, (gid_t)-1, &other), -ENAMETOOLONG);
	/* What is no listening socket is refused. */
	t.control = control_free(t.control);
	t.options.listen_fd = open("/dev/null", O_RDONLY);
	assert_int_equal(control_new(&t.control, &t.options), -EINVAL);
	assert_null(t.control);
}

/* A user who may write to the directory could replace the socket. */
static void test_directory_of_others(void **state)
{
	char name[200];
	int other = -1;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can */
	start(2);
	(void)snprintf(name, sizeof(name), "%s/other", t.directory);
	for (unsigned i = 0; i < 3; i++) {
		static const struct {
			mode_t mode;
			uid_t owner;
		} bad[] = { { 0777, 0 }, { 0770, 0 }, { 0755, 65534 } };

		assert_int_equal(chown(t.directory, bad[i].owner, (gid_t)-1), 0);
		assert_int_equal(chmod(t.directory, bad[i].mode), 0);
		assert_int_equal(listen_at(name, (gid_t)-1, &other), -ENOTUNIQ);
	}
	assert_int_equal(chown(t.directory, 0, (gid_t)-1), 0);
	assert_int_equal(chmod(t.directory, 01777), 0);
	assert_int_equal(listen_at(name, (gid_t)-1, &other), 0);
	close(other);
	unlink(name);
	strcat(name, ".lock");
	unlink(name);
	assert_int_equal(chmod(t.directory, 0700), 0);
}

/* The owner of the lock file could keep it locked, and so keep the daemon from starting. */
static void test_lock_file_of_others(void **state)
{
	char name[200], locked[220];
	int held, other = -1;

	(void)state;
	start(2);
	(void)snprintf(name, sizeof(name), "%s/other", t.directory);
	(void)snprintf(locked, sizeof(locked), "%s.lock", name);
	assert_int_equal(symlink("/dev/null", locked), 0);
	assert_int_equal(listen_at(name, (gid_t)-1, &other), -ENOTUNIQ);
	unlink(locked);
	assert_int_equal(mkfifo(locked, 0600), 0);
	assert_int_equal(listen_at(name, (gid_t)-1, &other), -ENOTUNIQ);
	unlink(locked);
	if (geteuid() == 0) {
		held = open(locked, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
		assert_int_equal(fchown(held, 65534, (gid_t)-1), 0);
		assert_int_equal(listen_at(name, (gid_t)-1, &other), -ENOTUNIQ);
		close(held);
		unlink(locked);
	}
	assert_int_equal(listen_at(name, (gid_t)-1, &other), 0);
	close(other);
	unlink(name);
	unlink(locked);
}

static int named(int type, const char *name, size_t size, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, name, size);
	assert_int_equal(bind(s, (struct sockaddr *)&a,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
	                 0);
	if (listening)
		assert_int_equal(listen(s, 1), 0);
	return s;
}

/* A socket that a service manager hands over is checked, too. */
static void test_sockets_handed_over(void **state)
{
	char name[100], abstract[100] = "";
	int s, pair[2];

	(void)state;
	start(2);
	assert_int_equal(listen_check(t.options.listen_fd), 0);
	(void)snprintf(name, sizeof(name), "%s/other", t.directory);
	(void)snprintf(abstract + 1, sizeof(abstract) - 1, "test-%d", (int)getpid());
	s = named(SOCK_STREAM, name, strlen(name) + 1, true);
	assert_int_equal(listen_check(s), 0);
	close(s);
	unlink(name);
	s = named(SOCK_STREAM, name, strlen(name) + 1, false);
	assert_int_equal(listen_check(s), -EPROTOTYPE);
	close(s);
	unlink(name);
	s = named(SOCK_SEQPACKET, name, strlen(name) + 1, true);
	assert_int_equal(listen_check(s), -EPROTOTYPE);
	close(s);
	unlink(name);
	s = named(SOCK_STREAM, abstract, 1 + strlen(abstract + 1), true);
	assert_int_equal(listen_check(s), -EADDRNOTAVAIL);
	close(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(listen_check(pair[0]), -EPROTOTYPE);
	close(pair[0]);
	close(pair[1]);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s >= 0) { /* the kernel chooses a free port */
		assert_int_equal(listen(s, 1), 0);
		assert_int_equal(listen_check(s), -EPROTOTYPE);
		close(s);
	}
	s = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(listen_check(s), -EPROTOTYPE);
	close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_second_instance),        TEST(test_name_left_over),
		TEST(test_name_of_something_else), TEST(test_directory_of_others),
		TEST(test_lock_file_of_others),    TEST(test_sockets_handed_over),
	};

	return cmocka_run_group_tests_name("control-socket", tests, NULL, NULL);
}
