# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkerd-exporter: metrics in both formats, the page, and a daemon that goes and comes."""
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

import openmetrics
from harness import Skip, check, config, test, wait_until

PATHS = 8
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


class Exporter:
	def __init__(self, case, daemon, *args):
		with socket.socket() as s:
			s.bind(("127.0.0.1", 0))
			self.port = s.getsockname()[1]
		self.log = os.path.join(case.folder, "exporter.log")
		self.process = case.helper(case.programs["checkerd-exporter"], "-s", daemon.socket,
		                           "--listen", f"127.0.0.1:{self.port}", *args)
		wait_until("the exporter listens", self.listens, 10)

	def listens(self):
		with socket.socket() as s:
			return s.connect_ex(("127.0.0.1", self.port)) == 0

	def get(self, path, **headers):
		"""Returns (status, headers, text)."""
		request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
		try:
			with urllib.request.urlopen(request, timeout=20) as reply:
				return reply.status, reply.headers, reply.read().decode()
		except urllib.error.HTTPError as e:
			return e.code, e.headers, e.read().decode()


def classic(text):
	"""Names of samples and of heads. A strict enough reader: no head without a sample, and no
	counter whose name lacks _total."""
	heads = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
	samples = {re.match(r"[a-z_:0-9]+", line)[0] for line in text.splitlines()
	           if not line.startswith("#")}
	for name, kind in heads.items():
		check(kind in ("counter", "gauge", "histogram"), "no type of the classic format", name, kind)
		check(kind != "counter" or name.endswith("_total"), "a counter's name", name)
	for name in samples:
		base = re.sub(r"_(bucket|count|sum)$", "", name)
		check(name in heads or heads.get(base) == "histogram", "a sample without a head", name)
	check("# EOF" not in text and "# UNIT" not in text, "a line of the other format")
	return samples


@test([16])
def exporter_serves_both_formats(case):
	daemon = case.daemon(config(case.loops(range(PATHS)))).start().wait_ready(up=PATHS)
	exporter = Exporter(case, daemon, "--latency")
	status, headers, text = exporter.get("/metrics", Accept=OPENMETRICS)
	check(status == 200 and headers["Content-Type"].startswith("application/openmetrics-text"),
	      "the type", status, headers)
	families = openmetrics.parse(text.encode())
	check(len(families["checkerd_path_up"].samples) == PATHS, "paths", text)
	check(len(families["checkerd_path_latency_seconds"].samples) == 9 * PATHS, "latencies", text)
	status, headers, text = exporter.get("/metrics")
	check(headers["Content-Type"].startswith("text/plain; version=0.0.4"), "the type", headers)
	samples = classic(text)
	check({"checkerd_up", "checkerd_path_checks_total", "checkerd_build_info",
	       "checkerd_path_latency_seconds_count"} <= samples, "samples", samples)
	check(exporter.get("/healthz")[::2] == (200, "ok\n"), "health")


@test([16])
def exporter_leaves_out_paths(case):
	daemon = case.daemon(config(case.loops(range(PATHS)))).start().wait_ready(up=PATHS)
	text = Exporter(case, daemon, "--no-paths").get("/metrics", Accept=OPENMETRICS)[2]
	families = openmetrics.parse(text.encode())
	check(not [n for n in families if n.startswith("checkerd_path_")], "paths are there", text)
	check("checkerd_aio_slots" in families, "the rest is missing", text)


@test([16])
def exporter_outlives_the_daemon(case):
	daemon = case.daemon(config(case.loops(range(PATHS)))).start().wait_ready(up=PATHS)
	exporter = Exporter(case, daemon)
	text = daemon.config
	daemon.signal(9)
	daemon.ended(5)
	wait_until("health fails", lambda: exporter.get("/healthz")[0] == 503, 10)
	check(daemon.socket in exporter.get("/healthz")[2], "the socket is not named")
	wait_until("checkerd_up 0", lambda: "checkerd_up 0\n" in exporter.get("/metrics")[2], 10)
	check("error" in json.loads(exporter.get("/data/picture")[2]), "the page is not told")
	with open(text, encoding="utf-8") as f:
		case.daemon(f.read(), name="successor", socket=daemon.socket).start().wait_ready(up=PATHS)
	wait_until("checkerd_up 1", lambda: "checkerd_up 1\n" in exporter.get("/metrics")[2], 10)


@test([16])
def exporter_refuses_what_it_does_not_serve(case):
	daemon = case.daemon(config(case.loops(range(2)))).start().wait_ready(up=2)
	exporter = Exporter(case, daemon)
	check(exporter.get("/etc/passwd")[0] == 404, "a name that is not there")
	check(exporter.get("/data/history")[0] == 400, "history of no path")
	check("error" in json.loads(exporter.get("/data/history?path=nosuch")[2]), "no such path")
	for request in (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
	                b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n"):
		with socket.create_connection(("127.0.0.1", exporter.port), timeout=10) as s:
			s.sendall(request)
			check(b" 405 " in s.recv(4096).split(b"\r\n")[0], "a method that changes", request)
	with socket.create_connection(("127.0.0.1", exporter.port), timeout=10) as s:
		s.sendall(b"\xff" * 100000)  # no HTTP at all
	check(exporter.get("/healthz")[0] == 200, "it serves no more")


@test([16])
def page_in_a_browser(case):
	"""Headless Chromium runs the page: maps and paths, a broken one first, no scripts from
	elsewhere."""
	browser = shutil.which("chromium") or shutil.which("chromium-browser")
	if browser is None:
		raise Skip("there is no chromium")
	devices = case.loops(range(4))
	daemon = case.daemon(config(devices)).start().wait_ready(up=4)
	exporter = Exporter(case, daemon)
	case.disk.tell("fail", 0, "EIO")
	daemon.wait_count("down", 1)
	# Others may follow with the same cause: the event is told a moment after the state.
	wait_until("the event", lambda: "-> down" in exporter.get("/data/events")[2], 10)
	url = f"http://127.0.0.1:{exporter.port}/"
	dom = subprocess.run(
		[browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=320,700",
		 f"--user-data-dir={case.folder}/chromium", "--virtual-time-budget=8000", "--dump-dom", url],
		capture_output=True, text=True, timeout=80, check=False).stdout
	check('<span class="state">down 1</span>' in dom, "the count of paths that are down", dom[-3000:])
	for device in devices:
		check(f"<b>{os.path.basename(device)}</b>" in dom, "a path is missing", device, dom[-3000:])
	check(dom.count('class="strip"') == 4 and dom.count('class="bars"') == 4, "pictures", dom[-3000:])
	check(re.search(r"<li><time[^<]*</time>[^<]*-&gt; down", dom), "the event", dom[-3000:])
	check('id="trouble" role="alert" hidden' in dom, "the page complains", dom[-3000:])
	policy = exporter.get("/")[1]["Content-Security-Policy"]
	check("default-src 'none'" in policy and "http" not in policy, "the policy", policy)
