# SPDX-License-Identifier: LGPL-2.1-or-later
"""ALUA: a standby port is no failed path, and a map fails over explicitly, while fio verifies."""
# timeout: 300
from maps import CONFIG, Verifier, devt, kernel_states, make_map, wait_for_kernel, \
	without_multipath_tools
from targets import AccessStates, Iscsi, cut, restore
from vm import *

LIMIT = 60  # seconds, for what comes at once on a host that is not emulated
ROUNDS = 6


def access_state(disk):
	return read(f"/sys/block/{disk}/device/access_state")


def tell(portal, state, words):
	"""The controller says that its ports of this portal are in another state; waits until the
	kernel knows."""
	say(f"the ports of portal {portal} are {words}")
	states.set(portal, state)
	refresh(portal)
	wait_for(f"the kernel knows of {words}", lambda: refresh(portal) or
	         access_state(disks[portal]) == words, 20, every=0.5)


def refresh(portal):
	"""A SCSI command, whose answer tells the kernel that the states have changed: reads of a
	standby port are not even sent."""
	run(f"sg_turs /dev/{disks[portal]} >/dev/null 2>&1", ok=False)


def failed_by_us(since):
	return [e["message"] for e in events(since) if "failed in its map" in e["message"]]


def stays(portal, *wanted):
	"""Over some rounds the path is in one of these states, and active in its map."""
	disk, since = disks[portal], last_event()
	wait_for(f"{disk} is {' or '.join(wanted)}", lambda: state_is(disk, *wanted), LIMIT)
	end = time.monotonic() + ROUNDS
	while time.monotonic() < end:
		p, kernel = path(disk), kernel_states("m")[devt(disk)]
		check(p["state"] in wanted and kernel == "A",
		      f"{disk} stays {' or '.join(wanted)} and active in its map", p, kernel, *failed_by_us(since))
		time.sleep(0.5)
	fio.is_well()


run("modprobe -a dm-multipath dm-round-robin scsi_dh_alua")
without_multipath_tools()
target = Iscsi(portals=2, luns=1, noop=1, replacement=3, groups=True)
states = AccessStates(target)
disks = [target.disks(portal=n)[0] for n in range(2)]
a, b = disks
config(CONFIG)
start()
for n in range(2):
	tell(n, states.NON_OPTIMIZED, "active/non-optimized")
	tell(n, states.OPTIMIZED, "active/optimized")
make_map("m", disks, handler="1 alua")
wait_for("the map is known", lambda: maps().get("m", {}).get("redundancy") == "full")
fio = Verifier("m")

since = last_event()
tell(1, states.STANDBY, "standby")
stays(1, "ghost")
check(path(b)["access_state"] == "standby", "it says so", path(b))
check(not failed_by_us(since), "nothing was failed in the map", *failed_by_us(since))
check(maps()["m"]["redundancy"] == "full", "a standby path counts", maps()["m"])

say("the active ports are lost: the map activates the standby ones")
begin = time.monotonic()
cut(0)
wait_for_kernel("m", a, "F", LIMIT)
wait_for("the standby ports were activated", lambda: states.get(1) in (
	states.OPTIMIZED, states.NON_OPTIMIZED), LIMIT)
figure(f"explicit failover {time.monotonic() - begin:.1f} s after the cut")
wait_for(f"{b} is up", lambda: state_is(b, "up"), LIMIT)
check(kernel_states("m")[devt(b)] == "A", "it was never failed")
fio.is_well()
restore(0)
wait_for_kernel("m", a, "A", LIMIT)
wait_for(f"{a} is up", lambda: state_is(a, "up"), LIMIT)

tell(0, states.STANDBY, "standby")
stays(0, "ghost")
tell(0, states.TRANSITIONING, "transitioning")
stays(0, "ghost", "up")
tell(0, states.OPTIMIZED, "active/optimized")
stays(0, "up")
tell(0, states.TRANSITIONING, "transitioning")
stays(0, "up")

tell(0, states.UNAVAILABLE, "unavailable")
wait_for_kernel("m", a, "F", LIMIT)
p = wait_for(f"{a} is down", lambda: state_is(a, "down"), LIMIT)
check("unavailable" in p["reason"], "the reason is the port's state", p)
figure(p["reason"])
tell(0, states.OPTIMIZED, "active/optimized")
wait_for_kernel("m", a, "A", LIMIT)
stays(0, "up")
blocks = fio.end()
figure(f"{blocks} blocks written and verified")
