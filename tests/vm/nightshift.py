# SPDX-License-Identifier: LGPL-2.1-or-later
"""A night shift: a fabric dies and is mended. Each who has something to say about it, the command, the
kernel, Prometheus, the page and the history, says the same. What they say is the log in
docs/NIGHT_SHIFT.md, which has to have these lines, whatever their numbers are."""
import json
import os
import re
import time

from maps import kernel_states
from vm import check, ctl, events, health, journal, last_event, paths, run, say, scsi_state, wait_for

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "NIGHT_SHIFT.md")


class Log:
	def __init__(self):
		self.lines, self.begin = [], time.monotonic()

	def tell(self, who, text):
		self.lines.append(f"{time.monotonic() - self.begin:5.1f} s  {who:10}  {text}")
		say(self.lines[-1])


def without_numbers(line):
	return re.sub(r"\s+", " ", re.sub(r"\d[\d:.]*", "#", re.sub(r"\bsd[a-z]+\b", "sd#", line)))


def documented():
	with open(DOCUMENT, encoding="utf-8") as f:
		return [line.rstrip() for line in f if re.match(r" *[\d.]+ s  ", line)]


class NightShift:
	"""server: get(path) of Prometheus' API. page: get(path) of the exporter."""

	def __init__(self, fabric, server, page):
		self.fabric, self.server, self.page = fabric, server, page
		self.log = Log()

	def all_are(self, state):
		now = paths()
		return all(now[d]["state"] == state for d in self.fabric) and now

	def alerts(self):
		"""Those that fire for maps of this host, with their summaries."""
		found = self.server("alerts")["data"]["alerts"]
		return sorted((a["labels"]["alertname"], a["annotations"]["summary"]) for a in found
		              if a["state"] == "firing" and "map" in a["labels"])

	def cause(self, last):
		found = wait_for("the event", lambda: [e for e in events(last) if e["type"] == "cause"], 60)
		check(len(found) == 1 and set(found[0]["members"]) == set(self.fabric), "one event", found)
		return found[0]

	def on_the_page(self, event):
		"""The page has the same event, and the states and reasons of the command."""
		shown = [e for e in self.page("/data/events")["events"] if e["seq"] == event["seq"]]
		if shown != [event]:
			return False
		drawn, now = self.page("/data/picture")["paths"], paths()
		return all(drawn[d].get(key) == now[d][key] for d in self.fabric for key in ("state", "reason"))

	def lose(self):
		last = last_event()
		self.log = Log()
		for disk in self.fabric:
			scsi_state(disk, "offline")
		self.log.tell("fabric", f"a fabric dies: {len(self.fabric)} disks are offline")
		wait_for("they are down", lambda: self.all_are("down"))
		self.log.tell("checkerctl", "show paths: " + ", ".join(f"{d} down" for d in self.fabric))
		event = self.cause(last)
		self.log.tell("checkerctl", f"show events: {event['message']}")
		check(event["message"] in journal(), "the journal has the line")
		self.log.tell("journal", event["message"])
		status, line = health()
		check(status == 1, "health", status, line)
		self.log.tell("checkerctl", f"health: {line.split(' | ')[0].strip()}")
		return event

	def kernel(self, maps, working):
		wait_for("device-mapper follows", lambda: all(
			list(kernel_states(m).values()).count("A") == working for m in maps))
		self.log.tell("kernel", f"paths that device-mapper uses: {working} of 2 in each of {len(maps)} maps")

	def alarm(self, n_maps):
		def half():
			found = [a for a in self.alerts() if a[0] == "CheckerdHalfOfPathsLost"]
			return found if len(found) == n_maps else None
		name, summary = wait_for("an alert for each map", half, 60, 1)[0]
		self.log.tell("Prometheus", f"{name} fires for {n_maps} maps: {summary}")

	def look(self, event):
		wait_for("the page says the same", lambda: self.on_the_page(event), 20, 0.5)
		self.log.tell("page", event["message"])
		disk = self.fabric[0]
		reason = paths()[disk]["reason"]
		self.log.tell("page", f"{disk} down: {reason}")
		told = run("checkerctl", "explain", disk)
		check(reason in told, "explain says the same", told)
		self.log.tell("checkerctl", f"explain {disk}: {reason}")

	def mend(self):
		last = last_event()
		for disk in self.fabric:
			scsi_state(disk, "running")
		self.log.tell("fabric", "it is mended")
		wait_for("they are up", lambda: self.all_are("up"))
		event = self.cause(last)
		self.log.tell("checkerctl", f"show events: {event['message']}")
		wait_for("the page says the same", lambda: self.on_the_page(event), 20, 0.5)
		self.log.tell("page", event["message"])
		return event

	def clear(self):
		wait_for("no alert fires", lambda: not self.alerts(), 60, 1)
		self.log.tell("Prometheus", "no alert fires")
		status, line = health()
		check(status == 0, "health", status, line)
		self.log.tell("checkerctl", f"health: {line.split(' | ')[0].strip()}")

	def history(self, down, up):
		disk = self.fabric[0]
		changes = ctl("show", "history", disk)["histories"][0]["changes"][-2:]
		check([(c["to"], c["seq"]) for c in changes] == [("down", down["seq"]), ("up", up["seq"])],
		      "the history has both", changes)
		shown = self.page(f"/data/history?path={disk}")["histories"][0]["changes"][-2:]
		check(shown == changes, "the page has them, too", shown, changes)
		self.log.tell("checkerctl", f"show history {disk}: up for {changes[0]['lasted_s']:.0f} s, then down: "
		              f"{changes[0]['reason']}; down for {changes[1]['lasted_s']:.0f} s, then up")

	def compare_with_document(self):
		told, wanted = map(without_numbers, self.log.lines), map(without_numbers, documented())
		told, wanted = list(told), list(wanted)
		check(told == wanted, "docs/NIGHT_SHIFT.md has this log",
		      *(line for line in told if line not in wanted), "in the document:",
		      *(line for line in wanted if line not in told), "whole:", *self.log.lines)


def play(fabric, maps, server, page):
	shift = NightShift(fabric, lambda path: json.loads(server(path)), lambda path: json.loads(page(path)))
	down = shift.lose()
	shift.kernel(maps, 1)
	shift.look(down)
	shift.alarm(len(maps))
	up = shift.mend()
	shift.kernel(maps, 2)
	shift.clear()
	shift.history(down, up)
	shift.compare_with_document()
