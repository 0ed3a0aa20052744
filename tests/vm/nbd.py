#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network block devices whose submits block: io_submit itself waits in the kernel, although it was
told not to wait (RWF_NOWAIT).

The driver sends each request from the thread that submits it, and waits while the socket's buffer is
full. This server answers reads with zeros; to block a device, it stops reading and fills the buffer
from the driver's side with frames that are no requests, which it ignores later.

As a program: nbd.py NUMBER serves /dev/nbd0 to /dev/nbd<NUMBER - 1>; "block N", "block N SECONDS" or
"release N" on its standard input, "ok" on its standard output. In a scenario: the class Nbd.
"""
import fcntl
import os
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time

# linux/nbd.h
NBD_SET_SOCK, NBD_SET_BLKSIZE, NBD_DO_IT, NBD_SET_SIZE_BLOCKS = 0xAB00, 0xAB01, 0xAB03, 0xAB07
REQUEST = struct.Struct(">II8sQI")
REQUEST_MAGIC, REPLY_MAGIC, READ, DISCONNECT = 0x25609513, 0x67446698, 0, 2
PADDING = bytes(REQUEST.size)
SECTOR, SECTORS = 512, 16384


class Device:
	"""One device, attached; owned by the thread that serves."""

	def __init__(self, number):
		self.ours, self.drivers = socket.socketpair()
		self.drivers.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as small as it can be
		self.rest = b""
		self.node = os.open(f"/dev/nbd{number}", os.O_RDWR | os.O_CLOEXEC)
		for request, value in ((NBD_SET_BLKSIZE, SECTOR), (NBD_SET_SIZE_BLOCKS, SECTORS),
		                       (NBD_SET_SOCK, self.drivers.fileno())):
			fcntl.ioctl(self.node, request, value)
		with open(f"/sys/block/nbd{number}/queue/scheduler", "w", encoding="ascii") as f:
			f.write("none")  # with one, another thread of the kernel would send the requests
		# Returns when the device is disconnected, which nobody does.
		threading.Thread(target=fcntl.ioctl, args=(self.node, NBD_DO_IT), daemon=True).start()

	def serve(self):
		data = self.ours.recv(65536)
		if not data:
			sys.exit("the driver has closed a connection")
		self.rest += data
		while len(self.rest) >= REQUEST.size:
			frame, self.rest = self.rest[:REQUEST.size], self.rest[REQUEST.size:]
			magic, kind, cookie, _, length = REQUEST.unpack(frame)
			if magic == REQUEST_MAGIC and kind != DISCONNECT:
				reply = struct.pack(">II", REPLY_MAGIC, 0) + cookie
				self.ours.sendall(reply + (bytes(length) if kind == READ else b""))

	def fill(self):
		try:
			while True:
				self.drivers.send(PADDING, socket.MSG_DONTWAIT)
		except BlockingIOError:
			pass


def serve(count):
	ready = selectors.DefaultSelector()
	devices = [Device(n) for n in range(count)]
	for d in devices:
		ready.register(d.ours, selectors.EVENT_READ, d)
	ready.register(sys.stdin, selectors.EVENT_READ)
	# However busy the machine is: a device that is blocked for a second is not blocked for three.
	os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
	print("ok", flush=True)
	until = {}  # of devices that are blocked for a time
	while True:
		for d in [d for d, end in until.items() if end <= time.monotonic()]:
			del until[d]
			ready.register(d.ours, selectors.EVENT_READ, d)
		for key, _ in ready.select(0.05 if until else None):
			if key.data is not None:
				key.data.serve()
				continue
			words = sys.stdin.readline().split()
			if not words:
				return
			d = devices[int(words[1])]
			if words[0] == "block":
				ready.unregister(d.ours)
				d.fill()
				if len(words) == 3:
					until[d] = time.monotonic() + float(words[2])
			else:
				ready.register(d.ours, selectors.EVENT_READ, d)
			print("ok", flush=True)
			break  # what was ready may be unregistered


class Nbd:
	"""The server, in a process of its own."""

	def __init__(self, count):
		self.process = subprocess.Popen([sys.executable, __file__, str(count)], text=True,
		                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
		                                start_new_session=True)
		self._answer()

	def _answer(self):
		if self.process.stdout.readline() != "ok\n":
			raise RuntimeError("the server of network block devices has ended")

	def block(self, number, seconds=None):
		"""seconds: it is released after that time; None: when it is to be."""
		self._tell("block", number, *([] if seconds is None else [seconds]))

	def release(self, number):
		self._tell("release", number)

	def _tell(self, *words):
		self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
		self.process.stdin.flush()
		self._answer()


if __name__ == "__main__":
	serve(int(sys.argv[1]))
