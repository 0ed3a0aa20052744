# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each disk gets its checker: by what the kernel knows of it, by the built-in table, by the configuration."""
# timeout: 120
from vm import *

UNITS = 2
LIMIT = 20


def assert_chosen(what, wanted):
	"""wanted: (checker, why, timeout, engine) by name."""
	deadline = time.monotonic() + LIMIT
	while True:
		now = paths()
		found = {n: (now[n]["checker"], now[n]["checker_why"], now[n]["timeout_s"], now[n]["engine"])
		         for n in wanted}
		if found == wanted:
			break
		check(time.monotonic() < deadline, f"{what}: the checkers", found, wanted)
		time.sleep(0.2)
	for name in (debug, plain, array, nvme, "loop0"):
		check(now[name]["state"] == "up", f"{what}: {name} is not up", now[name])
	figure(f"{what}: " + ", ".join(f"{n} {w[0]} ({w[1]})" for n, w in wanted.items()))


run("modprobe virtio_scsi")
run("modprobe nvme")
plug("virtio-scsi-pci", "scsi")
plug_disk("a", "scsi-hd", bus="scsi.0", serial="S-1", vendor="ACME", product="Disk")
plug_disk("b", "scsi-hd", bus="scsi.0", serial="S-2", vendor="HP", product="MSA1000 VOLUME")
plug_disk("c", "nvme", serial="S-3")
by_vendor = {}


def vendors():
	for disk in glob.glob("/sys/block/sd*"):
		by_vendor[read(f"{disk}/device/vendor").strip()] = os.path.basename(disk)
	return "ACME" in by_vendor and "HP" in by_vendor


wait_for("the SCSI disks", vendors)
nvme = wait_for("the NVMe disk", lambda: next(
	(os.path.basename(d) for d in glob.glob("/sys/block/nvme*n1")), None))
plain, array = by_vendor["ACME"], by_vendor["HP"]
debug, slow = scsi_debug(max_luns=UNITS, vpd_use_hostno=0)  # else it claims no target port groups
run("truncate -s 8M /root/disk")
run("losetup /dev/loop0 /root/disk")
write(f"/sys/block/{slow}/device/timeout", "45")
run("rmmod sg", ok=False)
check(not os.path.exists("/sys/module/sg"), "the sg driver cannot be unloaded")

devices = static_paths([f"/dev/{n}" for n in (debug, slow, plain, array, nvme, "loop0")])
usual = "discovery static\npolling_interval 1\nmax_polling_interval 1\n"
config(usual + "path_checker auto", devices)
start()
check(os.path.exists("/sys/module/sg"), "the unit loads the sg driver")
assert_chosen("auto", {
	debug: ("alua", "detected: TPGS", 30, "sg"),
	slow: ("alua", "detected: TPGS", 45, "sg"),
	plain: ("directio", "default", 30, "aio"),
	array: ("hp_sw", "hardware table: HP MSA1000 VOLUME", 30, "sg"),
	nvme: ("nvme", "detected: NVMe", 30, "aio"),
	"loop0": ("directio", "default", 30, "aio"),
})

config(usual + "path_checker auto\ndetect_checker no\nchecker_timeout 7",
       devices + "\noverrides {\nprotocol {\ntype nvme:pcie\nchecker_timeout auto\n}\n}")
run("checkerctl reload")
assert_chosen("detect_checker no", {
	debug: ("directio", "default", 7, "aio"),
	plain: ("directio", "default", 7, "aio"),
	array: ("hp_sw", "hardware table: HP MSA1000 VOLUME", 7, "sg"),
	nvme: ("directio", "default", 30, "aio"),
})

config(usual + "path_checker tur\nread_every 2",
       devices + "\ndevices {\ndevice {\nvendor Linux\npath_checker tur+directio\n}\n}")
run("checkerctl reload")
assert_chosen("path_checker tur", {
	debug: ("tur+directio", "configured", 30, "sg"),
	plain: ("tur", "configured", 30, "sg"),
	array: ("tur", "configured", 30, "sg"),
	nvme: ("directio", "no SCSI device", 30, "aio"),
	"loop0": ("directio", "no SCSI device", 30, "aio"),
})
changed = [e for e in events() if e["type"] == "path_state"]
check(changed == [], "another checker changes no state", *changed)
groups = {g["kind"]: g for g in ctl("show", "groups")["groups"]}
check(set(groups) >= {"aio", "sg"}, "both kinds of groups", groups)
