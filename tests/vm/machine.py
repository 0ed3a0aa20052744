# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual machine: QEMU under plain emulation, and a line to its agent.

A Template boots the image once and keeps the running machine's memory and disk in the image's
folder; each Machine is that one, woken from there in seconds, with a disk of its own that is
thrown away. What a scenario does to its machine needs no cleaning up.
"""
import ctypes
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

QEMU = "qemu-system-x86_64"
# Emulated on purpose: a nested accelerator is not to be trusted with what is tested here.
ACCELERATOR = ["-accel", "tcg,thread=multi"]
# For a scenario that measures times: each instruction takes a nanosecond, however busy the host is, and time in
# which nothing runs is skipped.
COUNTED = ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"]
HARDWARE = ["-machine", "pc", "-smp", "2", "-m", "2048", "-nodefaults", "-nic", "none",
            "-display", "none", "-no-reboot", "-device", "virtio-rng-pci"]
# The emulated processor's counter is as good as any: with another clock each look at the time
# would be a system call, which it is on no real host.
KERNEL = ("root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off apparmor=0 audit=0 "
          "nowatchdog tsc=reliable clocksource=tsc quiet systemd.show_status=no")
BOOT_SECONDS = 300
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
	"""The machine does not do what it is for."""


def _die_with_parent():
	_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Qmp:
	"""The line to QEMU itself."""

	def __init__(self, path):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.settimeout(120)
		self.socket.connect(path)
		self.file = self.socket.makefile("rw", encoding="utf-8")
		self.file.readline()  # its greeting
		self.ask("qmp_capabilities")

	def ask(self, command, **arguments):
		request = {"execute": command, "arguments": arguments}
		self.file.write(json.dumps(request) + "\n")
		self.file.flush()
		while True:
			reply = json.loads(self.file.readline())
			if "error" in reply:
				raise Failure(f"{command}: {reply['error']['desc']}")
			if "return" in reply:
				return reply["return"]

	def close(self):
		self.file.close()
		self.socket.close()


class Timeout(Failure):
	"""A command takes longer than it may."""


class Agent:
	"""A line to the machine's agent: one command at a time. See tests/vm/agent."""

	def __init__(self, path):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.connect(path)
		self.file = self.socket.makefile("rb")
		self.sending = threading.Lock()

	def send(self, letter, data=b""):
		with self.sending:
			self.socket.sendall(f"{letter} {len(data)}\n".encode() + data)

	def begin(self, command):
		self.send("r", command.encode())

	def frames(self, seconds):
		"""What comes of the command: (letter, bytes) until and with its exit status."""
		deadline = time.monotonic() + seconds
		while True:
			self.socket.settimeout(max(0.01, deadline - time.monotonic()))
			try:
				letter, length = self.file.readline().split()
				data = self.file.read(int(length))
			except (TimeoutError, ValueError) as e:
				raise Timeout(f"not finished after {seconds} s") from e
			yield letter.decode(), data
			if letter == b"x":
				return

	def run(self, command, seconds=60, data=b""):
		"""Returns (exit status, output)."""
		self.begin(command)
		for i in range(0, len(data), 65536):
			self.send("i", data[i:i + 65536])
		self.send("e")
		frames = list(self.frames(seconds))
		return int(frames[-1][1]), b"".join(d for letter, d in frames if letter == "o")

	def close(self):
		self.file.close()
		self.socket.close()


def virtio_disk(disk):
	"""The disk as a Machine's only one."""
	return ["-drive", f"id=root,if=virtio,format=qcow2,cache=unsafe,file={disk}"]


class Machine:
	"""One machine, running. folder: for its sockets and console. The others: words for QEMU."""

	def __init__(self, folder, drives, extra, accelerator=tuple(ACCELERATOR)):
		self.folder = folder
		self.console = os.path.join(folder, "console.log")
		monitor = os.path.join(folder, "qmp")
		ports = [os.path.join(folder, f"agent{n}") for n in range(2)]
		lines = []
		for n, port in enumerate(ports):
			lines += ["-chardev", f"socket,id=agent{n},path={port},server=on,wait=off",
			          "-device", f"virtserialport,chardev=agent{n},name=checkerd.{n}"]
		self.process = subprocess.Popen(
			[QEMU, *accelerator, *HARDWARE, *drives,
			 "-device", "virtio-serial-pci", *lines,
			 "-serial", f"file:{self.console}",
			 "-qmp", f"unix:{monitor},server=on,wait=off", *extra],
			stdin=subprocess.DEVNULL, stdout=open(os.path.join(folder, "qemu.log"), "wb"),
			stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
		try:
			self._wait("its monitor", 30, lambda: os.path.exists(monitor))
			self.qmp = Qmp(monitor)
			# The second one is for looking at a machine whose first one is busy.
			self.agents = [Agent(p) for p in ports]
		except BaseException:
			self.process.kill()
			raise

	def _wait(self, what, seconds, predicate):
		deadline = time.monotonic() + seconds
		while not predicate():
			if self.process.poll() is not None:
				with open(os.path.join(self.folder, "qemu.log"), encoding="utf-8",
				          errors="replace") as log:
					raise Failure(f"QEMU ended: {log.read().strip()}")
			if time.monotonic() > deadline:
				raise Failure(f"the machine: no {what} within {seconds} s")
			time.sleep(0.2)

	def run(self, command, seconds=60, data=b"", agent=0):
		"""Runs a command in the machine; returns (exit status, output)."""
		return self.agents[agent].run(command, seconds, data)

	def wait_for_wake(self):
		self._wait("life", 60, lambda: self.qmp.ask("query-status")["status"] != "inmigrate")
		self.qmp.ask("cont")

	def save(self, path):
		"""Writes the machine's memory to a file; it stands still from then on."""
		self.qmp.ask("stop")
		self.qmp.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
		self.qmp.ask("migrate", uri=f"exec:cat >'{path}'")
		self._wait("saved state", 120, self._is_saved)

	def _is_saved(self):
		status = self.qmp.ask("query-migrate")["status"]
		if status == "failed":
			raise Failure("its state cannot be saved")
		return status == "completed"

	def hang_root(self, hangs):
		"""The root disk answers nothing any more, or answers again."""
		self.qmp.ask("block_set_io_throttle", device="root", bps=1 if hangs else 0,
		             bps_rd=0, bps_wr=0, iops=0, iops_rd=0, iops_wr=0)

	def close(self):
		for agent in self.agents:
			agent.close()
		self.qmp.close()
		self.process.kill()
		self.process.wait()


class Template:
	"""The machine as it is after boot, made once for an image, a QEMU and this hardware."""

	def __init__(self, image):
		version = subprocess.run([QEMU, "--version"], check=True, stdout=subprocess.PIPE)
		made_of = version.stdout + repr((HARDWARE, KERNEL)).encode()
		with open(__file__, "rb") as own:
			made_of += own.read()
		name = "booted-" + hashlib.sha256(made_of).hexdigest()[:16]
		self.image = image
		self.folder = os.path.join(image, name)
		self.boot_seconds = None

	def make(self):
		if os.path.isdir(self.folder):
			return
		begin = time.monotonic()
		fresh = self.folder + f".{os.getpid()}"
		os.mkdir(fresh)
		disk = os.path.join(fresh, "disk.qcow2")
		_qemu_img("create", "-q", "-f", "qcow2", "-F", "raw",
		          "-b", os.path.join(self.image, "disk.img"), disk)
		machine = Machine(fresh, virtio_disk(disk),
		                  ["-kernel", os.path.join(self.image, "vmlinuz"),
		                   "-initrd", os.path.join(self.image, "initrd.img"),
		                   "-append", KERNEL])
		try:
			_, state = machine.run("systemctl is-system-running --wait; udevadm settle; sync",
			                       BOOT_SECONDS)
			if state.strip() != b"running":
				_, failed = machine.run("systemctl --failed --no-pager")
				raise Failure(f"the machine is {state!r}:\n{failed.decode()}")
			machine.save(os.path.join(fresh, "memory"))
		finally:
			machine.close()
		try:
			os.rename(fresh, self.folder)
		except OSError:  # another one was faster
			subprocess.run(["rm", "-rf", fresh], check=True)
		self.boot_seconds = time.monotonic() - begin

	def wake(self, folder, counted=False):
		"""A Machine as it was after boot; close() it. counted: its time goes by instructions."""
		disk = os.path.join(folder, "disk.qcow2")
		_qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2",
		          "-b", os.path.join(self.folder, "disk.qcow2"), disk)
		memory = os.path.join(self.folder, "memory")
		machine = Machine(folder, virtio_disk(disk),
		                  ["-kernel", os.path.join(self.image, "vmlinuz"),
		                   "-initrd", os.path.join(self.image, "initrd.img"),
		                   "-append", KERNEL, "-incoming", f"exec:cat '{memory}'"],
		                  COUNTED if counted else ACCELERATOR)
		try:
			machine.wait_for_wake()
		except BaseException:
			machine.close()
			raise
		return machine


def _qemu_img(*arguments):
	subprocess.run(["qemu-img", *arguments], check=True, stdin=subprocess.DEVNULL)
