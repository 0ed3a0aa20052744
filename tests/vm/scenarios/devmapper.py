# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device-mapper thread alone: tells of every change of a map, and obeys."""
# timeout: 180
import os
import re
import select
import subprocess
import time

from vm import check, figure, read, run, say, scsi_debug, wait_for

MANY = 40  # maps
SECONDS = 20  # for what never comes: emulated machines are slow


class Watch:
	"""tests/vm/dmwatch: its lines are the news."""

	def __init__(self, *arguments, by=()):
		self.process = subprocess.Popen([*by, "./dmwatch", *arguments], stdin=subprocess.PIPE,
		                                stdout=subprocess.PIPE, bufsize=0)
		self.rest = b""

	def line(self, seconds=SECONDS):
		"""The next line; None: there is none in that time."""
		deadline = time.monotonic() + seconds
		while b"\n" not in self.rest:
			left = deadline - time.monotonic()
			if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
				return None
			self.rest += os.read(self.process.stdout.fileno(), 65536)
		line, self.rest = self.rest.split(b"\n", maxsplit=1)
		return line.decode()

	def wants(self, *patterns):
		"""These are told, in this order; returns the last one. What is between them is no
		matter: a map is told also when a group comes into use, or on the way to its new
		table."""
		for pattern in patterns:
			between = []
			line = self.line()
			while line and not re.search(pattern, line):
				between.append(line)
				line = self.line()
			check(line, f"not told: {pattern}", *between)
			say(f"  {line}")
		return line

	def silent(self, seconds=1.0):
		line = self.line(seconds)
		check(line is None, f"told unasked: {line}")

	def tell(self, text):
		self.process.stdin.write(text.encode() + b"\n")

	def wakes(self):
		"""How often the thread was woken."""
		for task in os.listdir(f"/proc/{self.process.pid}/task"):
			folder = f"/proc/{self.process.pid}/task/{task}"
			if read(f"{folder}/comm") == "devmapper":
				found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)",
				                  read(f"{folder}/status"), re.M)
				return int(found.group(1))
		return check(False, "there is no device-mapper thread")


def dmsetup(*arguments):
	run("dmsetup", *arguments)


def load(name, table):
	"""A new table is put in place: suspended, swapped, resumed."""
	dmsetup("reload", name, "--table", table)
	dmsetup("resume", name)


run("systemctl stop multipathd.socket multipathd", ok=False)
run("modprobe -a dm-multipath dm-round-robin dm-service-time dm-queue-length")
disks = scsi_debug(add_host=2)
a, b = (read(f"/sys/block/{d}/dev") for d in disks[:2])
# Two disks are not one disk with two paths, and multipath(8), which udev runs for maps with a
# uuid of "mpath-", fails the paths of a map that do not have its identity: so it has another.
UUID = "TEST-there"
size = read(f"/sys/block/{disks[0]}/size")
TWO = f"0 {size} multipath 1 queue_if_no_path 0 2 1 round-robin 0 1 1 {a} 1 round-robin 0 1 1 {b} 1"
ONE = f"0 {size} multipath 0 0 1 1 service-time 0 2 2 {a} 1 1 {b} 1 1"

say("nobody but root may ask")
w = Watch(by=("setpriv", "--reuid=65534", "--clear-groups"))
w.wants(r"^sync error=13 ")
w.tell("fail 1:1 1:1")
w.process.stdin.close()
check(w.process.wait(SECONDS) == 0, "it ends as it should")

say("maps that are there at the start, of this target and no other")
dmsetup("create", "there", "--uuid", UUID, "--table", TWO)
dmsetup("create", "linear", "--table", f"0 100 linear {a} 0")
w = Watch()
w.wants(rf"^map \d+:\d+ there uuid={UUID} .*queueing groups=.E paths={a}/1/A/0,{b}/2/A/0$",
        r"^sync error=0 left_out=0$")
node = os.stat("/dev/mapper/there").st_rdev
there = f"{os.major(node)}:{os.minor(node)}"

say("a path that the kernel failed, and got back")
dmsetup("message", "there", "0", f"fail_path {b}")
w.wants(rf" event=1 .*{b}/2/F/1$")
dmsetup("message", "there", "0", f"reinstate_path {b}")
w.wants(rf" event=2 .*{b}/2/A/1$")

say("groups")
dmsetup("message", "there", "0", "disable_group 2")
w.wants(r" groups=.D ")
dmsetup("message", "there", "0", "enable_group 2")
w.wants(r" groups=.E ")

say("queueing is changed without an event: seen when asked to look")
dmsetup("message", "there", "0", "fail_if_no_path")
w.silent()
w.tell("look")
w.wants(rf"uuid={UUID} event=\d+ groups")
dmsetup("message", "there", "0", "queue_if_no_path")
w.tell("look")
w.wants(r" queueing ")

say("a suspended map: its status is read, commands are refused, its resume is seen")
dmsetup("suspend", "--noflush", "--nolockfs", "there")
w.tell(f"fail {there} {a}")
w.wants(r"^done 1 error=16$", r" suspended ")
begin = time.monotonic()
dmsetup("resume", "there")
w.wants(r"^map \S+ there uuid=\S+ event=\d+ queueing groups")
figure("a resume, which is no event, was seen "
       f"{1000 * (time.monotonic() - begin):.0f} ms after dmsetup began")

say("without a path whether it queues is changed without an event, too: that is seen")
for disk in a, b:
	dmsetup("message", "there", "0", f"fail_path {disk}")
w.wants(rf" queueing groups=\S+ paths={a}/1/F/\d+,{b}/2/F/\d+$")
begin = time.monotonic()
dmsetup("message", "there", "0", "fail_if_no_path")
w.wants(rf" there uuid=\S+ event=\d+ groups=\S+ paths={a}/1/F/\d+,{b}/2/F/\d+$")
figure(f"a map without a path that does not queue any more was seen "
       f"{1000 * (time.monotonic() - begin):.0f} ms after dmsetup began")
for disk in a, b:
	dmsetup("message", "there", "0", f"reinstate_path {disk}")
dmsetup("message", "there", "0", "queue_if_no_path")
w.wants(rf" queueing groups=\S+ paths={a}/1/A/\d+,{b}/2/A/\d+$")

say("a new table under the old event number")
load("there", ONE)
w.wants(rf" there .* groups=[AE] paths={a}/1/A/0,{b}/1/A/0$")
load("there", f"0 {size} multipath 2 pg_init_retries 50 0 0 0")
w.wants(r" groups= paths=$")
load("there", f"0 {size} multipath 0 0 1 1 queue-length 0 2 1 {a} 1 {b} 1")
w.wants(rf" there .* groups=[AE] paths={a}/1/A/0,{b}/1/A/0$")
load("there", TWO)
w.wants(r" there .* queueing ")

say("names")
dmsetup("rename", "there", "a name")
w.wants(rf"^map \S+ a\\x20name uuid={UUID} ")
dmsetup("rename", "a name", "there")
w.wants(r"^map \S+ there ")

say("others come and go")
dmsetup("create", "linear2", "--table", f"0 100 linear {b} 0")
dmsetup("remove", "linear2")
w.silent()

say("a map that gets its first table later")
dmsetup("create", "late", "--notable")
w.silent()
dmsetup("load", "late", "--table", TWO)
w.silent()
dmsetup("resume", "late")
w.wants(r"^map \S+ late uuid= ")
dmsetup("remove", "late")
w.wants(r"^gone \S+ late ")

say("commands")
w.tell(f"fail {there} {a}")
w.wants(r"^done 2 error=0$", rf"paths={a}/1/F/1")
w.tell(f"reinstate {there} {a}")
w.wants(r"^done 3 error=0$", rf"paths={a}/1/A/1")
w.tell(f"fail {there} 250:9")
w.wants(r"^done 4 error=6$")
w.tell(f"fail 250:9 {a}")
w.wants(r"^done 5 error=6$")

say("4096 commands at once")
w.tell(f"storm 4096 {there} {a}")
took = int(w.wants(r"^storm over in \d+ us, 0 allocations$").split()[3])
figure(f"4096 commands were answered in {took / 1000:.0f} ms")

say("it sleeps when nothing happens")
time.sleep(0.5)
before = w.wakes()
time.sleep(5)
check(w.wakes() == before, f"woken {w.wakes() - before} times in 5 s")

say("as long as it takes to be told")
times = []
for i in range(20):
	begin = time.monotonic()
	dmsetup("message", "there", "0", f"{'fail' if i % 2 == 0 else 'reinstate'}_path {b}")
	done = time.monotonic()
	w.wants(rf"{b}/2/{'F' if i % 2 == 0 else 'A'}/\d+$")
	times.append(time.monotonic() - done)
figure(f"a failed path was told {1000 * sorted(times)[10]:.1f} ms after dmsetup ended, "
       f"{1000 * max(times):.1f} ms at most")

say("many maps at once, and gone at once")
for i in range(MANY):
	dmsetup("create", "--noudevsync", "--noudevrules", f"many{i}", "--uuid", f"TEST-many{i}",
	        "--table", ONE)
seen = set()
while len(seen) < MANY:
	line = w.line()
	check(line, f"only {len(seen)} maps were told")
	if " suspended " not in line:
		seen.add(line.split()[2])
for i in range(MANY):
	dmsetup("remove", "--noudevsync", "--noudevrules", f"many{i}")
gone = set()
while len(gone) < MANY:
	line = w.line()
	check(line, f"only {len(gone)} maps were told to be gone")
	if line.startswith("gone "):
		gone.add(line.split()[2])
check(gone == seen, "other maps went than came", seen ^ gone)

say("more maps than have room")
small = Watch("1")
dmsetup("create", "second", "--table", ONE)
w.wants(r"^map \S+ second ")
wait_for("left_out=1", lambda: (small.line(1) or "").endswith("left_out=1"))
small.tell("quit")
check(small.process.wait(10) == 0, "it did not end")
w.tell("quit")
check(w.process.wait(10) == 0, "it did not end")
