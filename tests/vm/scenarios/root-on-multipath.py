# SPDX-License-Identifier: LGPL-2.1-or-later
"""Root on a multipath map: checkerd starts before local file systems, and stops after them."""
# timeout: 240
# root on multipath
import re

import rootfs
from hangs import pid
from maps import CONFIG, kernel_states, wait_for_kernel
from vm import *


def began(unit, field="ActiveEnter"):
	"""When the unit began, or was there, in µs since the boot."""
	return int(run("systemctl", "show", "-P", f"{field}TimestampMonotonic", unit).strip())


class Writer:
	"""Writes to the root file system, and waits for the disk each time."""

	def __init__(self):
		self.process = subprocess.Popen(["sh", "-c", "while echo x >>/root/written && sync /root/written; do :; done"])

	def goes_on(self):
		size = os.stat("/root/written").st_size
		wait_for("root is written to", lambda: os.stat("/root/written").st_size > size + 6)

	def end(self):
		check(self.process.poll() is None, "the writer saw no error")
		self.process.terminate()
		self.process.wait()


def prepare():
	rootfs.prepare()
	# As the comment in it says.
	command = [line[1:] for line in read("/usr/share/checkerd/early.conf").splitlines()
	           if line.startswith("#   ")]
	check(len(command) == 2, "early.conf says how to install it", command)
	for line in command:
		run(line)
	config(CONFIG)
	os.makedirs("/etc/systemd/system.conf.d", exist_ok=True)
	write("/etc/systemd/system.conf.d/stop.conf", "[Manager]\nDefaultTimeoutStopSec=5\n")


if sys.argv[1:] == ["prepare"]:
	prepare()
	sys.exit()

say("the order of the boot")
moments = {"checkerd is started": began("checkerd", "ExecMainStart"), "it runs": began("checkerd"),
           "local-fs-pre.target": began("local-fs-pre.target"), "/srv": began("srv.mount"),
           "local-fs.target": began("local-fs.target"), "basic.target": began("basic.target")}
check(0 < min(moments.values()) and list(moments.values()) == sorted(moments.values()),
      "checkerd runs before local file systems are mounted", moments)
check(run("systemctl is-system-running", ok=False).strip() == "running", "the whole system runs",
      run("systemctl --failed --no-pager"))
check("ordering cycle" not in run("journalctl -b --no-pager"), "no job was dropped for a cycle")
check(run("findmnt -no SOURCE /").strip() == "/dev/mapper/root", "root is on the map")

say("the service, as it is otherwise")
wait_for("it is ready", lambda: ctl("show", "status")["ready"])
status = ctl("show", "status")
check(status["warnings"] == [] and status["dm_control"], "nothing is missing", status)
check({m: maps()[m]["redundancy"] for m in rootfs.WWNS} == {"root": "full", "srv": "full"},
      "both maps are redundant", maps())
check("ready: " in journal(), "what it said before the journal was there is in it", journal())
main = pid()
wait_for("systemd has its status", lambda: run("systemctl show -P StatusText checkerd").strip() == "4 paths: 4 up")
watched = began("checkerd", "Watchdog")
wait_for("it feeds the watchdog", lambda: began("checkerd", "Watchdog") > watched, 60)
security = run("systemd-analyze security --no-pager checkerd", ok=False)
score = float(re.search(r"exposure level for checkerd.service: ([\d.]+)", security).group(1))
check(score <= 2.7, f"exposure {score} is at most 2.7", security)
run("systemctl reload checkerd")

say("each path of root is lost while root is written to")
writer = Writer()
root = [d for d, p in paths().items() if p["map"] == "root"]
check(len(root) == 2, "root has two paths", paths())
for disk in root:
	scsi_state(disk, "offline")
	wait_for_kernel("root", disk, "F", 15)
	check(path(disk)["state"] == "down" and maps()["root"]["redundancy"] == "last", "noticed", path(disk))
	writer.goes_on()
	scsi_state(disk, "running")
	wait_for_kernel("root", disk, "A", 15)
	writer.goes_on()
writer.end()
check(status_of("dmesg | grep -E 'EXT4-fs.*error|I/O error, dev dm-'") == 1, "root saw no error")

say("a restart keeps no file system mounted")
run("systemctl restart checkerd")
wait_for("it is ready", lambda: ctl("show", "status")["ready"])
check(pid() != main and os.path.ismount("/srv"), "restarted, with /srv mounted")
run("umount /srv")
wait_for("nothing has /srv's map open", lambda: run(
	"dmsetup info -c --noheadings -o open srv").strip() == "0")
run("systemctl start srv.mount")

# systemd waits for the prober, which the kernel holds: twice DefaultTimeoutStopSec, and then goes on.
say("it is shut down while a path of root hangs")
host("qemu " + json.dumps({"execute": "block_set_io_throttle", "arguments": {
	"id": "right-root", "bps": 1, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0}}))
wait_for("it is known", lambda: "F" in kernel_states("root").values())
figure(f"systemd-analyze security: {score}")
figure("the boot, in s: " + ", ".join(f"{what} {at / 1e6:.1f}" for what, at in moments.items()))
