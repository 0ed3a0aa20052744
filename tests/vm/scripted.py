# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk array whose every answer is scripted. The kernel's target core hands each SCSI command to this
process (target_core_user), and its loopback makes SCSI disks of the units in the same machine. So the
answers take the whole way that those of a real array take, from the transport on."""
import glob
import mmap
import os
import select
import struct
import threading

from targets import CONFIG
from vm import check, read, run, wait_for, write

GOOD, CHECK_CONDITION, BUSY, RESERVATION_CONFLICT = 0x00, 0x02, 0x08, 0x18
TASK_SET_FULL, TASK_ABORTED = 0x28, 0x40
TEST_UNIT_READY, INQUIRY, MODE_SENSE, READ_CAPACITY = 0x00, 0x12, 0x1a, 0x25
READ_10, READ_16, SERVICE_IN, MAINTENANCE_IN = 0x28, 0x88, 0x9e, 0xa3
WRITES = (0x2a, 0x8a, 0x35, 0x91)
BLOCK, BLOCKS, GROUP = 512, 2048, 1
NO_UNIT = 0x7f  # peripheral qualifier and type

# struct tcmu_mailbox and struct tcmu_cmd_entry of linux/target_core_user.h
HEAD_AT, TAIL_AT = 12, 64
CDB_AT, IOVECS_AT = 24, 48
STATUS_AT, LENGTH_AT, SENSE_AT = 8, 12, 16
OP_MASK, OP_COMMAND, HAS_LENGTH = 7, 1, 2


def sense(key, code, qualifier):
	return bytes([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code, qualifier, 0, 0, 0, 0])


class Unit:
	"""One unit. What it answers may be changed at any time:

	status: (status, sense data) of TEST UNIT READY, of reads and writes; reads: of reads and writes alone;
	turns: so many commands are answered well after each that is answered so. group_state: of its port
	group. pages: vendor's pages, by number. present: False: INQUIRY finds no unit."""

	def __init__(self, name):
		self.name, self.asked = name, 0
		self.script()

	def script(self, status=None, reads=None, turns=0, group_state=0, pages=None, present=True):
		self.status, self.reads, self.turns = status, reads, turns
		self.group_state, self.pages, self.present = group_state, pages or {}, present

	def answer(self, cdb):
		"""(status, sense data, data)."""
		op = cdb[0]
		if op == INQUIRY:
			return self.inquiry(cdb)
		if op == MAINTENANCE_IN and cdb[1] & 0x1f == 0x0a:
			return self.port_groups()
		if op == READ_CAPACITY:
			return GOOD, b"", struct.pack(">II", BLOCKS - 1, BLOCK)
		if op == SERVICE_IN:
			return GOOD, b"", struct.pack(">QI20x", BLOCKS - 1, BLOCK)
		if op == MODE_SENSE:
			return GOOD, b"", bytes([3, 0, 0, 0])
		if op in (TEST_UNIT_READY, READ_10, READ_16, *WRITES):
			return self.access(cdb)
		return CHECK_CONDITION, sense(5, 0x20, 0), b""

	def access(self, cdb):
		scripted = self.status
		if cdb[0] != TEST_UNIT_READY and self.reads:
			scripted = self.reads
		self.asked += 1
		if scripted and self.asked % (self.turns + 1) == 0:
			return (*scripted, b"")
		blocks = {READ_10: cdb[7:9], READ_16: cdb[10:14]}.get(cdb[0], b"")
		return GOOD, b"", bytes(int.from_bytes(blocks, "big") * BLOCK)

	def port_groups(self):
		if not self.present:
			return CHECK_CONDITION, sense(5, 0x25, 0), b""
		return GOOD, b"", struct.pack(">IBBHxBxBHH", 12, self.group_state, 0xcf, GROUP, 0, 1, 0, 1)

	def inquiry(self, cdb):
		device = 0 if self.present else NO_UNIT
		if not cdb[1] & 1:
			return GOOD, b"", bytes([device, 0, 6, 2, 31, 0, 0, 2]) + b"CHECKERDscripted unit   0001"
		page = cdb[2]
		if not self.present:
			return GOOD, b"", bytes([device, page, 0, 0])
		# One WWID: to multipathd all are paths of one map. Then the port's group and number.
		pages = {0x80: b"checkerd-unit",
		         0x83: struct.pack(">BBBBQQ", 1, 3, 0, 16, 0x600140500c4ec4e4, 0xd000000000000001) +
		         bytes([1, 0x94, 0, 4, 0, 0, 0, 1, 1, 0x95, 0, 4, 0, 0, 0, GROUP]), **self.pages}
		pages[0] = bytes(sorted([0, *pages]))
		if page not in pages:
			return CHECK_CONDITION, sense(5, 0x24, 0), b""
		return GOOD, b"", struct.pack(">BBH", device, page, len(pages[page])) + pages[page]


class Ring:
	"""What the kernel and this process share of a unit."""

	def __init__(self, unit, uio):
		self.unit = unit
		self.fd = os.open(f"/dev/{uio}", os.O_RDWR | os.O_CLOEXEC)
		self.map = mmap.mmap(self.fd, int(read(f"/sys/class/uio/{uio}/maps/map0/size"), 16))
		self.ring, self.size = struct.unpack_from("II", self.map, 4)

	def serve(self):
		os.read(self.fd, 4)
		while True:
			head, = struct.unpack_from("I", self.map, HEAD_AT)
			tail, = struct.unpack_from("I", self.map, TAIL_AT)
			if head == tail:
				break
			at = self.ring + tail
			length_op, = struct.unpack_from("I", self.map, at)
			if length_op & OP_MASK == OP_COMMAND:
				self.complete(at)
			struct.pack_into("I", self.map, TAIL_AT, (tail + (length_op & ~OP_MASK)) % self.size)
		os.write(self.fd, bytes(4))

	def complete(self, at):
		iovecs, = struct.unpack_from("I", self.map, at + 8)
		cdb_at, = struct.unpack_from("Q", self.map, at + CDB_AT)
		places = [struct.unpack_from("QQ", self.map, at + IOVECS_AT + 16 * i) for i in range(iovecs)]
		status, sense_data, data = self.unit.answer(self.map[cdb_at:cdb_at + 16])
		given = 0
		for place, length in places:
			part = data[given:given + length]
			self.map[place:place + len(part)] = part
			given += len(part)
		self.map[at + 7] = HAS_LENGTH
		struct.pack_into("BxxxI", self.map, at + STATUS_AT, status, given)
		self.map[at + SENSE_AT:at + SENSE_AT + 96] = sense_data.ljust(96, b"\0")


class Array:
	"""units: their names. disks: the disk of each unit."""

	TARGET = f"{CONFIG}/target/loopback/naa.60014050000000{{:02x}}/tpgt_1"

	def __init__(self, names):
		run("modprobe -a target_core_mod target_core_user tcm_loop")
		self.units = {name: Unit(name) for name in names}
		rings = [Ring(unit, self.add(unit)) for unit in self.units.values()]
		threading.Thread(target=self.serve, args=(rings,), daemon=True).start()
		self.disks = self.connect()

	@staticmethod
	def folder(name):
		return f"{CONFIG}/target/core/user_1/{name}"

	def add(self, unit):
		"""Returns the name of the unit's uio device."""
		os.makedirs(self.folder(unit.name))
		# Nobody answers the kernel's netlink messages.
		write(f"{self.folder(unit.name)}/control",
		      f"dev_config=script/{unit.name},dev_size={BLOCK * BLOCKS},hw_block_size={BLOCK},"
		      "max_data_area_mb=4,nl_reply_supported=-1")
		write(f"{self.folder(unit.name)}/enable", "1")
		found = [os.path.dirname(p) for p in glob.glob("/sys/class/uio/*/name")
		         if read(p).endswith(f"/{unit.name}")]
		check(len(found) == 1, f"a uio device of unit {unit.name}", found)
		return os.path.basename(found[0])

	@staticmethod
	def serve(rings):
		poll, by_fd = select.poll(), {ring.fd: ring for ring in rings}
		for fd in by_fd:
			poll.register(fd, select.POLLIN)
		while True:
			for fd, _ in poll.poll():
				by_fd[fd].serve()

	def connect(self):
		"""A target with one HBA, and each unit a unit of it."""
		target = self.TARGET.format(0)
		os.makedirs(target)
		write(f"{target}/nexus", "naa.6001405000000100")
		for lun, name in enumerate(self.units):
			os.makedirs(f"{target}/lun/lun_{lun}")
			os.symlink(self.folder(name), f"{target}/lun/lun_{lun}/unit")
		found = wait_for("the array's disks", lambda: next((
			d for d in [self.find()] if len(d) == len(self.units)), None), 60)
		return dict(zip(self.units, found))

	@staticmethod
	def find():
		"""In the order of their units."""
		disks = glob.glob("/sys/bus/pseudo/drivers/tcm_loop/*/host*/target*/*/block/*") or \
			glob.glob("/sys/devices/*/tcm_loop_adapter_*/host*/target*/*/block/*")
		return [os.path.basename(p) for p in
		        sorted(disks, key=lambda p: int(p.split("/")[-3].split(":")[3]))]
