"""The report: a table a scenario, and one of the goals, in Markdown. Pure: records in, text out."""
import statistics

from catalog import SCENARIOS, SERVERS
from results import measured, verdict

FOREIGN_LIMIT = 0.05  # of the machine's CPU time, used by others during a slice
BUSY_LIMIT = 0.95     # of its core, used by the load generator: the servers wait for it
LATE_LIMIT_US = 1000  # of the load generator in an open loop, at its 99th percentile

LABELS = {
    "cpu_us_per_request": "CPU µs/request", "cpu_us_per_mib": "CPU µs/MiB", "p50_us": "p50 µs", "p90_us": "p90 µs", "p99_us": "p99 µs",
    "p999_us": "p99.9 µs", "p9999_us": "p99.99 µs", "max_us": "max µs", "rps": "requests/s",
    "rss_per_connection": "RSS B/connection", "heap_per_connection": "heap B/connection", "start_ms": "ms",
    "cpu_us_alone": "busy ones' CPU µs/request alone", "idle_cost": "beside 10,000 idle ÷ alone", "lost": "lost",
    "late_p99_us": "generator's p99 lateness µs",
}
# What is counted, where more of it a CPU second is what others tell, too.
COUNTED = {"udp": "packets", "http": "requests", "ws": "messages"}
COLUMNS = {
    "closed": ("rps", "p50_us", "p99_us", "p999_us"),
    "open": ("p50_us", "p90_us", "p99_us", "p9999_us", "max_us", "cpu_us_per_request", "late_p99_us"),
    "idle": ("heap_per_connection", "cpu_us_alone", "idle_cost"),
    "start": (),
}


def number(value, digits=3):
    """With so many digits that count, and decimals below 1; of whole thousands all."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{max(0, digits - len(str(int(abs(value)))) * (abs(value) >= 1))}f}"


def spread(figure):
    return "" if figure is None else f"{number(figure.least)}–{number(figure.most)}"


def ratio_text(figure):
    return "" if figure is None else f"{figure.median:.3f}"


def compared_with(scenario, server, variant):
    """The row that a row is compared with, or None: the same size of the baseline, or where there are sizes, the first."""
    if len(scenario.variants) > 1:
        first = scenario.variants[0].name
        return None if variant == first else (server, first)
    baseline = scenario.baseline_of(server)
    return (baseline, variant) if baseline else None


def row_name(server, variant):
    return f"{server}, {variant}" if variant else server


def table(head, rows):
    """Columns that are empty in all rows are left out; the first one is aligned to the left."""
    used = [index for index in range(len(head)) if any(row[index] for row in rows)]
    lines = ["| " + " | ".join(head[index] for index in used) + " |",
             "|" + "|".join("---" if index == 0 else "--:" for index in used) + "|"]
    return lines + ["| " + " | ".join(row[index] for index in used) + " |" for row in rows]


def main_table(results, scenario):
    columns = [column for column in (*COLUMNS[scenario.kind], "lost") if column != scenario.figure]
    head = ["server", LABELS[scenario.figure], "least–most", "ratio", "to", "least–most of the ratio",
            *(LABELS[column] for column in columns)]
    if scenario.kind == "closed" and scenario.figure != "cpu_us_per_request":
        columns.append("cpu_us_per_request")
        head.append(LABELS["cpu_us_per_request"])
    counted = COUNTED.get(scenario.mode)
    if counted:
        head.append(f"{counted} per CPU second")
    rows = []
    for server, variant in results.rows(scenario.name):
        figure = results.figure(scenario.name, server, variant, scenario.figure)
        other = compared_with(scenario, server, variant)
        ratio = results.ratio(scenario.name, (server, variant), other, scenario.figure) if other else None
        row = [row_name(server, variant), number(figure.median), spread(figure), ratio_text(ratio),
               row_name(*other) if ratio else "", spread(ratio),
               *(number(results.median(scenario.name, server, variant, column)) for column in columns)]
        if counted:
            row.append(number(1e6 / figure.median))
        rows.append(row)
    return table(head, rows)


def switches(results, scenario, server, variant):
    kinds = [results.median(scenario, server, variant, f"{kind}_switches_per_request")
             for kind in ("voluntary", "involuntary")]
    return None if None in kinds else sum(kinds)


def request_table(results, scenario):
    """What a request takes besides CPU time, and how busy the generator was."""
    rows = []
    for server, variant in results.rows(scenario.name):
        extra = variant == scenario.variants[0].name
        calls = results.extra(scenario.name, server, "calls_per_request") if extra else None
        names = results.extra(scenario.name, server, "calls") if extra else None
        share = results.median(scenario.name, server, variant, "load_cpu_share")
        rows.append([row_name(server, variant),
                     number(results.extra(scenario.name, server, "allocated_per_request")) if extra else "",
                     number(calls), ", ".join(f"{name} {number(count)}" for name, count in (names or {}).items()),
                     number(switches(results, scenario.name, server, variant)),
                     number(results.median(scenario.name, server, variant, "load_cpu_us_per_request")),
                     "" if share is None else f"{share:.0%}"])
    return table(["server", "allocated B/request", "system calls/request", "most frequent", "switches/request",
                  "generator's CPU µs/request", "of its core"], rows)


def goal_table(results):
    rows = []
    for name in results.scenarios():
        scenario = SCENARIOS[name]
        for goal in scenario.goals:
            figure = measured(results, scenario, goal)
            if figure is None:
                continue
            what = LABELS[goal.figure or scenario.figure]
            against = f" ÷ {row_name(goal.against, goal.against_variant)}" if goal.against else ""
            rows.append([goal.name, f"{name}: {what}, {row_name(goal.server, goal.variant)}{against}", f"≤ {goal.at_most:g}",
                         ratio_text(figure) if goal.against else number(figure.median), spread(figure),
                         verdict(figure, goal.at_most)])
    return table(["goal", "what", "wanted", "measured", "least–most", "verdict"], rows) if rows else []


def caveats(results):
    """What speaks against the readings."""
    foreign = results.foreign()
    if foreign:
        disturbed = sum(share > FOREIGN_LIMIT for share in foreign)
        yield (f"Other processes took {statistics.median(foreign):.0%} of the machine's CPU time in the median slice, "
               f"{max(foreign):.0%} in the worst"
               + (f"; **{disturbed} of {len(foreign)} slices had more than {FOREIGN_LIMIT:.0%}: measure again on a quiet "
                  "machine**." if disturbed else "."))
    slices = [record for record in results.records if record["kind"] == "slice"]
    sources = {record["cpu_source"] for record in slices if "cpu_source" in record}
    if sources - {"process-clock"}:
        yield f"CPU time was read from {', '.join(sorted(sources))}, which is coarse: use windows of 3 s or more."
    waited = sorted({f"{record['scenario']} {record['server']}" for record in slices
                     if "rate" not in record and record.get("load_cpu_share", 0) > BUSY_LIMIT
                     and record.get("cpu_share", 1) < 0.9})
    if waited:
        yield ("The load generator was the bottleneck, so that requests/s and latencies are its own, for: "
               + ", ".join(waited) + ".")
    late = sorted({f"{record['scenario']} {record['server']}" for record in slices
                   if record.get("late_p99_us", 0) > LATE_LIMIT_US})
    if late:
        yield f"The load generator itself was late by more than {LATE_LIMIT_US} µs at p99, for: {', '.join(late)}."
    unsent = sorted({f"{record['scenario']} {record['server']}" for record in slices
                     if record.get("unsent", 0) > record.get("requests", 0) / 1000})
    if unsent:
        yield f"The rate was not kept, and some messages were never sent, for: {', '.join(unsent)}."
    if set(results.meta.get("server_cores", ())) & {results.meta.get("load_core")}:
        yield "Servers and load generator shared a core: only CPU per request means something."
    yield from results.notes()


def setting(meta):
    cores = ", ".join(map(str, meta["server_cores"]))
    return (f"{meta['cpu']}, {meta['cores']} cores, Linux {meta['kernel']}, revision {meta['revision']}; servers on core "
            f"{cores}, load on core {meta['load_core']}; {meta['rounds']} rounds of {meta['seconds']:g} s after "
            f"{meta['warmup']:g} s, interleaved. Figures are medians over the rounds, with the least and the most of them; a "
            "ratio compares two rows in the same round.")


def report(results, charts=()):
    """The whole text; charts are the names of files to show."""
    lines = ["# Measured", "", setting(results.meta), ""]
    lines += [f"- {text}" for text in caveats(results)]
    goals = goal_table(results)
    if goals:
        lines += ["", "## Goals", "", *goals]
    for name in charts:
        lines += ["", f"![{name}]({name})"]
    for name in results.scenarios():
        scenario = SCENARIOS[name]
        if not results.rows(name):
            continue
        rate = results.rate(name)
        lines += ["", f"## {name}: {scenario.title}", ""]
        if rate:
            lines += [f"{rate['rate']:,} messages a second, half of the peak of {rate['server']}.", ""]
        lines += main_table(results, scenario)
        if scenario.kind in ("closed", "open"):
            lines += ["", *request_table(results, scenario)]
    return "\n".join(lines) + "\n"


def kind_of(server):
    """hawser, floor or peer, for its colour."""
    known = SERVERS.get(server)
    if server.startswith("hawser"):
        return "hawser"
    return "floor" if known is not None and known.floor else "peer"
