# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage networks inside one machine: a target with a portal in each of several network
namespaces, and the initiator outside of them, so that one way to it can be cut."""
import glob
import os

from vm import check, read, run, settle, wait_for, write

CONFIG = "/sys/kernel/config"


def make_network(n):
	"""Network n: 10.0.n.1 here, 10.0.n.2 in the namespace portal<n>."""
	run("ip", "netns", "add", f"portal{n}")
	run("ip", "link", "add", f"net{n}", "type", "veth", "peer", "name", "eth0", "netns",
	    f"portal{n}")
	run("ip", "addr", "add", f"10.0.{n}.1/24", "dev", f"net{n}")
	run("ip", "link", "set", f"net{n}", "up")
	run("ip", "-n", f"portal{n}", "addr", "add", f"10.0.{n}.2/24", "dev", "eth0")
	run("ip", "-n", f"portal{n}", "link", "set", "eth0", "up")


def cut(n):
	"""What is sent through network n is lost from now on."""
	run("ip", "link", "set", f"net{n}", "down")


def restore(n):
	run("ip", "link", "set", f"net{n}", "up")


def delay(n, milliseconds):
	"""What is sent through network n arrives, but late."""
	run("tc", "qdisc", "add", "dev", f"net{n}", "root", "netem", "delay", f"{milliseconds}ms")


def in_namespace(n, command):
	"""Sockets of the kernel's targets are in the namespace of whoever makes the portal. Not by
	`ip netns exec`: that hides configfs."""
	run("nsenter", f"--net=/run/netns/portal{n}", "sh", "-c", command)


def _mkdir(path):
	os.makedirs(path, exist_ok=True)
	return path


class Iscsi:
	"""A LIO target with ramdisks as units, each seen through every portal.

	noop: seconds between the initiator's pings, 0: none: then a cut network is silence, and
	not a session that is known to have failed. abort: seconds until a command that was to be
	aborted, and is not, puts the host into error recovery. groups: each portal is a portal group
	of its own: then a unit can be changed behind one portal alone."""

	IQN = "iqn.2026-01.test.checkerd:target"

	def __init__(self, portals=2, luns=1, size_mb=8, block_size=512, noop=0, replacement=120,
	             abort=15, groups=False):
		self.portals, self.groups = portals, groups
		run("modprobe -a target_core_mod iscsi_target_mod iscsi_tcp")
		_mkdir("/var/target/pr")  # without it no registration of a reservation is taken
		for lun in range(luns):
			self.add_ramdisk(lun, size_mb, block_size)
		numbers = sorted({self.group_of(n) for n in range(portals)})
		for group in numbers:
			tpg = _mkdir(self.folder(group))
			for name, value in (("authentication", 0), ("generate_node_acls", 1),
			                    ("cache_dynamic_acls", 1), ("demo_mode_write_protect", 0)):
				write(f"{tpg}/attrib/{name}", str(value))
			for lun in range(luns):
				self.map_unit(group, lun, self.ramdisk(lun))
		for n in range(portals):
			make_network(n)
			in_namespace(n, f"mkdir -p {self.folder(self.group_of(n))}/np/10.0.{n}.2:3260")
		for group in numbers:
			write(f"{self.folder(group)}/enable", "1")
		run("systemctl", "start", "iscsid")
		for n in range(portals):
			self._login(n, noop, replacement, abort)
		settle(300)
		wait_for("every unit through every portal",
		         lambda: len(self.disks()) == portals * luns, 60)

	def group_of(self, portal):
		return portal + 1 if self.groups else 1

	def folder(self, group):
		return f"{CONFIG}/target/iscsi/{self.IQN}/tpgt_{group}"

	@staticmethod
	def ramdisk(lun):
		return f"{CONFIG}/target/core/rd_mcp_{lun}/unit{lun}"

	def add_ramdisk(self, lun, size_mb, block_size):
		disk = _mkdir(self.ramdisk(lun))
		write(f"{disk}/control", f"rd_pages={size_mb * 256}")
		write(f"{disk}/wwn/vpd_unit_serial", f"checkerd-unit-{lun:04}")
		write(f"{disk}/enable", "1")
		write(f"{disk}/attrib/block_size", str(block_size))

	@staticmethod
	def add_file(name, size_mb, serial):
		"""A disk whose data is a file here: /root/NAME. Returns its folder in configfs."""
		disk = _mkdir(f"{CONFIG}/target/core/fileio_{len(name)}/{name}")
		write(f"{disk}/control", f"fd_dev_name=/root/{name},fd_dev_size={size_mb << 20}")
		write(f"{disk}/wwn/vpd_unit_serial", serial)
		write(f"{disk}/enable", "1")
		return disk

	@staticmethod
	def add_device(name, device, serial):
		"""A disk whose data is on this block device. Returns its folder in configfs."""
		disk = _mkdir(f"{CONFIG}/target/core/iblock_{len(name)}/{name}")
		write(f"{disk}/control", f"udev_path={device}")
		write(f"{disk}/udev_path", device)
		write(f"{disk}/wwn/vpd_unit_serial", serial)
		write(f"{disk}/enable", "1")
		return disk

	def map_unit(self, group, lun, disk):
		"""This disk is the unit from now on."""
		os.symlink(disk, f"{_mkdir(f'{self.folder(group)}/lun/lun_{lun}')}/unit")

	def unmap_unit(self, group, lun):
		"""There is no such unit any more."""
		os.unlink(f"{self.folder(group)}/lun/lun_{lun}/unit")

	def _login(self, n, noop, replacement, abort):
		node = ["iscsiadm", "-m", "node", "-T", self.IQN, "-p", f"10.0.{n}.2"]
		run(*node, "-o", "new")
		run(*node, "-o", "update", "-n", "node.session.timeo.replacement_timeout", "-v",
		    str(replacement), "-n", "node.conn[0].timeo.noop_out_interval", "-v", str(noop),
		    "-n", "node.conn[0].timeo.noop_out_timeout", "-v", str(noop),
		    "-n", "node.session.err_timeo.abort_timeout", "-v", str(abort))
		run(*node, "--login")

	def disks(self, portal=None):
		"""The disks' names, in the order of their units; of one portal, or of all."""
		found = []
		for session in glob.glob("/sys/class/iscsi_connection/*"):
			address = read(f"{session}/persistent_address")
			if portal is not None and address != f"10.0.{portal}.2":
				continue
			found += glob.glob(f"{session}/device/../target*/*/block/*")
		return [os.path.basename(p) for p in
		        sorted(found, key=lambda p: int(p.split("/")[-3].split(":")[3]))]


KEY = "0x636865636b657264"


def reserve(disk):
	"""Nobody but the initiator port of this path may read or write the unit (SPC's exclusive
	access)."""
	for words in (f"--register --param-sark={KEY}", f"--reserve --param-rk={KEY} --prout-type=3"):
		run(f"sg_persist --out {words} /dev/{disk}")


def release(disk):
	run(f"sg_persist --out --release --param-rk={KEY} --prout-type=3 /dev/{disk}")


class AccessStates:
	"""A port group (SPC's, for ALUA) for each portal of an Iscsi with groups, and unit 0's access
	states through them."""

	OPTIMIZED, NON_OPTIMIZED, STANDBY, UNAVAILABLE, TRANSITIONING = 0, 1, 2, 3, 15

	def __init__(self, target):
		self.folders = []
		for n in range(target.portals):
			group = _mkdir(f"{target.ramdisk(0)}/alua/portal{n}")
			write(f"{group}/tg_pt_gp_id", str(16 + n))
			write(f"{target.folder(target.group_of(n))}/lun/lun_0/alua_tg_pt_gp", f"portal{n}")
			self.folders.append(group)

	def set(self, portal, state):
		write(f"{self.folders[portal]}/alua_access_state", str(state))

	def get(self, portal):
		return int(read(f"{self.folders[portal]}/alua_access_state"))


class NvmeTcp:
	"""An NVMe target over TCP, seen as one namespace through each portal, every one a disk of
	its own: nvme_core.multipath=N. native: these are hidden paths of one disk. first: the number of
	its first portal. namespaces: how many, from the begin."""

	NQN = "nqn.2026-01.test.checkerd:target"

	def __init__(self, portals=2, size_mb=8, loss=600, keep_alive=5, first=0, native=False,
	             namespaces=1):
		multipath = "Y" if native else "N"
		run(f"modprobe nvme_core multipath={multipath}")
		check(read("/sys/module/nvme_core/parameters/multipath") == multipath, "native multipath")
		run("modprobe -a nvmet-tcp nvme-tcp")
		self.portals = portals
		self.subsystem = _mkdir(f"{CONFIG}/nvmet/subsystems/{self.NQN}")
		write(f"{self.subsystem}/attr_allow_any_host", "1")
		for number in range(1, namespaces + 1):
			self.add_namespace(number, size_mb)
		for n in range(first, first + portals):
			make_network(n)
			self._add_port(n)
			self.connect(n, loss, keep_alive)
		wait_for("every namespace through every portal",
		         lambda: len(self.disks()) == portals * namespaces, 60)
		settle(300)

	def connect(self, n, loss=600, keep_alive=5):
		run("nvme", "connect", "-t", "tcp", "-n", self.NQN, "-a", f"10.0.{n}.2", "-s", "4420",
		    f"--ctrl-loss-tmo={loss}", f"--keep-alive-tmo={keep_alive}", "--reconnect-delay=1")

	def add_namespace(self, number, size_mb=8):
		"""Controllers that are connected find it by themselves."""
		run("truncate", "-s", f"{size_mb}M", f"/dev/shm/namespace{number}")
		namespace = _mkdir(f"{self.subsystem}/namespaces/{number}")
		write(f"{namespace}/device_path", f"/dev/shm/namespace{number}")
		write(f"{namespace}/buffered_io", "1")
		write(f"{namespace}/enable", "1")

	def set_ana_state(self, n, state):
		"""The ANA state of the namespace behind portal n."""
		write(f"{CONFIG}/nvmet/ports/{n + 1}/ana_groups/1/ana_state", state)

	def _add_port(self, n):
		port = _mkdir(f"{CONFIG}/nvmet/ports/{n + 1}")
		for name, value in (("trtype", "tcp"), ("adrfam", "ipv4"),
		                    ("traddr", f"10.0.{n}.2"), ("trsvcid", "4420")):
			write(f"{port}/addr_{name}", value)
		self.prepare_port(n)
		self.offer(n)

	def prepare_port(self, n):
		"""What is done before a controller can connect."""

	def offer(self, n):
		"""The target is there behind portal n."""
		in_namespace(n, f"ln -s {self.subsystem} {CONFIG}/nvmet/ports/{n + 1}/subsystems/")

	def withdraw(self, n):
		"""The target is gone behind portal n: connections end, new ones are refused."""
		os.unlink(f"{CONFIG}/nvmet/ports/{n + 1}/subsystems/{self.NQN}")

	def disks(self, portal=None):
		found = []
		for controller in glob.glob("/sys/class/nvme/nvme*"):
			address = read(f"{controller}/address")
			if portal is None or f"traddr=10.0.{portal}.2," in address + ",":
				found += [os.path.basename(p) for p in glob.glob(f"{controller}/nvme*n*")]
		return sorted(found)
