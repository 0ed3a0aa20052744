# SPDX-License-Identifier: LGPL-2.1-or-later
"""iSCSI, NVMe/TCP, virtio, disks of 4,096-byte sectors: what they are called, and why they fail."""
# timeout: 400
from vm import *

CONFIGFS = "/sys/kernel/config"
ISCSI, NQN = "iqn.2003-01.org.checkerd:t1", "nqn.2014-08.org.checkerd:t1"
SERIAL = "9d1b2a44-5c9e-4a3f-8f0e-0b8f8c7d6e5a"
OTHER_SERIAL = "11111111-5c9e-4a3f-8f0e-0b8f8c7d6e5a"
TPG = f"{CONFIGFS}/target/iscsi/{ISCSI}/tpgt_1"


def iscsi_backstore(name, serial):
	core = f"{CONFIGFS}/target/core/rd_mcp_0/{name}"
	os.makedirs(core)
	write(f"{core}/control", "rd_pages=2048")
	write(f"{core}/enable", "1")
	write(f"{core}/wwn/vpd_unit_serial", serial)
	return core


def make_iscsi_target():
	run("modprobe", "iscsi_target_mod")
	run("modprobe", "target_core_mod")
	os.makedirs(f"{TPG}/lun/lun_0")
	os.symlink(iscsi_backstore("disk1", SERIAL), f"{TPG}/lun/lun_0/disk1")
	for attribute, value in (("authentication", 0), ("generate_node_acls", 1),
	                         ("demo_mode_write_protect", 0), ("cache_dynamic_acls", 1)):
		write(f"{TPG}/attrib/{attribute}", str(value))
	os.mkdir(f"{TPG}/np/127.0.0.1:3260")
	write(f"{TPG}/enable", "1")


def log_in():
	run("systemctl", "start", "iscsid")
	run("iscsiadm -m discovery -t sendtargets -p 127.0.0.1")
	run("iscsiadm -m node -l", seconds=60)
	settle()
	return wait_for("the iSCSI disk", lambda: glob.glob(
		"/sys/devices/platform/host*/session*/target*/*/block/*"))[0].split("/")[-1]


def make_nvme_target(ports):
	run("modprobe", "nvmet-tcp")
	subsystem = f"{CONFIGFS}/nvmet/subsystems/{NQN}"
	os.makedirs(f"{subsystem}/namespaces/1")
	write(f"{subsystem}/attr_allow_any_host", "1")
	run("truncate -s 8M /tmp/nvme.img")
	write(f"{subsystem}/namespaces/1/device_path", "/tmp/nvme.img")
	write(f"{subsystem}/namespaces/1/enable", "1")
	for port in ports:
		folder = f"{CONFIGFS}/nvmet/ports/{port}"
		os.makedirs(folder)
		for attribute, value in (("trtype", "tcp"), ("adrfam", "ipv4"), ("traddr", "127.0.0.1"),
		                         ("trsvcid", port)):
			write(f"{folder}/addr_{attribute}", str(value))
		os.symlink(subsystem, f"{folder}/subsystems/{NQN}")


def connect(multipath, ports):
	run("modprobe", "nvme_core", f"multipath={multipath}")
	run("modprobe", "nvme-tcp")
	for port in ports:
		run(f"nvme connect -t tcp -a 127.0.0.1 -s {port} -n {NQN} --keep-alive-tmo=2")
	settle()


def nvme_disks():
	return sorted(n for n in os.listdir("/sys/block") if n.startswith("nvme"))


def fails(name, words):
	"""The path fails with all of these words in its reason."""
	p = wait_for(f"{name}: {words}", lambda: next(
		(p for p in [path(name)] if p and p["state"] == "down" and
		 all(w in (p["reason"] or "") for w in words)), None), 40)
	figure(f"{p['protocol']}: {p['reason']}")
	return p


def is_back(name, word):
	p = wait_for(f"{name} is up again, and {word}", lambda: next(
		(p for p in [state_is(name, "up")] if p and p["sysfs_state"] == word), None), 60)
	check(p["reason"] is None, f"{name}: a reason", p)


def as_multipathd_says(disks):
	"""The same wildcards, the same words."""
	run("mkdir -p /etc/multipath")
	write("/etc/multipath.conf", "defaults {\n find_multipaths greedy\n user_friendly_names no\n}\n"
	      'blacklist {\n devnode "^vd"\n}\n')
	run("modprobe dm-multipath")
	run("systemctl start multipathd", seconds=60)
	wildcards = "%d|%i|%w|%D|%z|%P|%S|%L|%n|%o"

	def theirs():
		said = run("multipathd", "show", "paths", "raw", "format", wildcards).splitlines()
		rows = {line.split("|")[0]: line for line in said if line}
		return rows if set(disks) <= set(rows) else None
	rows = wait_for("multipathd knows them", theirs, 60, every=1)
	said = run("checkerctl", "--no-headings", "--raw", "show", "paths", "format", wildcards)
	ours = {line.split("|")[0]: line for line in said.splitlines()}
	for disk in disks:
		check([w.strip() for w in rows[disk].split("|")] == ours[disk].split("|"), disk,
		      f"multipathd: {rows[disk]}", f"checkerd:   {ours[disk]}")
	run("systemctl stop multipathd", seconds=60)
	settle()
	run("dmsetup remove_all --retry", seconds=60)


SETTINGS = "polling_interval 1\nmax_polling_interval 1\nchecker_timeout 2\n"
config(SETTINGS, 'blacklist_exceptions {\n devnode "^vd"\n}')
make_iscsi_target()
make_nvme_target([4420, 4421])
(debug,) = scsi_debug(sector_size=4096)
iscsi = log_in()
connect("N", [4420, 4421])
nvme = nvme_disks()
check(len(nvme) == 2, "a disk for each controller", nvme)
start()
for name in (debug, iscsi, *nvme, "vda"):
	wait_for(f"{name} is up", lambda: state_is(name, "up"), 20)

say("names")
found = paths()
listed = {d["name"]: d for d in json.loads(run("lsblk -O --json --nodeps"))["blockdevices"]}
check(read(f"/sys/block/{debug}/queue/logical_block_size") == "4096", "sectors of 4,096 bytes")
check(found[debug]["protocol"] == "scsi:unspec", "scsi_debug's protocol", found[debug])
p = found[iscsi]
check(p["protocol"] == "scsi:iscsi" and listed[iscsi]["tran"] == "iscsi", "protocol", p)
check(p["target"] == ISCSI and p["serial"] == SERIAL, "target and serial", p)
check(p["wwid"].startswith("36001405") and p["vendor"] == "LIO-ORG", "WWID", p)
for name in nvme:
	p = found[name]
	check(p["protocol"] == "nvme:tcp" and listed[name]["tran"] in ("nvme", "tcp"), "protocol", p)
	check(p["host"] == name.split("n1")[0] and p["hcil"] is None, "host", p)
	check(p["target"] == NQN and p["vendor"] == "NVME", "target", p)
	check(p["wwid"] == read(f"/sys/block/{name}/wwid") == listed[name]["wwn"], "WWID", p)
	check(p["serial"] == listed[name]["serial"], "serial", p, listed[name])
	check(p["product"] == listed[name]["model"], "model", p)
check(found[nvme[0]]["wwid"] == found[nvme[1]]["wwid"], "the same namespace", found)
p = found["vda"]
check(p["protocol"] == "virtio" and p["host"].startswith("virtio"), "virtio", p)

as_multipathd_says([debug, iscsi, *nvme])

say("the same without udev")
names = [debug, iscsi, *nvme]
config(SETTINGS + "discovery static",
       "paths {\n" + "".join(f"path {{ device /dev/{n}\n }}\n" for n in names) + "}")
run("systemctl", "reload", "checkerd", seconds=60)
plain = paths()
for name in names:
	for key in ("wwid", "serial", "vendor", "product", "revision", "protocol", "host", "target"):
		check(plain[name][key] == found[name][key], f"{name}: {key}", plain[name], found[name])
config(SETTINGS)
run("systemctl", "reload", "checkerd", seconds=60)

say("a SCSI device taken offline")
scsi_state(debug, "offline")
p = fails(debug, ["read: ", "; device offline"])
check(p["sysfs_state"] == "offline", "state in sysfs", p)
scsi_state(debug, "running")
is_back(debug, "running")

say("an iSCSI target that is gone")
write(f"{TPG}/enable", "0")
fails(iscsi, ["; device blocked, session FAILED"])
write(f"{TPG}/enable", "1")
is_back(iscsi, "running")

say("an NVMe/TCP port that is gone")
other = next(n for n in nvme if "trsvcid=4421" in read(f"/sys/block/{n}/device/address"))
os.unlink(f"{CONFIGFS}/nvmet/ports/4421/subsystems/{NQN}")
p = fails(other, ["; controller connecting"])
check(p["sysfs_state"] == "connecting", "state in sysfs", p)
check(all(state_is(n, "up") for n in (debug, iscsi, *nvme) if n != other), "the others", paths())
os.symlink(f"{CONFIGFS}/nvmet/subsystems/{NQN}", f"{CONFIGFS}/nvmet/ports/4421/subsystems/{NQN}")
is_back(other, "live")

say("another disk behind the same name")
last = last_event()
os.unlink(f"{TPG}/lun/lun_0/disk1")
os.symlink(iscsi_backstore("disk2", OTHER_SERIAL), f"{TPG}/lun/lun_0/disk2")
write(f"/sys/block/{iscsi}/device/rescan", "1")
run("udevadm", "trigger", "--action=change", f"/sys/block/{iscsi}")
p = wait_for("it has the other WWID", lambda: next(
	(p for p in [state_is(iscsi, "up")] if p and p["wwid"].startswith("3600140511111111")), None), 20)
check(p["serial"] == OTHER_SERIAL, "its serial number", p)
told = [e["message"] for e in events(last) if e["path"] == iscsi]
check(any("now another disk" in m for m in told), "an event", told)

say("a namespace with two controllers")
run("nvme disconnect-all")
wait_for("its paths are gone", lambda: not set(nvme) & set(paths()), 20)
run("modprobe -r nvme-tcp nvme-fabrics nvme-core")
connect("Y", [4420, 4421])
hidden = nvme_disks()
(head,) = [n for n in hidden if "c" not in n]
check(len(hidden) == 3, "a head and two paths", hidden)
config(SETTINGS + "native_nvme no")
run("systemctl", "reload", "checkerd", seconds=60)
p = wait_for("it is up", lambda: state_is(head, "up"), 20)
check(not (set(hidden) - {head}) & set(paths()), "paths without a node", sorted(paths()))
check(p["protocol"] == "nvme:tcp" and p["host"].startswith("nvme-subsys"), "protocol, host", p)
check(p["target"] == NQN and p["wwid"] == read(f"/sys/block/{head}/wwid"), "target, WWID", p)
check(p["sysfs_state"] is None, "a state of one of its controllers", p)
