# SPDX-License-Identifier: LGPL-2.1-or-later
"""Beside multipathd: observed, both see the same; with dm_control on as well, they do not fight."""
# timeout: 240
import os
import time

from maps import devt, kernel_states, wait_for_kernel
from vm import (check, config, ctl, events, figure, last_event, maps, paths, run, say,
                scsi_debug, scsi_state, start, state_is, wait_for, write)

CONFIG = "polling_interval 1\nmax_polling_interval 1\n"
# multipathd's checks come once in so many seconds, and the machine is slow.
LIMIT = 15

# What systemd may mount is asked of `multipath -u` for each disk, which takes seconds in here.
os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
run("udevadm control --reload")
write("/etc/multipath.conf", """
defaults {
	find_multipaths no
	user_friendly_names yes
	path_checker directio
	polling_interval 1
	max_polling_interval 1
}
blacklist {
	devnode "^vd"
}
""")
disks = scsi_debug(max_luns=1, add_host=3, vpd_use_hostno=0)
run("systemctl start multipathd", seconds=120)
config(CONFIG)
start()

say("the map that multipathd makes is found")
wait_for("a map with all paths",
         lambda: any(set(m["paths"]) == set(disks) for m in maps().values()), 60)
name = next(iter(maps()))
check({p["map"] for n, p in paths().items() if n in disks} == {name}, "its paths", paths())

say("a disk is removed: multipathd takes it out of its map")
# One port of scsi_debug's is in the ALUA state "standby", where reads fail.
without = wait_for("one is a ghost", lambda: [d for d in disks if state_is(d, "ghost")], 60)[0]
write(f"/sys/block/{without}/device/delete", "1\n")
disks.remove(without)
wait_for("two paths, which are up", lambda: maps()[name]["redundancy"] == "full", 60)
check(set(maps()[name]["paths"]) == set(disks), "its paths", maps())
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
