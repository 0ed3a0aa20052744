# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nobody is refused to take a device away because it is watched: loop, dm, md, nbd, drbd."""
# timeout: 200
from vm import *

INTERVAL = 2
CONFIG = (f"discovery static\npolling_interval {INTERVAL}\nmax_polling_interval {INTERVAL}\n"
          "checker_timeout 10\n")
TURNS = 4  # a check has a device open for a moment: whoever comes just then tries once more


def loop(n, megabytes=8):
	run(f"truncate -s {megabytes}M /root/disk{n}")
	run(f"losetup /dev/loop{n} /root/disk{n}")
	return f"/dev/loop{n}"


def make_loop():
	return loop(0), "losetup -d /dev/loop0", lambda: "loop0" not in run("losetup -l -n -O NAME")


def make_dm():
	run(f"dmsetup create watched --table '0 2048 linear {loop(1)} 0'")
	return "/dev/mapper/watched", "dmsetup remove watched", lambda: "watched" not in run(
		"dmsetup ls")


def make_crypt():
	run(f"dmsetup create secret --table '0 2048 crypt aes-xts-plain64 {'0' * 64} 0 {loop(2)} 0'")
	return "/dev/mapper/secret", "dmsetup remove secret", lambda: "secret" not in run("dmsetup ls")


def make_md():
	run("modprobe raid1")
	run(f"mdadm --build /dev/md7 --level=1 --raid-devices=2 {loop(3)} {loop(4)}")
	return "/dev/md7", "mdadm --stop /dev/md7", lambda: "md7" not in read("/proc/mdstat")


def make_nbd():
	run("modprobe nbd nbds_max=2")
	run("truncate -s 8M /root/exported")
	write("/root/nbd.conf", "[generic]\n[disk]\nexportname = /root/exported\n")
	run("ip link set lo up; nbd-server 127.0.0.1:10809 -C /root/nbd.conf")
	wait_for("the server", lambda: status_of(
		"nbd-client -N disk 127.0.0.1 10809 /dev/nbd0 >/dev/null 2>&1") == 0, 20, every=0.5)
	return "/dev/nbd0", "nbd-client -d /dev/nbd0", lambda: read("/sys/block/nbd0/size") == "0"


def make_drbd():
	run("modprobe drbd")
	run("mkdir -p /etc/drbd.d /var/lib/drbd")
	write("/etc/drbd.conf", f"""resource r {{
 device /dev/drbd0;
 disk {loop(5, 16)};
 meta-disk internal;
 on {os.uname().nodename} {{ address 127.0.0.1:7788; }}
 on other {{ address 127.0.0.1:7789; }}
}}
""")
	run("drbdadm create-md --force r")
	run("drbdadm up r; drbdadm primary --force r", seconds=60)
	return "/dev/drbd0", "drbdadm secondary r", lambda: "ro:Primary" not in read("/proc/drbd")


def goes(command, is_gone):
	"""Takes the device away; returns what went wrong."""
	said = ""
	for _ in range(TURNS):
		done = subprocess.run(["timeout", "10", "sh", "-c", command], stdin=subprocess.DEVNULL,
		                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
		said = done.stdout.strip()
		if done.returncode == 0:
			break
		time.sleep(0.7)
	else:
		return f"{command}: exit {done.returncode}: {said}"
	deadline = time.monotonic() + 3 * INTERVAL
	while not is_gone():
		if time.monotonic() > deadline:
			return f"{command}: it is still there"
		time.sleep(0.2)
	return None


run("modprobe loop; modprobe dm-crypt")
kinds = {}
for make in (make_loop, make_dm, make_crypt, make_md, make_nbd, make_drbd):
	kinds[make.__name__.removeprefix("make_")] = make()
# rbd needs a cluster, which there is none of in here.
say(f"watched: {', '.join(kinds)}; rbd was not tried")
settle()
names = {kind: os.path.basename(device) for kind, (device, _, _) in kinds.items()}
config(CONFIG, static_paths(device for device, _, _ in kinds.values()))
start()
for kind, name in names.items():
	wait_for(f"{kind} is up", lambda n=name: state_is(n, "up"), 30)
rounds(names.values(), 2)

refused = []
for kind, (_, command, is_gone) in kinds.items():
	begin, why = time.monotonic(), goes(command, is_gone)
	say(f"{command}: {why or f'done after {time.monotonic() - begin:.1f} s'}")
	if why:
		refused.append(why)
check(not refused, f"{len(refused)} of {len(kinds)} are refused because they are watched", *refused)
figure(f"taken away while watched: {', '.join(kinds)}")
