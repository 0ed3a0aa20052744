# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another disk comes under a path's name, with a uevent and without: it never gets into the map, only into its own."""
# timeout: 300
import hashlib

from maps import CONFIG, INTERVAL, Verifier, devt, kernel_states, load_paths, make_map, \
	wait_for_kernel, without_multipath_tools
from targets import Iscsi
from vm import *

SIZE_MB, ANNOUNCED, SILENT, LAST = 8, 1, 2, 3  # units; LIO has a virtual one instead of unit 0
LIMIT = 25  # seconds, for what comes at once on a host that is not emulated
ROUNDS = 4
PATTERN = hashlib.sha256(b"the other disk").digest() * 16  # one sector


def wwid(disk):
	return read(f"/sys/block/{disk}/device/wwid")


def make_other(lun):
	"""Another disk, full of a pattern that nobody may write over."""
	with open(f"/root/other{lun}", "wb") as f:
		f.write(PATTERN * (SIZE_MB << 11))
	return target.add_file(f"other{lun}", SIZE_MB, f"another-unit-{lun:04}")


def written_to(lun):
	with open(f"/root/other{lun}", "rb") as f:
		data = f.read()
	n = sum(data[i:i + 512] != PATTERN for i in range(0, len(data), 512))
	return [f"{n} sectors of the other disk of unit {lun} were written to"] if n else []


def problems_of(name, disk, since):
	"""What is not as it has to be once another disk has come under the path's name."""
	found = []
	state = kernel_states(name)[devt(disk)]
	if state != "F":
		found.append(f"{disk} (map {name}) is {state} in the kernel")
	status, line = health("--map", name)
	if status != 2 or disk not in line:
		found.append(f"health: exit {status}: {line.strip()}")
	told = [e["message"] for e in events(since)]
	if not any(disk in m and name in m and "another disk" in m for m in told):
		found.append(f"no event says that {disk} (map {name}) is another disk")
	if disk not in (maps()[name].get("barred") or []):
		found.append(f"show maps does not say that {disk} is barred from {name}")
	return found


def is_kept_out(name, disk, since):
	"""The path is failed in its map, everybody is told, and it is not given back whatever comes.
	Returns what is not so: each case is looked at before the scenario fails."""
	deadline = time.monotonic() + LIMIT
	while problems_of(name, disk, since) and time.monotonic() < deadline:
		time.sleep(0.5)
	found = problems_of(name, disk, since)
	before = last_event()
	rounds([disk], ROUNDS)
	given_back = [e["message"] for e in events(since) if disk in e["message"] and
	              "reinstated" in e["message"]]
	if given_back:
		found.append(f"given back: {given_back}")
	if status_of(f"checkerctl reinstate {disk} >/dev/null 2>&1") == 0:
		found.append(f"checkerctl reinstate {disk} is not refused")
	time.sleep(2 * INTERVAL)
	if kernel_states(name)[devt(disk)] != "F":
		found.append(f"{disk} is active in {name} in the end: {events(before)}")
	for text in found:
		say(f"  NOT SO: {text}")
	return [f"{name}: {text}" for text in found]


run("modprobe -a dm-multipath dm-round-robin")
os.symlink("/dev/null", "/etc/udev/rules.d/55-scsi-sg3_id.rules")  # takes seconds a disk in here
without_multipath_tools()
target = Iscsi(portals=2, luns=4, size_mb=SIZE_MB, groups=True)
left, right = target.disks(portal=0), target.disks(portal=1)
for n, name in ((ANNOUNCED, "announced"), (SILENT, "silent")):
	make_map(name, [left[n], right[n]], uuid=wwid(left[n]).replace("naa.", "3"))
make_map("last", [right[LAST]], uuid=wwid(right[LAST]).replace("naa.", "3"))
debug = scsi_debug(add_host=2, max_luns=1, vpd_use_hostno=0)
make_map("debug", debug, uuid=wwid(debug[0]).replace("naa.", "3"))
config(CONFIG)
start()
for name in ("announced", "silent", "debug"):
	wait_for(f"{name} is known", lambda n=name: maps().get(n, {}).get("redundancy") == "full")
wait_for("last is known", lambda: maps().get("last", {}).get("paths_up") == 1)
check(health()[0] < 2, "all is well before", health())
writer = Verifier("announced"), Verifier("silent")
wrong = []

say("a path's unit is taken away and another one is there at once; a rescan and a uevent tell")
disk, since = right[ANNOUNCED], last_event()
target.unmap_unit(2, ANNOUNCED)
target.map_unit(2, ANNOUNCED, make_other(ANNOUNCED))
announce(disk)
wait_for("the kernel knows", lambda: wwid(disk) != wwid(left[ANNOUNCED]))
wrong += is_kept_out("announced", disk, since)

say("a path's unit is taken away, then another one is there; nothing tells")
disk, since = right[SILENT], last_event()
target.unmap_unit(2, SILENT)
wait_for_kernel("silent", disk, "F", LIMIT)
target.map_unit(2, SILENT, make_other(SILENT))
wait_for("its reads work", lambda: status_of(
	f"dd if=/dev/{disk} of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null") == 0)
check(wwid(disk) == wwid(left[SILENT]), "the kernel does not know", wwid(disk))
wrong += is_kept_out("silent", disk, since)

say("the only path that is left")
disk, since = right[LAST], last_event()
target.unmap_unit(2, LAST)
target.map_unit(2, LAST, make_other(LAST))
announce(disk)
wrong += is_kept_out("last", disk, since)

say("scsi_debug calls its disks something else from now on")
disk, since = debug[1], last_event()
scsi_state(disk, "offline")
wait_for_kernel("debug", disk, "F", LIMIT)
write("/sys/bus/pseudo/drivers/scsi_debug/vpd_use_hostno", "1")
scsi_state(disk, "running")
wrong += is_kept_out("debug", disk, since)

say("the right path is lost, too: nothing is written to the other disk")
for w in writer:
	w.is_well()
for n in (ANNOUNCED, SILENT):
	scsi_state(left[n], "offline")
time.sleep(4)
for n in (ANNOUNCED, SILENT):
	scsi_state(left[n], "running")
rounds([left[ANNOUNCED], left[SILENT]], ROUNDS)
wrong += [t for n in (ANNOUNCED, SILENT) for t in written_to(n)]
check(not wrong, f"{len(wrong)} things are not so", *wrong)
for w in writer:
	w.end()

say("the right unit is back, the map has a new table: the path is used again")
target.unmap_unit(2, ANNOUNCED)
target.map_unit(2, ANNOUNCED, target.ramdisk(ANNOUNCED))
announce(right[ANNOUNCED])
wait_for("the kernel knows", lambda: wwid(right[ANNOUNCED]) == wwid(left[ANNOUNCED]))
load_paths("announced", [left[ANNOUNCED]])
wait_for("the path has left the map", lambda: maps()["announced"]["paths_total"] == 1, LIMIT)
load_paths("announced", [left[ANNOUNCED], right[ANNOUNCED]])
wait_for_kernel("announced", right[ANNOUNCED], "A", LIMIT)
say("the other disk of the unit that nothing tells of is scanned again, and gets a map of its own")
run("dmsetup remove --retry silent")
disk, since = right[SILENT], last_event()
write(f"/sys/block/{disk}/device/rescan", "1")
check(wwid(disk) != wwid(left[SILENT]), "the kernel knows now", wwid(disk))
make_map("own", [disk], uuid=wwid(disk).replace("naa.", "3"))
wait_for("the new map has its path", lambda: maps().get("own", {}).get("paths_up") == 1, LIMIT)
rounds([disk], ROUNDS)
check(not maps()["own"].get("barred"), "it is not barred from its own map", maps()["own"],
      events(since))
check(kernel_states("own")[devt(disk)] == "A", "it is active in its own map", events(since))
check("another disk is under" not in "".join(e["message"] for e in events(since)), "no event bars it",
      events(since))
figure("kept out: with a uevent, without one, as the last path, by scsi_debug; nothing was written")
