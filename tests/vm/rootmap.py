# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that boots with two paths to each of its disks, and with its root on a multipath map. The host's
side: the disk is prepared in one machine (by rootfs.py, in there) and booted in another one."""
import os
import re
import struct
import subprocess
import time

import machine

OVERLAY = "/root/overlay.cpio"  # what rootfs.py adds to the initramfs
WWNS = {"root": 0x5000c50000000001, "srv": 0x5000c50000000002}  # also in rootfs.py
KERNEL = (machine.KERNEL.replace("root=/dev/vda", "root=/dev/mapper/root").replace(" quiet", "")
          .replace("systemd.show_status=no", "systemd.show_status=yes systemd.status_unit_format=name") + " loglevel=4")
POWER_OFF_SECONDS = 120


def leave(vm, folder):
	"""Takes what the next boot needs out of a prepared machine; its disk is clean then."""
	status, overlay = vm.run(f"cat {OVERLAY} && rm {OVERLAY}")
	if status != 0:
		raise machine.Failure(f"there is no {OVERLAY}")
	vm.run("sync; echo u >/proc/sysrq-trigger; until grep -q ' / ext4 ro' /proc/mounts; do sleep 0.1; done")
	with open(os.path.join(folder, "initrd"), "wb") as f:
		f.write(overlay)


def _disks(folder):
	"""Two HBAs, each with a path to each disk."""
	words = []
	files = {"root": ("qcow2", "disk.qcow2"), "srv": ("raw", "srv.img")}
	for name, (kind, file) in files.items():
		words += ["-blockdev", f"driver={kind},node-name={name},cache.no-flush=on,file.driver=file,"
		          f"file.filename={os.path.join(folder, file)}"]
	for bus in ("left", "right"):
		words += ["-device", f"virtio-scsi-pci,id={bus}"]
		for name, wwn in WWNS.items():
			words += ["-device", f"scsi-hd,bus={bus}.0,id={bus}-{name},drive={name},share-rw=on,"
			          f"serial=checkerd-{name},wwn={wwn:#x}"]
	return words


def boot(template, folder):
	"""A Machine with the disk that leave() has left in the folder."""
	again, initrd = os.path.join(folder, "again"), os.path.join(folder, "initrd")
	os.mkdir(again)
	with open(os.path.join(template.image, "initrd.img"), "rb") as f, open(initrd, "r+b") as all_of_it:
		overlay = all_of_it.read()
		all_of_it.seek(0)
		all_of_it.write(f.read() + overlay)
	subprocess.run(["mke2fs", "-q", "-t", "ext4", os.path.join(folder, "srv.img"), "16M"], check=True,
	               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
	               env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
	vm = machine.Machine(again, _disks(folder),
	                     ["-kernel", os.path.join(template.image, "vmlinuz"), "-initrd", initrd,
	                      "-append", KERNEL])
	try:
		vm.run("systemctl is-system-running --wait", machine.BOOT_SECONDS)
	except machine.Timeout as e:
		vm.close()
		with open(vm.console, encoding="utf-8", errors="replace") as console:
			raise machine.Failure(f"does not boot: {console.read()[-3000:]}") from e
	return vm


def _is_clean(disk):
	"""Whether an ext4 file system was unmounted, or mounted read-only, before the power went."""
	dump = subprocess.run(["qemu-io", "-r", "-c", "read -v 1024 1024", disk], check=True, text=True,
	                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
	words = re.findall(r"^[0-9a-f]{8}:  ((?:[0-9a-f]{2} ){16})", dump, re.M)
	superblock = bytes.fromhex("".join(words))
	state, = struct.unpack_from("<H", superblock, 58)
	features, = struct.unpack_from("<I", superblock, 96)
	return state == 1 and not features & 4  # s_state, the feature "recover"


def power_off(vm, folder):
	"""Shuts the machine down. Paths are checked until the file system on the other map is unmounted."""
	vm.agents[0].begin("systemctl poweroff")
	deadline = time.monotonic() + POWER_OFF_SECONDS
	while vm.process.poll() is None:
		if time.monotonic() > deadline:
			raise machine.Failure(f"it does not shut down within {POWER_OFF_SECONDS} s")
		time.sleep(0.2)
	with open(vm.console, encoding="utf-8", errors="replace") as console:
		said = console.read()
	unmounted, stopped = (re.search(what, said) for what in (
		r"Unmounted \S*srv\.mount", r"Stopped \S*checkerd\.service"))
	if unmounted is None or stopped is None or unmounted.start() > stopped.start():
		raise machine.Failure(f"shutdown: /srv is not unmounted before checkerd stops:\n{said[-3000:]}")
	if not _is_clean(os.path.join(folder, "disk.qcow2")):
		raise machine.Failure(f"shutdown: the root file system is not clean:\n{said[-3000:]}")
