# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures as tables and as a page."""
import os
import platform
import subprocess


def machine():
	"""What the figures are of."""
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
	"""Lines of a Markdown table, with columns as wide as they have to be."""
	cells = [list(heads)] + [[str(c) for c in row] for row in rows]
	widths = [max(len(r[i]) for r in cells) for i in range(len(heads))]
	lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, widths)) + " |" for r in cells]
	lines.insert(1, "| " + " | ".join("-" * w for w in widths) + " |")
	return lines


def compared(result):
	"""Of subjects taken turn by turn."""
	return table(
		("paths", "subject", "CPU a check, us", "÷ first", "quartiles",
		 "system calls / 1,000", "sleeps / 1,000", "preempted / 1,000", "wall us"),
		[(f"{r['paths']:,}", r["kind"], number(r["cpu_us"]["median"]),
		  number(r["ratio"]["median"]),
		  f"{number(r['ratio']['p25'])} to {number(r['ratio']['p75'])}",
		  number(r["calls_per_1000"], 1), number(r["slept_per_1000"], 1),
		  number(r["preempted_per_1000"], 1), number(r["wall_us"]["median"]))
		 for r in result["rows"]])


def daemon(result):
	lag, memory = result["lag_us"], result["memory_kib"]
	rows = [
		("CPU a check", f"{number(result['cpu_us']['median'])} us"),
		("÷ floor", f"{ratio(result['ratio'])}; budget {result['budget']}; the floor is "
		            f"{number(result['floor_us']['median'])} us"),
		("÷ floor, paced alike", f"{ratio(result['paced_ratio'])}; that floor is "
		                         f"{number(result['paced_us']['median'])} us"),
		("of one core", f"{100 * result['cpu_of_one_core']:.1f} %"),
		("checks a second", f"{result['checks_per_second']:,.0f}"),
		("sleeps a second", ", ".join(f"{k} {v:.0f}"
		                             for k, v in result["sleeps_per_second"].items())),
		("checks are late by", f"p50 {lag['p50']:.0f} us, p99 {lag['p99']:.0f} us, "
		                       f"max {lag['max']:.0f} us, of {lag['n']:,}"),
		("latest since the start", f"{result['lag_max_us']:.0f} us "
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
		(f"{result['paths']:,} paths", "CPU a check, us", "others late by, us: p50 / p99 / max"),
		[(r["when"], number(r["cpu_us"]), us(r["late_us"])) for r in result["rows"]]) + [
			"", f"Known beyond interval ({result['interval_s']} s) and timeout "
			f"({result['timeout_s']} s), p50 / p99 / max: {us(result['known_beyond_us'])} us. "
			f"Stop with all of them hung: {result['stop_s']:.2f} s."]


def control(result):
	return table((f"{result['paths']:,} paths", "ms"), [
		("all paths listed, on a connection that is there",
		 ratio(result["list_ms"])),
		("`checkerctl --json show paths`", ratio(result["command_ms"])),
		("status", ratio(result["status_ms"])),
		*[(f"{result['clients']} times `show {c['what']}` at once, until the last has ended",
		   f"{number(c['ms'], 0)}; {c['answered']} had an answer") for c in result["crowds"]],
	]) + ["", "Checks were late by (p50 / p99 / max, us) "
	      f"{us(result['late_calm_us'])} while paths were listed once a second, and "
	      f"{us(result['late_crowd_us'])} after the crowd; the latest of all since the start by "
	      f"{result['lag_max_before_us']:,.0f} us before the crowd, and "
	      f"{result['lag_max_us']:,.0f} us after it."]


SHOWN = {"engine": compared, "embedded": compared, "contexts": contexts, "daemon": daemon,
         "growth": growth, "hung": hung, "control": control}


def lines(name, result):
	return SHOWN[name](result)


def document(bench):
	return {"machine": machine(), "devices": bench.devices.describe(), "parts": bench.results}


def write_page(path, doc):
	m = doc["machine"]
	text = [
		"<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->",
		"<!-- Written by `make bench`; do not edit. -->", "",
		"# What checks cost", "",
		f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gib']} GiB; Linux {m['kernel']}; {m['system']}; "
		f"{m['compiler']}; {m['libc']}. {doc['devices']}.", "",
	]
	for name, result in doc["parts"].items():
		text += [f"## {name}", "", *lines(name, result), ""]
	with open(path, "w", encoding="utf-8") as f:
		f.write("\n".join(text))
