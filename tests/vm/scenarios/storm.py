# SPDX-License-Identifier: LGPL-2.1-or-later
"""200 uevents a second for a minute, change, add and remove: nothing lost, no growth.

When the kernel drops messages, since the service may not have a large buffer and this machine is
slow, the devices are listed anew: what a dropped message was about is known all the same. Only
when none was dropped can each removal and each return be told."""
# timeout: 400
import threading

from vm import *

RATE, SECONDS, DISKS = 200, 60, 16


def uevent(disk, action):
	write(f"/sys/block/{disk}/uevent", action)


def accounts():
	pid = run("systemctl", "show", "-P", "MainPID", "checkerd").strip()
	rss = next(int(line.split()[1]) for line in read(f"/proc/{pid}/status").splitlines()
	           if line.startswith("VmRSS:"))
	return {"rss_kib": rss, "fds": len(os.listdir(f"/proc/{pid}/fd")),
	        "threads": len(os.listdir(f"/proc/{pid}/task"))}


def drops():
	"""Messages that the kernel could not hand over to the daemon, and their sockets' buffers."""
	pid = run("systemctl", "show", "-P", "MainPID", "checkerd").strip()
	rows = [line.split() for line in read(f"/proc/{pid}/net/netlink").splitlines()[1:]]
	return sum(int(r[8]) for r in rows if r[1] == "15" and r[2] == pid)


class Monitor(threading.Thread):
	"""Counts the events the daemon tells."""

	def __init__(self):
		super().__init__(daemon=True)
		self.process = subprocess.Popen(["checkerctl", "--json", "monitor"],
		                                stdout=subprocess.PIPE, text=True)
		self.counts, self.lost = {}, 0
		self.start()

	def run(self):
		for line in self.process.stdout:
			e = json.loads(line)
			self.lost += e.get("lost", 0)
			self.counts[e.get("type")] = self.counts.get(e.get("type"), 0) + 1

	def count(self, kind):
		return self.counts.get(kind, 0)


def storm(disks, seconds, rate):
	"""Changes, and every eighth message a removal or what takes it back. Returns how many of
	each there were."""
	sent = {"change": 0, "add": 0, "remove": 0}
	begin, n = time.monotonic(), 0
	while n < seconds * rate:
		disk = disks[n // 16 % len(disks)]
		action = {5: "remove", 13: "add"}.get(n % 16, "change")
		uevent(disk, action)
		sent[action] += 1
		n += 1
		ahead = begin + n / rate - time.monotonic()
		if ahead > 0:
			time.sleep(ahead)
	return sent, n / (time.monotonic() - begin)


disks = scsi_debug(max_luns=DISKS)
check(len(disks) == DISKS, "disks", disks)
# udev's rules take a tenth of a second a message here: this is the kernel's own pace.
run("systemctl mask --runtime --now systemd-udevd-kernel.socket systemd-udevd-control.socket "
    "systemd-udevd.service")
run("rm -f /run/udev/control")
config("polling_interval 1\nmax_polling_interval 1\nlog_level err", 'blacklist {\n devnode "^vd"\n}')
start()
check(sorted(paths()) == sorted(disks), "the paths are the disks", sorted(paths()))

say("once, so that what grows once has grown")
storm(disks, 10, RATE)
monitor = Monitor()
wait_for("the monitor listens", lambda: status_of("checkerctl", "ping") == 0)
time.sleep(2)
before = accounts()

say("the storm")
added, removed = monitor.count("path_added"), monitor.count("path_removed")
sent, rate = storm(disks, SECONDS, RATE)
figure(f"{sum(sent.values())} messages at {rate:.0f} a second: {sent}")
check(rate > RATE / 2, "this machine is too slow for it", rate)
last = None
while last != monitor.counts:  # until the last one has been heard
	last = dict(monitor.counts)
	time.sleep(2)
check(monitor.lost == 0, "events were lost on the way", monitor.lost)
told = {"remove": monitor.count("path_removed") - removed, "add": monitor.count("path_added") - added}
figure(f"messages dropped by the kernel: {drops()}; told: {told}")
if drops() == 0:
	check(told["remove"] == sent["remove"], "removals were lost", told, sent)
check(told["add"] == told["remove"], "not each that went has come back", told)
check(sorted(paths()) == sorted(disks), "paths are missing", sorted(paths()))

say("disks that go for good, and others that come, in a storm")
for disk in disks[:4]:
	write(f"/sys/block/{disk}/device/delete", "1")
	storm(disks[4:], 1, RATE)
write("/sys/bus/pseudo/drivers/scsi_debug/add_host", "1")
storm(disks[4:], 3, RATE)
wait_for("the disks of this machine", lambda: len(scsi_debug_disks()) == 2 * DISKS - 4)
there = scsi_debug_disks()
wait_for("the paths are the disks", lambda: sorted(paths()) == sorted(there), 30)
wait_for("all are up", lambda: all(p["state"] == "up" for p in paths().values()), 20)
after = accounts()
figure(f"before {before}, after {after}")
check(after["fds"] <= before["fds"], "descriptors leak", before, after)
check(after["threads"] <= before["threads"], "threads leak", before, after)
check(after["rss_kib"] - before["rss_kib"] < 512, "memory grows", before, after)
lag = ctl("show", "status")["lag_s"]["max"]
figure(f"the loop was late by {lag * 1000:.0f} ms at most")
