# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd and checkerd side by side on the same iSCSI or NVMe/TCP paths: what they cost, and how
long they take. Both check every path in the same way, as often and with the same time limit."""
import datetime
import json
import os
import re
import statistics
import time

from maps import devt
from targets import CONFIG, Iscsi, NvmeTcp, cut, restore
from vm import (check, config, ctl, figure, path, paths, read, record, run, say, scsi_state, settle, start,
                status_of, wait_for, write)

INTERVAL, TIMEOUT = 2, 3
LUNS = 16
QUIET = 24     # seconds
OFFLINE = 12   # paths
STARTED = 45   # seconds: nobody waits longer for a start while paths hang

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


class IscsiPaths(Iscsi):
	NAME = "iSCSI"

	def __init__(self, portals):
		super().__init__(portals=portals, luns=LUNS)

	@staticmethod
	def offline(disk, on):
		scsi_state(disk, "offline" if on else "running")


class NvmePaths(NvmeTcp):
	"""The ANA state of a namespace of such a path is its own: each namespace has an ANA group."""

	NAME = "NVMe/TCP"

	def __init__(self, portals):
		# A controller that hangs is not to be given up by the keep-alive.
		super().__init__(portals=portals, keep_alive=600, namespaces=LUNS)
		self.portal = {disk: n for n in range(portals) for disk in self.disks(n)}

	def add_namespace(self, number, size_mb=8):
		super().add_namespace(number, size_mb)
		write(f"{self.subsystem}/namespaces/{number}/ana_grpid", str(number))

	def prepare_port(self, n):
		for number in range(1, LUNS + 1):
			os.makedirs(self.ana_group(n, number), exist_ok=True)
			write(f"{self.ana_group(n, number)}/ana_state", "optimized")

	@staticmethod
	def ana_group(n, number):
		return f"{CONFIG}/nvmet/ports/{n + 1}/ana_groups/{number}"

	def offline(self, disk, on):
		number = read(f"/sys/block/{disk}/nsid")
		write(f"{self.ana_group(self.portal[disk], number)}/ana_state",
		      "persistent-loss" if on else "optimized")


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


def noticed_by_multipathd(disk, since):
	"""When its journal first spoke of the disk: seconds of the wall clock, or None."""
	named = re.compile(rf"\b{disk}\b|path {devt(disk)} ")
	lines = run("journalctl", "-b", "--no-pager", "-o", "json", "-u", "multipathd",
	            f"--since=@{since:.3f}")
	for line in lines.splitlines():
		entry = json.loads(line)
		stamp = int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"])
		if named.search(str(entry["MESSAGE"])) and stamp / 1e6 >= since:
			return stamp / 1e6
	return None


def noticed_by_checkerd(disk, since):
	"""The same from its events: one may be about many paths, and its message does not name each."""
	for e in ctl("show", "events")["events"]:
		stamp = datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00")).timestamp()
		about = e["type"] in ("path_state", "cause") and (
			e["path"] == disk or disk in (e["members"] or []))
		if about and stamp >= since:
			return stamp
	return None


def wait_noticed(by, disk, since):
	return wait_for(f"{by.__name__}: {disk}", lambda: by(disk, since), 180, every=0.5) - since


class Table:
	"""The result: a line a measure, multipathd's figure, checkerd's, and how they compare."""

	def __init__(self, target, n_paths, checker):
		package = run("dpkg-query -W -f '${Version}' multipath-tools")
		figure(f"{n_paths} {target.NAME} paths, {checker} every {INTERVAL} s; multipath-tools {package}")
		self.line("", "multipathd", "checkerd", "ratio")
		self.figures = {
			"kind": "compare", "paths": n_paths, "transport": target.NAME, "checker": checker,
			"multipath_tools": package, "kernel": run("uname -r").strip(),
			"systemd": run("systemctl --version").split()[1], "interval_s": INTERVAL, "started_limit_s": STARTED,
			"rows": {}}

	@staticmethod
	def line(*cells):
		figure(f"{cells[0]:44}{cells[1]:>12}{cells[2]:>12}{cells[3]:>9}")

	def add(self, name, what, unit, theirs, ours, digits=1):
		ratio = f"1/{theirs / ours:.1f}" if ours and theirs >= ours else f"{ours / theirs:.1f}"
		self.line(f"{what}, {unit}", f"{theirs:.{digits}f}", f"{ours:.{digits}f}", ratio)
		self.figures["rows"][name] = [theirs, ours]

	def add_times(self, name, what, theirs, ours):
		for word, of in (("median", statistics.median), ("worst", max)):
			self.add(f"{name}_{word}", f"{what}, {word} of {len(ours)}", "s", of(theirs), of(ours), 2)


def floor_us(disks, checker):
	"""CPU of a raw loop a check, as seldom: what the kernel itself takes for it."""
	kind = "sg-floor" if checker == "tur" else "floor"
	block = read(f"/sys/block/{disks[0]}/queue/logical_block_size")
	write("/run/disks", "".join(f"/dev/{disk}\n" for disk in disks))
	told = run(f"(for i in $(seq 6); do sleep {INTERVAL}; echo rounds 1; done; echo stop) |"
	           f" ./subject {kind} /run/disks {len(disks)} {block}", seconds=120)
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
	table.add("cpu_us", "CPU a check", "us", theirs * 1e6 / (n_paths * elapsed / INTERVAL), ours * 1e6 / done)
	floor = floor_us(disks, checker)
	table.line("of it a raw loop's, us", f"{floor:.1f}", f"{floor:.1f}", "")
	table.figures["floor_us"] = floor
	for name, n in sorted(slept.items()):
		if n > elapsed / INTERVAL / 4:
			table.line(f"sleeps of {name}, a check of all paths", "", f"{n * INTERVAL / elapsed:.1f}", "")
	table.add("locked_mib", "locked memory", "MiB", locked_mib("multipathd"), locked_mib("checkerd"))


def offline(table, target):
	"""Some paths, each offline for a while, a few at a time."""
	theirs, ours, disks = [], [], target.disks()
	for i in range(0, OFFLINE, 4):
		since = {}
		for disk in disks[i:i + 4]:
			since[disk] = time.time()
			target.offline(disk, True)
			time.sleep(0.3)
		for disk, t in since.items():
			theirs.append(wait_noticed(noticed_by_multipathd, disk, t))
			ours.append(wait_noticed(noticed_by_checkerd, disk, t))
			target.offline(disk, False)
		for disk in since:
			wait_for(f"{disk} is up", lambda d=disk: path(d)["state"] == "up")
		time.sleep(INTERVAL)
	table.add_times("offline_s", "offline path noticed", theirs, ours)


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


def started(unit):
	"""How long its start takes, or STARTED if longer."""
	begin = time.monotonic()
	run("systemctl", "start", "--no-block", unit)
	while time.monotonic() - begin < STARTED:
		if status_of("systemctl", "-q", "is-active", unit) == 0:
			return time.monotonic() - begin
		time.sleep(0.1)
	say(f"{unit} has not started within {STARTED} s")
	return STARTED


def reconfigured():
	"""multipathd answers before it has looked at its paths: until the answer, and until it is idle."""
	begin = time.monotonic()
	run("multipathd", "reconfigure", seconds=300)
	answered = time.monotonic() - begin
	wait_for("multipathd is idle",
	         lambda: run("multipathd", "show", "daemon", ok=False).endswith("idle\n"), 300)
	return answered, time.monotonic() - begin


def commands(table):
	table.add("show_s", f"show paths while {LUNS} hang", "s",
	          command_seconds("multipathd", "show", "paths"),
	          command_seconds("checkerctl", "show", "paths"), 2)
	ours = timed("checkerctl", "reload")
	answered, idle = reconfigured()
	table.add("reload_s", f"reload while {LUNS} hang, until the answer", "s", answered, ours, 2)
	table.add("reloaded_s", f"reload while {LUNS} hang, until it is done", "s", idle, ours, 2)


def ends(table):
	"""Stop and restart. multipathd stops when its reads have ended; its restart is that, and a start."""
	theirs = timed("systemctl", "stop", "multipathd")
	settle(300)  # its end has every map and disk looked at anew
	restarted = timed("systemctl", "restart", "checkerd")
	table.add("stop_s", f"stop while {LUNS} hang", "s", theirs, timed("systemctl", "stop", "checkerd"), 2)
	table.add("restart_s", f"restart while {LUNS} hang", "s", theirs + started("multipathd"), restarted, 2)


def hung(table, target):
	"""Two of the portals are cut, one after the other: all their paths hang."""
	theirs, ours = [], []
	for portal in (0, 1):
		since = time.time()
		cut(portal)
		for disk in target.disks(portal)[:10]:
			theirs.append(wait_noticed(noticed_by_multipathd, disk, since))
			ours.append(wait_noticed(noticed_by_checkerd, disk, since))
		if portal == 0:
			commands(table)
			restore(portal)
			for disk in target.disks(portal):
				wait_for(f"{disk} is up", lambda d=disk: path(d)["state"] == "up", 60)
			time.sleep(2 * INTERVAL)
	table.add_times("hung_s", "hung path noticed", theirs, ours)
	ends(table)


def both_check(portals, checker, network):
	"""Starts both on the same paths, and waits until they have them all up. Returns the target.

	multipathd reads NVMe namespaces with directio; checkerd has a checker for them that does."""
	run("modprobe -a dm-multipath sg")
	# multipathd does without it, and an emulated processor has better things to do than to
	# run a program more for each event of each disk.
	os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
	run("udevadm control --reload")
	write("/etc/multipath.conf",
	      MULTIPATH_CONF.replace("CHECKER", "directio" if checker == "nvme" else checker))
	target = network(portals)
	disks = target.disks()
	run("systemctl", "start", "multipathd")
	settle(300)
	config(f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"
	       f"checker_timeout {TIMEOUT}\npath_checker {checker}\n", 'blacklist { devnode "^vd" }')
	start()
	wait_for("checkerd has every path up",
	         lambda: [p["state"] for p in paths().values()] == ["up"] * len(disks), 60)
	check({p["checker"] for p in paths().values()} == {checker}, f"checked with {checker}", paths())
	wait_for("multipathd has every path up", lambda: run(
		"multipathd show paths format '%d %T' | grep -c ready", ok=False).strip() == str(len(disks)),
		240, every=1)
	return target


def measure_cpu(portals, checker="directio", network=IscsiPaths):
	"""CPU and memory only. In a machine whose time is counted by instructions they are instructions."""
	target = both_check(portals, checker, network)
	disks = target.disks()
	table = Table(target, len(disks), checker)
	table.figures["kind"] = "compare-counted"
	cpu(table, disks, checker)
	record(table.figures)


def measure(portals, checker="directio", network=IscsiPaths):
	target = both_check(portals, checker, network)
	disks = target.disks()
	table = Table(target, len(disks), checker)
	cpu(table, disks, checker)
	offline(table, target)
	hung(table, target)
	record(table.figures)
