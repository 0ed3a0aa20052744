# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows the figures as tables and as a page."""
import os
import platform
import subprocess


HERE = os.path.dirname(os.path.abspath(__file__))


def machine():
	"""Describes the machine and the versions."""
	cpu = ""
	with open("/proc/cpuinfo", encoding="utf-8") as f:
		for line in f:
			if line.startswith("model name"):
				cpu = line.split(":", 1)[1].strip()
				break
	with open("/proc/meminfo", encoding="utf-8") as f:
		memory = int(f.readline().split()[1]) >> 20
	return {
		"cpu": cpu, "cpus": os.cpu_count(), "memory_gib": memory, "kernel": platform.release(),
		"system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
		"compiler": _first_line("gcc", "--version"), "libc": " ".join(platform.libc_ver()),
	}


def _first_line(*command):
	try:
		return subprocess.run(command, capture_output=True, text=True,
		                      check=False).stdout.splitlines()[0]
	except (OSError, IndexError):
		return None


def number(value, digits=2):
	return "–" if value is None else f"{value:.{digits}f}"


def ratio(s):
	return f"{number(s['median'])} ({number(s['p25'])} to {number(s['p75'])})"


def table(heads, rows):
	"""Lines of a Markdown table with aligned columns."""
	cells = [list(heads)] + [[str(c) for c in row] for row in rows]
	widths = [max(len(r[i]) for r in cells) for i in range(len(heads))]
	lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, widths)) + " |" for r in cells]
	lines.insert(1, "| " + " | ".join("-" * w for w in widths) + " |")
	return lines


def compared(result):
	"""The table of subjects that ran in turn."""
	many = max(r["paths"] for r in result["rows"])
	note = ["", f"{many:,} paths are more than there are devices: each serves several."]
	return table(
		("paths", "subject", "CPU a check, us", "÷ first", "quartiles",
		 "system calls / 1,000", "sleeps / 1,000", "preempted / 1,000", "wall us"),
		[(f"{r['paths']:,}", r["kind"], number(r["cpu_us"]["median"]),
		  number(r["ratio"]["median"]),
		  f"{number(r['ratio']['p25'])} to {number(r['ratio']['p75'])}",
		  number(r["calls_per_1000"], 1), number(r["slept_per_1000"], 1),
		  number(r["preempted_per_1000"], 1), number(r["wall_us"]["median"]))
		 for r in result["rows"]])


def commands(result):
	if "why" in result:
		return [f"Not measured on this host: {result['why']}. `make bench-vm` measures it in a virtual "
		        "machine: see the end of this page."]
	return [f"{result['disks']} disks of {result['driver']}.", "", *compared(result)]


def threads(row):
	return ", ".join(f"{name} {n:.1f}" for name, n in row["threads"].items())


def quiet(result):
	return table(
		(f"{result['paths']} paths every {result['interval_s']} s", "wake-ups a batch", "in between",
		 "threads"),
		[(r["devices"], number(r["batch"], 1), number(r["between"], 1), threads(r))
		 for r in result["rows"]]) + [
			"", f"Counted in {result['intervals']} intervals, each with one batch. Reads of files end "
			"before `io_submit` returns."]


PAIRS = (("cpu_us", "CPU a check, us", 0), ("locked_mib", "locked, MiB", 0),
         ("offline_s_median", "offline noticed, s", 1), ("hung_s_median", "hung noticed, s", 1),
         ("hung_s_worst", "at worst", 1), ("show_s", "show paths, s", 2), ("reloaded_s", "reload, s", 2),
         ("stop_s", "stop, s", 1), ("restart_s", "restart, s", 1))


def cpu_share(r):
	theirs, ours = r["rows"]["cpu_us"]
	return f"1/{theirs / ours:.1f}"


def beside_multipathd(runs):
	"""A row for each run: multipathd's figure, then checkerd's."""
	rows = []
	for r in runs:
		pairs = [f"{number(r['rows'][name][0], digits)}; {number(r['rows'][name][1], digits)}"
		         for name, _, digits in PAIRS]
		rows.append((f"{r['multipath_tools']}, Linux {r['kernel'].split('-')[0]}, {r['date']}",
		             f"{r['paths']} {r['transport']}, {r['checker']}", pairs[0], cpu_share(r),
		             number(r["floor_us"], 0), *pairs[1:]))
	return table(("multipath-tools", "paths, checker", PAIRS[0][1], "ratio", "raw loop, us",
	              *(what for _, what, _ in PAIRS[1:])), rows)


def by_instructions(runs):
	"""A row for each run: what the raw loop takes is the least that any checker could take."""
	rows = []
	for r in runs:
		theirs, ours = r["rows"]["cpu_us"]
		rows.append((f"{r['multipath_tools']}, Linux {r['kernel'].split('-')[0]}, {r['date']}",
		             f"{r['paths']} {r['transport']}, {r['checker']}", number(theirs, 1), number(ours, 1),
		             cpu_share(r), number(r["floor_us"], 1), f"1/{theirs / r['floor_us']:.1f}",
		             "; ".join(number(mib, 0) for mib in r["rows"]["locked_mib"])))
	return table(("multipath-tools", "paths, checker", "multipathd, us", "checkerd, us", "ratio",
	              "raw loop, us", "its ratio", "locked, MiB"), rows)


def in_machine(result):
	runs = sorted(result["runs"].values(), key=lambda r: (r["date"], r.get("paths", 0)))
	beside, counted = ([r for r in runs if r["kind"] == kind]
	                   for kind in ("compare", "compare-counted"))
	text = []
	if not runs:
		return ["Nothing was measured. `make bench-vm` does it."]
	if beside:
		text += ["Both daemons in the same machine, on the same paths, every 2 s, with a timeout of 3 s: "
		         "multipathd's figure, then checkerd's. While 16 paths hang, paths are shown, and the "
		         "daemons reloaded, stopped and restarted. multipathd reads NVMe namespaces with "
		         "`directio`. Its restart is its stop and its start, which is waited for "
		         f"{beside[0]['started_limit_s']} s at most.", "", *beside_multipathd(beside), ""]
	if counted:
		text += ["CPU a check in machines where each instruction takes a nanosecond, so that neither other load "
		         "nor the price of a wake-up on an emulated processor counts. Two runs differ "
		         "by up to a quarter: there are two processors, and a thread is charged with what the other one "
		         "does meanwhile. The raw loop hands the same requests over, waits for all answers at once, and does "
		         "nothing else:", "",
		         *by_instructions(counted), ""]
	for r in runs:
		if r["kind"] == "cost":
			clock = f"; {r['clock']}" if r.get("clock") else ""
			text += [f"{capital(r['title'])}, Linux {r['kernel']}, {r['date']}{clock}:", "", *commands(r), ""]
	return text[:-1]


def daemon(result):
	lag, memory = result["lag_us"], result["memory_kib"]
	rows = [
		("CPU a check", f"{number(result['cpu_us']['median'])} us"),
		("÷ floor", f"{ratio(result['ratio'])}; budget {result['budget']}; the floor is "
		            f"{number(result['floor_us']['median'])} us"),
		("÷ floor with the same pace", f"{ratio(result['paced_ratio'])}; that floor is "
		                         f"{number(result['paced_us']['median'])} us"),
		("of one core", f"{100 * result['cpu_of_one_core']:.1f} %"),
		("checks a second", f"{result['checks_per_second']:,.0f}"),
		("sleeps a second", ", ".join(f"{k} {v:.0f}"
		                             for k, v in result["sleeps_per_second"].items())),
		("delay of checks", f"p50 {lag['p50']:.0f} us, p99 {lag['p99']:.0f} us, "
		                       f"max {lag['max']:.0f} us, of {lag['n']:,}"),
		("largest delay since the start", f"{result['lag_max_us']:.0f} us "
		 f"({result['lag_max_of_start_us']:.0f} us before the window)"),
		("resident, locked", "; ".join(f"{k} {v['rss'] / 1024:.1f}, {v['locked'] / 1024:.1f} MiB"
		                              for k, v in memory.items())),
		("start to first full pass", f"{result['start_s']:.2f} s"),
		("stop", f"{result['stop_s']:.2f} s"),
	]
	return table((f"{result['paths']:,} paths, {result['seconds']:.0f} s", ""), rows)


def us(q):
	return f"{q['p50']:,.0f} / {q['p99']:,.0f} / {q['max']:,.0f}"


def contexts(result):
	rows, before = [], {}
	for r in result["rows"]:
		before.setdefault(r["paths"], r)
		first = before[r["paths"]]
		rows.append((f"{r['paths']:,}", r["kind"], number(r["start_ms"], 1),
		             number(r["stop_ms"], 1),
		             number(first["start_ms"] / r["start_ms"], 1),
		             number(first["stop_ms"] / r["stop_ms"], 1)))
	return table(("paths", "subject", "start with first round, ms", "end, ms",
	              "start, times faster", "end, times faster"), rows)


def growth(result):
	return [result["devices"], ""] + table(
		("paths", "CPU a check, us", "start to first full pass, s", "us a path", "reload, s",
		 "stop, s", "resident, MiB"),
		[(f"{r['paths']:,}", number(r["cpu_us"]), number(r["start_s"]),
		  number(1e6 * r["start_s"] / r["paths"], 0), number(r["reload_s"]),
		  number(r["stop_s"]), number(r["resident_kib"] / 1024, 1)) for r in result["rows"]])


def hung(result):
	return table(
		(f"{result['paths']:,} paths", "CPU a check, us", "delay of other checks, us: p50 / p99 / max"),
		[(r["when"], number(r["cpu_us"]), us(r["late_us"])) for r in result["rows"]]) + [
			"", f"Noticed after interval ({result['interval_s']} s) and timeout "
			f"({result['timeout_s']} s), p50 / p99 / max: {us(result['known_beyond_us'])} us. "
			f"Stop with all of them hung: {result['stop_s']:.2f} s."]


def control(result):
	return table((f"{result['paths']:,} paths", "ms"), [
		("all paths listed, on an open connection",
		 ratio(result["list_ms"])),
		("`checkerctl --json show paths`", ratio(result["command_ms"])),
		("status", ratio(result["status_ms"])),
		*[(f"{result['clients']} times `show {c['what']}` at once, until the last one ended",
		   f"{number(c['ms'], 0)}; {c['answered']} got a reply") for c in result["crowds"]],
	]) + ["", "Delay of checks (p50 / p99 / max, us): "
	      f"{us(result['late_calm_us'])} while paths were listed once a second, and "
	      f"{us(result['late_crowd_us'])} after the crowd. Largest delay since the start: "
	      f"{result['lag_max_before_us']:,.0f} us before the crowd, and "
	      f"{result['lag_max_us']:,.0f} us after it."]


def large(result):
	b, mib = result["bound"], 1 << 20
	n = f"{result['paths']:,}"
	rows = [
		("contexts", f"{n} / 1,024, rounded up: {result['groups']}; and {result['spare']} as room "
		 f"for orphans and beside stuck submits: {result['groups'] + result['spare']}"),
		("of fs.aio-max-nr", f"1,024 for each: {b['taken of fs.aio-max-nr']:,}; the default is "
		                     "65,536"),
		("memory at most", f"{b['sum'] / mib:,.0f} MiB, of which "
		 f"{b['discovery and devices'] / mib:,.0f} for names and descriptions of devices, "
		 f"{b['configuration'] / mib:,.0f} for the configuration, {b['multipath maps'] / mib:,.0f} "
		 "for maps, each at its longest"),
		("threads", f"{b['threads']}"),
		("descriptors", f"{b['descriptors']:,}"),
	]
	for t in result["turns"]:
		cpu = result["cpu_us"]
		share = ("" if cpu is None else
		         f"; {cpu:.2f} us each: {cpu * t['checks_per_second'] / 1e4:.0f} % of a core")
		rows.append((f"checks every {t['interval_s']} s",
		             f"{t['checks_per_second']:,.0f} a second{share}; wake-ups a second: loop "
		             f"{t['loop']:.0f}, submitter {t['submitter']:.0f}, reapers {t['reapers']:.0f}; noticed: an "
		             f"error within {t['interval_s']} s and 20 ms, a timeout within "
		             f"{t['interval_s'] + result['timeout_s']} s and 20 ms"))
	of = result["cpu_us_of_paths"]
	return table((f"{n} paths", "needed"), rows) + [
		"", "Memory, threads, descriptors and requests are those of `checkerd --print-bound`. "
		"Wake-ups are those of the shipped objects over a simulated kernel that answers at once "
		"(`tests/bench/guard.c`); the bench stops when they do not agree with the "
		"arithmetic." + (f" CPU a check was measured at {of:,} paths." if of else "")]


NEWEST = "0.15"  # the budgets are about this version of multipath-tools


def judge_machine(result, judge, judge_share):
	for r in result["runs"].values():
		if r["kind"] == "cost" and r.get("budget"):
			for row in r["rows"]:
				if row["ratio"]["median"] != 1:
					judge(f"in a VM, {row['kind']}, {row['paths']:,} paths, ÷ raw loop"
					      + (f" ({r['clock']})" if r.get("clock") else ""),
					      row["ratio"]["median"], r["budget"])
		if not r["kind"].startswith("compare") or not r["multipath_tools"].startswith(NEWEST):
			continue
		of = f"{r['paths']} {r['transport']} paths, {r['checker']}, ÷ multipathd {r['multipath_tools']}"
		share = {name: ours / theirs for name, (theirs, ours) in r["rows"].items() if theirs}
		if r["kind"] == "compare-counted":
			judge_share(f"in a VM, instructions a check, {of} (a raw loop: "
			            f"1/{r['rows']['cpu_us'][0] / r['floor_us']:.1f})",
			            share["cpu_us"], result["cpu_part"])
			continue
		judge_share(f"in a VM, CPU a check, {of}", share["cpu_us"], result["cpu_part"])
		judge_share("the same, locked memory", share["locked_mib"], result["locked_part"])
		judge("the same, show paths", share["show_s"], 1)
		judge("the same, reload", share["reloaded_s"], 1)


def verdicts(parts):
	"""The table of the figures that have a budget."""
	rows = []

	def judge(what, value, limit, unit=""):
		rows.append((what, f"{value:.2f}{unit}", f"{limit}{unit}",
		             "yes" if value <= limit else "**no**"))

	def judge_share(what, share, part):
		rows.append((what, f"1/{1 / share:.1f}", f"1/{part}", "yes" if share <= 1 / part else "**no**"))
	for r in parts.get("engine", {}).get("rows", []):
		if r["kind"] not in ("floor", "opened-each"):
			judge(f"CPU a check, library, {r['kind']}, {r['paths']:,} paths, ÷ floor",
			      r["ratio"]["median"], parts["engine"]["budget"])
	if "daemon" in parts:
		d = parts["daemon"]
		judge(f"CPU a check, daemon, {d['paths']:,} paths, ÷ floor", d["ratio"]["median"],
		      d["budget"])
		judge("the same, ÷ a floor with the same interval", d["paced_ratio"]["median"],
		      d["budget"])
	if "hung" in parts:
		h = parts["hung"]
		judge(f"timeout noticed after interval and timeout, {h['sick']:,} of {h['paths']:,} "
		      "paths hung, at most", h["known_beyond_us"]["max"] / 1e6, 0.02, " s")
		judge("stop meanwhile", h["stop_s"], 0.5, " s")
	grown = parts.get("growth", {}).get("rows", [])
	for r in grown:
		if r["paths"] == 65536:
			judge(f"start to first full pass, {r['paths']:,} paths", r["start_s"], 2, " s")
	for r in grown[:-1]:
		judge(f"CPU a check, {grown[-1]['paths']:,} paths, ÷ {r['paths']:,} paths",
		      grown[-1]["cpu_us"] / r["cpu_us"], parts["growth"]["limit"])
	for r in parts.get("quiet", {}).get("rows", []):
		what = f"{parts['quiet']['paths']} paths every {parts['quiet']['interval_s']} s, {r['devices']}"
		judge(f"wake-ups a batch, {what}", r["batch"], parts["quiet"]["budget"])
		judge("the same, between batches", r["between"], 0)
	for r in parts.get("tur", {}).get("rows", []):
		if r["kind"] != "sg-floor":
			judge(f"CPU a TUR, library, {r['kind']}, {r['paths']:,} paths, ÷ sg-floor",
			      r["ratio"]["median"], parts["tur"]["budget"])
	judge_machine(parts.get("machine", {"runs": {}}), judge, judge_share)
	return table(("what", "here", "budget", "met"), rows)


SHOWN = {"engine": compared, "embedded": compared, "contexts": contexts, "daemon": daemon,
         "growth": growth, "hung": hung, "control": control, "large": large, "quiet": quiet,
         "tur": commands, "nvme": commands, "machine": in_machine}


def lines(name, result):
	return SHOWN[name](result)


NEEDS_QUIET = ("engine", "embedded", "contexts", "daemon", "growth", "hung", "control", "tur", "nvme")


def document(bench, titles, old):
	"""Returns the figures, merged with those of an earlier run on the same machine."""
	now = machine()
	before = old["devices"] if old else None
	devices = bench.made.describe() if bench.made else before
	parts = {}
	if old and old["machine"] == now and (before is None or before == devices):
		parts.update(old["parts"])
	parts.update(bench.results)
	return {"machine": now, "devices": devices,
	        "parts": {name: parts[name] for name in titles if name in parts},
	        "titles": titles}


def capital(text):
	return text[:1].upper() + text[1:]


def write_page(path, doc):
	m = doc["machine"]
	text = [
		"<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->",
		"<!-- Written by `make bench`; do not edit. -->", "",
		"# What checks cost", "",
		f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gib']} GiB; Linux {m['kernel']}; {m['system']}; "
		f"{m['compiler']}; {m['libc']}. {capital(doc['devices'] or 'no devices')}.", "",
		"Written by `make bench`; `tests/bench/README.md` explains the method. Only ratios can "
		"be compared with other machines. A figure is a median, in brackets with its quartiles.", "",
		*verdicts(doc["parts"]), "",
	]
	for name, result in doc["parts"].items():
		title = doc["titles"][name]
		text += [f"## {capital(title)}", "", *lines(name, result), ""]
		if name in NEEDS_QUIET and "load" in result and "why" not in result:
			text += [f"Load average at the end of this part: {result['load']} on {m['cpus']} CPUs.", ""]
	with open(os.path.join(HERE, "levers.md"), encoding="utf-8") as f:
		text.append(f.read().split("\n", 1)[1])  # the licence stands at the page's top
	os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
	with open(path, "w", encoding="utf-8") as f:
		f.write("\n".join(text))
