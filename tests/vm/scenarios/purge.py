# SPDX-License-Identifier: LGPL-2.1-or-later
"""purge_disconnected: the disk of a unit that is gone is deleted from the host, and no other one."""
# timeout: 240
import errno
import re

from maps import CONFIG, devt, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from targets import Iscsi
from vm import *

GONE, SWAPPED, ALL = 1, 2, 3  # units; LIO has a virtual one instead of unit 0
LIMIT, RIGHT = 30, 2  # seconds; the target's group behind the second portal
PURGER = "/usr/libexec/checkerd/checkerd-purger"


def exists(disk):
	return os.path.exists(f"/sys/block/{disk}/device/delete")


def told(since, words):
	return [e["message"] for e in events(since) if words in e["message"]]


def by_hand(disk, diskseq=None, address=None):
	"""The exit status of checkerd's program for this disk."""
	found = os.path.basename(os.path.realpath(f"/sys/block/{disk}/device"))
	return status_of(PURGER, devt(disk), str(diskseq or read(f"/sys/block/{disk}/diskseq")),
	                 address or found)


def take_away(disk, lun):
	target.unmap_unit(RIGHT, lun)
	wait_for(f"{disk} is disconnected", lambda: state_is(disk, "disconnected"), LIMIT)


run("modprobe -a dm-multipath dm-round-robin")
os.symlink("/dev/null", "/etc/udev/rules.d/55-scsi-sg3_id.rules")  # takes seconds a disk in here
without_multipath_tools()
target = Iscsi(portals=2, luns=4, groups=True)
other = target.add_file("other", 8, "another-unit")
left, right = target.disks(portal=0), target.disks(portal=1)
for name, lun in (("gone", GONE), ("swapped", SWAPPED), ("all", ALL)):
	make_map(name, [left[lun], right[lun]])
config(CONFIG)
start()
for name in ("gone", "swapped", "all"):
	wait_for(f"{name} is known", lambda n=name: maps().get(n, {}).get("redundancy") == "full")

say("without the keyword a disk stays")
begin = last_event()
take_away(right[GONE], GONE)
wait_for_kernel("gone", right[GONE], "F", LIMIT)
time.sleep(11)
check(exists(right[GONE]) and state_is(right[GONE], "disconnected"), "it stays", paths())

say("with the keyword, under the unit as it is: one warning with the remedy")
config(CONFIG + "purge_disconnected yes\nkeep_last_path no\n")
run("checkerctl reload")
wait_for("the warning", lambda: told(begin, "ReadWritePaths=/sys/devices"), LIMIT)
check(exists(right[GONE]), "it stays")

say("the program deletes no disk that is not the one that is meant")
check(by_hand(right[GONE], diskseq=1) == errno.ESTALE, "another sequence number")
check(by_hand(right[GONE], address="99:0:0:1") == errno.ESTALE, "another address")
check(exists(right[GONE]), "it stays")

say("with a drop-in the disk is deleted; a unit that is replaced in time stays")
os.makedirs("/run/systemd/system/checkerd.service.d")
write("/run/systemd/system/checkerd.service.d/purge.conf",
      "[Service]\nReadWritePaths=/sys/devices\n")
run("systemctl daemon-reload; systemctl restart checkerd", seconds=120)
restarted = last_event()
take_away(right[SWAPPED], SWAPPED)
wait_for_kernel("swapped", right[SWAPPED], "F", LIMIT)
target.map_unit(RIGHT, SWAPPED, other)  # before the 10 s are over
for group in (1, RIGHT):
	target.unmap_unit(group, ALL)
wait_for(f"{right[GONE]} is deleted", lambda: not exists(right[GONE]), LIMIT)
wait_for("the event", lambda: told(restarted, "deleted from this host"), LIMIT)
figure(re.sub(r", WWID [^)]*", "", told(restarted, "deleted from this host")[0]))
wait_for("it is no path any more", lambda: right[GONE] not in paths(), LIMIT)
check(kernel_states("gone")[devt(left[GONE])] == "A", "the other path stays")

say("of a map that is disconnected as a whole, every path is deleted")
for disk in (right[ALL], left[ALL]):
	wait_for(f"{disk} is deleted", lambda d=disk: not exists(d), LIMIT)
	wait_for(f"{disk} is no path any more", lambda d=disk: d not in paths(), LIMIT)
check(exists(right[SWAPPED]), "the other unit stays", events(restarted))
check(all(exists(d) for d in (left[GONE], left[SWAPPED])), "paths that work stay")
status = ctl("show", "status")
check(status["purge"] == {"deleted_total": 3, "failed_total": 0}, "they are counted", status["purge"])
check('checkerd_purges_total{result="deleted"} 3' in run("checkerctl metrics"), "metrics have it")

say("the unit is hardened all the same")
security = run("systemd-analyze security --no-pager checkerd", ok=False)
score = float(re.search(r"exposure level for checkerd.service: ([\d.]+)", security).group(1))
check(score <= 2.7, f"exposure {score} is at most 2.7", security)
figure(f"systemd-analyze security: {score}")

say("the unit is back: a scan finds it")
target.map_unit(RIGHT, GONE, target.ramdisk(GONE))
run("iscsiadm -m session --rescan")
wait_for("it is a path again", lambda: len([p for p in paths().values() if p["wwid"] and
                                            p["wwid"] == path(left[GONE])["wwid"]]) == 2, LIMIT)
