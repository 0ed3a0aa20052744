# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices to read, and the programs that read them round by round and report the cost."""
import errno
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess

import bed

# Numbers of loop devices, counted from bed's base, that the system tests do not use.
FIRST_LOOP = 10000
FIRST_FAULTY_LOOP = 5000
DEVICE_BYTES = 1 << 20


class BenchError(Exception):
	"""The bench cannot measure what it should; the text is the reason."""


class Loops:
	"""Loop devices over one file in memory: real block devices, whose answers come from
	another thread of the kernel, at nearly no cost of their own. If there are more paths than
	devices, each device serves several; it has tags for all of them."""

	def __init__(self, folder, undo, n):
		self.n = n
		self.block = 512
		memory = "/dev/shm" if os.path.isdir("/dev/shm") else folder
		self.folder = os.path.join(memory, f"checkerd-bench-{os.getpid()}")
		undo.add("folder", self.folder)
		os.mkdir(self.folder)
		backing = os.path.join(self.folder, "backing")
		with open(backing, "wb") as f:
			f.write(bytes(DEVICE_BYTES))
		self.numbers = []
		control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
		number = FIRST_LOOP
		while len(self.numbers) < n:
			self._attach(control, number, backing, undo)
			number += 1
		os.close(control)

	def _attach(self, control, number, backing, undo):
		undo.add("loop", number)
		try:
			bed.attach_loop(control, number, backing, direct_io=False)
			self.numbers.append(number)
		except OSError as e:
			if e.errno not in (errno.EBUSY, errno.EEXIST):
				raise
			undo.drop("loop", number)  # another program's: losetup -f takes any free number

	def names(self, n):
		return [bed.loop_node(self.numbers[i % self.n]) for i in range(n)]

	def describe(self):
		return f"{self.n:,} loop devices over a file in memory, reads of {self.block} bytes"


class FaultyLoops:
	"""Loop devices over the faulty disks, one over each."""

	def __init__(self, disk, undo):
		self.numbers, self.names = [], []
		control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
		for i in range(disk.n):
			number = FIRST_FAULTY_LOOP + i
			undo.add("loop", number)
			bed.attach_loop(control, number, disk.path(i))
			self.numbers.append(number)
			self.names.append(bed.loop_node(number))
		os.close(control)
		self.set = set(self.names)

	def close(self):
		bed.remove_loops(self.numbers)


class Files:
	"""Sparse files with direct I/O: io_submit returns after the read has ended, so the reader
	has the whole cost, and the figures are steady. Real disks have a higher floor, and so a
	lower ratio to it. fewfds.c uses the name up to the dot: that many files have a descriptor
	of their own."""

	def __init__(self, folder, n, shared=None, name="files"):
		self.n = n
		self.shared = shared or n
		self.block = 512
		self.folder = os.path.join(folder, name)
		os.mkdir(self.folder)
		for name in self.names(n):
			with open(name, "wb") as f:
				f.truncate(65536)

	def names(self, n):
		return [f"{self.folder}/{i % self.n % self.shared:05}.{i % self.n // self.shared}"
		        for i in range(n)]

	def remove(self):
		"""They take hundreds of MiB of the kernel's memory for their inodes."""
		shutil.rmtree(self.folder)

	def describe(self):
		return f"{self.n:,} sparse files, direct reads of {self.block} bytes"


def few_descriptors(bench, paths):
	"""The environment of a process with n paths that may not have a descriptor for each; see
	fewfds.c."""
	_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
	if paths + 1024 <= most:
		return {}
	bench.shared_descriptors = True
	preload = os.path.join(os.path.dirname(bench.programs["subject"]), ".libs", "fewfds.so")
	return {"LD_PRELOAD": preload}


class Subject:
	"""A running program of subject.c."""

	def __init__(self, bench, kind, names, block):
		file = os.path.join(bench.folder, f"{kind}-{len(names)}.names")
		with open(file, "w", encoding="utf-8") as f:
			f.writelines(name + "\n" for name in names)
		self.kind, self.n = kind, len(names)
		self.process = subprocess.Popen(
			[bench.programs["subject"], kind, file, str(self.n), str(block)],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
			env={**bench.environment(), **few_descriptors(bench, self.n)})
		bench.subjects.append(self)
		self.started = self._answer()

	def _answer(self):
		line = self.process.stdout.readline()
		if not line:
			raise BenchError(f"{self.kind} ended with {self.process.wait()}")
		cost = json.loads(line)
		if cost["failed"]:
			raise BenchError(f"{self.kind}: {cost['failed']} of {cost['checks']} reads failed")
		return cost

	def _tell(self, text):
		self.process.stdin.write(text + "\n")
		self.process.stdin.flush()

	def rounds(self, n):
		self._tell(f"rounds {n}")
		return self._answer()

	def pids(self):
		return [p for p in (self.started["pid"], self.started["helper"]) if p]

	def stop(self):
		self._tell("stop")
		cost = self._answer()
		self.process.wait()
		return cost

	def kill(self):
		if self.process.poll() is None:
			self.process.kill()
			self.process.wait()
		self.process.stdin.close()
		self.process.stdout.close()


def cpu_us(cost):
	"""CPU time a check, of all processes that work for the subject."""
	return (cost["cpu_ns"] + cost["helper_cpu_ns"]) / cost["checks"] / 1000


def spread(values):
	"""A figure and its uncertainty: median, quartiles, and count."""
	ordered = sorted(values)
	if len(ordered) < 2:
		return {"median": ordered[0], "p25": ordered[0], "p75": ordered[0], "n": len(ordered)}
	quarters = statistics.quantiles(ordered, n=4, method="inclusive")
	return {"median": quarters[1], "p25": quarters[0], "p75": quarters[2], "n": len(ordered)}


class SystemCalls:
	"""Counts the system calls of processes while something runs, if perf is available."""

	def __init__(self, pids):
		self.pids = pids

	@staticmethod
	def can():
		if not shutil.which("perf"):
			return False
		r = subprocess.run(["perf", "stat", "-e", "raw_syscalls:sys_enter", "true"],
		                   capture_output=True, check=False)
		return r.returncode == 0 and b"<not" not in r.stderr

	def count(self, what):
		"""Returns the result of what(), and the number of system calls during it."""
		control_end, control = os.pipe()
		ack, ack_end = os.pipe()
		counter = subprocess.Popen(
			["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p",
			 ",".join(str(p) for p in self.pids), "--control", f"fd:{control_end},{ack_end}",
			 "--delay", "-1"],
			stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
			pass_fds=(control_end, ack_end))
		os.close(control_end)
		os.close(ack_end)
		try:
			os.write(control, b"enable\n")
			os.read(ack, 16)  # perf has acknowledged
			value = what()
		finally:
			counter.send_signal(signal.SIGINT)
			_, text = counter.communicate()
			os.close(control)
			os.close(ack)
		found = re.search(r"^(\d+),", text, re.MULTILINE)
		return value, int(found.group(1)) if found else None
