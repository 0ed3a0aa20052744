# SPDX-License-Identifier: LGPL-2.1-or-later
"""A map of SCSI disks under load: each path goes offline and returns, and fio sees no error."""
# timeout: 150
from maps import CONFIG, INTERVAL, Verifier, lose_each, make_map, without_multipath_tools
from vm import *

disks = scsi_debug(max_luns=1, add_host=4, vpd_use_hostno=0)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
make_map("data", disks)
config(CONFIG)
start()
wait_for("the map is known, all paths active",
         lambda: maps().get("data", {}).get("redundancy") == "full")
check({p["map"] for n, p in paths().items() if n in disks} == {"data"}, "its paths say so", paths())
fio = Verifier("data")
failed, back = lose_each("data", disks, lambda d: scsi_state(d, "offline"),
                         lambda d: scsi_state(d, "running"), fio)
check("offline" in run("checkerctl show events"), "the reason says what the kernel thinks")
blocks = fio.end()
figure(f"{len(disks)} paths offline and back, {blocks} blocks written and verified, interval "
       f"{INTERVAL} s: in the kernel's table after at most {failed:.2f} s, back after {back:.2f} s")
