# SPDX-License-Identifier: LGPL-2.1-or-later
"""More uevents than the socket can hold: some are lost, but discovery still learns the
changes."""
import os
import signal
import time

import bed
from harness import SANITIZED, check, is_stopped, rss_kib, test, wait_until
from test_daemon import UDEV

# No checker opens the devices: an open loop device could not be removed.
UNCHECKED = UDEV.replace("discovery udev", "discovery udev\n\tpath_checker none")


def netlink(pid, column):
	"""A column of /proc/net/netlink, summed up over this process's sockets."""
	found = 0
	inodes = set()
	for fd in os.listdir(f"/proc/{pid}/fd"):
		try:
			link = os.readlink(f"/proc/{pid}/fd/{fd}")
		except FileNotFoundError:
			continue
		if link.startswith("socket:["):
			inodes.add(link[len("socket:["):-1])
	with open(f"/proc/{pid}/net/netlink", encoding="ascii") as f:
		for line in list(f)[1:]:
			fields = line.split()
			if fields[9] in inodes:
				found += int(fields[column])
	return found


def waiting(pid):
	"""Bytes that the daemon has not read yet."""
	return netlink(pid, 4)


def drops(pid):
	"""Messages that the kernel dropped."""
	return netlink(pid, 8)


def flood(case, daemon, node, seconds=60):
	"""Sends change events until the kernel drops some."""
	deadline = time.monotonic() + seconds
	written, before = 0, drops(daemon.pid)
	with open(f"/sys/block/{os.path.basename(node)}/uevent", "w", encoding="ascii") as f:
		while drops(daemon.pid) == before:
			for _ in range(1000):
				os.pwrite(f.fileno(), b"change", 0)
			written += 1000
			check(time.monotonic() < deadline, f"nothing dropped of {written} messages")
	case.figure(f"messages were dropped after {written}")


@test([7], timeout=150)
def lost_announcements_are_made_good(case):
	"""The daemon is stopped until the kernel drops its messages. Meanwhile one device goes,
	one comes, and one gets another disk."""
	case.run.drop_bed()
	case.loops(range(4))
	daemon = case.daemon(UNCHECKED).start().wait_ready()
	check(len(daemon.paths()) == 4, "not all found", daemon.paths())
	before = rss_kib(daemon.pid)
	daemon.signal(signal.SIGSTOP)
	try:
		wait_until("the daemon is stopped", lambda: is_stopped(daemon.pid), 5)
		# Already in the queue, and outdated when the daemon reads it.
		case.run.loops().remake(3)
		flood(case, daemon, bed.loop_node(0))
		lost = drops(daemon.pid)
		case.run.loops().remake(1)
		case.loop(4)
		case.run.loops().remake(2)
		case.loop(2)
		case.loop(3)
		check(drops(daemon.pid) > lost, "no message was dropped")
	finally:
		daemon.signal(signal.SIGCONT)
	there = {bed.loop_node(n) for n in (0, 2, 3, 4)}
	wait_until("the present paths are known", lambda: set(daemon.paths()) == there, 20)
	# The result stays the same while the daemon reads the remaining messages.
	wait_until("all is read", lambda: waiting(daemon.pid) == 0, 30)
	check(set(daemon.paths()) == there, "an old message changed it", daemon.paths().keys())
	events = [e for e in daemon.events() if e["path"] == os.path.basename(bed.loop_node(2))]
	check(any("now another disk" in e["message"] for e in events),
	      "no event tells of another disk", events)
	grown = rss_kib(daemon.pid) - before
	case.figure(f"RSS grew by {grown} KiB")
	check(SANITIZED or grown < 4096, f"RSS grew by {grown} KiB")


@test([7], timeout=150)
def what_is_lost_while_messages_wait_is_found(case):
	"""The kernel says once that it drops messages, and drops more until all that wait have been
	read. A device comes after the daemon has listed all devices, and before it has read on."""
	case.run.drop_bed()
	case.loops(range(2))
	daemon = case.daemon(UNCHECKED).start().wait_ready()
	daemon.signal(signal.SIGSTOP)
	try:
		wait_until("the daemon is stopped", lambda: is_stopped(daemon.pid), 5)
		flood(case, daemon, bed.loop_node(0))
		case.loop(2)
		daemon.signal(signal.SIGCONT)
		wait_until("all devices are listed", lambda: bed.loop_node(2) in daemon.paths(), 20)
		daemon.signal(signal.SIGSTOP)
		wait_until("the daemon is stopped", lambda: is_stopped(daemon.pid), 5)
		case.figure(f"{waiting(daemon.pid)} bytes of messages wait")
		flood(case, daemon, bed.loop_node(0))
		lost = drops(daemon.pid)
		case.loop(3)
		check(drops(daemon.pid) > lost, "no message was dropped")
	finally:
		daemon.signal(signal.SIGCONT)
	there = {bed.loop_node(n) for n in range(4)}
	wait_until("the present paths are known", lambda: set(daemon.paths()) == there, 30)
