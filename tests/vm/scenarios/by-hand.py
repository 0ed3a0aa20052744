# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an administrator sees of a map, and paths that are failed and given back by hand."""
# timeout: 180
import subprocess
import time

from maps import kernel_states, load_paths, make_map, wait_for_kernel, without_multipath_tools
from vm import (check, config, ctl, events, last_event, maps, path, read, run, say, scsi_debug,
                scsi_state, start, state_is, wait_for)


def refused(code, words, *arguments):
	"""The command ends so, and says that."""
	done = subprocess.run(["checkerctl", *arguments], capture_output=True, text=True, check=False)
	check(done.returncode == code and words in done.stderr,
	      f"checkerctl {' '.join(arguments)} ends with {code} and says '{words}'",
	      done.returncode, done.stderr)


run("systemctl stop multipathd.socket multipathd", ok=False)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
disks = scsi_debug(add_host=3)
a, b, lone = disks[:3]
make_map("mpatha", [a, b], uuid="3600")
config("polling_interval 1\nmax_polling_interval 1\nchecker_timeout 5\ndm_control off")
start()

say("everything there is to know of a map")
m = wait_for("the map", lambda: maps().get("mpatha"))
number = read("/sys/class/block/dm-0/dev")
check(m["devt"] == number and m["dm"] == "dm-0" and m["uuid"] == "mpath-3600" and
      m["wwid"] == "3600", "who it is", m)
check(m["queueing"] is True and m["suspended"] is False, "how it is", m)
check(m["paths"] == [a, b] and m["paths_total"] == m["paths_up"] == 2 and
      m["redundancy"] == "full" and m["kept_path"] is None, "its paths", m)
check([g["group"] for g in m["groups"]] == [1, 2] and
      all(g["state"] in ("active", "enabled") for g in m["groups"]) and
      [g["paths"][0]["path"] for g in m["groups"]] == [a, b] and
      all(g["paths"][0]["dm_state"] == "active" for g in m["groups"]), "its groups", m)
for name in ("mpatha", "dm-0", number, "3600", "mpath-3600", "/dev/mapper/mpatha", "/dev/dm-0",
             f"/dev/block/{number}"):
	check(ctl("show", "maps", name)["maps"][0]["name"] == "mpatha", f"found as {name}")
refused(5, "no such map", "show", "maps", "mpathb")
p = path(a)
check(p["map"] == "mpatha" and p["dm_state"] == "active" and not p["forced"], "a path's map", p)
check(path(lone)["map"] is None and path(lone)["dm_state"] is None, "one without", path(lone))
tree = run("checkerctl", "show", "topology").splitlines()
for line in tree:
	say(f"  {line}")
check(all(len(line) <= 80 for line in tree), "80 columns")
rows = [line.split("-")[-1].split()[0] for line in tree if "-" in line[:12]]
check([w for w in ("mpatha", "group", a, b) if not any(w in line for line in tree)] == [],
      "the tree has all of them", *rows)
check(run("checkerctl", "show", "paths", "format", "--raw", "%d %t %T %m", a).strip() ==
      f"{a} active ready mpatha", "multipathd's words")

say("nothing is failed by hand while dm_control is off")
refused(1, "dm_control is off", "fail", a)
refused(1, "dm_control is off", "reinstate", a)
check(set(kernel_states("mpatha").values()) == {"A"}, "nothing was sent")

say("with dm_control it is")
config("polling_interval 1\nmax_polling_interval 1\nchecker_timeout 5\ndm_control on")
run("checkerctl", "reload")
refused(1, "it is in no map", "fail", lone)
refused(5, "no such path", "fail", "sdzzz")
since = last_event()
run("checkerctl", "fail", a)
say(f"in the kernel after {wait_for_kernel('mpatha', a, 'F', 10):.2f} s")
p = wait_for("it is shown", lambda: path(a) if path(a)["dm_state"] == "failed" else None)
check(p["state"] == "up" and p["forced"], "its checks go on", p)
m = maps()["mpatha"]
check(m["paths_up"] == 1 and m["redundancy"] == "last", "the map", m)
before = p["checks_total"]
wait_for("more checks", lambda: path(a)["checks_total"] > before + 2)
check(kernel_states("mpatha")[read(f"/sys/class/block/{a}/dev")] == "F", "it stays failed")
run("dmsetup", "message", "mpatha", "0", f"reinstate_path {read(f'/sys/class/block/{a}/dev')}")
wait_for_kernel("mpatha", a, "F", 20)
say("given back by another program, it was failed again")

say("the last one is not")
refused(1, f"the last usable path of map mpatha ({b})", "fail", b)
refused(1, f"the last usable path of map mpatha ({b})", "disable", b)
check(path(b)["enabled"], "and it is checked", path(b))
check(kernel_states("mpatha")[read(f"/sys/class/block/{b}/dev")] == "A", "and it was not")

say("a reload changes nothing of that; giving it back does")
run("checkerctl", "reload")
check(path(a)["forced"], "still failed by hand", path(a))
run("checkerctl", "reinstate", a)
wait_for_kernel("mpatha", a, "A", 10)
p = wait_for("it is shown", lambda: path(a) if path(a)["dm_state"] == "active" else None)
check(not p["forced"], "no longer failed by hand", p)
for e in events(since):
	say(f"  {e['type']} {e['message']}")
told = [e["message"] for e in events(since) if e["path"] == a]
for words in ("to be failed until reinstated, by uid 0 (root)", "failed in its map: by hand",
              "no longer to be failed", "reinstated in its map"):
	check(any(words in t for t in told), f"told: {words}", *told)

say("out for maintenance, and back")
refused(1, f"the last usable path of map mpatha ({a}, {b})", "disable", "--fail", "--map", "mpatha")
run("checkerctl", "disable", a, "--fail", "--for", "1h")
wait_for_kernel("mpatha", a, "F", 10)
check(path(a)["state"] == "disabled", "not checked", path(a))
out = run("checkerctl", "enable", "--map", "mpatha", "--state", "disabled")
check(out.strip() == "enabled 1 path of 1 map: mpatha", "it says what it did", out)
wait_for_kernel("mpatha", a, "A", 10)

say("one that is down is given back when it is good")
run("checkerctl", "fail", a)
wait_for_kernel("mpatha", a, "F", 10)
scsi_state(a, "offline")
wait_for("it is down", lambda: state_is(a, "down"))
refused(1, "its checks fail", "reinstate", a)
scsi_state(a, "running")
wait_for_kernel("mpatha", a, "A", 20)
time.sleep(0.7)  # a change is reported after half a second
changes = ctl("show", "history", a)["histories"][0]["changes"]
check([(c["from"], c["to"]) for c in changes] == [("up", "down"), ("down", "up")], "its history",
      changes)

say("a path that checkerd does not check, and metrics")
config("polling_interval 1\nmax_polling_interval 1\nchecker_timeout 5\ndm_control on",
       f'blacklist {{\n\tdevnode "^{b}$"\n}}')
run("checkerctl", "reload")
m = wait_for("it is left out", lambda: maps()["mpatha"]
             if maps()["mpatha"]["groups"][1]["paths"][0]["path"] is None else None)
check(m["paths"] == [a, read(f"/sys/class/block/{b}/dev")], "its number in its place", m)
check("not checked here" in run("checkerctl", "show", "topology"), "it is said")
text = run("checkerctl", "metrics")
for line in ('checkerd_map_paths{map="mpatha",state="unchecked"} 1',
             f'checkerd_path_up{{path="{a}",map="mpatha"}} 1',
             'checkerd_dm_commands_total{result="failed"} 4'):
	check(line in text.splitlines(), line, *[l for l in text.splitlines() if "dm_" in l])

say("fewer paths than it had: known to the next daemon too, until that is accepted")
load_paths("mpatha", [a])
m = wait_for("one path", lambda: maps()["mpatha"] if maps()["mpatha"]["paths_total"] == 1 else None)
check(m["paths_expected"] == 2, "the other one is missed", m)
run("systemctl", "restart", "checkerd")
m = wait_for("the map", lambda: maps().get("mpatha"))
check(m["paths_expected"] == 2, "it is still missed", m)
done = subprocess.run(["checkerctl", "health"], capture_output=True, text=True, check=False)
check(done.returncode == 1 and "2 expected" in done.stdout, "health", done.returncode, done.stdout)
out = run("checkerctl", "accept", "--map", "mpatha")
check(out.strip() == "accepted 1 path of 1 map: mpatha", "it says what it did", out)
check(maps()["mpatha"]["paths_expected"] == 1, "one is right", maps()["mpatha"])
