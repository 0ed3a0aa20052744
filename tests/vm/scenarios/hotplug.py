# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks that are plugged in while it runs, by NVMe, virtio, SCSI, SPI and USB."""
# timeout: 240
from vm import *

NAA = 0x5000c500a1b2c3d4


def appeared(before):
	"""The one disk that is new, when udev has been through with it."""
	(name,) = wait_for("a new disk", lambda: sorted(set(os.listdir("/sys/block")) - before), 60)
	settle()
	p = wait_for(f"{name} is a path, and up", lambda: state_is(name, "up"), 60)
	figure(f"{name}: {p['protocol']}, WWID {p['wwid']}, serial {p['serial']}, {p['host']}")
	return p


def lsblk(name, column):
	return run(f"lsblk -dno {column} /dev/{name}").strip() or None


# Left out by default: virtio and USB disks, and those without ID_WWN.
config("polling_interval 1\nallow_usb_devices yes", '''blacklist {
 devnode "^vda$"
}
blacklist_exceptions {
 devnode "^(vd[b-z]|sd|nvme)"
 property "^ID_(SERIAL|WWN)"
}''')
start()
check(not paths(), "no disk yet", paths())

before = set(os.listdir("/sys/block"))
plug_disk("a", "nvme", serial="S-NVME-1")
p = appeared(before)
check(p["protocol"] == "nvme:pcie" and p["serial"] == "S-NVME-1", "NVMe", p)
check(p["wwid"] == read(f"/sys/block/{p['name']}/wwid") == lsblk(p["name"], "WWN"), "WWID", p)
check(p["sysfs_state"] == "live" and p["host"] == os.path.basename(
	os.path.realpath(f"/sys/block/{p['name']}/device")), "its controller", p)

before = set(os.listdir("/sys/block"))
plug_disk("b", "virtio-blk-pci", serial="S-VIRTIO-1")
p = appeared(before)
check(p["protocol"] == "virtio" and p["serial"] == p["wwid"] == "S-VIRTIO-1", "virtio", p)
check(p["host"].startswith("virtio") and p["sysfs_state"] is None, "virtio", p)

plug("virtio-scsi-pci", "scsi")
settle()
before = set(os.listdir("/sys/block"))
plug_disk("c", "scsi-hd", bus="scsi.0", serial="S-SCSI-1", wwn=NAA, vendor="ACME", product="Disk",
          lun=261)
p = appeared(before)
check(p["protocol"] == "scsi:unspec" and p["serial"] == "S-SCSI-1", "SCSI", p)
check(p["wwid"] == f"3{NAA:016x}", "WWID", p)
check((p["vendor"], p["product"]) == ("ACME", "Disk"), "vendor, product", p)
lun = int(p["hcil"].split(":")[3]) & 0x3fff  # flat space addressing
check(lun == 261 and p["hcil"] == lsblk(p["name"], "HCTL"), "a LUN beyond 255", p)

before = set(os.listdir("/sys/class/scsi_host"))
plug("lsi53c895a", "lsi")
settle()
(host_name,) = wait_for("its host", lambda: set(os.listdir("/sys/class/scsi_host")) - before, 60)
before = set(os.listdir("/sys/block"))
plug_disk("e", "scsi-hd", bus="lsi.0", serial="S-SPI-1", **{"scsi-id": 1})
write(f"/sys/class/scsi_host/{host_name}/scan", "- - -")  # it does not tell by itself
p = appeared(before)
check(p["protocol"] == "scsi:spi" and p["host"] == host_name, "SPI", p)
check(p["serial"] == "S-SPI-1", "serial", p)

plug("qemu-xhci", "xhci")
settle()
before = set(os.listdir("/sys/block"))
plug_disk("d", "usb-storage", bus="xhci.0", serial="S-USB-1")
p = appeared(before)
check(p["protocol"] == "scsi:usb" == "scsi:" + lsblk(p["name"], "TRAN"), "USB", p)
