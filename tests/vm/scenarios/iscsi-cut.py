# SPDX-License-Identifier: LGPL-2.1-or-later
"""iSCSI through two portals, one cut: its paths time out, the others and restarts do not notice."""
# timeout: 150
from hangs import CONFIG, Others, detect, recover, restart, stay_immediate
from targets import Iscsi, cut, restore
from vm import *

target = Iscsi(portals=2, luns=3)
well, hung = target.disks(portal=0), target.disks(portal=1)
config(CONFIG)
start()
for disk in target.disks():
	p = path(disk)
	check(p["state"] == "up" and p["protocol"] == "scsi:iscsi" and p["target"] == Iscsi.IQN,
	      f"{disk} is up, and known for what it is", p)
usual = restart(target.disks())
others = Others(well)
say("portal 1 is cut")
begin = time.monotonic()
cut(1)
detect(hung, begin)
time.sleep(3)
others.are_well()
stay_immediate(usual, hung, well)
detect(hung, time.monotonic())
say("portal 1 is back")
restore(1)
recover(hung)
check(all(p["state"] == "up" for n, p in paths().items() if n in target.disks()), "all are up")
