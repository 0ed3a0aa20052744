# SPDX-License-Identifier: LGPL-2.1-or-later
"""NVMe/TCP through two portals, one cut: the same as with iSCSI; and one whose target goes away."""
# timeout: 150
from hangs import CONFIG, Others, portal_is_cut, recover
from targets import NvmeTcp
from vm import *

# So long without a sign of life, and the controller would give up by itself.
target = NvmeTcp(portals=2, keep_alive=600)
well, hung = target.disks(portal=0), target.disks(portal=1)
config(CONFIG)
start()
for disk in target.disks():
	p = path(disk)
	check(p["state"] == "up" and p["protocol"] == "nvme:tcp", f"{disk} is up, and nvme:tcp", p)
found = findings()
f = found.get("nvme-ctrl-loss", {})
check(f.get("severity") == "note" and f["count"] == 2 and "ctrl_loss_tmo is" in f["text"] and
      read(f"/sys/class/nvme/{f['object']}/ctrl_loss_tmo") != "off", "ctrl_loss_tmo", found)
check("nvme-io-waits" in found and "nvme-keep-alive-off" not in found, "the other timers", found)
portal_is_cut(1, well, hung)

others = Others(well)
say("the target behind portal 1 goes away")
target.withdraw(1)
for disk in hung:
	p = wait_for(f"{disk} is not up", lambda d=disk: state_is(d, "down", "timeout", "removed"), 20)
	say(f"{disk}: {p['state']}: {p['reason']}, {p['sysfs_state']}")
	check(p["sysfs_state"] != "live", "the controller's state is told", p)
time.sleep(3)
others.are_well()
say("it comes back")
target.offer(1)
recover(hung)
