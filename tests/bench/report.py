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
		("checks begin late by", f"p50 {lag['p50']:.0f} us, p99 {lag['p99']:.0f} us, "
		                         f"max {lag['max']:.0f} us, in {lag['n']} samples"),
		("latest since the start", f"{result['lag_max_us']:.0f} us "
		 f"({result['lag_max_of_start_us']:.0f} us before the window)"),
		("resident, locked", "; ".join(f"{k} {v['rss'] / 1024:.1f}, {v['locked'] / 1024:.1f} MiB"
		                              for k, v in memory.items())),
		("start to first full pass", f"{result['start_s']:.2f} s"),
		("stop", f"{result['stop_s']:.2f} s"),
	]
	return table((f"{result['paths']:,} paths, {result['seconds']:.0f} s", ""), rows)


SHOWN = {"engine": compared, "daemon": daemon}


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
