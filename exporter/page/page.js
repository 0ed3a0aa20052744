// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: asks /data/picture every few seconds and draws maps with their paths, those in trouble
// first. Only the cards that were scrolled to exist, so ten thousand paths cost little. Everything
// from checkerd becomes text nodes and attributes, never HTML.
"use strict";

const CARDS_AT_ONCE = 60;
const HISTORY_AT_ONCE = 100; // paths in one request
const EVENTS_SHOWN = 30;
const NO_MAP = "";
// How urgent a state or a redundancy is: the first one comes first.
const STATES = ["down", "timeout", "disconnected", "removed", "shaky", "delayed", "pending",
	"unchecked", "disabled", "ghost", "up"];
const REDUNDANCIES = ["none", "last", "degraded", "full"];

const view = {
	picture: null,     // the last reply of /data/picture
	histories: new Map(), // by path: the changes
	cards: new Map(),  // by map: what was drawn, and its text for comparison
	shown: CARDS_AT_ONCE,
	state: null,       // filter: a state, or null
	search: "",
	timer: 0,
	received: 0,
};

const id = name => document.getElementById(name);

function element(name, attributes, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {}))
		e.setAttribute(key, value);
	e.append(...children.filter(c => c !== null && c !== ""));
	return e;
}

function svg(name, attributes) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes || {}))
		e.setAttribute(key, value);
	return e;
}

function duration(s) {
	for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]])
		if (s >= 2 * size)
			return `${Math.floor(s / size)} ${unit}`;
	return `${Math.max(0, Math.floor(s))} s`;
}

function microseconds(us) {
	if (us >= 1e6)
		return `${(us / 1e6).toFixed(1)} s`;
	return us >= 1e3 ? `${(us / 1e3).toFixed(1)} ms` : `${us} µs`;
}

const seconds = text => Date.parse(text) / 1000;

// --- what is drawn ---

// Maps with their paths, also of the paths that have no map.
function allMaps() {
	const maps = view.picture.maps.map(m => ({ ...m, list: m.paths || [] }));
	const alone = Object.keys(view.picture.paths).filter(n => !view.picture.paths[n].map);
	if (alone.length > 0)
		maps.push({ name: NO_MAP, list: alone });
	return maps;
}

function matches(map, name, path) {
	if (view.state !== null && (!path || path.state !== view.state))
		return false;
	if (view.search === "")
		return true;
	const texts = [map.name, map.dm, map.wwid, name];
	if (path)
		texts.push(path.device, path.devt, path.hcil, path.host, path.target, path.state,
			path.reason, path.checker, path.marginal_reason);
	return texts.some(t => t && t.toLowerCase().includes(view.search));
}

// The selected paths of each map with one at least, the most urgent map first.
function selectedMaps() {
	const chosen = [];
	for (const map of allMaps()) {
		const list = map.list.filter(n => matches(map, n, view.picture.paths[n]))
			.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
		if (list.length > 0)
			chosen.push({ ...map, list });
	}
	const urgency = m => (m.redundancy ? REDUNDANCIES.indexOf(m.redundancy)
		: REDUNDANCIES.length + 1);
	return chosen.sort((a, b) => urgency(a) - urgency(b) ||
		a.name.localeCompare(b.name, "en", { numeric: true }));
}

function drawCounts() {
	const n = {};
	for (const p of Object.values(view.picture.paths))
		n[p.state] = (n[p.state] || 0) + 1;
	const chip = (state, text) => {
		const b = element("button", { type: "button", "class": state || "",
			"aria-pressed": String(view.state === state) },
		element("span", state ? { "class": "state" } : {}, text));
		b.addEventListener("click", () => {
			view.state = view.state === state ? null : state;
			view.shown = CARDS_AT_ONCE;
			draw();
		});
		return b;
	};
	id("counts").replaceChildren(chip(null, `all ${Object.keys(view.picture.paths).length}`),
		...STATES.filter(s => n[s] || s === view.state).map(s => chip(s, `${s} ${n[s] || 0}`)));
}

// Cells below 32 us, below 64 us, and so on.
function drawBars(path) {
	const counts = path.latency_counts || [];
	const most = Math.max(1, ...counts);
	const box = svg("svg", { "class": "bars", viewBox: `0 0 ${Math.max(1, counts.length) * 4} 20`,
		preserveAspectRatio: "none", role: "img" });
	const title = svg("title");
	title.textContent = counts.length ? "Latencies: each bar has twice those of the bar before it, "
		+ "from 32 µs" : "No latencies yet";
	box.append(title);
	counts.forEach((n, i) => {
		const height = n > 0 ? Math.max(2, 20 * n / most) : 1;
		box.append(svg("rect", { x: i * 4, y: 20 - height, width: 3, height,
			"class": n > 0 ? "" : "none" }));
	});
	return box;
}

// The states of a path in time, from the left to now.
function drawStrip(name, path) {
	const span = Number(id("span").value);
	const now = view.picture.time;
	const box = svg("svg", { "class": "strip", viewBox: "0 0 1000 20", preserveAspectRatio: "none",
		role: "img" });
	const title = svg("title");
	const changes = view.histories.get(name) || [];
	const part = (from, to, state) => {
		const x = 1000 * (1 - (now - Math.max(from, now - span)) / span);
		const end = 1000 * (1 - (now - to) / span);
		if (end > 0)
			box.append(svg("rect", { x: x.toFixed(1), y: 0, height: 20, "class": state,
				width: Math.max(2, end - x).toFixed(1) }));
	};
	let since = seconds(path.state_since);
	title.textContent = `${changes.length} changes are kept; ${path.state} for `
		+ duration(now - since);
	box.append(title);
	part(since, now, path.state);
	for (let i = changes.length - 1; i >= 0; i--) {
		const end = seconds(changes[i].time);
		since = end - changes[i].lasted_s;
		part(since, end, changes[i].from);
	}
	return box;
}

// Marks beside the state.
function marks(path) {
	const words = [];
	if (path.marginal)
		words.push(`held: ${path.marginal_reason || "marginal"}`);
	if (path.slow)
		words.push("slow");
	if (path.overdue)
		words.push("overdue");
	if (path.loss)
		words.push(`${path.loss} loss`);
	if (path.dm_state === "failed")
		words.push("failed in its map");
	if (path.disabled_by)
		words.push(`disabled ${path.disabled_by}`);
	return words.join(", ");
}

function drawPath(name) {
	const path = view.picture.paths[name];
	if (!path)
		return element("div", { "class": "path" }, element("div", { "class": "path-line" },
			element("b", {}, name), element("span", { "class": "dim" }, "not checked")));
	const where = [path.hcil, path.host, path.target].filter(t => t).join(" ");
	const latency = path.latency_us || {};
	return element("div", { "class": `path ${path.state}` },
		element("div", { "class": "path-line" },
			element("b", {}, name),
			element("span", { "class": "state" }, path.state),
			element("span", { "class": "dim" },
				`for ${duration(view.picture.time - seconds(path.state_since))}`),
			element("span", { "class": "dim" }, where),
			element("span", { "class": "dim" }, latency.p50 == null ? "" :
				`p50 ${microseconds(latency.p50)}, p99 ${microseconds(latency.p99)}`),
			element("span", { "class": "reason" }, marks(path))),
		path.reason ? element("div", { "class": "reason" }, path.reason) : null,
		element("div", { "class": "pictures" }, drawBars(path), drawStrip(name, path)));
}

function drawMap(map) {
	const total = map.paths_total;
	const words = [];
	if (total !== undefined)
		words.push(`${map.paths_up} of ${total} usable`);
	if (map.paths_expected > total)
		words.push(`${map.paths_expected} expected`);
	if (map.lost_since)
		words.push(`lost for ${duration(view.picture.time - seconds(map.lost_since))}`);
	if (map.suspended)
		words.push("suspended");
	if (map.queueing)
		words.push("queueing");
	return element("article", { "class": `map ${map.redundancy || ""}` },
		element("div", { "class": "map-head" },
			element("h2", {}, map.name === NO_MAP ? "paths without a map" : map.name),
			map.redundancy ? element("span", { "class": "state" }, map.redundancy) : null,
			element("span", { "class": "dim" }, words.join(", ")),
			element("span", { "class": "dim" }, map.wwid || "")),
		...map.list.map(drawPath));
}

// What a card shows, but for the ages: is it worth to draw it again?
function fingerprint(map) {
	const span = id("span").value;
	return JSON.stringify([span, map, map.list.map(n => [view.picture.paths[n],
		(view.histories.get(n) || []).length])]) + Math.floor(view.picture.time / 30);
}

// The paths of the cards that exist, for which history is asked.
function drawnPaths() {
	return selectedMaps().slice(0, view.shown).flatMap(m => m.list);
}

function draw() {
	const maps = selectedMaps();
	const cards = new Map();
	drawCounts();
	for (const map of maps.slice(0, view.shown)) {
		const print = fingerprint(map);
		const old = view.cards.get(map.name);
		cards.set(map.name, old && old.print === print ? old : { print, node: drawMap(map) });
	}
	view.cards = cards;
	id("maps").replaceChildren(...(cards.size > 0 ? [...cards.values()].map(c => c.node) :
		[element("p", {}, Object.keys(view.picture.paths).length === 0 ?
			"checkerd checks no path on this host." : "No path has these properties.")]));
	id("more").textContent = "";
	if (maps.length > view.shown)
		id("more").append(element("p", { "class": "dim" },
			`${maps.length - view.shown} more maps: scroll on`));
	id("host").textContent = view.picture.host;
	id("version").textContent = `checkerd ${view.picture.status.version || ""}`;
	id("warnings").replaceChildren(...(view.picture.status.warnings || [])
		.map(w => element("li", {}, w)));
	document.title = title(maps);
}

function title(maps) {
	const bad = maps.filter(m => m.redundancy && m.redundancy !== "full").length;
	return bad > 0 ? `(${bad}) checkerd ${view.picture.host}` : `checkerd ${view.picture.host}`;
}

function drawEvents(events) {
	id("event-list").replaceChildren(...events.slice(-EVENTS_SHOWN).reverse()
		.map(e => element("li", {},
			element("time", { datetime: e.time }, e.time.replace("T", " ").replace(/\..*/, "")),
			e.message)));
}

// --- what is asked ---

async function get(url) {
	const reply = await fetch(url, { cache: "no-store" });
	const data = await reply.json();
	if (data.error)
		throw new Error(data.error);
	return data;
}

async function getHistories() {
	const names = drawnPaths().filter(n => view.picture.paths[n]);
	for (let i = 0; i < names.length; i += HISTORY_AT_ONCE) {
		const some = names.slice(i, i + HISTORY_AT_ONCE);
		const data = await get("data/history?" +
			some.map(n => `path=${encodeURIComponent(n)}`).join("&"));
		for (const h of data.histories)
			view.histories.set(h.path, h.changes);
	}
}

function trouble(text) {
	id("trouble").textContent = text;
	id("trouble").hidden = text === "";
}

// The more paths there are, the rarer they are asked for.
function interval() {
	const n = view.picture ? Object.keys(view.picture.paths).length : 0;
	return n > 2000 ? 15000 : 5000;
}

async function refresh() {
	clearTimeout(view.timer);
	try {
		view.picture = await get("data/picture");
		view.received = Date.now();
		trouble("");
		draw();
		drawEvents((await get("data/events")).events);
		await getHistories().catch(() => {}); // a path may just have gone; the next time is soon
		draw();
	} catch (error) {
		trouble(`No news from checkerd: ${error.message}`);
		const loading = id("loading");
		if (loading)
			loading.textContent = "Nothing to show yet.";
	}
	drawAge();
	if (!document.hidden)
		view.timer = setTimeout(refresh, interval());
}

function drawAge() {
	if (view.received)
		id("age").textContent = `${duration((Date.now() - view.received) / 1000)} old`;
}

// --- what the reader does ---

function setTheme(theme) {
	if (theme === "auto")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = theme;
	id("theme").textContent = `Theme: ${theme}`;
	try {
		localStorage.setItem("theme", theme);
	} catch {
		// Without storage the choice lasts as long as the page.
	}
}

function readTheme() {
	try {
		return localStorage.getItem("theme") || "auto";
	} catch {
		return "auto";
	}
}

const THEMES = ["auto", "light", "dark"];
setTheme(readTheme());
id("theme").addEventListener("click", () => {
	const now = document.documentElement.dataset.theme || "auto";
	setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
});
id("search").addEventListener("input", () => {
	view.search = id("search").value.trim().toLowerCase();
	view.shown = CARDS_AT_ONCE;
	if (view.picture)
		draw();
});
id("span").addEventListener("change", () => view.picture && draw());
document.addEventListener("visibilitychange", () => !document.hidden && refresh());
new IntersectionObserver(entries => {
	if (!view.picture || !entries.some(e => e.isIntersecting) ||
		selectedMaps().length <= view.shown)
		return;
	view.shown += CARDS_AT_ONCE;
	draw();
	getHistories().then(draw, () => {}); // the next refresh says what is wrong
}, { rootMargin: "400px" }).observe(id("more"));
setInterval(drawAge, 1000);
refresh();
