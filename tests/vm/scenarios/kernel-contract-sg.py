# SPDX-License-Identifier: LGPL-2.1-or-later
"""/dev/sgN takes and gives back SCSI commands as a checker that has no thread a check relies on."""
# timeout: 200
import errno
import select
import signal
import threading

from sg import INQUIRY, TEST_UNIT_READY, Generic, node_of
from targets import Iscsi, cut, restore
from vm import *

FACTS = []
PER_DESCRIPTOR = 16  # commands in flight, the driver's SG_MAX_QUEUE
TAGS = 4             # as few as the kernel lets a queue have
VENDOR_COMMAND = bytes([0xc1] + [0] * 5)
DRIVER = "/sys/bus/pseudo/drivers/scsi_debug"


def fact(fn):
	FACTS.append(fn)
	return fn


def equal(found, expected):
	check(found == expected, f"expected {expected}, found {found}")


def errno_of(fn):
	"""The errno's name of a call that fails; what it returns when it does not."""
	try:
		return fn()
	except OSError as e:
		return errno.errorcode[e.errno]


def answer(on):
	"""The disks answer, or take commands and never do."""
	write(f"{DRIVER}/opts", "0" if on else "4")
	write(f"{DRIVER}/every_nth", "0" if on else "-1")


def scsi_host(name):
	return os.path.basename(next(p for p in glob.glob("/sys/class/scsi_host/host*")
	                             if os.path.exists(f"/sys/block/{name}") and os.path.basename(p) in
	                             os.path.realpath(f"/sys/block/{name}").split("/")))


def host_state():
	return read(f"/sys/class/scsi_host/{scsi_host(disk)}/state")


class Silent:
	"""Commands that are sent now are not answered; afterwards error recovery has ended."""

	def __enter__(self):
		answer(False)

	def __exit__(self, *_):
		answer(True)


def end_recovery():
	"""What is still in flight is aborted after its time limit, and the host runs again."""
	wait_for("the host runs", lambda: host_state() == "running", 60)
	scsi_state(disk, "running")


@fact
def answers_come_in_the_order_of_their_ends_one_a_read():
	g = Generic(disk)
	for n in range(3):
		equal(g.write(pack_id=n), 88)
	found = []
	for _ in range(3):
		check(g.wait(5), "poll tells of it")
		found.append(g.read().pack_id)
	equal(sorted(found), [0, 1, 2])
	equal(errno_of(g.read), "EAGAIN")
	g.close()


@fact
def a_descriptor_takes_16_commands():
	g = Generic(disk)
	with Silent():
		for n in range(PER_DESCRIPTOR):
			equal(g.write(pack_id=n, timeout_ms=3000), 88)
		equal(errno_of(lambda: g.write(pack_id=PER_DESCRIPTOR)), "EDOM")
	end_recovery()
	for n in range(PER_DESCRIPTOR):
		check(g.wait(20), "each comes back")
		g.read()
	g.close()


def as_nobody(body):
	"""In a process without a capability; body returns the exit status."""
	child = os.fork()
	if child == 0:
		os.setresgid(65534, 65534, 65534)
		os.setresuid(65534, 65534, 65534)
		os._exit(body())
	return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@fact
def writing_needs_O_RDWR_and_then_any_command_may_be_sent():
	"""Without a capability, too: what SG_IO refuses."""
	def vendor_command():
		g = Generic(disk)
		equal(g.write(VENDOR_COMMAND), 88)
		check(g.wait(5), "it is answered")
		return 0 if g.read().sense == (5, 0x20, 0) else 1  # the disk itself does not know it

	g = Generic(disk, os.O_RDONLY | os.O_NONBLOCK)
	equal(errno_of(g.write), "EBADF")
	g.close()
	node = f"/dev/{node_of(disk)}"
	equal(as_nobody(lambda: 0 if errno_of(lambda: os.open(node, os.O_RDWR)) == "EACCES" else 1), 0)
	os.chmod(node, 0o666)
	equal(as_nobody(vendor_command), 0)
	os.chmod(node, 0o660)


@fact
def only_the_credentials_that_opened_a_descriptor_may_write_to_it():
	"""Those of another process are others, also when they are equal; of another thread they are not."""
	g = Generic(disk)
	equal(as_nobody(lambda: 0 if errno_of(g.write) == "EPERM" else 1), 0)
	child = os.fork()
	if child == 0:
		os._exit(0 if errno_of(g.write) == "EPERM" else 1)
	equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
	found = []
	thread = threading.Thread(target=lambda: found.append(errno_of(g.write)))
	thread.start()
	thread.join(5)
	equal(found, [88])
	check(g.wait(5), "it is answered")
	equal(g.read().status, 0)
	g.close()


@fact
def a_descriptor_holds_32_KiB_of_kernel_memory_and_4_when_told():
	g = Generic(disk)
	equal(g.reserved(), 32768)
	equal(g.reserved(0), 4096)
	equal(g.write(INQUIRY, length=36), 88)
	check(g.wait(5), "a command with little data is answered all the same")
	equal(g.read().status, 0)
	g.close()


@fact
def write_sleeps_when_no_tag_is_free_whatever_O_NONBLOCK_says():
	requests = f"/sys/block/{disk}/queue/nr_requests"
	usual = read(requests)
	write(requests, str(TAGS))
	g = Generic(disk)
	with Silent():
		for n in range(TAGS):
			equal(g.write(pack_id=n, timeout_ms=8000), 88)
		result = []
		last = threading.Thread(target=lambda: result.append(errno_of(lambda: g.write(pack_id=TAGS))))
		last.start()
		last.join(3)
		check(last.is_alive(), "the write sleeps")
	last.join(60)
	equal(result, [88])
	end_recovery()
	for _ in range(TAGS + 1):
		check(g.wait(30), "each comes back")
		g.read()
	g.close()
	write(requests, usual)


@fact
def a_time_limit_that_ends_has_the_command_aborted():
	g = Generic(disk)
	with Silent():
		equal(g.write(timeout_ms=1000), 88)
		check(g.wait(30), "it comes back")
	late = g.read()
	figure(f"a command whose time is over: host byte {late.host}, driver byte {late.driver}")
	check(late.host != 0, "and says that nobody answered")
	g.close()


@fact
def an_open_and_a_write_with_O_NONBLOCK_pass_a_host_in_recovery():
	"""An initiator that cannot even abort a command holds its host in error recovery."""
	target = Iscsi(portals=2, luns=1, abort=1)
	(hung,) = target.disks(portal=1)
	g, state = Generic(hung), f"/sys/class/scsi_host/{scsi_host(hung)}/state"
	cut(1)
	equal(g.write(timeout_ms=1000), 88)
	wait_for("error recovery", lambda: read(state) == "recovery", 30)
	begin = time.monotonic()
	another = Generic(hung)
	equal(another.write(pack_id=1), 88)
	check(time.monotonic() - begin < 2, "neither of them waits for it")
	plain = subprocess.Popen(["sh", "-c", f"exec 3<>/dev/{g.node}"])
	time.sleep(2)
	check(plain.poll() is None and read(state) == "recovery", "an open without it does")
	check(not another.wait(1), "what was sent meanwhile waits in the kernel")
	restore(1)
	equal(plain.wait(60), 0)
	check(g.wait(60) and another.wait(60), "both commands come back")
	figure(f"the one that was aborted: host byte {g.read().host}, the other: {another.read().host}")
	g.close()
	another.close()


@fact
def a_process_with_commands_in_flight_can_exit():
	with Silent():
		readable, writable = os.pipe()
		child = os.fork()
		if child == 0:
			g = Generic(disk)
			os.write(writable, b"x" if g.write(timeout_ms=4000) == 88 else b"!")
			signal.pause()
		equal(os.read(readable, 1), b"x")
		begin = time.monotonic()
		os.kill(child, signal.SIGKILL)
		equal(os.waitpid(child, 0)[1], signal.SIGKILL)
		figure(f"a process with an sg command in flight is gone after {time.monotonic() - begin:.2f} s")
		check(time.monotonic() - begin < 2, "it does not wait for its command")
		g = Generic(disk)
		begin = time.monotonic()
		equal(g.write(pack_id=1, timeout_ms=4000), 88)
		g.close()
		check(time.monotonic() - begin < 2, "nor does close()")
	end_recovery()


def delete_and_scan(name):
	"""Takes the disk away and has its host look for it; what it is called then."""
	address = os.path.basename(os.path.realpath(f"/sys/block/{name}/device"))
	host_name, node = scsi_host(name), f"/dev/{node_of(name)}"
	write(f"/sys/block/{name}/device/delete", "1")
	wait_for("the node is gone", lambda: not os.path.exists(node), 20)
	write(f"/sys/class/scsi_host/{host_name}/scan", " ".join(address.split(":")[1:]))
	settle()
	return wait_for("the disk is there again", scsi_debug_disks, 20)[0]


@fact
def a_node_that_is_gone_says_so_and_its_number_is_used_again_once_it_is_closed():
	g = Generic(disk)
	again = delete_and_scan(disk)
	check(g.wait(5) & select.POLLHUP, "poll says so")
	equal(errno_of(g.write), "ENODEV")
	figure(f"a read of a node that is gone: {errno_of(g.read)}")
	check(node_of(again) != g.node, "its number is not free while it is open")
	g.close()
	equal(node_of(delete_and_scan(again)), g.node)


disk = scsi_debug(max_luns=1)[0]
run("modprobe sg")
wait_for("its sg node", lambda: os.path.exists(f"/dev/{node_of(disk)}"), 20)
g = Generic(disk)
g.write(TEST_UNIT_READY)  # a unit attention after power-on
g.wait(5)
g.read()
g.close()
for f in FACTS:
	say(f.__name__.replace("_", " "))
	f()
figure(f"{len(FACTS)} facts of sg hold on Linux {os.uname().release}")
