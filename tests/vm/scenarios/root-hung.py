# SPDX-License-Identifier: LGPL-2.1-or-later
"""The root disk hangs for ten seconds: checkerd goes on, touches nothing of it, and logs."""
# timeout: 150
import ctypes
import socket

from hangs import pid
from vm import *

SECONDS = 10


class Control:
	"""The control socket itself: the command would have to be read from the disk."""

	def __init__(self):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.connect("/run/checkerd/control")
		self.socket.settimeout(5)

	def paths(self):
		self.socket.sendall(json.dumps({"method": "io.checkerd.Control.ListPaths"}).encode() + b"\0")
		data = b""
		while not data.endswith(b"\0"):
			data += self.socket.recv(65536)
		return {p["name"]: p for p in json.loads(data[:-1])["parameters"]["paths"]}


def faults(processes):
	"""Pages that had to be read from a disk."""
	return [int(read(f"/proc/{p}/stat").rsplit(")", 1)[1].split()[9]) for p in processes]


disks = scsi_debug(max_luns=4)
config("polling_interval 0.5\nmax_polling_interval 0.5\nchecker_timeout 3\n",
       'blacklist { devnode "^vd" }')
start()
control = Control()
processes = [pid(), ctl("show", "status")["prober"]["pid"]]
check(control.paths()[disks[0]]["state"] == "up", "up")
# This script, and with it whatever else of the machine is written in Python, stays in memory.
check(ctypes.CDLL(None).mlockall(1 | 2) == 0, "locked")
run("sync; echo 3 >/proc/sys/vm/drop_caches")
# What this script itself needs is in memory after it was used once.
scsi_state(disks[0], "running")
control.paths()
state = os.open(f"/sys/block/{disks[0]}/device/state", os.O_WRONLY)
before, faults_before = control.paths(), faults(processes)
say("the root disk hangs")
host(f"hang-root-disk {SECONDS + 2}")
begin, took = time.monotonic(), None
os.write(state, b"offline\n")
while time.monotonic() - begin < SECONDS:
	found = control.paths()
	if took is None and found[disks[0]]["state"] == "down":
		took = time.monotonic() - begin
	time.sleep(0.1)
after, faults_after = control.paths(), faults(processes)
say("it answers again, soon")
time.sleep(4)
check(took is not None, "a path that went offline meanwhile was seen")
for disk in disks[1:]:
	done = after[disk]["checks_total"] - before[disk]["checks_total"]
	check(after[disk]["state"] == "up" and done >= SECONDS / 0.5 - 3, f"{disk}: {done} checks", after[disk])
check(faults_after == faults_before, f"it read nothing: {faults_before} {faults_after}")
wait_for("it is in the journal", lambda: f"{disks[0]}: up -> down" in journal(), 60)
figure(f"root disk hung for {SECONDS} s: offline path seen after {took:.2f} s, "
       f"{sum(faults_after) - sum(faults_before)} page faults that read a disk")
