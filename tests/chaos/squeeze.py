# SPDX-License-Identifier: LGPL-2.1-or-later
"""A memory cgroup of this run: version 2 if the host allows one, else version 1."""
import os
import signal
import subprocess
import sys
import time

# A program that takes the remaining memory and keeps it. The kernel kills it first of all in
# the cgroup.
HOG = ("import time\n"
       "kept = []\n"
       "while True:\n"
       "\tkept.append(bytearray(b'x' * (256 << 10)))\n"
       "\ttime.sleep(0.002)\n")
ENTER = 'echo $$ >"$0" && exec "$@"'


def read(path):
	with open(path, encoding="ascii") as f:
		return f.read()


def mounts():
	for line in read("/proc/mounts").splitlines():
		yield line.split()[1:4]


def find():
	"""(version, directory) of the hierarchy; None: there is none that we may use."""
	for folder, kind, options in mounts():
		if kind == "cgroup" and "memory" in options.split(","):
			return 1, folder
		if kind == "cgroup2":
			try:
				controllers = read(f"{folder}/cgroup.controllers").split()
				if "memory" in controllers:
					with open(f"{folder}/cgroup.subtree_control", "w", encoding="ascii") as f:
						f.write("+memory")
					return 2, folder
			except OSError:
				pass  # we may not change it
	return None


class Squeeze:
	"""The cgroup. `enter`, the first words of a command, starts a daemon in it."""

	def __init__(self, undo):
		self.undo, self.version, self.folder, self.hog = undo, 0, None, None
		self.n_took = 0
		there = find()
		if not there:
			return
		folder = os.path.join(there[1], f"checkerd-chaos-{os.getpid()}")
		try:
			os.mkdir(folder)
		except OSError:
			return
		undo.add("cgroup", folder)
		self.version, self.folder = there[0], folder

	@property
	def enter(self):
		return ["sh", "-c", ENTER, f"{self.folder}/cgroup.procs"] if self.folder else []

	def _file(self, one, two):
		return os.path.join(self.folder, one if self.version == 1 else two)

	def usage(self):
		return int(read(self._file("memory.usage_in_bytes", "memory.current")))

	def limit(self, size):
		"""size: bytes; None: no limit. Returns False if the kernel cannot set the
		limit."""
		try:
			with open(self._file("memory.limit_in_bytes", "memory.max"), "w",
			          encoding="ascii") as f:
				f.write("-1" if size is None and self.version == 1 else
				        "max" if size is None else str(size))
			return True
		except OSError:
			return False

	def ooms(self):
		"""Number of processes that the kernel has killed because memory was short."""
		text = read(self._file("memory.oom_control", "memory.events"))
		return next((int(line.split()[1]) for line in text.splitlines()
		             if line.startswith("oom_kill ")), 0)

	def took(self, code):
		"""Did the kernel kill this daemon because memory was short? Each end of a daemon
		is asked about once, and the kernel has to have counted as many kills: there may
		be several between two looks."""
		if code != -signal.SIGKILL or not self.folder or self.ooms() <= self.n_took:
			return False
		self.n_took += 1
		return True

	def begin(self, spare, hog):
		"""Leaves that many bytes free; hog: and starts a program that takes them."""
		if not self.limit(self.usage() + spare):
			return False
		if hog:
			self.hog = subprocess.Popen(
				[*self.enter, "sh", "-c", 'echo 1000 >/proc/self/oom_score_adj; exec "$@"', "-",
				 sys.executable, "-c", HOG], stdin=subprocess.DEVNULL,
				stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		return True

	def end(self):
		if self.hog:
			self.hog.kill()
			self.hog.wait()
			self.hog = None
		if self.folder:
			self.limit(None)

	def close(self):
		"""Removes the cgroup after all its processes have ended."""
		if not self.folder:
			return
		self.end()
		for _ in range(50):
			try:
				os.rmdir(self.folder)
				self.undo.drop("cgroup", self.folder)
				return
			except OSError:
				time.sleep(0.1)  # ended processes have not yet left it
