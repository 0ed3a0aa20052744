# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY by /dev/sgN: a thousand that hang hold no thread, the others are on time, a stop is immediate."""
# timeout: 300
import glob

from hangs import Others, kill, restart, restart_while_hung, terminate
from sg import Generic
from vm import *

WELL = 4
HOSTS, UNITS = 8, 32
NAMES = ("", ".1", ".2", ".3")  # each a path: to make a thousand disks would take minutes
TAGS = 4  # of a disk, as few as the kernel lets a queue have
STARVED = 3  # disks whose tags another program has: more than an HBA has runners
RUNNERS = 2
INTERVAL, TIMEOUT = 1, 3
CONFIG = (f"discovery static\npath_checker tur\npolling_interval {INTERVAL}\n"
          f"max_polling_interval {INTERVAL}\nchecker_timeout {TIMEOUT}")
SELDOM = 8  # an emulated machine cannot send a thousand commands a second
DEVICES = (f"devices {{\n device {{\n vendor Linux\n product scsi_debug\n polling_interval {SELDOM}\n"
           f" max_polling_interval {SELDOM}\n }}\n}}\n")
DRIVER = "/sys/bus/pseudo/drivers/scsi_debug"


def prober():
	return f"/proc/{ctl('show', 'status')['prober']['pid']}"


def threads():
	return len(os.listdir(f"{prober()}/task"))


def opened(prefix):
	found = 0
	for fd in glob.glob(f"{prober()}/fd/*"):
		try:
			found += os.readlink(fd).startswith(prefix)
		except OSError:
			continue
	return found


def wait_for_count(state, count, seconds):
	"""Not by the paths: to list a thousand again and again would delay what is measured."""
	wait_for(f"{count} are {state}", lambda: ctl("show", "status")["paths"][state] == count, seconds, every=0.5)


def answer(on):
	"""The disks answer, or take commands and never do."""
	write(f"{DRIVER}/opts", "0" if on else "4")
	write(f"{DRIVER}/every_nth", "0" if on else "-1")


run("udevadm control --stop-exec-queue")  # the nodes are there without it, and it takes long
run("modprobe -a sg sd_mod virtio_scsi")
plug("virtio-scsi-pci", "scsi")
for n in range(WELL):
	plug_disk(f"well{n}", "scsi-hd", bus="scsi.0")
well = wait_for("the disks that stay well", lambda: next((d for d in [sorted(
	os.path.basename(p) for p in glob.glob("/sys/block/sd*"))] if len(d) == WELL), None))
run("modprobe", "scsi_debug", f"add_host={HOSTS}", f"max_luns={UNITS}", "dev_size_mb=8", "ndelay=20000")
disks = wait_for("the disks", lambda: next((d for d in [scsi_debug_disks()] if len(d) == HOSTS * UNITS),
                                           None), 60)
starved, disks = disks[-STARVED:], disks[:-STARVED]
hung = [d + n for d in disks for n in NAMES]
for n in NAMES[1:]:
	for d in disks:
		os.symlink(d, f"/dev/{d}{n}")
everything = [*well, *starved, *hung]
config(CONFIG, DEVICES + static_paths([f"/dev/{d}" for d in everything]))
start()
wait_for_count("up", len(everything), 60)
check({p["engine"] for p in paths().values()} == {"sg"}, "every command went to /dev/sgN")
check(opened("/dev/sg") == len(everything), "each has a node of sg open")
check(opened("/dev/sd") == 0, "no disk is open")
usual, before = restart(well), threads()
wait_for_count("up", len(everything), 60)

for d in starved:
	ctl("disable", d)
	write(f"/sys/block/{d}/queue/nr_requests", str(TAGS))
answer(False)
others_tags = [Generic(d) for d in starved]
for g in others_tags:
	for n in range(TAGS):
		g.write(pack_id=n, timeout_ms=600000)  # longer than this takes
begin, others = time.monotonic(), Others(well)
wait_for_count("down", len(hung), SELDOM + TIMEOUT + 15)
took = time.monotonic() - begin
figure(f"{len(hung)} hang, {took:.1f} s later all are down; {threads() - before} threads more")
check(threads() == before, "no thread more", before, threads())
check(ctl("show", "groups")["rescuers"]["busy"] == 0, "no rescuer is busy", ctl("show", "groups"))
others.have_not_changed()
# A thousand writes at once take an emulated machine seconds: the others are on time after that.
others = Others(well)
time.sleep(8)
others.are_well(False)
reasons = {p["reason"] for p in paths().values() if p["state"] == "down"}
check(all(r.startswith("no answer to TEST UNIT READY") for r in reasons), "each is down for its silence", reasons)

for d in starved:
	ctl("enable", d)
time.sleep(TIMEOUT + 3)
for d in starved:
	p = path(d)
	check(p["state"] == "up" and p["deferred_total"] > 0, f"{d}: a lack of tags is no silence", p)
check(ctl("show", "groups")["rescuers"]["busy"] == RUNNERS, "rescuers that sleep in a write",
      ctl("show", "groups"))
others.are_well(False)

for how, name in ((terminate, "restarted"), (kill, "after kill -9")):
	took = restart_while_hung(how, hung[:2], well)
	figure(f"{name}: serving after {took:.2f} s, while nothing hung after {usual:.2f} s")
	check(took < usual + 5, "a restart waits for what hangs", took, usual)
answer(True)
figure("answers again")
