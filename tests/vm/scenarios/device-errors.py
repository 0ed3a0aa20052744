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
	for d in disks:
		if after[d]["state"] != "up":
			found.append(f"{d} is {after[d]['state']}: {after[d]['reason']}")
		if errno not in (after[d]["reason"] or ""):
			found.append(f"{d}: no {errno} in its reason: {after[d]['reason']}")
		told = [e["message"] for e in events(since) if e["path"] == d and errno in e["message"]]
		if len(told) > 1:
			found.append(f"{d}: told {len(told)} times: {told}")
	failed = [e["message"] for e in events(since) if "failed in its map" in e["message"]]
	if failed:
		found.append(f"fail_path × {len(failed)}: {failed}")
	if set(kernel_states(name).values()) != {"A"}:
		found.append(f"in the kernel: {kernel_states(name)}")
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
debug = scsi_debug(add_host=PATHS, max_luns=1)
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
scsi_debug_errors(medium=True)
stay_usable("a medium error", "debug", debug, "ENODATA")
scsi_debug_errors()
are_well("debug", debug)

say("a protection error on every path")
scsi_debug_errors(protection=True)
stay_usable("a protection error", "debug", debug, "EILSEQ")
scsi_debug_errors()
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
