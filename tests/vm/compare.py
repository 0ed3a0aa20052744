# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd and checkerd side by side on the same iSCSI paths: what they cost, and how long
they take. Both check every path in the same way, as often and with the same time limit."""
import json
import os
import re
import statistics
import time

from maps import devt
from targets import Iscsi, cut, restore
from vm import (check, config, figure, path, paths, read, run, say, scsi_state, settle, start,
                status_of, wait_for, write)

INTERVAL, TIMEOUT = 2, 3
LUNS = 16
QUIET = 30  # seconds

MULTIPATH_CONF = f"""defaults {{
	find_multipaths no
	path_checker CHECKER
	detect_checker no
	polling_interval {INTERVAL}
	max_polling_interval {INTERVAL}
	checker_timeout {TIMEOUT}
	no_path_retry queue
}}
blacklist {{ devnode "^vd" }}
"""


def cpu_seconds(unit):
	"""Of all its processes since it was started."""
	group = run("systemctl", "show", "-P", "ControlGroup", unit).strip()
	words = read(f"/sys/fs/cgroup{group}/cpu.stat").split()
	return int(words[words.index("usage_usec") + 1]) / 1e6


def locked_mib(unit):
	group = run("systemctl", "show", "-P", "ControlGroup", unit).strip()
	total = 0
	for pid in read(f"/sys/fs/cgroup{group}/cgroup.procs").split():
		total += int(re.search(r"VmLck:\s+(\d+)", read(f"/proc/{pid}/status")).group(1))
	return total / 1024


def sleeps(unit):
	"""How often the threads of all its processes have slept, by the threads' names."""
	group = run("systemctl", "show", "-P", "ControlGroup", unit).strip()
	found = {}
	for pid in read(f"/sys/fs/cgroup{group}/cgroup.procs").split():
		for task in os.listdir(f"/proc/{pid}/task"):
			text = read(f"/proc/{pid}/task/{task}/status")
			name = re.search(r"Name:\t(.*)", text).group(1)
			n = int(re.search(r"\nvoluntary_ctxt_switches:\t(\d+)", text).group(1))
			found[name] = found.get(name, 0) + n
	return found


def checks_total():
	return sum(p["checks_total"] for p in paths().values())


def noticed(unit, disk, since):
	"""When the unit's journal first spoke of the disk: seconds of the wall clock, or None."""
	named = re.compile(rf"\b{disk}\b|path {devt(disk)} ")
	lines = run("journalctl", "-b", "--no-pager", "-o", "json", "-u", unit,
	            f"--since=@{since:.3f}")
	for line in lines.splitlines():
		entry = json.loads(line)
		stamp = int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"])
		if named.search(str(entry["MESSAGE"])) and stamp / 1e6 >= since:
			return stamp / 1e6
	return None


def wait_noticed(unit, disk, since):
	return wait_for(f"{unit} notices {disk}", lambda: noticed(unit, disk, since), 60,
	                every=0.5) - since


class Table:
	"""The result: a line a measure, multipathd's figure, checkerd's, and how they compare."""

	def __init__(self, n_paths, checker):
		version = "multipath-tools " + run("dpkg-query -W -f '${Version}' multipath-tools")
		figure(f"{n_paths} iSCSI paths, {checker} every {INTERVAL} s; {version}")
		self.row("", "multipathd", "checkerd", "ratio")

	@staticmethod
	def row(*cells):
		figure(f"{cells[0]:44}{cells[1]:>12}{cells[2]:>12}{cells[3]:>9}")

	def add(self, what, unit, theirs, ours, digits=1):
		ratio = f"1/{theirs / ours:.1f}" if ours and theirs >= ours else f"{ours / theirs:.1f}"
		self.row(f"{what}, {unit}", f"{theirs:.{digits}f}", f"{ours:.{digits}f}", ratio)

	def add_times(self, what, theirs, ours):
		for name, of in (("median", statistics.median), ("worst", max)):
			self.add(f"{what}, {name} of {len(ours)}", "s", of(theirs), of(ours), 2)


def floor_us(disks, checker):
	"""CPU of a raw loop a check, as seldom: what the kernel itself takes for it."""
	kind = "floor" if checker == "directio" else "sg-floor"
	write("/run/disks", "".join(f"/dev/{disk}\n" for disk in disks))
	told = run(f"(for i in $(seq 10); do sleep {INTERVAL}; echo rounds 1; done; echo stop) |"
	           f" ./subject {kind} /run/disks {len(disks)} 512", seconds=120)
	rounds = [json.loads(line) for line in told.splitlines() if '"rounds"' in line]
	check(sum(r["failed"] for r in rounds) == 0, "the raw loop's checks succeed")
	return statistics.median(r["cpu_ns"] / r["checks"] for r in rounds) / 1e3


def cpu(table, disks, checker):
	n_paths = len(disks)
	say("a quiet while")
	before, begin, slept = checks_total(), time.monotonic(), sleeps("checkerd")
	theirs, ours = cpu_seconds("multipathd"), cpu_seconds("checkerd")
	time.sleep(QUIET)
	elapsed = time.monotonic() - begin
	theirs, ours = cpu_seconds("multipathd") - theirs, cpu_seconds("checkerd") - ours
	slept = {name: n - slept.get(name, 0) for name, n in sleeps("checkerd").items()}
	done = checks_total() - before
	check(done > 0.7 * n_paths * elapsed / INTERVAL, f"checkerd made its checks: {done}")
	# multipathd does not say how many it made: as many as it was told to.
	table.add("CPU a check", "us", theirs * 1e6 / (n_paths * elapsed / INTERVAL), ours * 1e6 / done)
	floor = floor_us(disks, checker)
	table.row("of it a raw loop's, us", f"{floor:.1f}", f"{floor:.1f}", "")
	for name, n in sorted(slept.items()):
		if n > elapsed / INTERVAL / 4:
			table.row(f"sleeps of {name}, a check of all paths", "", f"{n * INTERVAL / elapsed:.1f}", "")
	table.add("locked memory", "MiB", locked_mib("multipathd"), locked_mib("checkerd"))


def offline(table, disks):
	"""20 paths, each offline for a while, a few at a time."""
	theirs, ours = [], []
	for i in range(0, 20, 4):
		since = {}
		for disk in disks[i:i + 4]:
			since[disk] = time.time()
			scsi_state(disk, "offline")
			time.sleep(0.3)
		for disk, t in since.items():
			theirs.append(wait_noticed("multipathd", disk, t))
			ours.append(wait_noticed("checkerd", disk, t))
			scsi_state(disk, "running")
		for disk in since:
			wait_for(f"{disk} is up", lambda d=disk: path(d)["state"] == "up")
		time.sleep(INTERVAL)
	table.add_times("offline path noticed", theirs, ours)


def command_seconds(*command):
	took = []
	for _ in range(5):
		begin = time.monotonic()
		run(*command, seconds=120)
		took.append(time.monotonic() - begin)
	return statistics.median(took)


def timed(*command):
	begin = time.monotonic()
	run(*command, seconds=300)
	return time.monotonic() - begin


def hung(table, target):
	"""Two of the portals are cut, one after the other: all their paths hang."""
	theirs, ours = [], []
	for portal in (0, 1):
		since = time.time()
		cut(portal)
		for disk in target.disks(portal)[:10]:
			theirs.append(wait_noticed("multipathd", disk, since))
			ours.append(wait_noticed("checkerd", disk, since))
		if portal == 0:
			table.add("show paths while 16 hang", "s",
			          command_seconds("multipathd", "show", "paths"),
			          command_seconds("checkerctl", "show", "paths"), 2)
			table.add("reload while 16 hang", "s", timed("multipathd", "reconfigure"),
			          timed("checkerctl", "reload"), 2)
			restore(portal)
			for disk in target.disks(portal):
				wait_for(f"{disk} is up", lambda d=disk: path(d)["state"] == "up", 60)
			time.sleep(2 * INTERVAL)
	table.add_times("hung path noticed", theirs, ours)
	theirs = timed("systemctl", "stop", "multipathd")
	settle(180)  # its end has every map and disk looked at anew
	table.add("stop while 16 hang", "s", theirs, timed("systemctl", "stop", "checkerd"), 2)
	restore(1)


def measure(portals, checker="directio"):
	run("modprobe -a dm-multipath sg")
	# multipathd does without it, and an emulated processor has better things to do than to
	# run a program more for each event of each disk.
	os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
	run("udevadm control --reload")
	write("/etc/multipath.conf", MULTIPATH_CONF.replace("CHECKER", checker))
	target = Iscsi(portals=portals, luns=LUNS)
	disks = target.disks()
	run("systemctl", "start", "multipathd")
	settle(180)
	config(f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"
	       f"checker_timeout {TIMEOUT}\npath_checker {checker}\n", 'blacklist { devnode "^vd" }')
	start()
	wait_for("checkerd has every path up",
	         lambda: [p["state"] for p in paths().values()] == ["up"] * len(disks), 60)
	wait_for("multipathd has every path up", lambda: run(
		"multipathd show paths format '%d %T' | grep -c ready", ok=False).strip() == str(len(disks)),
		120, every=1)
	table = Table(len(disks), checker)
	cpu(table, disks, checker)
	offline(table, disks)
	hung(table, target)
