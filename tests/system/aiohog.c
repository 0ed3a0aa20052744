/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * aiohog: takes all that remains of fs.aio-max-nr, prints how much that was, and keeps it
 * until its standard input ends. It makes the system calls itself, without a library.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	unsigned long taken = 0;
	unsigned want = 1u << 16;
	char byte;

	while (want > 0) {
		aio_context_t context = 0;

		if (syscall(SYS_io_setup, want, &context) == 0) {
			taken += want;
		} else if (errno == EAGAIN || errno == EINVAL || errno == ENOMEM) {
			want /= 2; /* halves until nothing remains */
		} else {
			fprintf(stderr, "aiohog: io_setup: %s\n", strerror(errno));
			return 1;
		}
	}
	printf("%lu\n", taken);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
