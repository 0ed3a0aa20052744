# SPDX-License-Identifier: LGPL-2.1-or-later
"""A multipath.conf means the same to checkerd and multipathd: values, and which disks are watched."""
# timeout: 300
import re

from dialect import Generator, Table, built_in, differences, effective, parse
from varlink import Varlink
from vm import *

SEEDS = range(1, 27)  # the files that the generator makes
FILES = "multipath.conf"
CONF = "/etc/multipath.conf"
DROPINS = os.path.abspath(f"{FILES}/33-conf.d")
LIMIT = 10
with open("MULTIPATH.md", encoding="utf-8") as document:
	TEXT = document.read()
values = Table(TEXT, "Values that differ")
watching = Table(TEXT, "Disks that differ")
unexplained = []


def differ(table, file, what, theirs, ours):
	if not table.explains(file, what, theirs, ours):
		unexplained.append((file, what, theirs, ours))


# --- values --------------------------------------------------------------------------------

def begin(*command):
	return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	                        stderr=subprocess.DEVNULL)


def printed(process):
	"""What the program prints, as {what: value}; None: it fails."""
	try:
		output, _ = process.communicate(timeout=60)
	except subprocess.TimeoutExpired:
		process.kill()
		process.wait()
		return None
	return effective(parse(output.decode(errors="replace"))) if process.returncode == 0 else None


def compare_values(name, text):
	with open(CONF, "wb") as f:
		f.write(text)
	both = begin("multipath", "-t"), begin("checkerd", "-T", "-m", CONF)
	theirs, ours = map(printed, both)
	check(ours is not None, f"checkerd reads {name}", text.decode(errors="replace"))
	if theirs is None:
		differ(values, name, "the file", "refused", "read")
		return
	for difference in differences(built_in(theirs, empty, ours), ours):
		differ(values, name, *difference)


say("the files")
write(CONF, "")
empty = printed(begin("multipath", "-t"))
files = {}
for path_ in sorted(glob.glob(f"{FILES}/*.conf")):
	with open(path_, "rb") as f:
		files[os.path.basename(path_)[:-5]] = f.read().replace(b"CONF_D", DROPINS.encode())
for seed in SEEDS:
	files[f"seed-{seed}"] = Generator(seed).text().encode()
check(len(files) >= 40, "files to compare", len(files))
for name, text in files.items():
	compare_values(name, text)
figure(f"{len(files)} files compared")

# --- disks ---------------------------------------------------------------------------------

MACHINE = [
	("defaults", ""),
	("all by devnode", 'blacklist {\n devnode ".*"\n}'),
	("devnode exceptions", 'blacklist {\n devnode ".*"\n}\n'
	                       'blacklist_exceptions {\n devnode "^sd[a-z]"\n}'),
	("other kinds", 'blacklist_exceptions {\n devnode "^(vd|loop)"\n}'),
	("every kind", 'blacklist_exceptions {\n devnode ".*"\n}'),
	("all by wwid", 'blacklist {\n wwid ".*"\n}\n'
	                'blacklist_exceptions {\n wwid "^(1|3[0-9]*)Linux"\n}'),
	("wwid inverted", 'blacklist {\n wwid "!^(1|3[0-9]*)Linux"\n}'),
	("property before the built-in one", 'blacklist {\n property "ID_SERIAL"\n}'),
	("property after the built-in one", 'blacklist {\n property "SCSI_IDENT|USEC"\n}'),
	("property of the built-in one", 'blacklist {\n property "ID_WWN"\n}'),
	("the first property", 'blacklist {\n property "ID_"\n}\n'
	                       'blacklist_exceptions {\n property "ID_BUS"\n}'),
	("another property", 'blacklist_exceptions {\n property "ID_SERIAL"\n devnode "^vd"\n}'),
	("protocol", 'blacklist {\n protocol "scsi:unspec"\n}'),
	("protocol inverted", 'blacklist {\n protocol "!^(scsi|undef)"\n}\n'
	                      'blacklist_exceptions {\n devnode "^vd"\n property "ID_SERIAL"\n}'),
	("undef", 'blacklist {\n protocol "undef"\n}\n'
	          'blacklist_exceptions {\n devnode "^vd"\n property "ID_SERIAL"\n}'),
	("device exceptions", 'blacklist {\n device {\n vendor ".*"\n product ".*"\n }\n}\n'
	                      'blacklist_exceptions {\n device {\n vendor "^NETAPP"\n product "LUN"\n }\n}'),
	("device inverted", 'blacklist {\n device {\n vendor "!^Linux"\n }\n}'),
	("product_blacklist", 'devices {\n device {\n vendor "NETAPP"\n product "LUN"\n'
	                      ' product_blacklist "^LUN"\n }\n}'),
	("usb", 'defaults {\n allow_usb_devices yes\n}\n'
	        'blacklist_exceptions {\n property "ID_SERIAL"\n}'),
	("uid_attribute", 'defaults {\n uid_attribute ID_WWN\n}\nblacklist {\n wwid "^0x"\n}'),
	("uid_attrs", 'defaults {\n uid_attrs "sd:ID_MODEL"\n}\n'
	              'blacklist {\n wwid "^scsi_debug$"\n}'),
	("uid_attribute of a device", 'devices {\n device {\n vendor NETAPP\n product LUN\n'
	                              ' uid_attribute ID_MODEL\n }\n}\nblacklist {\n wwid "^LUN$"\n}'),
	("no WWID", 'overrides {\n uid_attribute NONE\n}\nblacklist {\n wwid ".*"\n}'),
]
WORDS = {"device node name": "devnode", "vendor/product": "device", "wwid": "wwid",
         "protocol": "protocol", "udev property": "property", "skip USB device": "usb"}


def plug_all():
	"""Returns {what: the disk's name}."""
	run("modprobe virtio_scsi")
	run("modprobe nvme")
	run("modprobe usb-storage")
	run("modprobe loop")
	plug("virtio-scsi-pci", "scsi")
	plug("qemu-xhci", "xhci")
	plug_disk("a", "scsi-hd", bus="scsi.0", vendor="NETAPP", product="LUN", serial="A",
	          wwn=0x5000c50015ea71aa)
	plug_disk("b", "scsi-hd", bus="scsi.0", vendor="DGC", product="LUNZ", serial="B",
	          wwn=0x5000c50015ea71ab)
	plug_disk("c", "scsi-hd", bus="scsi.0", vendor="ACME", product="Disk", serial="C")
	plug_disk("d", "nvme", serial="D")
	plug_disk("e", "usb-storage", bus="xhci.0", serial="E")
	plug_disk("f", "virtio-blk-pci", serial="F")
	run("truncate -s 8M /root/disk && losetup /dev/loop0 /root/disk")
	found = {}

	def look():
		settle()
		for disk in map(os.path.basename, glob.glob("/sys/block/*")):
			vendor = f"/sys/block/{disk}/device/vendor"
			if disk.startswith("sd"):
				found[read(vendor)] = disk
			elif disk == "vdb" or disk.startswith("nvme"):
				found[disk[:2]] = disk
		return {"NETAPP", "DGC", "ACME", "QEMU", "vd", "nv"} <= found.keys()
	wait_for("the disks", look)
	found["loop"] = "loop0"
	found["root"] = "vda"
	found["Linux"] = scsi_debug(max_luns=1)[0]
	return found


def word_of_multipathd(output, disk):
	about = re.findall(rf"{disk}: (.*)", output)
	for line in about:
		if "blacklisted" in line or "skip USB" in line:
			return next((word for text, word in WORDS.items() if text in line), line)
	listed = output.split("===== paths list =====")[-1]
	return "watched" if any(disk in line.split() for line in listed.splitlines()) else "skipped"


def word_of_checkerd(answer):
	if answer["watched"]:
		return "watched"
	if answer["rule"]:
		return {"product_blacklist": "device"}.get(answer["rule"]["keyword"], answer["rule"]["keyword"])
	why = answer["why"]
	return ("usb" if "USB" in why else "device" if "a unit of its array" in why else "property" if "no udev property" in why
	        else "devnode" if "no SCSI, NVMe or DASD disk" in why else why)


def compare_disks(name, text):
	write(CONF, text + "\n")
	output = run("multipath -d -v4 2>&1", ok=False)
	theirs = {what: word_of_multipathd(output, disk) for what, disk in disks.items()}
	run("checkerctl", "reload")
	deadline = time.monotonic() + LIMIT
	while True:
		with Varlink("/run/checkerd/control") as v:
			ours = {what: word_of_checkerd(v.call("Explain", device=disk))
			        for what, disk in disks.items()}
		different = [(what, theirs[what], ours[what]) for what in disks if theirs[what] != ours[what]]
		if all(watching.rows_about(name, *d) for d in different) or time.monotonic() > deadline:
			break
		time.sleep(0.3)
	for d in different:
		differ(watching, name, *d)


say("the disks")
# What systemd may mount is asked of `multipath -u` for each disk, which takes seconds in here.
os.symlink("/dev/null", "/etc/udev/rules.d/60-multipath.rules")
run("udevadm control --reload")
disks = plug_all()
write(CONF, "")
config("polling_interval 60\nmax_polling_interval 60")
start()
for name, text in MACHINE + [(n, files[n].decode()) for n in ("09-csi-generated", "hpe-nimble",
                                                               "linbit-ceph-iscsi",
                                                               "proxmox-wwid-only")]:
	compare_disks(name, text)
figure(f"{len(disks)} disks compared with {len(MACHINE) + 4} files")

for row in unexplained:
	say("DIFFERENT: " + " | ".join(row))
check(not unexplained, f"{len(unexplained)} differences have no reason in docs/MULTIPATH.md")
# Other versions of multipath-tools differ in other things.
if "v0.9." in run("multipath -h 2>&1", ok=False):
	unused = values.unused() + watching.unused()
	check(not unused, "rows of docs/MULTIPATH.md that explain nothing",
	      *[" | ".join(row) for row in unused])
