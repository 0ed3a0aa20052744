# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures checks of SCSI disks and of NVMe namespaces, which the kernel's own test drivers offer. A
scenario of tests/vm does the same in a virtual machine, for hosts without these drivers."""
import glob
import os
import shutil
import subprocess
import time

from turns import compare

BUDGET_TUR = 1.3
NQN = "nqn.2026-01.test.checkerd:bench"
NVMET = "/sys/kernel/config/nvmet"


class NotHere(Exception):
	"""This host cannot do it; the text is the reason."""


def load(*modules):
	for module in modules:
		if not shutil.which("modprobe", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
			raise NotHere("this host has no modprobe")
		done = subprocess.run(["modprobe", *module.split()], capture_output=True, text=True,
		                      check=False)
		if done.returncode != 0:
			raise NotHere(f"modprobe {module}: {done.stderr.strip()}")


def wait_for(what, found, n, seconds=300):
	deadline = time.monotonic() + seconds
	while len(found()) < n:
		if time.monotonic() > deadline:
			raise NotHere(f"{len(found())} of {n} {what} after {seconds} s")
		time.sleep(0.1)
	return found()


def write(path, text):
	with open(path, "w", encoding="ascii") as f:
		f.write(text)


class Disks:
	"""Disks, each of which serves several paths."""

	def __init__(self, found):
		self.found = found
		name = os.path.basename(found[0])
		with open(f"/sys/block/{name}/queue/logical_block_size", encoding="ascii") as f:
			self.block = int(f.read())

	def names(self, n):
		return [self.found[i % len(self.found)] for i in range(n)]


def scsi_disks(undo, hosts, units):
	"""Disks of scsi_debug. They answer within the write: all its HBAs together have 192 places for
	commands that take time."""
	if os.path.exists("/sys/module/scsi_debug"):
		raise NotHere("scsi_debug is in use")
	load("sg", "sd_mod")
	undo.add("command", "modprobe", "-r", "scsi_debug")
	load(f"scsi_debug add_host={hosts} max_luns={units} dev_size_mb=8 delay=0 submit_queues=2")
	pattern = "/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/"
	wait_for("sg nodes", lambda: glob.glob(pattern + "scsi_generic/*"), hosts * units)
	found = wait_for("disks", lambda: glob.glob(pattern + "block/*"), hosts * units)
	return Disks(sorted("/dev/" + os.path.basename(d) for d in found))


def make_target(undo, namespaces):
	subsystem, port = f"{NVMET}/subsystems/{NQN}", f"{NVMET}/ports/7711"
	memory = f"/dev/shm/checkerd-nvme-{os.getpid()}"
	with open(memory, "wb") as f:
		f.truncate(8 << 20)
	undo.add("command", "sh", "-c",
	         f"rm -f {memory} {port}/subsystems/{NQN}; rmdir {port} {subsystem}/namespaces/* {subsystem}")
	os.makedirs(subsystem)
	write(f"{subsystem}/attr_allow_any_host", "1")
	for number in range(1, namespaces + 1):
		namespace = f"{subsystem}/namespaces/{number}"
		os.mkdir(namespace)
		write(f"{namespace}/device_path", memory)
		write(f"{namespace}/buffered_io", "1")
		write(f"{namespace}/enable", "1")
	os.mkdir(port)
	write(f"{port}/addr_trtype", "loop")
	os.symlink(subsystem, f"{port}/subsystems/{NQN}")


def of_target():
	"""Its disks. With native multipathing these are the subsystem's, whose paths are hidden."""
	found = []
	for disk in glob.glob("/sys/block/nvme*n*"):
		try:
			with open(f"{disk}/device/subsysnqn", encoding="ascii") as f:
				if f.read().strip() == NQN and os.path.exists(f"{disk}/dev"):
					found.append(disk)
		except OSError:
			continue  # it has gone
	return sorted(found)


def nvme_disks(undo, namespaces):
	"""Namespaces of a target in this kernel, through its loop transport."""
	load("nvmet", "nvme-loop")
	if not os.path.isdir(NVMET):
		raise NotHere("configfs is not mounted")
	make_target(undo, namespaces)
	with open("/dev/nvme-fabrics", "r+", encoding="ascii", buffering=1) as f:
		f.write(f"transport=loop,nqn={NQN},queue_size=1024")
		instance = f.read().split(",")[0].split("=")[1]
	undo.add("command", "sh", "-c", f"echo 1 >/sys/class/nvme/nvme{instance}/delete_controller")
	found = wait_for("namespaces", of_target, namespaces)
	nodes = [f"/dev/{os.path.basename(d)}" for d in found]
	wait_for("nodes", lambda: [n for n in nodes if os.path.exists(n)], namespaces)
	return Disks(nodes)


def measured(bench, make, sizes, kinds):
	"""The rows, or why there are none."""
	if bench.smoke:
		return {"why": "a short run loads no drivers"}
	try:
		disks = make(bench.undo)
	except NotHere as e:
		return {"why": str(e)}
	rows = []
	for paths in sizes:
		rows += compare(bench, kinds, paths, repeats=15, reads=8192, devices=disks)
	return {"rows": rows, "disks": len(disks.found)}


def tur(bench):
	"""TEST UNIT READY by the library, against a raw loop of write, poll and read"""
	return {"budget": BUDGET_TUR, **measured(bench, lambda undo: scsi_disks(undo, 8, 32), (256, 4096),
	                                         ("sg-floor", "tur-threads", "tur-process"))}


def nvme(bench):
	"""reads of NVMe namespaces by the library, against a raw loop"""
	return measured(bench, lambda undo: nvme_disks(undo, 256), (256,),
	                ("floor", "nvme-threads", "nvme-process"))


PARTS = {"tur": tur, "nvme": nvme}
