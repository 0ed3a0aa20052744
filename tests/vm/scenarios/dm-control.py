# SPDX-License-Identifier: LGPL-2.1-or-later
"""With dm_control on the kernel's tables say what was decided; off, nothing is written."""
# timeout: 240
import time

from maps import devt, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from vm import (check, config, ctl, events, figure, last_event, maps, paths, run, say,
                scsi_debug, scsi_state, start, state_is, wait_for)

INTERVAL = 1
# Interval and 20 ms are the budget; emulated processors that others use too are late.
LIMIT = INTERVAL + 3
CONFIG = f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"


def reload(text):
	config(CONFIG + text)
	run("checkerctl", "reload")


def wait_for_event(since, *words):
	"""An event whose message has all these words; returns it."""
	def there():
		return [e for e in events(since) if all(w in e["message"] for w in words)]
	return wait_for(f"an event with {words}", there, 20)[0]


def story(since, *steps):
	"""These are told, in this order, maybe with others between them."""
	wait_for_event(since, *steps[-1])
	left = list(steps)
	for e in events(since):
		if left and all(w in e["message"] for w in left[0]):
			left.pop(0)
	check(not left, f"not told, or in another order: {left}",
	      *[e["message"] for e in events(since)])


def message(name, text):
	run("dmsetup", "message", name, "0", text)


run("systemctl stop multipathd.socket multipathd", ok=False)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
a, b, c, d = scsi_debug(add_host=4)[:4]
make_map("m", [a, b], uuid="TEST-m")
make_map("n", [c, d], uuid="TEST-n", features="0")
config(CONFIG + "dm_control on")
start()

say("found, with what the kernel thinks")
m = maps()["m"]
check(m["redundancy"] == "full" and m["paths"] == [a, b] and m["queueing"] is True and
      m["suspended"] is False and m["uuid"] == "mpath-TEST-m", "map m", m)
check(maps()["n"]["queueing"] is False, "map n", maps()["n"])
check(paths()[a]["map"] == "m" and paths()[a]["dm_state"] == "active", "path of m", paths()[a])

say("a path that goes down is failed, one that comes up is reinstated")
times = []
for i in range(4):
	since = last_event()
	scsi_state(b, "offline")
	times.append(wait_for_kernel("m", b, "F", LIMIT))
	story(since, (f"{b} (map m): up -> down",), (f"{b} (map m): failed in its map",))
	wait_for_event(since, "map m: full -> last")
	scsi_state(b, "running")
	wait_for_kernel("m", b, "A", LIMIT)
	story(since, (f"{b} (map m): down -> up",), (f"{b} (map m): reinstated",),
	      ("map m: last -> full",))
check(kernel_states("n") == {devt(c): "A", devt(d): "A"}, "n is as it was")
figure(f"an offline path is F in the kernel {sorted(times)[2]:.2f} s later, "
       f"{max(times):.2f} s at most (interval {INTERVAL})")

say("the kernel's own failures: checked at once, and given back")
since = last_event()
message("m", f"fail_path {devt(a)}")
took = wait_for_kernel("m", a, "A", LIMIT)
story(since, (f"{a} (map m): failed in its map, by the kernel",), (f"{a} (map m): reinstated",))
figure(f"a path the kernel failed is back after {took:.2f} s")
say("again and again, without a rule for holds")
since = last_event()
for i in range(3):
	message("m", f"fail_path {devt(a)}")
	wait_for_kernel("m", a, "A", LIMIT)
done = [e for e in events(since) if "reinstated in its map" in e["message"]]
check(len(done) == 3, "reinstated three times", *[e["message"] for e in events(since)])
check(wait_for_kernel("m", a, "A", 1) < 1, "and it stays")

say("another program's reinstating is undone")
scsi_state(b, "offline")
wait_for_kernel("m", b, "F", LIMIT)
message("m", f"reinstate_path {devt(b)}")
wait_for_kernel("m", b, "F", LIMIT)

say("a new table starts with all paths active")
run("dmsetup table m | dmsetup reload m")
run("dmsetup resume m")
wait_for_kernel("m", b, "F", LIMIT + 3)
scsi_state(b, "running")
wait_for_kernel("m", b, "A", LIMIT)

say("a suspended map takes no commands: they come when it is resumed")
run("dmsetup suspend --noflush --nolockfs m")
scsi_state(b, "offline")
wait_for(f"{b} is down", lambda: state_is(b, "down"), LIMIT)
# Nobody tells of a suspend: it is seen when the command is refused.
wait_for("m is known to be suspended", lambda: maps()["m"]["suspended"])
time.sleep(1)
check(kernel_states("m")[devt(b)] == "A", "not failed while suspended")
run("dmsetup resume m")
wait_for_kernel("m", b, "F", LIMIT)
scsi_state(b, "running")
wait_for_kernel("m", b, "A", LIMIT)

def states_of_n():
	"""The kernel's states of n's paths, in order."""
	return "".join(sorted(kernel_states("n").values()))


say("the last path is kept, and failed when another one is back")
# udev reads a map of which a path failed: then the kernel fails the other one by itself.
run("udevadm control --stop-exec-queue")
since = last_event()
scsi_state(c, "offline")
scsi_state(d, "offline")
wait_for("both are down", lambda: state_is(c, "down") and state_is(d, "down"), LIMIT)
seen = [states_of_n()]
wait_for_event(since, "kept in its map")
for _ in range(10):
	seen.append(states_of_n())
	time.sleep(0.2)
# Both, when the second one was down before the first one was failed: neither was one to go on with.
check("FF" not in seen, "one is kept, always", seen)
check(seen[-1] in ("AF", "AA"), "one is kept, or both are", seen)
kernel = kernel_states("n")
kept, other = (c, d) if kernel[devt(c)] == "A" else (d, c)
check(maps()["n"]["redundancy"] == "none", "no path is left", maps()["n"])
check(any("kept" in w for w in ctl("show", "status")["warnings"]), "it is shown")
scsi_state(other, "running")
wait_for_kernel("n", other, "A", LIMIT)
wait_for_kernel("n", kept, "F", LIMIT)
scsi_state(kept, "running")
wait_for_kernel("n", kept, "A", LIMIT)
run("udevadm control --start-exec-queue")

say("none is kept when none is to be")
reload("dm_control on\nkeep_last_path no")
scsi_state(c, "offline")
scsi_state(d, "offline")
wait_for_kernel("n", c, "F", LIMIT)
wait_for_kernel("n", d, "F", LIMIT)
scsi_state(c, "running")
scsi_state(d, "running")
wait_for_kernel("n", c, "A", LIMIT)
wait_for_kernel("n", d, "A", LIMIT)

say("maps come, are renamed, and go")
run("dmsetup remove --retry n")  # udev may have it open just now
wait_for("n is gone", lambda: "n" not in maps())
make_map("new", [c, d], uuid="TEST-new")
wait_for("new is there", lambda: "new" in maps())
run("dmsetup rename new newer")
wait_for("newer is there", lambda: "newer" in maps() and "new" not in maps())
scsi_state(d, "offline")
wait_for_kernel("newer", d, "F", LIMIT)
check(paths()[d]["map"] == "newer", "the path's map", paths()[d])

say("off: what was failed is given back, and nothing else is written, whatever happens")
run("udevadm settle && udevadm control --stop-exec-queue")
reload("dm_control off")
scsi_state(d, "running")
scsi_state(b, "offline")
message("m", f"fail_path {devt(a)}")
wait_for(f"{b} is down", lambda: state_is(b, "down"), LIMIT)
wait_for(f"{d} is up", lambda: state_is(d, "up"), LIMIT)
time.sleep(3)
check(kernel_states("m") == {devt(a): "F", devt(b): "A"}, "m is left alone", kernel_states("m"))
check(kernel_states("newer")[devt(d)] == "A", "what was failed in newer is given back", kernel_states("newer"))
check(ctl("show", "status")["dm_control"] == "off", "it says so")
say("on again: everything is made to agree")
reload("dm_control on")
wait_for_kernel("m", a, "A", LIMIT)
wait_for_kernel("m", b, "F", LIMIT)
wait_for_kernel("newer", d, "A", LIMIT)
