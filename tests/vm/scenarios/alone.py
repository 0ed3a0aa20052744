# SPDX-License-Identifier: LGPL-2.1-or-later
"""Only the checking: multipathd makes maps and does not check; checkerd alone fails and reinstates.

The settings are those of checkerd-multipathd(7)."""
# timeout: 600
import os
import subprocess
import threading
import time

from maps import CONFIG, Verifier, devt, kernel_states, wait_for_kernel
from targets import Iscsi, cut, restore
from vm import (check, config, ctl, events, figure, findings, journal, maps, paths, run, say, settle,
                start, state_is, wait_for, write)

PORTALS, LUNS = 3, 1
LIMIT = 60
QUIET = 8
RECIPE = """
	path_checker none
	detect_checker no
	no_path_retry queue
"""
# A map that is reloaded waits for its I/O, and so does the command that reloads it.
MULTIPATH_CONF = """
defaults {{
	find_multipaths no
	user_friendly_names yes
	checker_timeout 5
	uxsock_timeout 120000
	polling_interval {interval}
	max_polling_interval {interval}
}}
blacklist {{
	devnode "^vd"
}}
overrides {{
{overrides}
}}
"""


class Commands(threading.Thread):
	"""Counts the changes of paths in their maps, by whomever, as the kernel tells them."""

	def __init__(self):
		super().__init__(daemon=True)
		self.failed = self.reinstated = 0
		self.process = subprocess.Popen(
			["udevadm", "monitor", "--kernel", "--property", "--subsystem-match=block"],
			stdout=subprocess.PIPE, text=True)
		self.start()

	def run(self):
		for line in self.process.stdout:
			self.failed += line.strip() == "DM_ACTION=PATH_FAILED"
			self.reinstated += line.strip() == "DM_ACTION=PATH_REINSTATED"

	def now(self):
		"""(all fail, all reinstate, checkerd's fail, checkerd's reinstate)"""
		time.sleep(0.5)
		dm = ctl("show", "status")["dm"]
		return (self.failed, self.reinstated, dm["failed_total"], dm["reinstated_total"])


def multipath_conf(interval, overrides=RECIPE):
	write("/etc/multipath.conf",
	      MULTIPATH_CONF.format(interval=interval, overrides=overrides))


def map_of(disk):
	return paths()[disk]["map"]


def all_active():
	return all(set(kernel_states(m).values()) == {"A"} and len(kernel_states(m)) == PORTALS
	           for m in NAMES)


def is_failed(*disks):
	for disk in disks:
		wait_for_kernel(map_of(disk), disk, "F", LIMIT)


def stays(why, *disks):
	"""These are failed, all others are active, and nobody says anything else for a while."""
	before = commands.now()
	time.sleep(QUIET)
	after = commands.now()
	check(after == before, f"{why}: it is quiet (all F, all A, checkerd's F, checkerd's A)",
	      before, after, *[e["message"] for e in events()][-20:])
	for name in NAMES:
		states = kernel_states(name)
		wanted = {number: "F" if number in [devt(d) for d in disks] else "A" for number in states}
		check(states == wanted, f"{why}: {name} is as decided", states, wanted)


def well():
	for v in verifiers:
		v.is_well()


# What systemd may mount is asked of `multipath -u` for each disk, which takes seconds in here.
os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
run("udevadm control --reload")
run("modprobe -a dm-multipath sg")
figure("multipath-tools " + run("dpkg-query -W -f '${Version}' multipath-tools"))
multipath_conf(3600)
target = Iscsi(portals=PORTALS, luns=LUNS)
run("systemctl start multipathd", seconds=120)
config(CONFIG, 'blacklist {\n devnode "^vd"\n}')
start()
wait_for("each unit has a map with all its paths", lambda: len(maps()) == LUNS and all(
	len(m["paths"]) == PORTALS and m["redundancy"] == "full" for m in maps().values()), 90)
NAMES = sorted(maps())
settle()
commands = Commands()
verifiers = [Verifier(f"{name}", seconds=400) for name in NAMES]
wait_for("fio writes", lambda: all(v.process.poll() is None for v in verifiers))
time.sleep(2)
begin, first = time.monotonic(), commands.now()
check(run("multipathd show paths raw format '%c'").split().count("none") == PORTALS * LUNS,
      "multipathd has no checker", run("multipathd show paths"))
stays("at the beginning")

say("each portal hangs, and comes back")
for n in range(PORTALS):
	lost = target.disks(n)
	cut(n)
	is_failed(*lost)
	restore(n)
	for disk in lost:
		wait_for_kernel(map_of(disk), disk, "A", LIMIT)
	well()
wait_for("all are active", all_active, LIMIT)

say("a path is failed, and its map gets another table; then either daemon starts again")
cut(1)
lost = target.disks(1)
is_failed(*lost)
stays("a portal hangs", *lost)
for what, command in (
		("a reload", f"multipathd reload map {NAMES[0]}"),
		("a reconfiguration", "multipathd reconfigure"),
		("a restart of multipathd", "systemctl restart multipathd"),
		("a SIGKILL of multipathd", "systemctl kill -s KILL multipathd; sleep 1; "
		                            "systemctl restart multipathd"),
		("a restart of checkerd", "systemctl restart checkerd"),
		("a SIGKILL of checkerd", "systemctl kill -s KILL checkerd; sleep 3")):
	say(what)
	before = commands.now()
	run(command, seconds=150)
	time.sleep(2)
	wait_for("checkerd is ready",
	         lambda: '"ready":true' in run("checkerctl --json show status", ok=False), LIMIT)
	wait_for("checkerd knows the maps", lambda: sorted(maps()) == NAMES, LIMIT)
	is_failed(*lost)
	after = commands.now()
	figure(f"{what}: {after[1] - before[1]} reinstated, {after[0] - before[0]} failed again")
	well()
stays("after all that", *lost)

say("a path vanishes, and comes back, while another one is failed")
gone = target.disks(2)[0]
name = map_of(gone)
write(f"/sys/block/{gone}/device/delete", "1\n")
wait_for("it is gone from its map", lambda: len(kernel_states(name)) == PORTALS - 1, LIMIT)
is_failed(*lost)
run("iscsiadm -m session --rescan")
wait_for("it is in its map again", lambda: len(kernel_states(name)) == PORTALS, LIMIT)
wait_for("checkerd checks it", lambda: all(state_is(d, "up") for d in target.disks(2)), LIMIT)
stays("it is back", *lost)
restore(1)
wait_for("all are active", all_active, LIMIT)
well()

say("at the end")
wait_for("all are up", lambda: all(p["state"] == "up" for p in paths().values()), LIMIT)
check(len(paths()) == PORTALS * LUNS, "all paths", sorted(paths()))
wait_for("full", lambda: {m["redundancy"] for m in maps().values()} == {"full"}, LIMIT)
stays("at the end")
last, took = commands.now(), time.monotonic() - begin
figure(f"in {took:.0f} s: {last[0] - first[0]} times failed and {last[1] - first[1]} reinstated, by "
       "whomever; none while nothing happens")
check("multipathd-checks" not in findings(), "doctor finds nothing", findings())

say("multipathd checks, too: everybody says so")
multipath_conf(1, "path_checker directio\ndetect_checker no")
run("multipathd reconfigure", seconds=150)
wait_for("multipathd has a checker",
         lambda: "directio" in run("multipathd show paths raw format '%c'", ok=False), LIMIT)
found = wait_for("doctor says so", lambda: findings().get("multipathd-checks"), LIMIT)
check("directio" in found["text"] and "checkerd-multipathd(7)" in found["remedy"], "how", found)
check(any("multipathd checks" in w for w in ctl("show", "status")["warnings"]), "status says so",
      ctl("show", "status")["warnings"])
check(journal().count("dm_control is on, and multipathd checks") == 1, "one line in the log")
for v in verifiers:
	v.end()
