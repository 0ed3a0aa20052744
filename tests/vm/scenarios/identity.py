# SPDX-License-Identifier: LGPL-2.1-or-later
"""64 paths in 16 maps: found at boot and by hotplug, and called what everyone calls them."""
# timeout: 600
from vm import *

HOSTS, LUNS = 4, 16
ADD_HOST = "/sys/bus/pseudo/drivers/scsi_debug/add_host"
# What multipathd's wildcards and checkerctl's have in common, a field each.
FIELDS = {"name": "%d", "hcil": "%i", "WWID": "%w", "number": "%D", "vendor": "%s",
          "serial": "%z", "protocol": "%P", "map": "%m", "size": "%S", "LUN": "%L",
          "state in sysfs": "%o", "adapter's name": "%R", "target's name": "%r"}
# lsblk's column, and the key here that says the same.
COLUMNS = {"maj:min": "devt", "hctl": "hcil", "vendor": "vendor", "model": "product",
           "rev": "revision", "serial": "serial", "state": "sysfs_state"}


def by_name(text):
	return {row[0]: row for row in (line.split("|") for line in text.splitlines()) if row[0]}


def as_multipathd_says(disks):
	wildcards = "|".join(FIELDS.values())
	theirs = by_name(run("multipathd", "show", "paths", "raw", "format", wildcards, seconds=60))
	ours = by_name(run("checkerctl", "--no-headings", "--raw", "show", "paths", "format", wildcards))
	compared = 0
	for disk in disks:
		check(disk in theirs, f"multipathd knows {disk}", theirs.keys())
		for n, field in enumerate(FIELDS):
			mine, other = ours[disk][n].strip(), theirs[disk][n].strip()
			if field == "vendor" and other.count(",") == 1:
				mine = mine.rpartition(",")[0]  # multipathd before 0.9.9: no revision
			check(other == mine, f"{disk}: the {field}", f"multipathd: {theirs[disk]}",
			      f"checkerd:   {ours[disk]}")
			compared += 1
	return compared


def as_lsblk_says(disks):
	found = paths()
	listed = json.loads(run("lsblk", "-O", "--json", "--nodeps", seconds=120))["blockdevices"]
	theirs = {d["name"]: d for d in listed}
	compared = 0
	for disk in disks:
		for column, key in COLUMNS.items():
			said = (theirs[disk][column] or "").strip() or None
			check(said == found[disk][key], f"{disk}: {key}", f"lsblk: {theirs[disk]}",
			      f"checkerd: {found[disk]}")
			compared += 1
	return compared


def udev_properties():
	"""Of every device that has a node; one call, as starting a program takes long in here."""
	devices = [dict(line[3:].split("=", 1) for line in device.splitlines() if line.startswith("E: "))
	           for device in run("udevadm", "info", "--export-db").split("\n\n")]
	return {d["DEVNAME"]: d for d in devices if "DEVNAME" in d}


def as_sysfs_says(disks):
	found, udev = paths(), udev_properties()
	for disk in disks:
		device = f"/sys/block/{disk}/device"
		p = found[disk]
		check(p["hcil"] == os.path.basename(os.path.realpath(device)), f"{disk}: hcil", p)
		check(p["host"] == "host" + p["hcil"].split(":")[0], f"{disk}: host", p)
		for key, attribute in (("vendor", "vendor"), ("product", "model"), ("revision", "rev"),
		                       ("sysfs_state", "state")):
			check(p[key] == read(f"{device}/{attribute}"), f"{disk}: {key}", p)
		with open(f"{device}/vpd_pg80", "rb") as f:
			check(p["serial"] == f.read()[4:].decode().strip(), f"{disk}: serial", p)
		properties = udev[f"/dev/{disk}"]
		check(p["wwid"] == properties["ID_SERIAL"], f"{disk}: WWID", p, properties)


def in_maps(disks):
	"""Every path has its map, and every map its paths."""
	found = paths()
	names = {}
	for disk in disks:
		names.setdefault(found[disk]["map"], []).append(disk)
	return None not in names and len(names) == LUNS and names


# Two rules take seconds a disk in here: `multipath -u`, for what systemd may mount, and sg_inq,
# instead of which scsi_id finds out the same.
for rule in ("60-multipath", "55-scsi-sg3_id"):
	os.symlink("/dev/null", f"/etc/udev/rules.d/{rule}.rules")
run("udevadm control --reload")
run("mkdir -p /etc/multipath")
write("/etc/multipath.conf", "defaults {\n find_multipaths greedy\n user_friendly_names no\n}\n"
      'blacklist {\n devnode "^vd"\n}\n')
run("modprobe", "dm-multipath")
run("systemctl", "start", "multipathd", seconds=60)
begin = time.monotonic()
run("modprobe", "scsi_debug", f"add_host={HOSTS}", f"max_luns={LUNS}", "vpd_use_hostno=0",
    "dev_size_mb=8", "ndelay=20000", seconds=120)
settle(300)
disks = scsi_debug_disks()
figure(f"udev was done with {len(disks)} disks after {time.monotonic() - begin:.0f} s")
check(len(disks) == HOSTS * LUNS, "all disks are there", len(disks))
wait_for("multipathd has made its maps", lambda: run("dmsetup ls --target multipath").count("\n")
         == LUNS, 120, every=1)

say("found at boot")
config("polling_interval 5", 'blacklist {\n devnode "^vd"\n}')
begin = time.monotonic()
start()
figure(f"ready {time.monotonic() - begin:.1f} s after systemctl start")
check(sorted(paths()) == sorted(disks), "the paths are the disks", sorted(paths()))
wait_for("all paths in their maps", lambda: in_maps(disks), 60, every=1)
check(all(len(d) == HOSTS for d in in_maps(disks).values()), "each map has one path a host",
      in_maps(disks))
as_sysfs_says(disks)
figure(f"{as_multipathd_says(disks)} fields are what multipathd says")
figure(f"{as_lsblk_says(disks)} fields are what lsblk says")

say("a host is added")
last = last_event()
begin = time.monotonic()
write(ADD_HOST, "1")
settle(300)
more = scsi_debug_disks()
check(len(more) == (HOSTS + 1) * LUNS, "its disks are there", len(more))
wait_for("they are paths", lambda: sorted(paths()) == sorted(more), 30)
figure(f"a host more: {LUNS} paths more after {time.monotonic() - begin:.0f} s, udev's time included")
wait_for("in the same maps", lambda: in_maps(more), 120, every=1)
as_sysfs_says(more)
as_multipathd_says(more)
new = sorted(set(more) - set(disks))
added = sorted(e["path"] for e in events(last) if e["type"] == "path_added")
check(added == new, "an event for each", added, new)

say("and removed")
last = last_event()
write(ADD_HOST, "-1")
settle(300)
left = scsi_debug_disks()
wait_for("its paths are gone", lambda: sorted(paths()) == sorted(left), 60)
check(len(left) == HOSTS * LUNS, "the others stay", len(left))
gone = sorted(set(more) - set(left))


def told(kind):
	return [name for e in events(last) if e["type"] == kind
	        for name in e["members"] or [e["path"]]]


# A check may find that a disk was removed before udev says it: then an event tells its state, too.
wait_for("events with the names of all",
         lambda: sorted({*told("cause"), *told("path_removed")}) == gone)
check(len(told("path_removed")) == len({*told("path_removed")}), "no path is removed twice",
      told("path_removed"))
wait_for("the maps have the others", lambda: in_maps(left), 60, every=1)
as_sysfs_says(left)
