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

say("doctor names the timers of the sessions, which keep I/O longer than checker_timeout")
found = findings()
f = found.get("iscsi-recovery-long", {})
check(f.get("severity") == "warning" and f["count"] == 2, "two sessions", found)
check("recovery_tmo is 120 s" in f["text"] and
      read(f"/sys/class/iscsi_session/{f['object']}/recovery_tmo") == "120", "recovery_tmo", found)
check(found.get("iscsi-noop-off", {}).get("count") == 2, "no NOP-Outs", found)
check(any("recovery_tmo" in w for w in ctl("show", "status")["warnings"]), "show status")
write(f"/sys/class/iscsi_session/{f['object']}/recovery_tmo", "1")
check(findings()["iscsi-recovery-long"]["count"] == 1, "one session is mended", findings())
write(f"/sys/class/iscsi_session/{f['object']}/recovery_tmo", "120")
e = ctl("explain", hung[0])
check(e["watched"] and e["wwid"] == path(hung[0])["wwid"], "explain", e)
portal_is_cut(1, well, hung)
check(all(p["state"] == "up" for n, p in paths().items() if n in target.disks()), "all are up")
