# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device's own errors never fail a path in its map; a unit that is gone is disconnected."""
# timeout: 240
from maps import CONFIG, devt, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from targets import Iscsi, release, reserve
from vm import *

PATHS, ROUNDS = 8, 5
SHARED, RESERVED, SHRUNK, UNMAPPED = 0, 1, 2, 3  # units
LIMIT = 30
wrong = []


def stay_usable(what, name, disks, errno, make):
	"""From make() on reads of these disks fail with that errno: their paths stay, and say why.
	What is not so is kept: each kind is looked at before the scenario fails."""
	since, found = last_event(), []
	make()
	wait_for(f"{what} is noticed", lambda: all(errno in (path(d)["reason"] or "") for d in disks),
	         LIMIT)
	after = rounds(disks, ROUNDS)
	told = {d: [e["message"] for e in events(since) if e["path"] == d] for d in disks}
	for text, names in (
			("not up", [d for d in disks if after[d]["state"] != "up"]),
			(f"no {errno} in the reason", [d for d in disks if errno not in (after[d]["reason"] or "")]),
			("not told once", [d for d in disks if sum(errno in m for m in told[d]) != 1]),
			("fail_path", [d for d in disks if any("failed in its map" in m for m in told[d])]),
			("failed in the kernel", [d for d in disks if kernel_states(name)[devt(d)] != "A"])):
		if names:
			found.append(f"{text}: {len(names)} of {len(disks)}: {told[names[0]]}")
	figure(f"{what}: {after[disks[0]]['reason']}")
	for text in found:
		say(f"  NOT SO: {text}")
	wrong.extend(f"{what}: {text}" for text in found)


def are_well(name, disks):
	for d in disks:
		wait_for(f"{d} is up, without a reason", lambda d=d: next(
			(p for p in [state_is(d, "up")] if p and not p["reason"]), None), LIMIT)
	for d in disks:
		wait_for_kernel(name, d, "A", LIMIT)


run("modprobe -a dm-multipath dm-round-robin loop")
os.symlink("/dev/null", "/etc/udev/rules.d/55-scsi-sg3_id.rules")  # takes seconds a disk in here
without_multipath_tools()
debug = scsi_debug(add_host=PATHS, max_luns=1, dif=1, dix=1)  # one store, seen as many disks
target = Iscsi(portals=2, luns=4, groups=True)
left, right = target.disks(portal=0), target.disks(portal=1)
make_map("debug", debug)
make_map("reserved", [right[RESERVED]])
make_map("unmapped", [left[UNMAPPED], right[UNMAPPED]])
config(CONFIG)
start()
for name in ("debug", "reserved", "unmapped"):
	wait_for(f"{name} is known", lambda n=name: n in maps())
for d in [*debug, *left, *right]:
	wait_for(f"{d} is up", lambda d=d: state_is(d, "up"), LIMIT)

say("a medium error on every path")
stay_usable("a medium error", "debug", debug, "ENODATA", lambda: medium_errors(True))
medium_errors(False)
are_well("debug", debug)

say("a protection error on every path")
stay_usable("a protection error", "debug", debug, "EILSEQ",
            lambda: protection_errors(debug[0], True))
protection_errors(debug[0], False)
are_well("debug", debug)

say("a reservation that another initiator port holds")
stay_usable("a reservation conflict", "reserved", [right[RESERVED]], "EBADE",
            lambda: reserve(left[RESERVED]))
check(state_is(left[RESERVED], "up"), "the holder reads", path(left[RESERVED]))
release(left[RESERVED])
are_well("reserved", [right[RESERVED]])

say("a unit that has become smaller than what is read: a target error")
run("truncate -s 8M /root/shrinks; losetup --direct-io=off /dev/loop7 /root/shrinks")
target.unmap_unit(2, SHRUNK)
target.map_unit(2, SHRUNK, target.add_device("shrinks", "/dev/loop7", "checkerd-shrinks"))
announced = right[SHRUNK]
announce(announced)
wait_for("it is known which disk is there", lambda: (path(announced)["wwid"] or "") not in (
	"", path(left[SHRUNK])["wwid"]), LIMIT)
make_map("shrunk", [announced])
wait_for("shrunk is known", lambda: "shrunk" in maps())
are_well("shrunk", [announced])
stay_usable("a target error", "shrunk", [announced], "EREMOTEIO",
            lambda: run("truncate -s 0 /root/shrinks; losetup -c /dev/loop7"))

say("a unit that the target has no more")
since = last_event()
target.unmap_unit(2, UNMAPPED)
p = wait_for(f"{right[UNMAPPED]} is disconnected or down",
             lambda: state_is(right[UNMAPPED], "disconnected", "down"), LIMIT)
figure(f"an unmapped unit: {p['state']}: {p['reason']}")
if p["state"] != "disconnected":
	wrong.append(f"an unmapped unit: its path is {p['state']}: {p['reason']}")
wait_for_kernel("unmapped", right[UNMAPPED], "F", LIMIT)
check(kernel_states("unmapped")[devt(left[UNMAPPED])] == "A", "the other path stays")
target.map_unit(2, UNMAPPED, target.ramdisk(UNMAPPED))
are_well("unmapped", [left[UNMAPPED], right[UNMAPPED]])
check(not wrong, f"{len(wrong)} things are not so", *wrong)
figure(f"{PATHS} paths with device errors: none was failed")
