# SPDX-License-Identifier: LGPL-2.1-or-later
"""iSCSI through two portals, one cut: its paths time out, the others and restarts do not notice."""
# timeout: 150
from hangs import CONFIG, portal_is_cut
from targets import Iscsi
from vm import *

target = Iscsi(portals=2, luns=3)
well, hung = target.disks(portal=0), target.disks(portal=1)
config(CONFIG)
start()
for disk in target.disks():
	p = path(disk)
	check(p["state"] == "up" and p["protocol"] == "scsi:iscsi" and p["target"] == Iscsi.IQN,
	      f"{disk} is up, and known for what it is", p)
portal_is_cut(1, well, hung)
check(all(p["state"] == "up" for n, p in paths().items() if n in target.disks()), "all are up")
