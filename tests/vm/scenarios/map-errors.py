# SPDX-License-Identifier: LGPL-2.1-or-later
"""A map under load, each path's reads and writes fail in turn and work again; fio sees no error."""
# timeout: 150
from maps import CONFIG, INTERVAL, Verifier, lose_each, make_map, without_multipath_tools
from vm import *

disk = scsi_debug(max_luns=1)[0]
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
size = read(f"/sys/block/{disk}/size")


def behave(path, target):
	"""A disk of dm's own: linear is good, error fails everything."""
	table = f"0 {size} {target}"
	run("dmsetup", "suspend", "--noflush", "--nolockfs", names[path])
	run("dmsetup", "load", names[path], "--table", table)
	run("dmsetup", "resume", names[path])


names = {}
for name in ("left", "right"):
	run("dmsetup", "create", name, "--table", f"0 {size} linear /dev/{disk} 0")
	node = os.path.basename(os.path.realpath(f"/dev/mapper/{name}"))
	names[node] = name
# What is made of dm's disks cannot be made of requests.
make_map("data", list(names), features="3 queue_if_no_path queue_mode bio")
config("discovery static\n" + CONFIG,
       "paths {\n" + "".join(f"path {{ device /dev/{n} }}\n".replace("{ ", "{\n").replace(" }", "\n}")
                             for n in names) + "}")
start()
wait_for("the map is known, all paths active",
         lambda: maps().get("data", {}).get("redundancy") == "full")
fio = Verifier("data")
failed, back = lose_each("data", list(names), lambda p: behave(p, "error"),
                         lambda p: behave(p, f"linear /dev/{disk} 0"), fio)
check("Input/output error (EIO)" in run("checkerctl show events"), "the reason is the disk's own")
figure(f"reads fail and work again, {fio.end()} blocks written and verified, interval {INTERVAL} s: "
       f"in the kernel's table after at most {failed:.2f} s, back after {back:.2f} s")
