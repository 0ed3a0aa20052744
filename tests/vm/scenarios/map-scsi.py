"""A map of SCSI disks under load: each path goes offline and returns, and fio sees no error."""
# timeout: 150
from maps import Verifier, kernel_states, make_map, wait_for_kernel, without_multipath_tools
from vm import *

INTERVAL = 1

disks = scsi_debug(max_luns=1, add_host=4, vpd_use_hostno=0)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
make_map("data", disks)
config(f"polling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\nchecker_timeout 3\ndm_control on")
start()
wait_for("the map is known, all paths active",
         lambda: maps().get("data", {}).get("redundancy") == "full")
check({p["map"] for n, p in paths().items() if n in disks} == {"data"}, "its paths say so", paths())
fio = Verifier("data")
took = {"F": [], "A": []}
for disk in disks:
	before = last_event()
	say(f"{disk} goes offline")
	scsi_state(disk, "offline")
	took["F"].append(wait_for_kernel("data", disk, "F", INTERVAL + 5))
	check(maps()["data"]["redundancy"] == "degraded", "the map is degraded", maps())
	down = wait_for(f"{disk} is down", lambda: state_is(disk, "down"))
	check("offline" in down["reason"], "the reason says what the kernel thinks", down)
	check(down["dm_state"] == "failed", "and what device-mapper thinks", down)
	say(f"{disk} returns")
	scsi_state(disk, "running")
	took["A"].append(wait_for_kernel("data", disk, "A", INTERVAL + 5))
	wait_for(f"{disk} is up", lambda: state_is(disk, "up"))
	wait_for("redundant again", lambda: maps()["data"]["redundancy"] == "full")
	story = [(e["type"], e["from"], e["to"]) for e in events(before)
	         if e["type"] == "path_state" and e["path"] == disk]
	check(story == [("path_state", "up", "down"), ("path_state", "down", "up")],
	      "the events tell it so", events(before))
	fio.is_well()
blocks = fio.end()
check(set(kernel_states("data").values()) == {"A"}, "all is well at the end")
figure(f"4 paths offline and back, {blocks} blocks written and verified, interval {INTERVAL} s: "
       f"in the kernel's table after at most {max(took['F']):.2f} s, back after {max(took['A']):.2f} s")
