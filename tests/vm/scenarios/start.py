# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installed and started by systemctl: finds its paths, is ready, serves, stops."""
from vm import *

disks = scsi_debug(max_luns=4)
config("polling_interval 1")
start()
check(read("/proc/1/comm") == "systemd", "systemd is there")
found = paths()
for disk in disks:
	check(found[disk]["state"] == "up", f"{disk} is up", found)
check(run("systemctl show -P NotifyAccess checkerd").strip() == "main", "it notifies")
run("systemctl", "stop", "checkerd")
check(status_of("checkerctl", "ping") == 3, "nobody answers any more")
figure(f"{len(disks)} disks found and up")
