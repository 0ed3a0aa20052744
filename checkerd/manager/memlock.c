/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs at start, on the only thread. */
#include "checkerd/manager/memlock.h"

#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/pages.h"

/* The header of the tables for stack unwinding, as the Linux Standard Base defines it. */
struct unwind_header {
	uint8_t version, frames_encoding, count_encoding, table_encoding;
	int32_t frames; /* with UNWIND_ENCODING: the distance from this field */
};

#define UNWIND_VERSION  1
#define UNWIND_ENCODING 0x1b /* DW_EH_PE_pcrel, DW_EH_PE_sdata4 */
/* The linker may align the tables behind the header. */
#define UNWIND_GAP 16

/* capget(2) has no wrapper in libc. */
static bool capable(unsigned capability)
{
	struct __user_cap_header_struct header = { .version =
		                                           _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[capability / 32].effective & UINT32_C(1) << capability % 32) != 0;
}

/*
 * libsystemd needs these libraries to read files of the journal, and libdevmapper needs them to
 * create maps and nodes. checkerd does neither, so it needs none of their pages.
 */
static bool is_unused(const char *path)
{
	static const char *const names[] = { "libgcrypt.so",  "libgpg-error.so",
		                             "libzstd.so",    "libpcre2-8.so",
		                             "libselinux.so", "libm.so",
		                             "liblzma.so",    "liblz4.so" };
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void unlock_segment(uintptr_t from, uintptr_t to, uintptr_t page)
{
	(void)munlock((void *)(from & ~(page - 1)),
	              to - (from & ~(page - 1))); /* NOLINT: an address */
}

/* The end of the tables, which are records with their length in front. 0: not understood. */
static uintptr_t frames_end(uintptr_t from, uintptr_t limit)
{
	while (from + sizeof(uint32_t) <= limit) {
		uint32_t length;

		memcpy(&length, (const void *)from,
		       sizeof(length)); /* NOLINT: an address */
		from += sizeof(length);
		if (length == 0)
			return from;
		/* UINT32_MAX begins a length of 64 bits, which no linker writes here. */
		if (length > limit - from)
			return 0;
		from += length;
	}
	return from == limit ? from : 0;
}

/*
 * Only exceptions, backtrace(), and the cancellation of threads read the tables for stack unwinding.
 * There are none of these here. Unlocked pages stay readable for a debugger.
 */
static void unlock_unwind(const struct dl_phdr_info *info, const ElfW(Phdr) * hdr,
                          uintptr_t page)
{
	uintptr_t header = info->dlpi_addr + hdr->p_vaddr, frames, end = 0;
	struct unwind_header h;

	if (hdr->p_memsz < sizeof(h))
		return;
	memcpy(&h, (const void *)header, sizeof(h)); /* NOLINT: an address */
	frames = header + offsetof(struct unwind_header, frames) + (uintptr_t)h.frames;
	if (h.version != UNWIND_VERSION || h.frames_encoding != UNWIND_ENCODING ||
	    frames < header + hdr->p_memsz ||
	    frames - (header + hdr->p_memsz) >= UNWIND_GAP)
		return;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && header >= from && frames < from + p->p_filesz)
			end = frames_end(frames, from + p->p_filesz);
	}
	/* Whole pages only: their neighbours have something else. */
	header = (header + page - 1) & ~(page - 1);
	end &= ~(page - 1);
	if (header < end)
		(void)munlock((void *)header, end - header); /* NOLINT: an address */
}

static int unlock_parts(struct dl_phdr_info *info, size_t size _unused_,
                        void *arg _unused_)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	bool unused = is_unused(info->dlpi_name);

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + h->p_vaddr;

		if (h->p_type == PT_LOAD && unused)
			unlock_segment(from, from + h->p_memsz, page);
		else if (h->p_type == PT_GNU_EH_FRAME)
			unlock_unwind(info, h, page);
	}
	return 0;
}

/* With a limit on locked memory, MCL_FUTURE makes later allocations fail: then no memory is locked. */
int memlock_lock(void)
{
	struct rlimit limit;

	if (!capable(CAP_IPC_LOCK) &&
	    (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY))
		return -EPERM;
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return -errno;
	pages_note_locked();
	(void)dl_iterate_phdr(unlock_parts, NULL); /* Always returns 0. */
	return 0;
}
