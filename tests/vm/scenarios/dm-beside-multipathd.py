# SPDX-License-Identifier: LGPL-2.1-or-later
"""Beside multipathd: observed, both see the same; with dm_control on as well, they do not fight.
checkerctl compare shows where they agree, and where not."""
# timeout: 240
import json
import os
import subprocess
import time

from maps import devt, kernel_states, wait_for_kernel
from vm import (check, config, ctl, events, figure, last_event, maps, paths, run, say,
                scsi_debug, scsi_state, start, state_is, status_of, wait_for, write)

CONFIG = "polling_interval 1\nmax_polling_interval 1\n"
# multipathd's checks come once in so many seconds, and the machine is slow.
LIMIT = 15


def multipath_conf(checker, detect="yes"):
	write("/etc/multipath.conf", f"""
defaults {{
	find_multipaths no
	user_friendly_names yes
	path_checker {checker}
	detect_checker {detect}
	polling_interval 1
	max_polling_interval 1
}}
blacklist {{
	devnode "^vd"
}}
""")


def compare():
	"""(exit status, each disk's result and reason) of checkerctl compare."""
	done = subprocess.run(["checkerctl", "--json", "--timeout", "20", "compare"],
	                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	                      stderr=subprocess.PIPE, text=True, timeout=60, check=False)
	check(done.stdout, "compare prints", done.stderr)
	rows = json.loads(done.stdout)["paths"]
	return done.returncode, {r["name"]: (r["result"], r["why"]) for r in rows}


def agreed(status, **wanted):
	"""Waits until compare exits like this, with these results: both check once a second."""
	deadline = time.monotonic() + LIMIT
	while True:
		code, found = compare()
		if code == status and {d: found.get(d) for d in wanted} == wanted:
			return
		check(time.monotonic() < deadline, f"compare exits {status} with {wanted}", code, found)
		time.sleep(0.5)


AGREE = ("agree", None)

# What systemd may mount is asked of `multipath -u` for each disk, which takes seconds in here.
os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
run("udevadm control --reload")
multipath_conf("directio")
disks = scsi_debug(max_luns=1, add_host=3, vpd_use_hostno=0)
config(CONFIG)
start()
say("compare before multipathd runs: it is not started by its socket")
check(status_of("checkerctl", "compare") == 3, "compare without multipathd")
check(run("systemctl is-active multipathd.service", ok=False).strip() == "inactive", "stopped")
run("systemctl start multipathd", seconds=120)

say("the map that multipathd makes is found")
wait_for("a map with all paths",
         lambda: any(set(m["paths"]) == set(disks) for m in maps().values()), 60)
name = next(iter(maps()))
check({p["map"] for n, p in paths().items() if n in disks} == {name}, "its paths", paths())

say("a disk is removed: multipathd takes it out of its map")
# One port of scsi_debug's is in the ALUA state "standby", where reads fail.
without = wait_for("one is a ghost", lambda: [d for d in disks if state_is(d, "ghost")], 60)[0]
# multipathd detects ALUA, and checks with tur.
agreed(0, **{d: AGREE for d in disks})
write(f"/sys/block/{without}/device/delete", "1\n")
disks.remove(without)
wait_for("two paths, which are up", lambda: maps()[name]["redundancy"] == "full" and
         set(maps()[name]["paths"]) == set(disks), 60)
a, b = disks


def commands():
	dm = ctl("show", "status")["dm"]
	return {k: dm[f"{k}_total"] for k in ("failed", "reinstated", "refused")}


def told(since, *words):
	return wait_for(f"an event with {words}",
	                lambda: [e for e in events(since) if all(w in e["message"] for w in words)],
	                LIMIT)


def turn(disk):
	"""It goes and comes back; both agree each time."""
	scsi_state(disk, "offline")
	wait_for(f"{disk} is down", lambda: state_is(disk, "down"), LIMIT)
	wait_for_kernel(name, disk, "F", LIMIT)
	agreed(0, **{d: AGREE for d in disks})
	wait_for("the map is not redundant", lambda: maps()[name]["redundancy"] == "last", LIMIT)
	scsi_state(disk, "running")
	wait_for(f"{disk} is up", lambda: state_is(disk, "up"), LIMIT)
	wait_for_kernel(name, disk, "A", LIMIT)
	wait_for("the map is redundant", lambda: maps()[name]["redundancy"] == "full", LIMIT)


say("observed: what multipathd does is seen, and nothing else is done")
since = last_event()
turn(b)
told(since, f"{b} (map {name}): failed in its map, by the kernel or another program")
told(since, f"{b} (map {name}): active in its map again, by another program")
check(sum(commands().values()) == 0, "nothing was sent", commands())
say("multipathd dies, and the map is as it was")
run("systemctl kill -s KILL multipathd; systemctl stop multipathd.socket multipathd", ok=False)
time.sleep(2)
check(maps()[name]["redundancy"] == "full", "all is well", maps()[name])

say("both tell the kernel")
run("systemctl start multipathd", seconds=120)
config(CONFIG + "dm_control on")
run("checkerctl", "reload")
for i in range(3):
	turn(a if i % 2 else b)
sent = commands()
check(sent["failed"] <= 6 and sent["reinstated"] <= 6, "nobody fights", sent,
      *[e["message"] for e in events()])
figure(f"3 failures beside multipathd: {sent['failed']} fail_path, {sent['reinstated']} "
       "reinstate_path sent")
before = commands()
time.sleep(5)
check(commands() == before, "and then it is quiet", commands())
check(kernel_states(name) == {devt(a): "A", devt(b): "A"}, "all is well at the end")

say("multipathd has path_checker none, and only checkerd notices that commands hang")
config(CONFIG + "checker_timeout 1")
run("checkerctl", "reload")
multipath_conf("none", "no")
run("multipathd reconfigure", seconds=120)
agreed(0, **{d: AGREE for d in disks})
write("/sys/bus/pseudo/drivers/scsi_debug/opts", "4")
write("/sys/bus/pseudo/drivers/scsi_debug/every_nth", "-1")
agreed(1, **{d: ("differ", "usable for multipathd only, which does not check it "
                 "(path_checker none)") for d in disks})
figure(run("checkerctl compare", ok=False).splitlines()[-1])
