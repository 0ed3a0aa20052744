# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bed: faulty disks, loop devices over them, sysctls, and undoing all of it.

Whatever the process makes outside itself is first written to an undo file. A killed run leaves
that file behind, and the next run first undoes what the file lists.
"""
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

# linux/loop.h
LOOP_CONFIGURE, LOOP_CLR_FD, LOOP_SET_CAPACITY = 0x4C0A, 0x4C01, 0x4C07
LOOP_SET_BLOCK_SIZE = 0x4C09
LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4C80, 0x4C81
LO_FLAGS_DIRECT_IO = 16
LOOP_INFO64_BYTES, LO_FLAGS_OFFSET = 232, 52

# High numbers, because losetup -f takes the lowest free one.
LOOP_BASE = 10000
# Removing a loop device waits 40 ms for RCU; parallel removals share that time.
WORKERS = 64


# Of every run on this machine: all runs share its AIO quota and its loop devices.
STATE = os.path.join(tempfile.gettempdir(), f"checkerd-system-{os.geteuid()}")


def take_lock():
	"""Allows one run at a time on a machine."""
	lock = open(STATE + ".lock", "w", encoding="ascii")
	try:
		fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
	except BlockingIOError:
		print("another run is going on, waiting for it", flush=True)
		fcntl.flock(lock, fcntl.LOCK_EX)
	return lock


class Undo:
	"""The list of what has to be undone, on disk."""

	def __init__(self):
		self.path = STATE + ".undo"
		self.items = []
		if os.path.exists(self.path):
			with open(self.path, encoding="utf-8") as f:
				self.items = [json.loads(line) for line in f if line.endswith("\n")]

	def add(self, kind, *args):
		self.items.append([kind, *args])
		with open(self.path, "a", encoding="utf-8") as f:
			f.write(json.dumps([kind, *args]) + "\n")

	def drop(self, kind, *args):
		self.items = [i for i in self.items if i != [kind, *args]]
		if not self.items and os.path.exists(self.path):
			os.unlink(self.path)

	def run(self):
		"""Undoes everything, the newest first. Returns what could not be undone."""
		left = []
		loops = [i[1] for i in self.items if i[0] == "loop"]
		for kind, *args in reversed([i for i in self.items if i[0] != "loop"]):
			try:
				if kind == "sysctl":
					write_sysctl(*args)
				elif kind == "mount":
					subprocess.run(["umount", "-l", args[0]], stderr=subprocess.DEVNULL,
					               check=False)
				elif kind == "folder":
					shutil.rmtree(args[0], ignore_errors=True)
				elif kind == "cgroup":
					os.rmdir(args[0])
				elif kind == "command":
					subprocess.run(args, check=False)
			except OSError as e:
				left.append(f"{kind} {args}: {e}")
		left += remove_loops(loops)
		self.items = []
		if os.path.exists(self.path):
			os.unlink(self.path)
		return left


def sysctl_path(name):
	return "/proc/sys/" + name.replace(".", "/")


def read_sysctl(name):
	with open(sysctl_path(name), encoding="ascii") as f:
		return int(f.read())


def write_sysctl(name, value):
	with open(sysctl_path(name), "w", encoding="ascii") as f:
		f.write(str(value))


def loop_node(n):
	return f"/dev/loop{LOOP_BASE + n}"


def attach_loop(control, n, backing, direct_io=True):
	"""Makes loop device n over a file."""
	fcntl.ioctl(control, LOOP_CTL_ADD, LOOP_BASE + n)
	info = bytearray(LOOP_INFO64_BYTES)
	struct.pack_into("<I", info, LO_FLAGS_OFFSET, LO_FLAGS_DIRECT_IO if direct_io else 0)
	file = os.open(backing, os.O_RDWR | os.O_CLOEXEC)
	try:
		loop = os.open(loop_node(n), os.O_RDWR | os.O_CLOEXEC)
		try:
			fcntl.ioctl(loop, LOOP_CONFIGURE,
			            struct.pack("<II", file, 512) + bytes(info) + bytes(64))
		finally:
			os.close(loop)
	finally:
		os.close(file)


def detach_loop(n):
	loop = os.open(loop_node(n), os.O_RDONLY | os.O_CLOEXEC)
	try:
		fcntl.ioctl(loop, LOOP_CLR_FD)
	finally:
		os.close(loop)


def remove_loops(numbers):
	"""Detaches and removes the devices. Returns what could not be removed."""
	if not numbers:
		return []
	control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)

	def remove(n):
		try:
			detach_loop(n)
		except OSError:
			pass  # nothing is attached
		for _ in range(50):
			try:
				fcntl.ioctl(control, LOOP_CTL_REMOVE, LOOP_BASE + n)
				return None
			except FileNotFoundError:
				return None
			except OSError as e:
				if not os.path.exists(loop_node(n)):
					return None
				error = e
				time.sleep(0.1)
		return f"loop {loop_node(n)}: {error}"

	with ThreadPoolExecutor(WORKERS) as pool:
		left = [r for r in pool.map(remove, numbers) if r]
	os.close(control)
	return left


class FaultyDisk:
	"""The filesystem of faulty disks, and its commands."""

	def __init__(self, program, folder, undo, disks, size=1 << 20):
		self.mount = os.path.join(folder, "disks")
		self.socket = os.path.join(folder, "disks.sock")
		self.n = disks
		self.undo = undo
		os.mkdir(self.mount)
		undo.add("mount", self.mount)
		self.process = subprocess.Popen(
			[program, "--with-parent", "-n", str(disks), "-b", str(size),
			 self.mount, self.socket], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			start_new_session=True, text=True)
		if self.process.stdout.readline() != "ready\n":
			raise RuntimeError("the faulty disk does not start")
		self.minor = os.minor(os.stat(self.mount).st_dev)
		self.connection = socket.socket(socket.AF_UNIX)
		self.connection.connect(self.socket)
		self.stream = self.connection.makefile("rw")

	def path(self, n):
		return f"{self.mount}/disk{n:04}"

	def tell(self, *words):
		"""Executes one command; returns the lines of its answer."""
		self.stream.write(" ".join(str(w) for w in words) + "\n")
		self.stream.flush()
		lines = []
		while True:
			line = self.stream.readline().rstrip("\n")
			if line == "ok":
				return lines
			if not line or line.startswith("error"):
				raise RuntimeError(f"faulty disk: {words}: {line or 'gone'}")
			lines.append(line)

	def status(self, which=None):
		"""The counters of one disk; without an argument their sums."""
		line = self.tell("status", *([] if which is None else [which]))[0]
		return {k: int(v) if v.isdigit() else v
		        for k, v in (word.split("=") for word in line.split())}

	def held(self):
		return self.status()["held"]

	def abort(self):
		"""The last resort: aborts the connection, so that the kernel answers all pending
		requests."""
		try:
			with open(f"/sys/fs/fuse/connections/{self.minor}/abort", "w",
			          encoding="ascii") as f:
				f.write("1")
		except OSError:
			pass  # fusectl is not mounted: closing the connection has the same effect
		self.process.kill()
		self.process.wait()

	def close(self):
		try:
			self.tell("quit")
			self.process.wait(10)
		except (OSError, RuntimeError, subprocess.TimeoutExpired):
			self.abort()
		subprocess.run(["umount", "-l", self.mount], stderr=subprocess.DEVNULL, check=False)
		self.undo.drop("mount", self.mount)


class Loops:
	"""Loop devices over the faulty disks: device n is over disk n. Each is made at its first
	use and kept for the whole run."""

	def __init__(self, disk, undo):
		self.disk = disk
		self.undo = undo
		self.made = set()
		self.control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)

	def nodes(self, numbers):
		for n in numbers:
			if n not in self.made:
				self.undo.add("loop", n)
				attach_loop(self.control, n, self.disk.path(n))
				self.made.add(n)
		return [loop_node(n) for n in numbers]

	def remake(self, n):
		"""Renews device n after a test has detached it or its disk vanished."""
		remove_loops([n])
		self.made.discard(n)
		self.undo.drop("loop", n)

	def close(self):
		left = remove_loops(sorted(self.made))
		for n in self.made:
			self.undo.items.remove(["loop", n])
		self.made.clear()
		os.close(self.control)
		return left
