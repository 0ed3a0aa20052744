# SPDX-License-Identifier: LGPL-2.1-or-later
"""Issue 11, point 14: devices that block io_submit, and with it whatever is in the same batch."""
import mmap
import os
import struct
import time

from harness import check, config, test, wait_until

PATHS, BLOCKED = 1792, 7
INTERVAL, TIMEOUT = 2, 3
WATCHED_S = 4 * (INTERVAL + TIMEOUT)


class Blocking:
	"""The file that tests/system/blocking.c maps."""

	HEAD = struct.Struct("=IIII")
	DEVICES_MAX = 16

	def __init__(self, case, devices):
		self.name = os.path.join(case.folder, "blocking")
		with open(self.name, "wb") as f:
			f.truncate(mmap.PAGESIZE)
		with open(self.name, "r+b") as f:
			self.map = mmap.mmap(f.fileno(), mmap.PAGESIZE)
		numbers = [os.stat(d).st_rdev for d in devices]
		check(len(numbers) < self.DEVICES_MAX, "too many devices")
		struct.pack_into(f"={len(numbers)}Q", self.map, self.HEAD.size, *numbers)
		self.library = os.path.join(case.programs.build, "tests/system/.libs/blocking.so")

	def environment(self):
		return {"LD_PRELOAD": self.library, "BLOCKING": self.name}

	def turn(self, on):
		self.map[0:4] = struct.pack("=I", on)

	def read(self):
		"""Calls that are blocked, that were, and requests of the largest."""
		return self.HEAD.unpack(self.map[:self.HEAD.size])[1:]


def check_the_others(daemon, before, sick):
	"""Nothing is wrong with them: each is up, was checked again and again, and nothing is said."""
	after = daemon.paths()
	well = [d for d in after if d not in sick]
	bad = [after[d] for d in well if after[d]["state"] != "up" or after[d]["failures_total"] or
	       after[d]["timeouts_total"] or after[d]["transitions_total"] > before[d]["transitions_total"]]
	check(not bad, f"{len(bad)} of {len(well)} healthy paths are not well", *bad[:3])
	overdue = [after[d] for d in well if after[d]["overdue"]]
	check(not overdue, f"{len(overdue)} healthy paths are overdue", *overdue[:3])
	done = {d: after[d]["checks_total"] - before[d]["checks_total"] for d in well}
	late = [(d, n) for d, n in done.items() if n < WATCHED_S // (INTERVAL + TIMEOUT) - 1]
	check(not late, f"{len(late)} healthy paths are checked too seldom", late[:5])
	return min(done.values())


@test([14], timeout=150,
      not_sanitized="a sanitizer's library has to be the first one that is preloaded")
def seven_blocking_submits_delay_none(case):
	"""7 of 1,792 devices block whoever submits: they are known to be down, no other path is late or
	down, and the prober stays."""
	devices = case.loops(range(PATHS))
	numbers = range(PATHS // BLOCKED // 2, PATHS, PATHS // BLOCKED)
	sick = {devices[n] for n in numbers}
	blocking = Blocking(case, sick)
	daemon = case.daemon(config(devices, polling_interval=INTERVAL, max_polling_interval=INTERVAL,
	                            checker_timeout=TIMEOUT, keep_open="yes"),
	                     env=blocking.environment()).start().wait_ready(up=PATHS)
	before = daemon.paths()
	last = max((e["seq"] for e in daemon.events()), default=0)
	for n in numbers:
		case.disk.tell("hang", n)  # whoever reads it in another way waits, too
	blocking.turn(True)
	begin = time.monotonic()
	wait_until("a submit is blocked", lambda: blocking.read()[1] > 0, 5 * INTERVAL)
	daemon.wait_count("down", BLOCKED, seconds=4 * (INTERVAL + TIMEOUT))
	took = time.monotonic() - begin
	check({d for d, p in daemon.paths().items() if p["state"] == "down"} == sick, "others are down")
	time.sleep(max(0, WATCHED_S - took))
	least = check_the_others(daemon, before, sick)
	said = {e["path"] for e in daemon.events(last) if e["type"] == "path_state"}
	check(said == {os.path.basename(d) for d in sick}, "something is said of others", said)
	for device in sick:
		path = daemon.path(device)
		check(path["state"] == "down" and "no answer" in path["reason"], "its reason", path)
	status, groups = daemon.status(), daemon.groups()
	check(status["prober"]["restarts_total"] == 0, "the prober was replaced", status["prober"])
	now, total, largest = blocking.read()
	check(1 <= now <= BLOCKED and groups["lanes"]["stuck"] == now and
	      groups["lanes"]["replaced_total"] == total, "submit threads that are stuck",
	      groups["lanes"], (now, total))
	case.figure(f"{BLOCKED} of {PATHS} paths block the submit thread: down after {took:.1f} s (interval "
	            f"{INTERVAL} s, timeout {TIMEOUT} s); the others checked {least} times and more in "
	            f"{WATCHED_S} s; {total} calls blocked, the largest with {largest} reads")

	for n in numbers:
		case.disk.tell("answer", n)
		case.disk.tell("release", n)
	blocking.turn(False)
	daemon.wait_count("up", PATHS, seconds=4 * (INTERVAL + TIMEOUT))
	wait_until("no thread is stuck", lambda: daemon.groups()["lanes"]["stuck"] == 0, 10)
	wait_until("every slot is given back", lambda: not any(
		g["expired"] or g["orphans"] for g in daemon.groups()["groups"]), 10)
	check(daemon.status()["prober"]["restarts_total"] == 0, "the prober was replaced")
