# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another program takes every tag of a disk: while it is slow it stays up, once it hangs it is down."""
# timeout: 150
import threading

from hangs import INTERVAL, TIMEOUT, Others, detect, recover
from targets import Iscsi, cut, delay, restore
from vm import *

TAGS, READERS = 4, 8  # four is the fewest the kernel lets a queue have
KEYWORDS = f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\nchecker_timeout "


class Hog:
	"""So many readers past the cache, each with one read at a time, that no tag is ever free."""

	def __init__(self, disk):
		read_on = f"while :; do dd if=/dev/{disk} of=/dev/null bs=4k iflag=direct 2>/dev/null; done"
		self.readers = [subprocess.Popen(["sh", "-c", read_on], start_new_session=True)
		                for _ in range(READERS)]
		wait_for(f"every tag of {disk} is taken", lambda: in_flight(disk) >= TAGS, 20)

	def end(self):
		for r in self.readers:
			os.killpg(r.pid, 9)


def in_flight(disk):
	return sum(int(n) for n in read(f"/sys/block/{disk}/inflight").split())


class Rescuers(threading.Thread):
	"""Watches for how many a check has needed."""

	def __init__(self):
		super().__init__(daemon=True)
		self.busy_most, self.over = 0, False
		self.start()

	def run(self):
		while not self.over:
			self.busy_most = max(self.busy_most, ctl("show", "groups")["rescuers"]["busy"])
			time.sleep(0.3)

	def end(self):
		self.over = True
		self.join()


target = Iscsi(portals=2, luns=2)
well, (taken, sibling) = target.disks(portal=0), target.disks(portal=1)
write(f"/sys/block/{taken}/queue/nr_requests", str(TAGS))
delay(1, 200)
config(KEYWORDS + "20")
start()
say("another program takes every tag of a disk that answers after 0.2 s")
hog = Hog(taken)
others, rescuers, before = Others([*well, sibling]), Rescuers(), path(taken)
time.sleep(8)
rescuers.end()
others.are_well()
after = path(taken)
done = after["checks_total"] - before["checks_total"]
check(after["state"] == "up" and after["transitions_total"] == before["transitions_total"],
      f"{taken} stays up", after)
check(done >= 2, f"{taken} is checked: {done} times", after)
check(1 <= rescuers.busy_most <= 2, "what would block is left to a rescuer", rescuers.busy_most)
figure(f"slow: {done} checks in 8 s, the slowest {after['latency_us']['max'] / 1e6:.1f} s; "
       f"{rescuers.busy_most} rescuer busy at most")
say("and now it hangs")
config(KEYWORDS + str(TIMEOUT))
run("checkerctl", "reload")
# A check that is under way has the timeout that it was begun with.
before = {d: path(d)["checks_total"] for d in (taken, sibling)}
wait_for("both are checked with the new timeout", lambda: all(
	path(d)["checks_total"] > n for d, n in before.items()), 20)
others = Others(well)
begin = time.monotonic()
cut(1)
detect([taken, sibling], begin)
time.sleep(3)
check(in_flight(taken) >= TAGS, "its tags are taken still")
others.are_well()
say("it answers again")
restore(1)
recover([sibling])
hog.end()
recover([taken])
