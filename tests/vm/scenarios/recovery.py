# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SCSI host is held in error recovery, opening its disk blocks: the rest is found, checked, served."""
# timeout: 150
from hangs import (CONFIG, MARGIN, TIMEOUT, Others, detect, recover, restart, restart_while_hung,
                   terminate)
from targets import Iscsi, cut, restore
from vm import *


def recovering():
	return read(f"/sys/class/scsi_host/{host_of_hung}/state") == "recovery"


def opening(disk):
	"""A program that opens the disk, and that is all."""
	return subprocess.Popen(["sh", "-c", f"exec < /dev/{disk}"])


def is_ready():
	return run("systemctl", "is-active", "checkerd", ok=False).strip() == "active"


target = Iscsi(portals=2, luns=1, abort=1)
well, (hung,) = target.disks(portal=0), target.disks(portal=1)
write(f"/sys/block/{hung}/device/timeout", "1")
config(CONFIG)
start()
usual = restart(target.disks())
host_of_hung = path(hung)["host"]
others = Others(well)
say("the network is cut, and the host cannot even abort the read")
begin = time.monotonic()
cut(1)
detect([hung], begin)
wait_for(f"{host_of_hung} is in recovery", recovering, 30)
victim = opening(hung)
wait_for("a program that opens the disk waits in the kernel", lambda: "sd_open" in
         read(f"/proc/{victim.pid}/stack"), 10)

say("another host appears")
run("modprobe", "scsi_debug", "dev_size_mb=8", "ndelay=20000")
(new,) = wait_for("its disk", scsi_debug_disks, 30)
begin = time.monotonic()
wait_for(f"{new} is found and up", lambda: state_is(new, "up"), 30)
figure(f"a new disk is up {time.monotonic() - begin:.1f} s after the kernel has it")
others.are_well()

say("restart")
begin = time.monotonic()
took = restart_while_hung(terminate, [hung], [*well, new])
wait_for("it is ready", is_ready, TIMEOUT + MARGIN + 5)
figure(f"restarted: serving after {took:.2f} s (while nothing hung {usual:.2f} s), "
       f"ready after {time.monotonic() - begin:.2f} s")
check(took < usual + MARGIN, "the restart waits for the disk")
p = wait_for(f"{hung} is down", lambda: state_is(hung, "down"), TIMEOUT + MARGIN)
check("no answer to an open" in p["reason"] and "blocked" in p["reason"], "it says what hangs", p)
figure(p["reason"])
rescuers = ctl("show", "groups")["rescuers"]
check(rescuers["busy"] == 1, "the open has one rescuer, and no more", rescuers)
others = Others([*well, new])
time.sleep(4)
others.are_well()
check(victim.poll() is None and recovering(), "it was in recovery all the time")

say("the network is back")
restore(1)
recover([hung])
check(victim.wait(20) == 0, "the program that waited has opened it")
