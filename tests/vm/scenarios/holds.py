# SPDX-License-Identifier: LGPL-2.1-or-later
"""A path that the kernel fails again after it was given back is held; the last usable one is not."""
# timeout: 120
import time

from maps import devt, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from vm import (check, config, ctl, events, figure, last_event, maps, path, run, say, scsi_debug,
                scsi_state, start, state_is, wait_for)

LIMIT = 4  # emulated processors are late
HOLD = 6


def fail(disk):
	"""What the kernel does when I/O to the path fails."""
	run("dmsetup", "message", "m", "0", f"fail_path {devt(disk)}")


def told(since, *words):
	"""An event has all these words."""
	def there():
		return [e for e in events(since) if all(w in e["message"] for w in words)]
	return wait_for(f"an event with {words}", there, 10)[0]


run("systemctl stop multipathd.socket multipathd", ok=False)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
a, b = scsi_debug(add_host=2)[:2]
make_map("m", [a, b])
# udev reads a map whose path was failed: then the kernel fails another one by itself.
run("udevadm settle && udevadm control --stop-exec-queue")
config(f"polling_interval 1\nmax_polling_interval 1\ndm_control on\nkeep_last_path no\n"
       f"flap_time 20\nhold_time {HOLD}\nhold_max 60")
start()
wait_for("both are up", lambda: state_is(a, "up") and state_is(b, "up"))

say("the first failure: given back at once")
fail(a)
wait_for_kernel("m", a, "A", LIMIT)
check(not path(a)["marginal"], "it is not held", path(a))

say("failed again: held")
since = last_event()
fail(a)
told(since, a, "held: flapping")
began = time.monotonic()
p = path(a)
check(p["marginal"] and p["marginal_reason"] == "flapping" and p["state"] == "up" and
      p["dm_state"] == "failed" and p["hold_since"] < p["hold_until"] and not p["hold_used"], "it shows", p)
check(maps()["m"]["redundancy"] == "last", "the map", maps()["m"])
check(run("checkerctl", "show", "paths", "format", "%d %t %T %M", a).split()[-4:] ==
      [a, "failed", "delayed", "marginal"], "multipathd's words")
check('reason="flapping"' in run("checkerctl", "metrics"), "the metric")
wait_for_kernel("m", a, "A", HOLD + LIMIT)
took = time.monotonic() - began
told(since, a, "held no longer: flapping")
check(took > HOLD - 1, f"it was held for {HOLD} s", took)
figure(f"a hold of {HOLD} s lasted {took:.1f} s")

say("a held path helps when the other one is lost, and is out again")
fail(a)
wait_for("it is held", lambda: path(a)["marginal"])
since = last_event()
scsi_state(b, "offline")
wait_for_kernel("m", b, "F", LIMIT)
wait_for_kernel("m", a, "A", LIMIT)
told(since, a, "held (flapping), but used: last usable path")
check(path(a)["hold_used"] and "last usable" in path(a)["reason"], "it says so", path(a))
check(any("held but used" in w for w in ctl("show", "status")["warnings"]), "a warning")
scsi_state(b, "running")
wait_for_kernel("m", b, "A", LIMIT)
wait_for_kernel("m", a, "F", LIMIT)

say("an administrator ends the hold, and begins one")
run("checkerctl", "unsetmarginal", a)
wait_for_kernel("m", a, "A", LIMIT)
check(path(a)["hold_failures"] == 0, "the failures are forgotten", path(a))
run("checkerctl", "setmarginal", b)
wait_for_kernel("m", b, "F", LIMIT)
check(path(b)["marginal_reason"] == "by_hand", "why", path(b))

say("the last one is not taken")
run("checkerctl", "setmarginal", a)
wait_for_kernel("m", b, "A", LIMIT)
wait_for("both are used", lambda: path(a)["hold_used"] and path(b)["hold_used"])
check(set(kernel_states("m").values()) == {"A"}, "in the kernel", kernel_states("m"))

say("a restart keeps the holds")
run("systemctl restart checkerd")
wait_for("it serves", lambda: path(a)["marginal"] and path(b)["marginal"], 20)
run("checkerctl", "unsetmarginal", a)
wait_for_kernel("m", b, "F", LIMIT)
run("checkerctl", "unsetmarginal", b)
wait_for_kernel("m", b, "A", LIMIT)
