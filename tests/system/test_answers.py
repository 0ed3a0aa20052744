# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a device answers, missing answers, and opens that hang."""
import errno
import errno
import fcntl
import os
import time

import bed
from harness import MARGIN, check, config, test, wait_until


ENODEV = ["ENODEV", "EIO"]  # older kernels' loop devices answer EIO for every error


@test([7])
def each_answer_has_its_reason(case):
	loops = case.loops(range(6))
	daemon = case.daemon(config(loops)).start().wait_ready(up=6)
	case.disk.tell("fail", 0, "EIO")
	case.disk.tell("truncate", 1)
	case.disk.tell("vanish", 2)
	case.disk.tell("fail", 3, "EACCES")  # the loop device reports EIO
	for d in loops[:4]:
		path = daemon.wait_state(d, "down")
		name = errno.errorcode[path["errno"]]
		# A loop device passes on ENODEV of its file: seen on Linux 6.18.
		check(name == "EIO" or (name == "ENODEV" and d == loops[2]), "not an I/O error", path)
		check(name in path["reason"], "the reason does not name it", path)
	for d in loops[4:]:
		check(daemon.path(d)["state"] == "up", "a healthy path is not up")
	case.disk.tell("heal", "all")
	daemon.wait_count("up", 6)
	check(all(p["reason"] is None or "EIO" not in p["reason"]
	          for p in daemon.paths().values()), "a reason stays after recovery")


@test([7], root=False)
def truncated_file(case):
	"""A regular file: up, short read when truncated, up when whole again."""
	file = os.path.join(case.folder, "file")
	whole = os.path.join(case.folder, "whole")
	for name in (file, whole):
		with open(name, "wb") as f:
			f.truncate(1 << 16)
	daemon = case.daemon(config([file, whole])).start().wait_ready(up=2)
	os.truncate(file, 0)
	path = daemon.wait_state(file, "down")
	check(path["errno"] == 61 and path["reason"], "not a short read", path)
	check(daemon.path(whole)["state"] == "up", "the other file is not up")
	os.truncate(file, 1 << 16)
	daemon.wait_state(file, "up")


@test([7])
def shrunk_loop_device(case):
	"""The file below is truncated and the loop device updated: it has no first block any
	more."""
	n = 2100
	device = case.loop(n)
	daemon = case.daemon(config([device])).start().wait_ready(up=1)
	case.disk.tell("truncate", n)
	fd = os.open(device, os.O_RDONLY)
	try:
		fcntl.ioctl(fd, bed.LOOP_SET_CAPACITY)
	finally:
		os.close(fd)
	path = daemon.wait_state(device, "down")
	check(path["errno"] in (61, 5) and path["reason"], "not the right reason", path)
	daemon.stop()
	case.run.loops().remake(n)


@test([7])
def removed_loop_backing(case):
	"""A device whose file vanishes while it is open reads EIO. A device without a file has no
	first block. A device that does not exist cannot be opened."""
	there, bare, gone = case.loops(2101, 2102, 2103)
	bed.detach_loop(2102)
	case.run.loops().remake(2103)
	daemon = case.daemon(config([there, bare, gone])).start().wait_serving()
	daemon.wait_state(there, "up")
	case.disk.tell("vanish", 2101)
	path = daemon.wait_state(there, "down")
	check(path["errno"] in (errno.EIO, errno.ENODEV), "not an I/O error", path)
	path = daemon.wait_state(bare, "down", "removed")
	check(path["reason"], "a device without backing has no reason", path)
	case.figure(f"without backing: {path['state']}, {path['reason']}")
	path = daemon.wait_state(gone, "removed")
	check(path["errno"] in (2, 6) and path["reason"], "not the right reason", path)
	case.figure(f"no such device: {path['state']}, {path['reason']}")
	case.disk.tell("heal", 2101)
	daemon.wait_state(there, "up")
	# The device returns, and the daemon finds it without an event.
	case.loops(2103)
	daemon.wait_state(gone, "up")
	daemon.stop()
	case.run.loops().remake(2102)


@test([2, 7])
def slow_is_not_down(case):
	"""A slow answer is up, with its latency. An answer after the timeout: first timeout, then
	up."""
	devices = case.loops(range(3))
	daemon = case.daemon(config(devices, checker_timeout=1.5)).start().wait_ready(up=3)
	case.disk.tell("slow", 0, 300)
	wait_until("a slow answer", lambda:
	           (daemon.path(devices[0])["latency_us"]["last"] or 0) > 290000, 10)
	path = daemon.path(devices[0])
	check(path["state"] == "up" and path["timeouts_total"] == 0, "slow is not up", path)
	check(daemon.path(devices[1])["latency_us"]["last"] < 290000, "its neighbour is slow too")
	case.disk.tell("slow", 1, 2500)
	daemon.wait_state(devices[1], "down")
	daemon.wait_state(devices[1], "up")  # by the late answer
	case.disk.tell("answer", "all")
	wait_until("all is well", lambda: daemon.count("up") == 3, 10)


@test([2, 7])
def counts_of_failures_and_recoveries(case):
	"""fail_checks and recover_checks, with the states in between."""
	device = case.loop(0)
	daemon = case.daemon(config([device], polling_interval=0.3, max_polling_interval=0.3,
	                            fail_checks=3, recover_checks=3)).start().wait_ready(up=1)
	case.disk.tell("fail", 0, "EIO")
	daemon.wait_state(device, "down")
	case.disk.tell("heal", 0)
	daemon.wait_state(device, "up")
	steps = [e["to"] for e in daemon.events() if e["type"] == "path_state"]
	check(steps[-4:] == ["shaky", "down", "delayed", "up"], "not the steps expected", steps)


@test([9])
def hung_opens_delay_nothing(case):
	"""More opens hang than there are rescuers; paths that are open are checked as usual."""
	loops = case.loops(range(100))
	opening = [case.disk.path(n) for n in range(2200, 2240)]
	daemon = case.daemon(config(loops, rescuer_threads=16, keep_open="yes")).start().wait_ready(up=100)
	case.disk.tell("hang-open", "2200-2239")
	daemon.reload(config(loops + opening, rescuer_threads=16, keep_open="yes"))
	wait_until("opens hang", lambda: case.disk.held() >= 1, 10)
	wait_until("one is past its timeout", lambda: any(
		daemon.path(d)["state"] in ("down", "timeout") for d in opening), 15)
	first, begin = daemon.paths(), time.monotonic()
	time.sleep(5)
	second, elapsed = daemon.paths(), time.monotonic() - begin
	rounds = [second[d]["checks_total"] - first[d]["checks_total"] for d in loops]
	lag = daemon.status()["lag_s"]["max"]
	case.figure(f"{case.disk.held()} opens hang: {min(rounds)} to {max(rounds)} checks of the "
	            f"others in {elapsed:.1f} intervals, lag max {lag * 1000:.1f} ms")
	check(min(rounds) >= elapsed - 1.5 * MARGIN, "healthy paths missed checks", rounds[:10])
	check(all(second[d]["state"] == "up" and not second[d]["failures_total"] for d in loops),
	      "healthy paths are not up")
	check(lag < 0.5 * MARGIN, "checks start late", lag)
	check(daemon.ctl("ping").seconds < 0.5 * MARGIN, "the command waits")
	reason = next(p["reason"] for d, p in second.items()
	              if d in opening and p["state"] in ("down", "timeout"))
	check("open" in reason, "the reason does not name the open", reason)
	case.disk.tell("release", "all")
	daemon.wait_count("up", 140)


@test([9])
def hung_closes_delay_nothing(case):
	"""Removing paths whose close hangs delays neither the reload nor other paths."""
	loops = case.loops(range(50))
	files = [case.disk.path(n) for n in range(2240, 2243)]
	daemon = case.daemon(config(loops + files, keep_open="yes")).start().wait_ready(up=53)
	case.disk.tell("hang-close", "2240-2242")
	result = daemon.reload(config(loops, keep_open="yes"))
	check(result.seconds < 2 * MARGIN, f"the reload took {result.seconds:.2f} s")
	wait_until("closes hang", lambda: case.disk.held() == 3, 10)
	first, begin = daemon.paths(), time.monotonic()
	time.sleep(3)
	second, elapsed = daemon.paths(), time.monotonic() - begin
	check(all(second[d]["checks_total"] - first[d]["checks_total"] >= elapsed - 1.5 * MARGIN
	          for d in loops), "healthy paths missed checks")
	daemon.stop(1)
	case.disk.tell("release", "all")
