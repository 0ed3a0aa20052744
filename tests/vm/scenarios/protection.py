# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks whose data the kernel verifies, T10 PI, dm-integrity, dm-verity: none fails because of another's data."""
# timeout: 180
import hashlib

from vm import *

DISKS, MAPS, ROUNDS = 8, 3, 30
SIZE_MB, SECTOR, BLOCK = 4, 512, 4096
CONFIG = "discovery static\npolling_interval 0.5\nmax_polling_interval 0.5\nchecker_timeout 20\n"


def fill(device, megabytes):
	"""Other data on each device: what is verified with the data of another one is wrong."""
	run(f"dd if=/dev/urandom of={device} bs=64k count={megabytes * 16} oflag=direct")


def make_protected():
	"""SCSI disks with protection information, which the kernel verifies at each read."""
	disks = scsi_debug(add_host=DISKS, max_luns=1, per_host_store=1, dif=1, dix=1)
	for disk in disks:
		integrity = f"/sys/block/{disk}/integrity"
		check(read(f"{integrity}/format") == "T10-DIF-TYPE1-CRC" and
		      read(f"{integrity}/read_verify") == "1", f"{disk}: the kernel verifies reads",
		      read(f"{integrity}/format"))
		fill(f"/dev/{disk}", 1)
	return disks


def make_integrity(n):
	"""A dm-integrity map over a loop device."""
	name = f"integrity{n}"
	run(f"truncate -s {SIZE_MB}M /root/{name}")
	loop = run(f"losetup --show --find /root/{name}").strip()
	table = f"integrity {loop} 0 - D 1 internal_hash:crc32c"
	# The first time one sector is asked for: that formats the device, and its status says the size.
	run(f"dmsetup create {name} --table '0 1 {table}'")
	size = run(f"dmsetup status {name}").split()[4]
	run(f"dmsetup remove --retry {name}")
	run(f"dmsetup create {name} --table '0 {size} {table}'")
	fill(f"/dev/mapper/{name}", 1)
	return os.path.basename(os.path.realpath(f"/dev/mapper/{name}"))


def hash_tree(data, salt):
	"""The blocks of dm-verity's tree, the top one first, and the root's hash (Linux: dm-verity.rst)."""
	def hashes_of(blocks):
		return [hashlib.sha256(salt + b).digest() for b in blocks]

	def blocks_of(raw):
		return [raw[i:i + BLOCK].ljust(BLOCK, b"\0") for i in range(0, len(raw), BLOCK)]
	tree, level = [], blocks_of(data)
	while len(level) > 1:
		level = blocks_of(b"".join(hashes_of(level)))
		tree = level + tree
	return b"".join(tree), hashes_of(level)[0]


def make_verity(n):
	"""A dm-verity map over two loop devices: one has random data, one has the hashes of it."""
	name, salt = f"verity{n}", os.urandom(32)
	data = os.urandom(SIZE_MB << 20)
	tree, root = hash_tree(data, salt)
	loops = []
	for suffix, content in (("data", data), ("hashes", tree)):
		with open(f"/root/{name}-{suffix}", "wb") as f:
			f.write(content)
		loops.append(run(f"losetup --show --find --read-only /root/{name}-{suffix}").strip())
	run(f"dmsetup create {name} --readonly --table '0 {len(data) // SECTOR} verity 1 {loops[0]} {loops[1]} "
	    f"{BLOCK} {BLOCK} {len(data) // BLOCK} 0 sha256 {root.hex()} {salt.hex()}'")
	run(f"cmp /dev/mapper/{name} /root/{name}-data")
	return os.path.basename(os.path.realpath(f"/dev/mapper/{name}"))


disks = make_protected()
run("modprobe -a dm-integrity dm-verity loop")
maps_of_dm = [make(n) for make in (make_integrity, make_verity) for n in range(MAPS)]
settle()
config(CONFIG, static_paths(f"/dev/{d}" for d in [*disks, *maps_of_dm]))
start()

say(f"{len(disks)} disks with protection information, {MAPS} maps of dm-integrity, {MAPS} of dm-verity")
found = rounds([*disks, *maps_of_dm], ROUNDS)
bad = [f"{d}: {found[d]['state']}, {found[d]['failures_total']} of {found[d]['checks_total']} checks "
       f"failed: {found[d]['reason']}" for d in [*disks, *maps_of_dm]
       if found[d]["state"] != "up" or found[d]["failures_total"]]
check(not bad, f"{len(bad)} healthy paths fail", *bad)
figure(f"{len(found)} paths, at least {ROUNDS} checks each: 0 failed")
for n in range(MAPS):
	said = run(f"dmsetup status verity{n}").split()
	check(said[3] == "V", f"verity{n}: every block that was read was the right one", said)

say("one disk with protection information that is wrong")
ill = disks[DISKS // 2]
protection_errors(ill, True)
p = wait_for(f"{ill} says so", lambda: next((p for p in [path(ill)] if p["reason"]), None), 20)
check(p["state"] == "up", f"{ill} is up: the device answered", p)
check("EILSEQ" in p["reason"], "the reason is what the device said", p)
figure(p["reason"])
found = rounds([*disks, *maps_of_dm], 5)
for d in [*disks, *maps_of_dm]:
	check(found[d]["state"] == "up" and (d == ill or found[d]["failures_total"] == 0), f"{d} is up",
	      found[d])
told = [e["message"] for e in events() if e["path"] == ill and "EILSEQ" in e["message"]]
check(len(told) == 1, "there is one event of it", *told)
