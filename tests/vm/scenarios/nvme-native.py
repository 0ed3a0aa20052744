# SPDX-License-Identifier: LGPL-2.1-or-later
"""Native NVMe multipathing: hidden paths are seen as those of a map, with what sysfs knows of them."""
# timeout: 150
import re

from targets import NvmeTcp
from vm import *


def map_is(redundancy, up, total=2):
	m = maps().get(head)
	return m if m and (m["redundancy"], m["paths_up"], m["paths_total"]) == (redundancy, up,
	                                                                         total) else None


def without_counts(reason):
	"""Linux 7.2 and later count what happens to a path."""
	return reason and re.sub("(; )?new: .*", "", reason)


def becomes(disk, state, reason, redundancy, up):
	"""The path has this state and reason, and its map this redundancy. A controller that is cut off
	resets first."""
	wait_for(f"{disk} is {state}: {reason}", lambda: next(
		(p for p in [state_is(disk, state)] if p and without_counts(p["reason"]) == reason), None), 20)
	wait_for(f"the map is {redundancy}", lambda: map_is(redundancy, up), 5)
	say(f"{disk}: {state}: {reason}; the map: {redundancy}")


target = NvmeTcp(portals=2, native=True)
((left,), (right,)) = (target.disks(portal=n) for n in (0, 1))
head = left[:left.index("c")] + left[left.rindex("n"):]
config("polling_interval 1\nmax_polling_interval 4\nmap_lost_time 3")
start()

say("a disk with two paths")
found = paths()
check(set(found) == {left, right}, "its paths, and not the disk", sorted(found))
for name in (left, right):
	p = found[name]
	check((p["state"], p["checker"], p["engine"]) == ("up", "ana", "none"), "seen in sysfs", p)
	check((p["map"], p["sysfs_state"], p["access_state"]) == (head, "live", "optimized"), "state", p)
	check(p["host"] == os.path.basename(os.path.realpath(f"/sys/block/{name}/device")), "host", p)
	check(p["wwid"] == read(f"/sys/block/{head}/wwid") and p["protocol"] == "nvme:tcp", "WWID", p)
	check(p["device"] == f"/sys/class/block/{name}" and p["devt"] is None, "no node", p)
	check(not os.path.exists(f"/sys/block/{name}/dev"), "the kernel gives it no number", name)
check(map_is("full", 2) is not None, "its map", maps())
check(health()[0] == 0, "health", health())
check(head in run("checkerctl show topology"), "topology", run("checkerctl show topology"))
sample = f'checkerd_map_redundancy{{map="{head}"}}'
check(f"{sample} 3" in run("checkerctl metrics"), "metrics", run("checkerctl metrics"))
check(all(g["slots"] == 0 for g in ctl("show", "groups")["groups"]), "a read", ctl("show", "groups"))

say("ANA states")
last = last_event()
target.set_ana_state(1, "inaccessible")
becomes(right, "ghost", "ANA state inaccessible", "full", 2)
target.set_ana_state(0, "inaccessible")
becomes(left, "ghost", "ANA state inaccessible", "none", 0)
check(health()[0] == 2, "no path takes I/O", health())


def losses():
	"""What was reported of maps that had no path for long."""
	return [e for e in events(last) if e["type"] == "map" and e["to"] in ("lost", "gone", "usable")]


(lost,) = wait_for("the map is lost", losses, 10)
check((lost["map"], lost["to"]) == (head, "lost") and
      re.fullmatch(f"map {head}: no usable path for [3-9] s: I/O waits", lost["message"]), "lost", lost)
check(maps()[head]["lost_since"] is not None and "lost for" in health()[1], "since when", maps(), health())
seconds = re.search(f'checkerd_map_lost_seconds{{map="{head}"}} ([0-9.]+)', run("checkerctl metrics"))
check(seconds and float(seconds[1]) >= 3, "the metric", seconds)
say(lost["message"])
target.set_ana_state(0, "change")
wait_for("it changes", lambda: path(left)["access_state"] == "change", 10)
check(path(left)["state"] == "ghost", "not judged meanwhile", path(left))
target.set_ana_state(0, "non-optimized")
becomes(left, "up", None, "full", 2)
target.set_ana_state(1, "persistent-loss")
becomes(right, "down", "ANA state persistent-loss", "last", 1)
check(health()[0] == 1, "one path is left", health())
target.set_ana_state(1, "optimized")
becomes(right, "up", None, "full", 2)



def told():
	"""What was reported of the map's redundancy."""
	return [(e["from"], e["to"]) for e in events(last)
	        if e["type"] == "map" and e["map"] == head and e not in losses()]


wait_for("events", lambda: told() == [("full", "none"), ("none", "full"), ("full", "last"),
                                      ("last", "full")], 5)
check([e["to"] for e in losses()] == ["lost", "usable"] and "usable again after" in losses()[1]["message"] and
      maps()[head]["lost_since"] is None, "the loss and its end, once each", losses())

say("a controller that is cut off")
target.withdraw(1)
becomes(right, "down", "controller connecting", "last", 1)
check(state_is(left, "up") is not None, "the other one", path(left))
if os.path.isdir(f"/sys/block/{right}/device/diag"):
	p = wait_for("the kernel's counts are told", lambda: next(
		(p for p in [path(right)] if re.search("; new: .*[1-9]", p["reason"])), None), 20)
	say(p["reason"])
else:
	check("new: " not in path(right)["reason"], "this kernel counts nothing", path(right))
target.offer(1)
becomes(right, "up", None, "full", 2)

say("a controller that goes, and comes")
run(f"nvme disconnect -d {path(right)['host']}")
wait_for("its path is gone", lambda: path(right) is None, 5)
check(map_is("full", 1, 1) is not None, "the map has one path", maps())
target.connect(1)
wait_for("there are two paths again", lambda: map_is("full", 2), 10)

say("checked by hand")
config("polling_interval 1h\nmax_polling_interval 1h")
run("systemctl reload checkerd")
target.set_ana_state(0, "optimized")
time.sleep(1.5)
check(path(left)["access_state"] == "non-optimized", "nothing reads it before", path(left))
(answer,) = ctl("check", "--wait", left)["results"]
check(answer["checked"] and path(left)["access_state"] == "optimized", "check", answer, path(left))

say("as a disk like others")
config("polling_interval 1\nnative_nvme no")
run("systemctl reload checkerd")
p = wait_for("the disk is read", lambda: state_is(head, "up"), 10)
check(set(paths()) == {head} and p["checker"] == "directio", "a path", paths())
check(not maps(), "no map", maps())
config("polling_interval 1")
run("systemctl reload checkerd")
wait_for("there is a map again", lambda: map_is("full", 2), 10)
check(head not in paths(), "the disk is no path", paths())

say("a controller with many paths is cut off")
for number in range(2, 7):
	target.add_namespace(number)
wait_for("six maps", lambda: len(maps()) == 6 and all(
	m["redundancy"] == "full" and m["paths_up"] == 2 for m in maps().values()), 20)
time.sleep(1.5)
last = last_event()
target.withdraw(1)


def causes():
	"""Events about many paths, and those about many maps."""
	new = events(last)
	return ([e for e in new if e["type"] == "cause"], [e for e in new if e["type"] == "map"])


wait_for("the paths and the maps are one event each", lambda: all(causes()), 30)
(cause,), (of_maps,) = causes()
check(len(cause["members"]) == 6 and "6 of 6 paths are down: controller " in cause["message"],
      "the paths", cause)
check(len(of_maps["members"]) == 6 and of_maps["message"] == "6 maps have one usable path left",
      "their maps", of_maps)
check(not [e for e in events(last) if e["type"] == "path_state"], "none alone", events(last))
say(cause["message"])
target.offer(1)
wait_for("all are back", lambda: all(m["redundancy"] == "full" for m in maps().values()), 20)
