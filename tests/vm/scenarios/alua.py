# SPDX-License-Identifier: LGPL-2.1-or-later
"""ALUA: a standby port is no failed path, and a map fails over explicitly, while fio verifies."""
# timeout: 300
# The target alone is told of a new state. The kernel hears of it by the answer to a command, and
# does not send reads to a port that is standby or unavailable as far as it knows (alua_prep_fn).
from maps import CONFIG, Verifier, devt, kernel_states, make_map, wait_for_kernel, \
	without_multipath_tools
from targets import AccessStates, Iscsi, cut, restore
from vm import *

LIMIT = 30   # seconds, for what comes at once on a host that is not emulated
STAYS = 8    # seconds: interval, timeout, and a margin
wrong = []


def access_state(disk):
	return read(f"/sys/block/{disk}/device/access_state")


def note(text):
	"""What is not so: the rest is looked at before the scenario fails."""
	say(f"  NOT SO: {text}")
	wrong.append(text)


def tell(portal, state, words):
	say(f"the ports of portal {portal} are {words}")
	states.set(portal, state)


def failed_by_us(disk, since):
	return [e["message"] for e in events(since)
	        if e["path"] == disk and "failed in its map" in e["message"]]


def stays(portal, *wanted):
	"""For some time the path is in one of these states only, and active in its map."""
	disk, since, found = disks[portal], last_event(), set()
	end = time.monotonic() + STAYS
	while time.monotonic() < end:
		p, kernel = path(disk), kernel_states("m")[devt(disk)]
		if p["state"] not in wanted:
			found.add(f"{disk} is {p['state']}, not {' or '.join(wanted)}: {p['reason']}")
		if kernel != "A":
			found.add(f"{disk} is failed in its map")
		time.sleep(0.3)
	for text in sorted(found | set(failed_by_us(disk, since))):
		note(text)
	fio.is_well()


def is_standby(portal):
	disk, since = disks[portal], last_event()
	tell(portal, states.STANDBY, "standby")
	wait_for("the kernel knows", lambda: access_state(disk) == "standby", LIMIT)
	deadline = time.monotonic() + LIMIT
	while path(disk)["state"] != "ghost" and time.monotonic() < deadline:
		time.sleep(0.5)
	stays(portal, "ghost")
	for text in failed_by_us(disk, since):
		note(text)
	if path(disk).get("access_state") != "standby":
		note(f"{disk}: show paths does not say its access_state")
	if maps()["m"]["redundancy"] != "full":
		note(f"a standby path does not count: {maps()['m']['redundancy']}")


def returns(portal):
	"""The ports are active again: nobody but who checks the path can notice."""
	disk = disks[portal]
	tell(portal, states.OPTIMIZED, "active/optimized")
	deadline = time.monotonic() + LIMIT
	while path(disk)["state"] != "up" and time.monotonic() < deadline:
		time.sleep(0.5)
	if path(disk)["state"] != "up":
		note(f"{disk} is active for {LIMIT} s: {path(disk)['state']}: {path(disk)['reason']}; "
		     f"the kernel: {access_state(disk)}")
	run(f"sg_turs /dev/{disk}", ok=False)
	wait_for(f"{disk} is up", lambda: state_is(disk, "up"), LIMIT)
	wait_for_kernel("m", disk, "A", LIMIT)


run("modprobe -a dm-multipath dm-round-robin scsi_dh_alua")
without_multipath_tools()
target = Iscsi(portals=2, luns=1, noop=1, replacement=3, groups=True)
states = AccessStates(target)
disks = [target.disks(portal=n)[0] for n in range(2)]
a, b = disks
make_map("m", disks, handler="1 alua")
config(CONFIG)
start()
wait_for("the map is known", lambda: maps().get("m", {}).get("redundancy") == "full")
for disk in disks:
	check(access_state(disk) == "active/optimized", f"{disk} is active", access_state(disk))
fio = Verifier("m")

is_standby(1)

say("the active ports are lost: the map activates the standby ones")
begin = time.monotonic()
cut(0)
wait_for_kernel("m", a, "F", LIMIT)
wait_for("the standby ports were activated", lambda: states.get(1) in (
	states.OPTIMIZED, states.NON_OPTIMIZED), LIMIT)
figure(f"explicit failover {time.monotonic() - begin:.1f} s after the cut")
wait_for(f"{b} is up", lambda: state_is(b, "up"), LIMIT)
wait_for_kernel("m", b, "A", LIMIT)
fio.is_well()
restore(0)
wait_for_kernel("m", a, "A", LIMIT)
wait_for(f"{a} is up", lambda: state_is(a, "up"), LIMIT)

tell(0, states.TRANSITIONING, "transitioning")
stays(0, "up")
tell(0, states.OPTIMIZED, "active/optimized")
stays(0, "up")

tell(0, states.UNAVAILABLE, "unavailable")
wait_for_kernel("m", a, "F", LIMIT)
p = wait_for(f"{a} is down", lambda: state_is(a, "down"), LIMIT)
if "unavailable" not in p["reason"]:
	note(f"the reason does not say that the port is unavailable: {p['reason']}")
returns(0)
is_standby(0)
returns(0)
figure(f"{fio.end()} blocks written and verified")
check(not wrong, f"{len(wrong)} things are not so", *wrong)
