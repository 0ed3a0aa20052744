# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel's asynchronous I/O, by its bare system calls: for looking at what they do."""
import ctypes
import errno
import os
import struct

SETUP, DESTROY, GETEVENTS, SUBMIT, CANCEL = 206, 207, 208, 209, 210  # x86-64
IOCB_CMD_PREAD, IOCB_FLAG_RESFD, RWF_NOWAIT = 0, 1, 8
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
	"""The result, or -errno."""
	r = libc.syscall(ctypes.c_long(number), *arguments)
	return r if r >= 0 else -ctypes.get_errno()


class Context:
	def __init__(self, slots):
		self.id = ctypes.c_ulong(0)
		self.kept = []  # what the kernel may look at
		self.error = -call(SETUP, ctypes.c_uint(slots), ctypes.byref(self.id))

	def read(self, fd, offset=0, length=4096, flags=0, eventfd=None, skew=0):
		"""Submits one read: 1, or -errno. skew: how far its memory is off a page's begin."""
		raw = ctypes.create_string_buffer(2 * 4096 + length)
		begin = (ctypes.addressof(raw) + 4095) // 4096 * 4096 + skew
		iocb = ctypes.create_string_buffer(struct.pack(
			"=QIIHhIQQqQII", 0, 0, flags, IOCB_CMD_PREAD, 0, fd, begin, length, offset, 0,
			IOCB_FLAG_RESFD if eventfd is not None else 0, eventfd or 0), 64)
		pointers = (ctypes.c_void_p * 1)(ctypes.addressof(iocb))
		self.kept += [raw, iocb]
		self.last = iocb
		return call(SUBMIT, self.id, ctypes.c_long(1), pointers)

	def events(self, at_least=1, seconds=5, most=64):
		"""The results of so many events, each bytes or -errno."""
		buffer = ctypes.create_string_buffer(32 * most)
		limit = struct.pack("=qq", int(seconds), int(seconds % 1 * 1e9))
		n = call(GETEVENTS, self.id, ctypes.c_long(at_least), ctypes.c_long(most), buffer, limit)
		return [struct.unpack_from("=q", buffer, 32 * i + 16)[0] for i in range(max(n, 0))]

	def cancel(self):
		"""Of the last one submitted: 0, or -errno."""
		result = ctypes.create_string_buffer(32)
		return call(CANCEL, self.id, self.last, result)

	def destroy(self):
		return call(DESTROY, self.id)


def name(result):
	"""A result in words."""
	if result == -errno.EOPNOTSUPP:
		return "EOPNOTSUPP"  # it has two names
	return str(result) if result >= 0 else errno.errorcode[-result]


def open_direct(device):
	return os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
