// SPDX-License-Identifier: Apache-2.0
// Draws what the server sends once a second. Everything that comes from there is set as text, never as markup.

import { bytes, count, duration, rate } from "./format.js";
import { draw } from "./chart.js";
import { Table } from "./table.js";

const POINTS = 120;
const RETRY_MS = [500, 1000, 2000, 5000];

const $ = (id) => document.getElementById(id);

const query = { engine: 0, order: "BYTES_IN", descending: true, filter: "", offset: 0, limit: 20 };
const histories = new Map();
let socket = null;
let tries = 0;
let last = null;

// ---- the line to the server

function connect() {
  const at = new URL("ws", location.href);
  at.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(at);
  socket.onopen = () => {
    tries = 0;
    ask();
  };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => {
    const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)];
    status(`Disconnected from ${location.host}; trying again`, true);
    setTimeout(connect, wait);
  };
}

function ask() {
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send(new URLSearchParams(query).toString());
  }
}

function status(text, lost) {
  const element = $("status");
  if (element.textContent !== text) {
    element.textContent = text;
    element.classList.toggle("lost", lost);
    document.body.classList.toggle("stale", lost);
  }
}

async function close(row) {
  if (!confirm(`Close connection ${row.id} with ${row.peer || "its peer"}?`)) {
    return;
  }
  let answer;
  try {
    const response = await fetch(`api/close?${new URLSearchParams({ engine: query.engine, id: row.id })}`, {
      method: "POST",
      headers: { "X-Hawser-Console": "close" },
    });
    answer = response.ok
      ? `Connection ${row.id} is being closed.`
      : response.status === 404
        ? `Connection ${row.id} had gone already.`
        : `Connection ${row.id} was not closed: status ${response.status}.`;
  } catch (failure) {
    answer = `Connection ${row.id} was not closed: ${failure.message}.`;
  }
  $("answer").textContent = answer;
  ask();
}

// ---- what has come

function show(message) {
  status("Live", false);
  last = message;
  message.engines.forEach(remember);
  engines(message.engines);
  const engine = message.engines[query.engine];
  if (engine) {
    const history = histories.get(query.engine);
    header(engine);
    tiles(engine, history.at(-1));
    charts(engine, history);
    loops(engine, history.at(-1));
    closes(engine);
    memory(engine);
    figures($("limits"), Object.entries(engine.limitsHit).map(([name, hits]) => [name, count(hits), hits > 0]));
    services(engine);
    datagrams(engine);
  }
  if (message.page && message.page.engine === query.engine) {
    connections(message.page);
  }
}

function total(engine, field) {
  return engine.loops.reduce((sum, loop) => sum + loop[field], 0);
}

/** Keeps the rates between this and the last message. */
function remember(engine, index) {
  let history = histories.get(index);
  if (!history || history.name !== engine.name || (history.before && history.before.upMs > engine.upMs)) {
    history = Object.assign([], { name: engine.name, before: null });
    histories.set(index, history);
  }
  const before = history.before;
  const seconds = before ? (engine.upMs - before.upMs) / 1000 : 0;
  if (before && seconds < 0.2) {
    return;
  }
  history.before = engine;
  if (history[0]?.first) {
    // It has no rates: there was nothing to compare with.
    history.shift();
  }
  const per = (field) => (before && seconds > 0 ? (total(engine, field) - total(before, field)) / seconds : 0);
  const turns = before ? total(engine, "busyTurns") - total(before, "busyTurns") : 0;
  const p99s = engine.services.filter((one) => "p99Ns" in one.figures).map((one) => one.figures.p99Ns);
  history.push({
    first: !before,
    bytesIn: per("bytesIn"),
    bytesOut: per("bytesOut"),
    messagesIn: per("messagesIn"),
    messagesOut: per("messagesOut"),
    accepted: per("accepted"),
    lag: Math.max(0, ...engine.loops.map((loop) => loop.lagNs)),
    turn: turns > 0 ? (total(engine, "busyNs") - total(before, "busyNs")) / turns : 0,
    p99: p99s.length ? Math.max(...p99s) : null,
    used: engine.memory.usedBytes,
    reserved: engine.memory.reservedBytes,
    busy: engine.loops.map((loop, i) => (before && before.loops[i] ? (loop.busyNs - before.loops[i].busyNs) / 1e9 / seconds : 0)),
    loops: engine.loops.map((loop, i) => {
      const old = before?.loops[i];
      const of = (field) => (old ? (loop[field] - old[field]) / seconds : 0);
      return { turns: of("turns"), tasks: of("tasks"), timers: of("timers"), bytesIn: of("bytesIn"), bytesOut: of("bytesOut") };
    }),
  });
  if (history.length > POINTS) {
    history.shift();
  }
}

function engines(all) {
  const choice = $("engine");
  $("engine-choice").hidden = all.length < 2;
  const names = all.map((engine) => `${engine.name} (${engine.transport})`);
  if (choice.options.length !== names.length || names.some((name, i) => choice.options[i].text !== name)) {
    choice.replaceChildren(...names.map((name, i) => new Option(name, String(i), false, i === query.engine)));
  }
}

function header(engine) {
  $("about").textContent =
    `${engine.name} over ${engine.transport}, ${engine.state.toLowerCase()}, up ${duration(engine.upMs * 1e6)}` +
    (engine.addresses.length ? `, listening on ${engine.addresses.join(", ")}` : "");
}

function figures(list, entries) {
  list.replaceChildren(
    ...entries.map(([name, value, warn]) => {
      const group = document.createElement("div");
      const term = group.appendChild(document.createElement("dt"));
      const definition = group.appendChild(document.createElement("dd"));
      term.textContent = name;
      definition.textContent = value;
      definition.classList.toggle("warn", Boolean(warn));
      return group;
    }),
  );
}

function tiles(engine, now) {
  const hits = Object.values(engine.limitsHit).reduce((sum, n) => sum + n, 0);
  const stalled = Math.max(...engine.loops.map((loop) => loop.busyForNs));
  figures($("tiles"), [
    ["Connections", `${count(engine.connections)}`, engine.connections >= engine.maxConnections],
    ["Accepted", rate(now.accepted)],
    ["In", `${bytes(now.bytesIn)}/s`],
    ["Out", `${bytes(now.bytesOut)}/s`],
    ["Messages", rate(now.messagesIn + now.messagesOut)],
    ["Loops busy", `${Math.round((now.busy.reduce((sum, n) => sum + n, 0) / now.busy.length) * 100)} %`],
    ["Memory used", bytes(engine.memory.usedBytes)],
    ["Timers", count(total(engine, "armedTimers"))],
    ["Limits hit", count(hits), hits > 0],
    ["Stalls", count(total(engine, "stalls")), stalled > 20e6],
  ]);
}

function charts(engine, history) {
  const of = (field) => history.map((point) => point[field]);
  draw($("throughput"), $("throughput-text"), "Throughput", (n) => `${bytes(n)}/s`, POINTS, 2, [
    { name: "in", values: of("bytesIn") },
    { name: "out", values: of("bytesOut") },
  ]);
  draw($("messages"), $("messages-text"), "Messages and accepts", rate, POINTS, 10, [
    { name: "in", values: of("messagesIn") },
    { name: "out", values: of("messagesOut") },
    { name: "accepted", values: of("accepted") },
  ]);
  const latency = [
    { name: "wait for the slowest loop", values: of("lag") },
    { name: "mean turn", values: of("turn") },
  ];
  if (history.at(-1).p99 !== null) {
    latency.push({ name: "worst p99 of clients", values: of("p99").map((n) => n ?? 0) });
  }
  draw($("latency"), $("latency-text"), "Latency", duration, POINTS, 10, latency);
  draw($("memory-chart"), $("memory-text"), "Memory of the buffers", bytes, POINTS, 2, [
    { name: "used", values: of("used") },
    { name: "reserved", values: of("reserved") },
  ]);
}

const loopTable = new Table($("loops"), [
  { title: "Loop", text: (row) => row.name, head: true },
  { title: "State", text: (row) => (row.busyForNs > 20e6 ? `held up for ${duration(row.busyForNs)}` : "runs"), warn: (row) => row.busyForNs > 20e6 },
  { title: "Connections", number: true, text: (row) => count(row.connections) },
  { title: "Busy", number: true, text: (row) => `${Math.round(row.busy * 100)} %` },
  { title: "Turns", number: true, text: (row) => rate(row.now.turns) },
  { title: "Tasks", number: true, text: (row) => rate(row.now.tasks) },
  { title: "Waiting", number: true, text: (row) => count(row.waitingTasks) },
  { title: "Timers armed", number: true, text: (row) => count(row.armedTimers) },
  { title: "Fired", number: true, text: (row) => rate(row.now.timers) },
  { title: "In", number: true, text: (row) => `${bytes(row.now.bytesIn)}/s` },
  { title: "Out", number: true, text: (row) => `${bytes(row.now.bytesOut)}/s` },
  { title: "Wait for it", number: true, text: (row) => duration(row.lagNs), warn: (row) => row.lagNs > 20e6 },
  { title: "Longest turn", number: true, text: (row) => duration(row.longestTurnNs) },
  { title: "Stalls", number: true, text: (row) => count(row.stalls) },
]);

function loops(engine, now) {
  loopTable.show(
    engine.loops.map((loop, i) => ({ ...loop, busy: now.busy[i], now: now.loops[i] })),
    (row) => row.name,
  );
}

const connectionTable = new Table(
  $("connection-table"),
  [
    { title: "Number", order: "ID", number: true, head: true, text: (row) => String(row.id) },
    { title: "Action", button: "Close", label: (row) => `Close connection ${row.id}`, press: close },
    { title: "Peer", order: "PEER", text: (row) => (row.dialled ? "→ " : "") + (row.peer || "–") },
    { title: "Local", order: "LOCAL", text: (row) => row.local || "–" },
    { title: "Handler", order: "HANDLER", text: (row) => row.handler },
    { title: "State", order: "STATE", text: (row) => row.state.toLowerCase().replaceAll("_", " ") },
    { title: "TLS", order: "TLS", text: (row) => row.tls.replace("TLSv", "").replace("TLS_", "") || "–" },
    { title: "In", order: "BYTES_IN", number: true, text: (row) => bytes(row.bytesIn) },
    { title: "Out", order: "BYTES_OUT", number: true, text: (row) => bytes(row.bytesOut) },
    { title: "Pending", order: "PENDING", number: true, text: (row) => bytes(row.pendingBytes) },
    { title: "Unread", order: "UNREAD", number: true, text: (row) => bytes(row.unreadBytes) },
    { title: "Age", order: "AGE", number: true, text: (row) => duration(row.ageNs) },
    { title: "Idle", number: true, text: (row) => (row.idleNs === null ? "–" : duration(row.idleNs)) },
    { title: "Loop", order: "LOOP", text: (row) => row.loop },
  ],
  (order) => {
    query.descending = query.order === order ? !query.descending : order !== "PEER" && order !== "ID";
    query.order = order;
    query.offset = 0;
    ask();
  },
);

function connections(page) {
  connectionTable.sorted(query.order, query.descending);
  connectionTable.show(page.connections, (row) => row.id);
  const first = page.connections.length ? page.offset + 1 : 0;
  $("place").textContent =
    `${first}–${page.offset + page.connections.length} of ${count(page.matching)}` +
    (page.matching === page.total ? "" : ` (${count(page.total)} in all)`);
  $("previous").disabled = page.offset === 0;
  $("next").disabled = page.offset + page.connections.length >= page.matching;
}

const closeTable = new Table($("closes"), [
  { title: "Ago", number: true, text: (row) => duration(row.agoNs) },
  { title: "Peer", text: (row) => (row.dialled ? "→ " : "") + (row.peer || "–") },
  { title: "Cause", text: (row) => row.kind.toLowerCase().replaceAll("_", " "), warn: (row) => row.message !== "" },
  { title: "Message", wrap: true, text: (row) => row.message },
  { title: "In", number: true, text: (row) => bytes(row.bytesIn) },
  { title: "Out", number: true, text: (row) => bytes(row.bytesOut) },
  { title: "Lived", number: true, text: (row) => duration(row.livedNs) },
]);

function closes(engine) {
  figures($("causes"), Object.entries(engine.closes).filter(([, n]) => n > 0).map(([kind, n]) => [kind.toLowerCase().replaceAll("_", " "), count(n)]));
  closeTable.show(engine.recentCloses, (row) => row.id);
}

const poolTable = new Table($("pool"), [
  { title: "Blocks of", number: true, head: true, text: (row) => bytes(row.blockBytes) },
  { title: "Reserved", number: true, text: (row) => bytes(row.reservedBytes) },
  { title: "In use", number: true, text: (row) => bytes(row.usedBytes) },
  { title: "Cached by loops", number: true, text: (row) => bytes(row.cachedBytes) },
  { title: "Free", number: true, text: (row) => bytes(row.freeBytes) },
  { title: "Share in use", meter: (row) => (row.reservedBytes ? row.usedBytes / row.reservedBytes : 0) },
]);

function memory(engine) {
  const pool = engine.memory;
  $("pool-sum").textContent =
    `${bytes(pool.usedBytes)} in use of ${bytes(pool.reservedBytes)} reserved; the cap is ${bytes(pool.capBytes)}. ` +
    `Refused ${count(pool.refusals)} times.`;
  poolTable.show(
    pool.sizes.filter((size) => size.reservedBytes > 0),
    (row) => row.blockBytes,
  );
}

function services(engine) {
  const place = $("services");
  if (engine.services.length === 0) {
    const none = document.createElement("p");
    none.className = "empty";
    none.textContent = "There are none.";
    place.replaceChildren(none);
    return;
  }
  place.replaceChildren(
    ...engine.services.map((service) => {
      const part = document.createElement("div");
      part.appendChild(document.createElement("h3")).textContent = `${service.kind} ${service.name}`;
      const list = part.appendChild(document.createElement("dl"));
      list.className = "figures";
      figures(list, Object.entries(service.figures).map(([name, value]) => (name.endsWith("Ns") ? [words(name.slice(0, -2)), duration(value)] : [words(name), count(value), name === "tasksRejected" && value > 0])));
      return part;
    }),
  );
}

function words(name) {
  return name.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
}

const datagramTable = new Table($("datagrams"), [
  { title: "Socket", head: true, text: (row) => row.address },
  { title: "Received", number: true, text: (row) => count(row.received) },
  { title: "Bytes in", number: true, text: (row) => bytes(row.receivedBytes) },
  { title: "Dropped", number: true, text: (row) => count(row.dropped), warn: (row) => row.dropped > 0 },
  { title: "Truncated", number: true, text: (row) => count(row.truncated) },
  { title: "Sent", number: true, text: (row) => count(row.sent) },
  { title: "Bytes out", number: true, text: (row) => bytes(row.sentBytes) },
  { title: "Refused", number: true, text: (row) => count(row.refused) },
  { title: "Failed", number: true, text: (row) => count(row.failed) },
]);

function datagrams(engine) {
  $("datagram-section").hidden = engine.datagrams.length === 0;
  datagramTable.show(engine.datagrams, (row) => row.address);
}

// ---- what people do

$("query").addEventListener("submit", (event) => event.preventDefault());
$("filter").addEventListener("input", () => {
  query.filter = $("filter").value.trim();
  query.offset = 0;
  ask();
});
$("rows").addEventListener("change", () => {
  query.limit = Number($("rows").value);
  query.offset = 0;
  ask();
});
$("previous").addEventListener("click", () => {
  query.offset = Math.max(0, query.offset - query.limit);
  ask();
});
$("next").addEventListener("click", () => {
  query.offset += query.limit;
  ask();
});
$("engine").addEventListener("change", () => {
  query.engine = Number($("engine").value);
  query.offset = 0;
  if (last) {
    show({ ...last, page: null });
  }
  ask();
});

connect();
