/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prober: libpathcheck's helper program. It opens the devices, owns the AIO contexts and
 * holds nothing else. It inherits its region, two eventfds and one end of a socket pair. When
 * the other end closes, the caller is gone or does not need it any more, and it exits: at once,
 * or when the kernel lets it. This is its first thread, which only waits for that end.
 */
#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcheck/process.h"
#include "libcheck/prober/prober.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

#define EXIT_USAGE 2

/* Keeps what opening devices and sending commands needs. */
static void drop_capabilities(void)
{
	static const unsigned keep[] = { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
		                         CAP_SYS_RAWIO };
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2], want[2] = { { 0 } };

	if (syscall(SYS_capget, &h, have) < 0)
		return;
	for (unsigned i = 0; i < ARRAY_LEN(keep); i++)
		want[keep[i] / 32].permitted |= 1U << (keep[i] % 32);
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		want[i].permitted &= have[i].permitted;
		want[i].effective = want[i].permitted;
	}
	(void)syscall(SYS_capset, &h, want); /* a smaller set is always allowed */
}

static void raise_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl); /* up to the hard limit is always allowed */
}

/*
 * The caller has the same libraries, and locks them if it may: their pages need not be locked
 * twice. Pages that are written to are this process's own. The program itself has no name in
 * this list.
 */
static int unlock_library(struct dl_phdr_info *info, size_t size _unused_,
                          void *arg _unused_)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (unsigned i = 0; info->dlpi_name[0] != '\0' && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t from = (info->dlpi_addr + h->p_vaddr) & ~(page - 1);
		uintptr_t to = info->dlpi_addr + h->p_vaddr + h->p_memsz;

		if (h->p_type == PT_LOAD && (h->p_flags & PF_W) == 0)
			(void)munlock((void *)from, to - from); /* NOLINT: an address */
	}
	return 0;
}

/*
 * With a limit on locked memory every later mapping would count, and fail at the limit: so all
 * memory is locked, or none.
 */
static void lock_memory(const struct shared *region)
{
	struct rlimit rl = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &rl) < 0 &&
	    (getrlimit(RLIMIT_MEMLOCK, &rl) < 0 || rl.rlim_cur != RLIM_INFINITY))
		return;
	/* Pages that are never touched need not be present: tables have their largest size. */
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	/* The caller has locked these pages, if it may. */
	(void)munlock(region->header, region->bytes);
	(void)munlock(region->names, region->names_bytes);
	(void)dl_iterate_phdr(unlock_library, NULL); /* 0, as unlock_library() returns */
}

/* The prober works without any of these. The daemon tries the same, and reports what is refused. */
static void prepare(const struct shared *region)
{
	/* One arena a thread would count 64 MiB of unused memory each as locked. */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_MAX,
	              0); /* free() leaks a block that munmap() refuses to take */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Before any thread starts: threads inherit it. */
	(void)prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	raise_descriptors();
	lock_memory(region);
	drop_capabilities();
}

static void wait_for_end(void)
{
	struct pollfd pfd = { .fd = PROBER_FD_LIFE, .events = POLLIN };

	int r;

	do
		r = poll(&pfd, 1, -1);
	while (r < 0 && errno == EINTR);
}

int main(void)
{
	static struct prober prober;
	struct shared shared = SHARED_NULL;
	int r;

	/* A program that was started by its descriptor has no name. */
	(void)prctl(PR_SET_NAME, "pathcheck-prober"); /* only cosmetic */
	(void)close(PROBER_FD_PROGRAM);               /* EBADF: it is missing */
	r = shared_attach(&shared, PROBER_FD_REGION, PROBER_FD_NAMES, PROBER_FD_SUBMITTER,
	                  PROBER_FD_CALLER);
	if (r < 0)
		return r == -EPROTO ? PROBER_EXIT_VERSION : EXIT_USAGE;
	prepare(&shared);
	if (prober_start(&prober, &shared, &BACKENDS_LINUX) < 0)
		_exit(EXIT_FAILURE);
	wait_for_end();
	/* Threads may hang in the kernel: it waits for none, and cleans nothing up. */
	_exit(EXIT_SUCCESS);
}
