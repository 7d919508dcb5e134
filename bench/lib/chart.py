"""Charts in SVG, without a script, readable on light and dark. Pure: records in, text out."""
import itertools
import math
from xml.sax.saxutils import escape

from catalog import SCENARIOS
from report import LABELS, compared_with, kind_of, number, row_name

WIDTH = 920
NAME_WIDTH = 276
TEXT_WIDTH = 200
BAR_LEFT = NAME_WIDTH + 12
BAR_WIDTH = WIDTH - BAR_LEFT - TEXT_WIDTH
ROW = 22
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .small, .axis { fill: #59636e; font-size: 12px; }
  .back { fill: #ffffff; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .whisker { stroke: #1f2328; stroke-width: 1.2; fill: none; opacity: 0.75; }
  .floor { fill: #9aa4ae; } .hawser { fill: #2f81d6; } .peer { fill: #d9a23b; }
  .line { fill: none; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small, .axis { fill: #9da7b1; }
    .back { fill: #0d1117; }
    .grid { stroke: #30363d; }
    .whisker { stroke: #e6edf3; }
    .floor { fill: #6e7781; } .hawser { fill: #4493f8; } .peer { fill: #b98a2f; }
  }
"""
CURVE_COLOURS = {"hawser": ("#2f81d6", "#1a9c8a", "#6b7be0"), "floor": ("#9aa4ae", "#6e7781"),
                 "peer": ("#d9a23b", "#c4563a", "#8a63d2", "#d1568f", "#8f9a2e", "#b07d62")}


def document(height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'role="img">\n<style>{STYLE}</style>\n<rect class="back" width="{WIDTH}" height="{height}"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def text(x, y, content, kind="", anchor="start"):
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>{escape(content)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def bars(results, name, top):
    """One scenario's bars, and the y below them."""
    scenario = SCENARIOS[name]
    rows = [(row, results.figure(name, *row, scenario.figure)) for row in results.rows(name)]
    longest = max(figure.most for _, figure in rows) or 1
    # A slice that was hit by something must not flatten all bars; its whisker is cut.
    longest = min(longest, 1.6 * max(figure.median for _, figure in rows)) if longest > 0 else 1
    body = [text(0 + 12, top + 14, f"{name}: {scenario.title}", "title"),
            text(WIDTH - 12, top + 14, f"{LABELS[scenario.figure]}, less is better", "small", "end")]
    y = top + 26
    for (server, variant), figure in rows:
        def x_of(value):
            return BAR_LEFT + BAR_WIDTH * max(0.0, min(value, longest)) / longest
        middle = y + ROW / 2
        body.append(text(NAME_WIDTH, middle + 4.5, row_name(server, variant), anchor="end"))
        body.append(f'<rect x="{BAR_LEFT}" y="{y + 4}" width="{max(1.0, x_of(figure.median) - BAR_LEFT):.1f}" '
                    f'height="{ROW - 8}" rx="2" class="{kind_of(server)}"/>')
        body.append(line(x_of(figure.least), middle, x_of(figure.most), middle, "whisker"))
        for value in (figure.least, figure.most):
            if value <= longest:
                body.append(line(x_of(value), middle - 3.5, x_of(value), middle + 3.5, "whisker"))
        other = compared_with(scenario, server, variant)
        ratio = results.ratio(name, (server, variant), other, scenario.figure) if other else None
        told = number(figure.median)
        x = max(x_of(figure.median), x_of(figure.most)) + 8
        body.append(text(x, middle + 4.5, told))
        if ratio:
            shown = other[1] if other[0] == server else other[0]
            body.append(text(x + 9 + 7.5 * len(told), middle + 4.5, f"{ratio.median:.2f} × {shown}", "small"))
        y += ROW
    return body, y + 18


def bar_chart(results):
    """All scenarios, one below the other, each on its own scale; or None if nothing was measured."""
    body = []
    top = 12
    for name in results.scenarios():
        if results.rows(name):
            more, top = bars(results, name, top)
            body += more
    return document(top, body) if body else None


def nice_ticks(least, most):
    """1, 2 and 5 of each power of ten within a range that has a logarithm."""
    ticks = [factor * 10.0 ** power for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
             for factor in (1, 2, 5)]
    return [tick for tick in ticks if least * 0.999 <= tick <= most * 1.001]


def curve_chart(results, name):
    """Latency against percentile, both so that a tail can be seen; or None without two points."""
    curves = {server: results.curve(name, server) for server, _ in results.rows(name)}
    curves = {server: points for server, points in curves.items() if len(points) > 1}
    if not curves:
        return None
    latencies = [value for points in curves.values() for _, value in points]
    least, most = max(0.1, min(latencies)) / 1.15, max(latencies) * 1.15
    nines = [-math.log10(1 - percentile) for percentile, _ in next(iter(curves.values()))]
    left, right, top, bottom = 70, WIDTH - 150, 44, 400

    def x_of(percentile):
        return left + (right - left) * (-math.log10(1 - percentile) - nines[0]) / (nines[-1] - nines[0])

    def y_of(value):
        return bottom - (bottom - top) * math.log(max(value, least) / least) / math.log(most / least)

    body = [text(12, 22, f"{name}: {SCENARIOS[name].title}", "title"),
            text(WIDTH - 12, 22, "latency µs by percentile, less is better", "small", "end")]
    for percentile, label in ((0.5, "50%"), (0.9, "90%"), (0.99, "99%"), (0.999, "99.9%"), (0.9999, "99.99%")):
        body.append(line(x_of(percentile), top, x_of(percentile), bottom, "grid"))
        body.append(text(x_of(percentile), bottom + 18, label, "axis", "middle"))
    for tick in nice_ticks(least, most):
        body.append(line(left, y_of(tick), right, y_of(tick), "grid"))
        body.append(text(left - 8, y_of(tick) + 4, number(tick, 2 if tick >= 1 else 1), "axis", "end"))
    ends = []
    colours = {kind: itertools.cycle(some) for kind, some in CURVE_COLOURS.items()}
    for server, points in curves.items():
        colour = next(colours[kind_of(server)])
        path = " ".join(f"{x_of(percentile):.1f},{y_of(value):.1f}" for percentile, value in points)
        body.append(f'<polyline points="{path}" class="line" stroke="{colour}"/>')
        ends.append((y_of(points[-1][1]), server, colour))
    below = top - 16
    for y, server, colour in sorted(ends):
        below = max(y, below + 17)  # labels must not lie on each other
        body.append(f'<circle cx="{right + 12}" cy="{below:.1f}" r="4" fill="{colour}"/>')
        body.append(text(right + 21, below + 4.5, server))
    return document(int(max(bottom + 34, below + 20)), body)


def charts(results):
    """Pairs of a file's name and its content."""
    drawn = [("chart.svg", bar_chart(results))]
    drawn += [(f"{name}.svg", curve_chart(results, name)) for name in results.scenarios() if SCENARIOS[name].kind == "open"]
    return [(name, content) for name, content in drawn if content is not None]
