# SPDX-License-Identifier: LGPL-2.1-or-later
"""SCSI commands by the asynchronous interface of /dev/sgN: for looking at what the kernel does."""
import ctypes
import fcntl
import os
import select
import struct

TEST_UNIT_READY = bytes(6)
INQUIRY = bytes([0x12, 0, 0, 0, 36, 0])
SG_SET_RESERVED_SIZE, SG_GET_RESERVED_SIZE = 0x2275, 0x2272
HEADER = 88  # struct sg_io_hdr on 64 bits


def node_of(disk):
	"""The sg node of a SCSI disk, by sysfs."""
	return os.listdir(f"/sys/block/{disk}/device/scsi_generic")[0]


class Answer:
	"""What read() has given back."""

	def __init__(self, header, sense):
		self.pack_id, = struct.unpack_from("i", header, 48)
		self.status, sense_length = header[64], header[67]
		self.host, self.driver = struct.unpack_from("HH", header, 68)
		raw = sense.raw[:sense_length]
		self.sense = (0, 0, 0)
		if raw:
			self.sense = (raw[1] & 15, raw[2], raw[3]) if raw[0] & 0x7e == 0x72 else \
				(raw[2] & 15, raw[12], raw[13])


class Generic:
	"""One descriptor. write() and read() raise OSError, as the calls do."""

	def __init__(self, disk, flags=os.O_RDWR | os.O_NONBLOCK):
		self.node = node_of(disk)
		self.fd = os.open(f"/dev/{self.node}", flags | os.O_CLOEXEC)
		self.kept = {}  # what the kernel may look at, by pack_id

	def write(self, cdb=TEST_UNIT_READY, pack_id=0, timeout_ms=60000, length=0):
		words, sense = ctypes.create_string_buffer(cdb, len(cdb)), ctypes.create_string_buffer(64)
		data = ctypes.create_string_buffer(max(length, 1))
		header = bytearray(HEADER)
		# "S", from the device or no data
		struct.pack_into("iiBBHI", header, 0, ord("S"), -3 if length else -1, len(cdb), 64, 0, length)
		struct.pack_into("PPP", header, 16, ctypes.addressof(data) if length else 0,
		                 ctypes.addressof(words), ctypes.addressof(sense))
		struct.pack_into("IIi", header, 40, timeout_ms, 0, pack_id)
		self.kept[pack_id] = words, sense, data
		return os.write(self.fd, header)

	def wait(self, seconds):
		"""What poll() says of it: its events, 0 when the time is over."""
		poll = select.poll()
		poll.register(self.fd, select.POLLIN)
		found = poll.poll(int(seconds * 1000))
		return found[0][1] if found else 0

	def read(self):
		header = os.read(self.fd, HEADER)
		pack_id, = struct.unpack_from("i", header, 48)
		return Answer(header, self.kept.pop(pack_id)[1])

	def reserved(self, size=None):
		"""Bytes of kernel memory that the descriptor holds; size: what it is to hold."""
		if size is not None:
			fcntl.ioctl(self.fd, SG_SET_RESERVED_SIZE, struct.pack("i", size))
		return struct.unpack("i", fcntl.ioctl(self.fd, SG_GET_RESERVED_SIZE, bytes(4)))[0]

	def close(self):
		os.close(self.fd)
