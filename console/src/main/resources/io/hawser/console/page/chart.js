// SPDX-License-Identifier: Apache-2.0
// Lines over time, the latest on the right. The caption says in words what is drawn, and is the picture's text.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 4;
const TOP = 16;
const BOTTOM = 4;

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}

/** The next round number that is not below: of 1, 2, 5, 10 …, or a power of two. */
function ceiling(value, base) {
  if (base === 2) {
    return 2 ** Math.ceil(Math.log2(value));
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value) ?? value;
}

export function draw(svg, caption, title, format, points, base, series) {
  const width = svg.clientWidth || 480;
  const height = svg.clientHeight || 144;
  const highest = Math.max(...series.flatMap((one) => one.values), 0);
  const top = highest > 0 ? ceiling(highest, base) : 1;
  const x = (i, length) => LEFT + ((width - 2 * LEFT) * (points - length + i)) / (points - 1);
  const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - value / top);
  const parts = [0, 0.5, 1].map((part) => element("path", { class: "grid", d: `M0 ${y(part * top)}H${width}` }));
  parts.push(element("text", { x: LEFT, y: TOP - 4 }, highest > 0 ? format(top) : "nothing so far"));
  series.forEach((one, i) => {
    const d = one.values.map((value, at) => `${at === 0 ? "M" : "L"}${x(at, one.values.length).toFixed(1)} ${y(value).toFixed(1)}`);
    parts.push(element("path", { class: `series${i}`, d: d.join("") || "M0 0" }));
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);

  const name = document.createElement("b");
  name.textContent = title;
  const words = [name];
  series.forEach((one, i) => {
    const key = document.createElement("span");
    key.className = `key series${i}`;
    key.textContent = one.name;
    words.push(i === 0 ? ": " : "; ", key, ` ${format(one.values.at(-1) ?? 0)} now, ${format(Math.max(0, ...one.values))} at most`);
  });
  caption.replaceChildren(...words);
}
