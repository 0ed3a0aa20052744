# SPDX-License-Identifier: LGPL-2.1-or-later
"""200 uevents a second for a minute, change, add and remove: nothing lost, no growth."""
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
check(monitor.count("path_removed") - removed == sent["remove"], "removals were lost", last, removed)
check(monitor.count("path_added") - added == sent["add"], "returns were lost", last, added)
check(sorted(paths()) == sorted(disks), "paths are missing", sorted(paths()))
wait_for("all are up", lambda: all(p["state"] == "up" for p in paths().values()), 20)
after = accounts()
figure(f"before {before}, after {after}")
check(after["fds"] <= before["fds"], "descriptors leak", before, after)
check(after["threads"] <= before["threads"], "threads leak", before, after)
check(after["rss_kib"] - before["rss_kib"] < 512, "memory grows", before, after)
lag = ctl("show", "status")["lag_s"]["max"]
figure(f"the loop was late by {lag * 1000:.0f} ms at most")
