# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkerd-exporter as a service, scraped by Debian's prometheus beside its node exporter; alert rules,
every query of the dashboard, the textfile collector, io.systemd.Metrics, and a night shift."""
# timeout: 360
import json
import os
import re
import urllib.parse
import urllib.request

import nightshift
from maps import make_map, without_multipath_tools
from varlink import Varlink
from vm import (check, config, figure, journal, journalctl, path, paths, read, run, say, scsi_debug,
                scsi_state, start, status_of, wait_for, write)

RULES = "/usr/share/checkerd/prometheus/checkerd.rules.yml"
DASHBOARD = "/usr/share/checkerd/grafana/checkerd.json"
SERVER = "http://127.0.0.1:9090/api/v1"


def get(url, **headers):
	with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as reply:
		return reply.read().decode()


def query(text):
	"""The result of a query: one entry for each series."""
	return json.loads(get(f"{SERVER}/query?query={urllib.parse.quote(text)}"))["data"]["result"]


def is_ready():
	try:
		return get("http://127.0.0.1:9090/-/ready")
	except OSError:
		return False


def asked(text, seconds=60):
	return wait_for(f"data for {text}", lambda: query(text), seconds, 1)


run("systemctl stop multipathd.socket multipathd", ok=False)
run("modprobe -a dm-multipath dm-round-robin")
without_multipath_tools()
UNITS = 4  # as many as a common cause takes
hosts = {}
for disk in scsi_debug(max_luns=UNITS, add_host=2):
	hosts.setdefault(os.path.realpath(f"/sys/block/{disk}").split("/host")[1].split("/")[0], []).append(disk)
one, other = hosts.values()
MAPS = [f"m{i}" for i in range(UNITS)]
for name, *pair in zip(MAPS, one, other):
	make_map(name, pair)
a = one[0]

say("as checkerd-exporter(8) says: the group, the socket, the service")
run("systemd-sysusers")
config("polling_interval 1\nmax_polling_interval 1\ndm_control on\nsocket_group checkerd")
start()
wait_for("all are up", lambda: sum(p["state"] == "up" for p in paths().values()) == 2 * UNITS)
run("systemctl start checkerd-exporter")
pid = run("systemctl show -P MainPID checkerd-exporter").strip()
uid = read(f"/proc/{pid}/status").split("Uid:")[1].split()[0]
check(int(uid) >= 61184, "it runs as a dynamic user", uid)
check(get("http://127.0.0.1:9877/healthz") == "ok\n", "it is healthy")
check("<title>checkerd</title>" in get("http://127.0.0.1:9877/"), "the page")
check(status_of("cat /proc/net/tcp | grep -q ' 0100007F:2695 '") == 0, "only on the loopback")

say("a hook, as checkerd-hook(8) says")
os.makedirs("/etc/checkerd/hooks.d")
write("/etc/checkerd/hooks.d/test.conf", "HOOK_ON=path_down,map_degraded\nHOOK_COMMAND=/usr/bin/env\n")
run("systemctl start checkerd-hook@test")
pid = run("systemctl show -P MainPID checkerd-hook@test").strip()
uid = read(f"/proc/{pid}/status").split("Uid:")[1].split()[0]
check(int(uid) >= 61184, "it runs as a dynamic user", uid)

say("promtool")
text = get("http://127.0.0.1:9877/metrics")
said = run("promtool check metrics 2>&1", stdin=text)
check(said == "", "promtool complains of the metrics", said)
run("promtool", "check", "rules", RULES)
rules_test = read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkerd.rules.test.yml"))
write("/root/test.yml", rules_test.replace("../../conf/prometheus/checkerd.rules.yml", RULES))
run("promtool", "test", "rules", "/root/test.yml", seconds=120)

say("Debian's prometheus, and its node exporter with checkerctl metrics as a text file")
# An alert waits for minutes, but not in a test.
write("/root/rules.yml", re.sub(r"\bfor: \w+", "for: 4s", read(RULES)))
text_folder = "/var/lib/prometheus/node-exporter"
run("systemctl start checkerd-textfile.timer checkerd-textfile.service")
check(os.listdir(text_folder) and all(not f.endswith(".new") for f in os.listdir(text_folder)), "the file")
write("/root/prometheus.yml", f"""
global: {{ scrape_interval: 2s, evaluation_interval: 2s }}
rule_files: [ /root/rules.yml ]
scrape_configs:
  - job_name: checkerd
    static_configs: [ {{ targets: [ "localhost:9877" ] }} ]
  - job_name: node
    static_configs: [ {{ targets: [ "localhost:9100" ] }} ]
""")
run("systemd-run -q --unit=test-node prometheus-node-exporter "
    "--collector.disable-defaults --collector.diskstats --collector.textfile "
    f"--collector.textfile.directory={text_folder} --web.listen-address=127.0.0.1:9100")
run("systemd-run -q --unit=test-prometheus prometheus --config.file=/root/prometheus.yml "
    "--storage.tsdb.path=/root/tsdb --web.listen-address=127.0.0.1:9090")
wait_for("prometheus is ready", is_ready, 120, 1)
check(asked('checkerd_up{job="checkerd"} == 1', 90), "it scrapes")
took = float(query('scrape_duration_seconds{job="checkerd"}')[0]["value"][1])
figure(f"a scrape of {2 * UNITS} paths takes {took * 1000:.0f} ms in this machine")

say("the metrics join those of the node exporter")
joined = asked('node_disk_io_time_seconds_total * on (device) group_left (map) '
               'checkerd_path_info{job="checkerd"}')
check({(s["metric"]["device"], s["metric"]["map"]) for s in joined} ==
      {(disk, name) for disks in (one, other) for disk, name in zip(disks, MAPS)}, "disks with their map", joined)
check(asked('node_textfile_scrape_error == 0'), "the textfile collector takes checkerctl metrics")
check(len(asked('checkerd_path_up{job="node"}')) == 2 * UNITS, "and has the paths")

say("every query of the dashboard returns data; a map that lost a path is in it")
scsi_state(a, "offline")
wait_for("the path is down", lambda: path(a)["state"] == "down")
with open(DASHBOARD, encoding="utf-8") as f:
	panels = json.load(f)["panels"]
for panel in panels:
	for target in panel["targets"]:
		asked(target["expr"].replace("$job", "checkerd").replace("$instance", ".*"))
figure(f"{len(panels)} panels have data")

scsi_state(a, "running")
wait_for("the path is up", lambda: path(a)["state"] == "up")
wait_for("no alert", lambda: not query("ALERTS"), 60, 1)

say("a night shift")
nightshift.play(one, MAPS, lambda name: get(f"{SERVER}/{name}"),
                lambda name: get(f"http://127.0.0.1:9877{name}"))

say("systemd-report's socket")
run("systemctl start checkerd-report.socket")
with Varlink("/run/systemd/report/io.checkerd.Metrics") as report:
	first = report.call("io.systemd.Metrics.List", more=True)
	check(first == {"name": "io.checkerd.Metrics.up", "value": 1}, "the first metric", first)

say("the hook was started for the path that was lost first, and for the fabric; the journal explains it")
said = journal("checkerd-hook@test").splitlines()
for kind in ("path_down", "map_degraded"):
	check(said.count(f"CHECKERD_HOOK={kind}") == 2, f"{kind}: once for one, once for many", said)
check(f"CHECKERD_PATH={a}" in said and "CHECKERD_STATE=last" in said, "with its values", said)
run("journalctl --update-catalog")
said = journalctl("-x", "CHECKERD_TYPE=map", "CHECKERD_STATE=last")
check("checkerctl show topology m" in said, "an event about a map is explained", said)

say("checkerd is gone: the exporter says so")
run("systemctl stop checkerd.socket checkerd")
asked('checkerd_up{job="checkerd"} == 0')
asked('ALERTS{alertname="CheckerdDown"}')
run("systemctl stop checkerd-exporter")
check(run("systemctl show -P Result checkerd-exporter").strip() == "success", "it stops well")
