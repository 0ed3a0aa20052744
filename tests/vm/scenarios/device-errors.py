# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device's own errors never fail a path in its map; a unit that is gone is disconnected."""
# timeout: 240
from maps import CONFIG, devt, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from targets import Iscsi
from vm import *

PATHS, ROUNDS = 8, 5
SHARED, RESERVED, SHRUNK, UNMAPPED = 0, 1, 2, 3  # units
LIMIT = 30
KEY = "0x636865636b657264"
wrong = []


def stay_usable(what, name, disks, errno):
	"""Over some rounds reads of these disks fail with that errno: their paths stay, and say why.
	What is not so is kept: each kind is looked at before the scenario fails."""
	since, found = last_event(), []
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


def read_error(disk):
	"""What a read of the first block says, in the kernel's words."""
	return run(f"dd if=/dev/{disk} of=/dev/null bs=512 count=1 iflag=direct 2>&1", ok=False)


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
medium_errors(True)
stay_usable("a medium error", "debug", debug, "ENODATA")
medium_errors(False)
are_well("debug", debug)

say("a protection error on every path")
protection_errors(debug[0], True)
stay_usable("a protection error", "debug", debug, "EILSEQ")
protection_errors(debug[0], False)
are_well("debug", debug)

say("a reservation that another initiator port holds")
for words in (f"--register --param-sark={KEY}", f"--reserve --param-rk={KEY} --prout-type=3"):
	run(f"sg_persist --out {words} /dev/{left[RESERVED]}")
stay_usable("a reservation conflict", "reserved", [right[RESERVED]], "EBADE")
check(state_is(left[RESERVED], "up"), "the holder reads", path(left[RESERVED]))
run(f"sg_persist --out --release --param-rk={KEY} --prout-type=3 /dev/{left[RESERVED]}")
are_well("reserved", [right[RESERVED]])

say("a unit that has become smaller than what is read: a target error")
run("truncate -s 8M /root/shrinks; losetup --direct-io=off /dev/loop7 /root/shrinks")
target.unmap_unit(2, SHRUNK)
target.map_unit(2, SHRUNK, target.add_device("shrinks", "/dev/loop7", "checkerd-shrinks"))
announced = right[SHRUNK]
write(f"/sys/block/{announced}/device/rescan", "1")
wait_for(f"{announced} is read", lambda: "copied" in read_error(announced))
make_map("shrunk", [announced])
wait_for("shrunk is known", lambda: "shrunk" in maps())
are_well("shrunk", [announced])
run("truncate -s 0 /root/shrinks; losetup -c /dev/loop7")
stay_usable("a target error", "shrunk", [announced], "EREMOTEIO")

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
