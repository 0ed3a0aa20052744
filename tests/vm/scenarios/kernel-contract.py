# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel does what the design relies on: each fact that a program can check is checked."""
# timeout: 300
# Not here: what is true of every kernel by its sources alone, times (benchmarks have them), full
# tag sets (tags.py), error recovery (recovery.py), cut networks (iscsi-cut.py, nvme-cut.py), and
# what dirty page cache does to NOWAIT, which depends on writeback's mood.
import ctypes
import errno
import fcntl
import select
import signal
import socket
import struct
import threading

from aio import RWF_NOWAIT, Context, call, libc, name, open_direct
from targets import AccessStates, Iscsi, release, reserve
from vm import *

BLKSSZGET, BLKBSZGET, BLKGETDISKSEQ, SG_IO = 0x1268, 0x80081270, 0x80081280, 0x2285
DM_DEV_ARM_POLL, DM_SIZE = 0xC138FD10, 312
PR_SET_IO_FLUSHER = 57
MADV_DONTNEED_LOCKED = 24
FACTS = []


def fact(fn):
	FACTS.append(fn)
	return fn


def equal(found, expected):
	check(found == expected, f"expected {expected}, found {found}")


def aio_nr():
	return int(read("/proc/sys/fs/aio-nr"))


def in_time(what, fn, seconds=2):
	"""Runs something that is not to block; returns what it returns."""
	result = []
	thread = threading.Thread(target=lambda: result.append(fn()), daemon=True)
	thread.start()
	thread.join(seconds)
	check(not thread.is_alive(), f"{what} does not block")
	return result[0]


def read_errno(device):
	"""What a read of the first block gives: bytes, or the errno's name."""
	c, fd = Context(8), open_direct(f"/dev/{device}")
	r = c.read(fd, length=512)
	found = name(r) if r < 0 else name(c.events()[0])
	c.destroy()
	os.close(fd)
	return found


def command(fd, cdb, length=0):
	"""A SCSI command by SG_IO: (its data, (sense key, ASC, ASCQ)); (0, 0, 0): no sense data."""
	data, sense = ctypes.create_string_buffer(max(length, 1)), ctypes.create_string_buffer(64)
	words = ctypes.create_string_buffer(bytes(cdb), len(cdb))
	hdr = bytearray(88)
	# struct sg_io_hdr: "S", from the device or no data, a time limit of 30 s
	struct.pack_into("iiBBHI", hdr, 0, ord("S"), -3 if length else -1, len(cdb), 64, 0, length)
	struct.pack_into("PPP", hdr, 16, ctypes.addressof(data) if length else 0,
	                 ctypes.addressof(words), ctypes.addressof(sense))
	struct.pack_into("I", hdr, 40, 30000)
	fcntl.ioctl(fd, SG_IO, hdr)
	raw = sense.raw
	if hdr[67] == 0:  # how much sense data there is
		return data.raw, (0, 0, 0)
	return data.raw, (raw[1] & 15, raw[2], raw[3]) if raw[0] & 0x7e == 0x72 else \
		(raw[2] & 15, raw[12], raw[13])


TEST_UNIT_READY, INQUIRY_83 = [0] * 6, [0x12, 1, 0x83, 0, 252, 0]


class Hung:
	"""A device whose reads hang until it is let go."""

	def __enter__(self):
		run("dmsetup suspend --noflush --nolockfs hung")
		return self

	def __exit__(self, *_):
		run("dmsetup resume hung")


@fact
def io_setup_charges_what_it_is_asked_for():
	before = aio_nr()
	c = Context(1024)
	equal(aio_nr() - before, 1024)
	equal(c.destroy(), 0)
	equal(aio_nr(), before)


@fact
def io_setup_past_the_quota_is_refused_with_EAGAIN():
	quota = read("/proc/sys/fs/aio-max-nr")
	write("/proc/sys/fs/aio-max-nr", str(aio_nr() + 100))
	equal(Context(1024).error, 11)
	write("/proc/sys/fs/aio-max-nr", quota)


@fact
def io_cancel_takes_nothing_back():
	c, fd = Context(8), open_direct("/dev/mapper/hung")
	with Hung():
		equal(c.read(fd), 1)
		equal(name(c.cancel()), "EINVAL")
	equal(c.events(), [4096])


@fact
def close_with_a_read_in_flight_returns_at_once():
	c, fd = Context(8), open_direct("/dev/mapper/hung")
	with Hung():
		equal(c.read(fd), 1)
		in_time("close", lambda: os.close(fd))
	equal(c.events(), [4096])


@fact
def io_destroy_gives_the_quota_back_and_then_waits():
	before = aio_nr()
	c, fd = Context(1024), open_direct("/dev/mapper/hung")
	with Hung():
		equal(c.read(fd), 1)
		thread = threading.Thread(target=c.destroy)
		thread.start()
		wait_for("the quota is back", lambda: aio_nr() == before, 5)
		thread.join(1)
		check(thread.is_alive(), "io_destroy waits for the read")
	thread.join(10)
	check(not thread.is_alive(), "and no longer than for that")


@fact
def a_slot_is_taken_until_its_event_was_read():
	c, fd = Context(4), open_direct(f"/dev/{disk}")
	taken = 0
	while c.read(fd) == 1:
		taken += 1
		check(taken < 4096, "there is an end to it")
		time.sleep(0.01)
	equal(name(c.read(fd)), "EAGAIN")
	check(len(c.events(taken, most=taken)) == taken, "all were answered")
	equal(c.read(fd), 1)


@fact
def a_read_past_the_end_gives_0_and_a_bad_descriptor_EBADF():
	c, fd = Context(8), open_direct(f"/dev/{disk}")
	equal(c.read(fd, offset=1 << 40), 1)
	equal(c.events(), [0])
	equal(name(c.read(999)), "EBADF")


@fact
def misaligned_memory_length_and_offset_are_EINVAL():
	c, fd = Context(8), open_direct(f"/dev/{disk}")
	for odd in ({"length": 100}, {"offset": 100}, {"skew": 1}):
		equal(c.read(fd, **odd), 1)
		equal([name(r) for r in c.events()], ["EINVAL"])


@fact
def an_eventfd_tells_of_completions():
	c, fd = Context(8), open_direct(f"/dev/{disk}")
	bell = os.eventfd(0)
	equal(c.read(fd, eventfd=bell), 1)
	check(select.select([bell], [], [], 5)[0], "it rings")


@fact
def NOWAIT_works_on_SCSI_and_is_EAGAIN_on_a_suspended_map():
	c, fd, hung = Context(8), open_direct(f"/dev/{disk}"), open_direct("/dev/mapper/hung")
	equal(c.read(fd, flags=RWF_NOWAIT), 1)
	equal(c.events(), [4096])
	with Hung():
		equal(in_time("io_submit", lambda: c.read(hung, flags=RWF_NOWAIT)), 1)
		equal([name(r) for r in c.events()], ["EAGAIN"])


@fact
def NOWAIT_is_EOPNOTSUPP_on_dm_delay_and_zram():
	c = Context(8)
	delay, zram = open_direct("/dev/mapper/delay"), open_direct("/dev/zram0")
	for fd in (delay, zram):
		equal(c.read(fd), 1)
		equal(c.events(), [4096])
		r = c.read(fd, flags=RWF_NOWAIT)
		equal([name(r)] if r < 0 else [name(r) for r in c.events()], ["EOPNOTSUPP"])


@fact
def a_process_with_a_read_in_the_kernel_does_not_die_and_holds_its_socket():
	before = aio_nr()
	with Hung():
		readable, writable = os.pipe()
		child = os.fork()
		if child == 0:
			listening = socket.socket(socket.AF_UNIX)
			listening.bind("\0contract")
			listening.listen()
			c = Context(1024)
			os.write(writable, b"x" if c.read(open_direct("/dev/mapper/hung")) == 1 else b"!")
			signal.pause()
		equal(os.read(readable, 1), b"x")
		equal(aio_nr() - before, 1024)
		pidfd = os.pidfd_open(child)
		os.kill(child, signal.SIGKILL)
		wait_for("its quota is back", lambda: aio_nr() == before, 5)
		time.sleep(1)
		equal(os.waitpid(child, os.WNOHANG), (0, 0))
		check(not select.select([pidfd], [], [], 0)[0], "its pidfd says nothing")
		check(int(read(f"/proc/{child}/stat").rsplit(")", 1)[1].split()[6]) & 0x4, "it is exiting")
		client = socket.socket(socket.AF_UNIX)
		client.connect("\0contract")
	equal(os.waitpid(child, 0)[1], signal.SIGKILL)


@fact
def so_does_one_in_a_synchronous_read():
	with Hung():
		child = os.fork()
		if child == 0:
			import mmap
			os.preadv(open_direct("/dev/mapper/hung"), [mmap.mmap(-1, 4096)], 0)
		wait_for("it is in the read", lambda: read(f"/proc/{child}/stat").split()[2] == "D", 5)
		os.kill(child, signal.SIGKILL)
		time.sleep(1)
		equal(os.waitpid(child, os.WNOHANG), (0, 0))
	equal(os.waitpid(child, 0)[1], signal.SIGKILL)


@fact
def the_logical_block_size_is_BLKSSZGET():
	for device, size in ((f"/dev/{disk}", 512), ("/dev/loop5", 4096)):
		fd = open_direct(device)
		equal(struct.unpack("i", fcntl.ioctl(fd, BLKSSZGET, b"\0" * 4))[0], size)
		c = Context(8)
		equal(c.read(fd, length=size), 1)
		equal(c.events(), [size])
		os.close(fd)
	fd = open_direct(f"/dev/{disk}")
	equal(struct.unpack("l", fcntl.ioctl(fd, BLKBSZGET, b"\0" * 8))[0], 4096)


@fact
def statx_tells_the_alignment_of_direct_io():
	STATX, AT_EMPTY_PATH, STATX_DIOALIGN = 332, 0x1000, 0x2000
	buffer = ctypes.create_string_buffer(256)
	fd = open_direct(f"/dev/{disk}")
	equal(call(STATX, fd, b"", AT_EMPTY_PATH, STATX_DIOALIGN, buffer), 0)
	mask, = struct.unpack_from("I", buffer, 0)
	_, offset = struct.unpack_from("II", buffer, 152)
	check(mask & STATX_DIOALIGN, "it is told")
	equal(offset, 512)


@fact
def offline_disks_answer_with_an_error_and_stay():
	c, fd = Context(8), open_direct(f"/dev/{disk}")
	scsi_state(disk, "offline")
	r = c.read(fd)
	found = [name(r)] if r < 0 else [name(r) for r in c.events()]
	scsi_state(disk, "running")
	check(found in (["EIO"], ["ENODEV"]), "an error", found)
	figure(f"a read of an offline SCSI disk: {found[0]}")
	equal(c.read(fd), 1)
	equal(c.events(), [4096])


@fact
def sg_takes_commands_by_write_and_gives_them_back_by_read():
	generic = os.listdir(f"/sys/block/{disk}/device/scsi_generic")[0]
	fd = os.open(f"/dev/{generic}", os.O_RDWR)
	command, sense = ctypes.create_string_buffer(b"\0" * 6, 6), ctypes.create_string_buffer(64)
	# struct sg_io_hdr: "S", no data, TEST UNIT READY, a time limit of 5 s
	hdr = bytearray(88)
	struct.pack_into("iiBBHI", hdr, 0, ord("S"), -1, 6, 64, 0, 0)
	struct.pack_into("PPP", hdr, 16, 0, ctypes.addressof(command), ctypes.addressof(sense))
	struct.pack_into("IIi", hdr, 40, 5000, 0, 7)
	equal(os.write(fd, hdr), 88)
	poll = select.poll()
	poll.register(fd, select.POLLIN)
	check(poll.poll(5000), "poll tells of the answer")
	answer = os.read(fd, 88)
	equal(struct.unpack_from("i", answer, 48)[0], 7)
	equal(answer[64], 0)  # its status: good


@fact
def INQUIRY_and_TEST_UNIT_READY_need_no_right_beyond_reading():
	fd = os.open(f"/dev/{disk}", os.O_RDONLY)
	child = os.fork()
	if child == 0:
		os.setresgid(65534, 65534, 65534)
		os.setresuid(65534, 65534, 65534)  # no capability is left
		try:
			page, sense = command(fd, INQUIRY_83, 252)
			os._exit(0 if page[1] == 0x83 and sense[0] == 0 and
			         command(fd, TEST_UNIT_READY)[1][0] in (0, 6) else 2)
		except OSError as e:
			os._exit(e.errno)
	equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
	os.close(fd)


@fact
def SG_IO_is_refused_by_what_is_no_SCSI_device():
	for device in ("/dev/loop5", "/dev/zram0"):
		fd, found = open_direct(device), None
		try:
			command(fd, TEST_UNIT_READY)
		except OSError as e:
			found = e.errno
		check(found in (errno.ENOTTY, errno.EINVAL), f"{device}: {found}")
		os.close(fd)


@fact
def another_disk_under_a_name_has_another_sequence_number():
	def number(device):
		fd = os.open(device, os.O_RDONLY)
		n, = struct.unpack("Q", fcntl.ioctl(fd, BLKGETDISKSEQ, b"\0" * 8))
		os.close(fd)
		return n
	equal(number(f"/dev/{disk}"), int(read(f"/sys/block/{disk}/diskseq")))
	run("truncate -s 8M /root/file4; losetup /dev/loop4 /root/file4")
	before = number("/dev/loop4")
	run("losetup -d /dev/loop4; losetup /dev/loop4 /root/file4")
	check(number("/dev/loop4") > before, "it grows")
	run("losetup -d /dev/loop4")


@fact
def a_medium_error_is_ENODATA_and_a_protection_error_EILSEQ():
	medium_errors(True)
	equal(read_errno(disk), "ENODATA")
	medium_errors(False)
	protection_errors(disk, True)
	equal(read_errno(disk), "EILSEQ")
	protection_errors(disk, False)
	equal(read_errno(disk), "512")


@fact
def a_reservation_conflict_is_EBADE():
	holder, other = (target.disks(portal=n)[1] for n in range(2))
	reserve(holder)
	equal(read_errno(other), "EBADE")
	equal(read_errno(holder), "512")
	release(holder)
	equal(read_errno(other), "512")


@fact
def a_read_beyond_the_end_of_the_unit_is_EREMOTEIO():
	"""The unit has become smaller since the kernel has looked."""
	shrunk = target.disks(portal=0)[2]
	target.unmap_unit(1, 2)
	run("truncate -s 8M /root/shrinks; losetup /dev/loop6 /root/shrinks")
	target.map_unit(1, 2, target.add_device("shrinks", "/dev/loop6", "checkerd-shrinks"))
	write(f"/sys/block/{shrunk}/device/rescan", "1")
	wait_for("it is read", lambda: read_errno(shrunk) == "512")
	run("truncate -s 0 /root/shrinks; losetup -c /dev/loop6")
	equal(read_errno(shrunk), "EREMOTEIO")
	fd = os.open(f"/dev/{shrunk}", os.O_RDONLY | os.O_NONBLOCK)
	wait_for("TEST UNIT READY is well", lambda: command(fd, TEST_UNIT_READY)[1][0] == 0)
	os.close(fd)


@fact
def a_unit_that_is_gone_says_LOGICAL_UNIT_NOT_SUPPORTED():
	gone = target.disks(portal=1)[2]
	fd = open_direct(f"/dev/{gone}")
	target.unmap_unit(2, 2)
	found = read_errno(gone)
	check(found in ("EIO", "EREMOTEIO"), "a read fails", found)
	figure(f"a read of a unit that the target has no more: {found}")
	equal(command(fd, TEST_UNIT_READY)[1], (5, 0x25, 0))
	os.close(fd)


@fact
def access_state_is_read_without_io_and_is_the_last_one_known():
	"""A read of a standby port fails with EIO, and from then on is not even sent."""
	(a, b), fact_of = (target.disks(portal=n)[0] for n in range(2)), "device/access_state"
	equal(read(f"/sys/block/{b}/{fact_of}"), "active/optimized")
	states.set(1, states.STANDBY)
	equal(read_errno(b), "EIO")
	wait_for("the kernel knows of it", lambda: read(f"/sys/block/{b}/{fact_of}") == "standby", 10)
	time.sleep(2)  # each command that came back has the kernel ask for the states once more
	states.set(1, states.OPTIMIZED)
	equal(read_errno(b), "EIO")
	time.sleep(1)
	equal(read(f"/sys/block/{b}/{fact_of}"), "standby")
	fd = os.open(f"/dev/{b}", os.O_RDONLY | os.O_NONBLOCK)
	command(fd, TEST_UNIT_READY)  # its answer: the states have changed
	wait_for("a command has told it", lambda: read(f"/sys/block/{b}/{fact_of}") ==
	         "active/optimized", 10)
	equal(read_errno(b), "512")
	equal(read(f"/sys/block/{a}/{fact_of}"), "active/optimized")
	os.close(fd)


@fact
def one_poll_tells_of_events_of_every_map():
	fd = os.open("/dev/mapper/control", os.O_RDWR)
	arm = bytearray(DM_SIZE)
	struct.pack_into("IIII", arm, 0, 4, 0, 0, DM_SIZE)
	poll = select.poll()
	poll.register(fd, select.POLLIN)
	fcntl.ioctl(fd, DM_DEV_ARM_POLL, arm)
	check(not poll.poll(200), "nothing has happened")
	run("dmsetup create another --table '0 8 zero'")
	check(poll.poll(5000), "it tells of a new map")
	fcntl.ioctl(fd, DM_DEV_ARM_POLL, arm)
	run("dmsetup remove another")
	check(poll.poll(5000), "and of one that is gone")


@fact
def a_thread_may_be_kept_from_waiting_for_its_own_io():
	equal(libc.prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0), 0)
	equal(libc.prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0), 0)


@fact
def locking_memory_locks_whole_stacks():
	def locked(kib):
		script = (f"import ctypes, threading, time; threading.stack_size({kib} * 1024); "
		          "ctypes.CDLL(None).mlockall(3); e = threading.Event(); "
		          "[threading.Thread(target=e.wait).start() for _ in range(16)]; "
		          "print([l.split()[1] for l in open('/proc/self/status') if l[:5] == 'VmLck'][0]); e.set()")
		return int(run("python3", "-c", script))
	small, large = locked(64), locked(8192)
	check(large - small > 16 * 7 * 1024, f"{small} KiB with small stacks, {large} with large ones")


disk = scsi_debug(max_luns=1, dif=1, dix=1)[0]
run("modprobe -a dm-mod zram dm-delay")
sectors = read(f"/sys/block/{disk}/size")
run(f"dmsetup create hung --table '0 {sectors} linear /dev/{disk} 0'")
run(f"dmsetup create delay --table '0 {sectors} delay /dev/{disk} 0 1'")
write("/sys/block/zram0/disksize", "8M")
run("modprobe scsi_dh_alua")
target = Iscsi(portals=2, luns=3, groups=True)
states = AccessStates(target)
run("truncate -s 8M /root/file; losetup --sector-size 4096 --direct-io=on /dev/loop5 /root/file")
settle()
@fact
def munmap_takes_memory_and_emptying_does_not():
	"""In a cgroup at its limit, whose only process the kernel will not kill."""
	group, page, areas = "/sys/fs/cgroup/contract", 4096, 60000  # fewer than vm.max_map_count
	os.mkdir(group)
	write(f"{group}/memory.max", str(4 << 20))
	(begun, go), (ready, tell) = os.pipe(), os.pipe()
	child = os.fork()
	if child == 0:
		write("/proc/self/oom_score_adj", "-1000")
		libc.mlockall(1)  # at the limit whoever touches a page that is not there waits for ever
		libc.mmap.restype = ctypes.c_void_p
		mine = libc.mmap(None, ctypes.c_size_t(page), 3, 0x2022, -1, ctypes.c_long(0))  # locked
		os.write(tell, b"1")
		os.read(begun, 1)
		# PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS: nothing of it is ever there.
		whole = libc.mmap(None, ctypes.c_size_t(2 * areas * page), 1, 0x22, -1, ctypes.c_long(0))
		for i in range(areas):
			if libc.munmap(ctypes.c_void_p(whole + 2 * i * page), ctypes.c_size_t(page)) == 0:
				continue
			refused = ctypes.get_errno() == errno.ENOMEM
			emptied = libc.madvise(ctypes.c_void_p(mine), ctypes.c_size_t(page), MADV_DONTNEED_LOCKED)
			os._exit(0 if refused and emptied == 0 else 2)
		os._exit(3)
	os.read(ready, 1)
	write(f"{group}/cgroup.procs", str(child))
	os.write(go, b"1")
	status = os.waitpid(child, 0)[1]
	os.rmdir(group)
	equal(os.waitstatus_to_exitcode(status), 0)


for f in FACTS:
	say(f.__name__.replace("_", " "))
	f()
figure(f"{len(FACTS)} facts hold on Linux {os.uname().release}")
