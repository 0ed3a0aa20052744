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
# Of the target's port, and what the host is told. Not every kernel has the first transport.
TRANSPORTS = {
	"nvme-loop": ({"trtype": "loop"}, "transport=loop"),
	"nvme-tcp": ({"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4421"},
	             "transport=tcp,traddr=127.0.0.1,trsvcid=4421"),
}


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

	def __init__(self, found, driver):
		self.found, self.driver = found, driver
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
	return Disks(sorted("/dev/" + os.path.basename(d) for d in found), "scsi_debug")


def load_transport():
	"""The name of a transport that this host has."""
	load("nvmet")
	try:
		load("nvme-loop")
		return "nvme-loop"
	except NotHere:
		load("nvmet-tcp", "nvme-tcp")
		return "nvme-tcp"


def make_target(undo, namespaces, address):
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
	for name, value in address.items():
		write(f"{port}/addr_{name}", value)
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
	"""Namespaces of a target in this kernel."""
	transport = load_transport()
	if not os.path.isdir(NVMET):
		raise NotHere("configfs is not mounted")
	address, options = TRANSPORTS[transport]
	make_target(undo, namespaces, address)
	fabrics = os.open("/dev/nvme-fabrics", os.O_RDWR | os.O_CLOEXEC)
	try:
		os.write(fabrics, f"{options},nqn={NQN},queue_size=1024".encode())
		instance = os.read(fabrics, 64).decode().split(",")[0].split("=")[1]
	finally:
		os.close(fabrics)
	undo.add("command", "sh", "-c", f"echo 1 >/sys/class/nvme/nvme{instance}/delete_controller")
	found = wait_for("namespaces", of_target, namespaces)
	nodes = [f"/dev/{os.path.basename(d)}" for d in found]
	wait_for("nodes", lambda: [n for n in nodes if os.path.exists(n)], namespaces)
	return Disks(nodes, transport)


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
	return {"rows": rows, "disks": len(disks.found), "driver": disks.driver}


def tur(bench):
	"""TEST UNIT READY by the library, against a raw loop of write, poll and read"""
	return {"budget": BUDGET_TUR, **measured(bench, lambda undo: scsi_disks(undo, 8, 32), (256, 4096),
	                                         ("sg-floor", "tur-threads", "tur-process"))}


def nvme(bench):
	"""reads of NVMe namespaces by the library, against a raw loop"""
	# A submit sends by itself: one that sends for long would be taken for stuck.
	return measured(bench, lambda undo: nvme_disks(undo, 32), (32,),
	                ("floor", "nvme-threads", "nvme-process"))


PARTS = {"tur": tur, "nvme": nvme}
