# SPDX-License-Identifier: LGPL-2.1-or-later
"""Maps over iSCSI and NVMe/TCP under load: networks cut, targets gone; fio sees no error."""
# timeout: 240
from maps import CONFIG, Verifier, lose_each, make_map, without_multipath_tools
from targets import Iscsi, NvmeTcp, cut, restore
from vm import *

run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
iscsi = Iscsi(portals=2, luns=1, noop=1, replacement=3)
config(CONFIG)

make_map("iscsi", iscsi.disks())
start()
wait_for("the map is known", lambda: maps().get("iscsi", {}).get("redundancy") == "full")
portal = {disk: n for n in range(2) for disk in iscsi.disks(n)}
fio = Verifier("iscsi")
failed, back = lose_each("iscsi", iscsi.disks(), lambda d: cut(portal[d]),
                         lambda d: restore(portal[d]), fio)
figure(f"iSCSI networks cut and restored, {fio.end()} blocks written and verified: in the "
       f"kernel's table after at most {failed:.2f} s, back after {back:.2f} s")

nvme = NvmeTcp(portals=2, first=2)
make_map("nvme", nvme.disks())
wait_for("the map is known", lambda: maps().get("nvme", {}).get("redundancy") == "full")
portal = {disk: n for n in (2, 3) for disk in nvme.disks(n)}
fio = Verifier("nvme")
failed, back = lose_each("nvme", nvme.disks(), lambda d: nvme.withdraw(portal[d]),
                         lambda d: nvme.offer(portal[d]), fio)
figure(f"NVMe/TCP targets gone and back, {fio.end()} blocks written and verified: in the "
       f"kernel's table after at most {failed:.2f} s, back after {back:.2f} s")
