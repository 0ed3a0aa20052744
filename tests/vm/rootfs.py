# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prepares this machine's disk for another boot, with root on a multipath map: see rootmap.py. An archive that
is appended to the initramfs makes the maps; nothing of multipath-tools has a part in it."""
import os

from maps import without_multipath_tools
from vm import run, write

OVERLAY = "/root/overlay.cpio"
WWNS = {"root": "5000c50000000001", "srv": "5000c50000000002"}  # also in rootmap.py
MODULES = "virtio_scsi sd_mod sg dm_multipath dm_round_robin"
# Each path a priority group of its own. Without a path I/O waits, as it does on hosts with root there.
SCRIPT = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
for module in /paths/*.ko; do insmod $module 2>/dev/null; done
make_map() { # make_map NAME WWN: when both its paths are there
	while :; do
		groups= paths=0
		for disk in /sys/block/sd*; do
			[ "$(cat $disk/device/wwid 2>/dev/null)" = naa.$2 ] || continue
			groups="$groups round-robin 0 1 1 $(cat $disk/dev) 1"
			paths=$((paths + 1))
			size=$(cat $disk/size)
		done
		[ $paths = 2 ] && break
		sleep 1
	done
	dmsetup create $1 --uuid mpath-3$2 --table "0 $size multipath 1 queue_if_no_path 0 2 1$groups"
}
"""


def make_overlay():
	run("mkdir -p /run/overlay/scripts/local-top /run/overlay/paths")
	shown = run(f"for m in {MODULES}; do modprobe --show-depends $m; done").splitlines()
	modules = [line.split()[1] for line in shown if line.startswith("insmod")]
	for n, module in enumerate(dict.fromkeys(modules)):
		run("cp", module, f"/run/overlay/paths/{n:02}.ko")
	script = "/run/overlay/scripts/local-top/paths"
	write(script, SCRIPT + "".join(f"make_map {name} {wwn}\n" for name, wwn in WWNS.items()))
	os.chmod(script, 0o755)
	write("/run/overlay/scripts/local-top/ORDER", '/scripts/local-top/paths "$@"\n')
	run(f"cd /run/overlay && find . -mindepth 1 | cpio --quiet -o -H newc >{OVERLAY}")


def prepare():
	make_overlay()
	without_multipath_tools()
	os.makedirs("/srv", exist_ok=True)
	write("/etc/fstab", "/dev/mapper/root / ext4 noatime 0 1\n/dev/mapper/srv /srv ext4 noatime 0 2\n")
