// An answer as a chart: bars beside their labels, or a line over time. Without styles in attributes, so that no policy minds.

import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, scaleUtc } from "d3-scale";
import { select } from "d3-selection";

import { moment } from "./columns.js";
import { cut, drawing, element, language, number, words } from "./dom.js";
import { shown } from "./table.js";

const MOST_BARS = 200;
const SENSIBLE_BARS = 40;
const SIZE = { widest: 960, height: 320, top: 16, right: 24, bottom: 32, left: 56 };

/** Returns how an answer can be drawn, undefined where it has no numbers; `sensible` when one would open it so. */
export function plan(answer, columns) {
  const rows = answer.results.bindings;
  const values = columns.filter((column) => column.kind === "number" && column.filled > 1);
  const times = columns.filter((column) => column.kind === "time" && column.filled > 1);
  const labels = columns.filter((column) => ["iri", "text", "time"].includes(column.kind) && column.filled === rows.length);
  const others = columns.filter((column) => ["iri", "text"].includes(column.kind));
  if (!values.length || rows.length < 2) return undefined;
  // Names are read more easily than IRIs, and a label that repeats tells no row from another.
  const label = [...labels].sort((a, b) => b.distinct - a.distinct || (a.kind === "iri") - (b.kind === "iri"))[0];
  const overTime = times.length > 0 && !others.length;
  if (!label && !times.length) return { values, labels, times, kind: "bars", label: undefined, sensible: false };
  const plain = !times.length && isOne(others) && columns.length === others.length + values.length;
  const sensible = overTime || (plain && rows.length <= SENSIBLE_BARS && label.distinct === rows.length);
  return { values, labels, times, kind: overTime ? "line" : "bars", label, sensible };
}

/** Says whether columns are one label: alone, or a thing with its name. */
function isOne(columns) {
  if (columns.length !== 2) return columns.length === 1;
  const [thing, name] = [...columns].sort((a, b) => (b.kind === "iri") - (a.kind === "iri"));
  return thing.kind === "iri" && name.kind === "text" && (name.name.startsWith(thing.name) || /^(label|name|nom|title)$/i.test(name.name));
}

/** Returns bars of each numeric column beside the labels: a table, so that it reads without seeing it. */
function bars(answer, { label, values }) {
  const rows = answer.results.bindings.slice(0, MOST_BARS);
  const scales = values.map(({ name }) => {
    const found = rows.map((row) => Number(row[name]?.value ?? 0));
    return scaleLinear([Math.min(0, ...found), Math.max(0, ...found)], [0, 100]);
  });
  const bar = ({ name }, scale, row) => {
    if (!row[name]) return element("td");
    const value = Number(row[name].value);
    const [from, to] = [scale(Math.min(0, value)), scale(Math.max(0, value))];
    const rect = drawing("rect", { x: `${from}%`, y: 0, width: `${to - from}%`, height: "100%", rx: 2 });
    const picture = drawing("svg", { class: "bar", "aria-hidden": "true", focusable: "false", height: 18 }, rect);
    return element("td", {}, element("div", {}, picture, element("span", { class: "number" }, number.format(value))));
  };
  const head = element("tr", {}, element("th", { scope: "col" }, label?.name ?? ""), ...values.map(({ name }) => element("th", { scope: "col" }, name)));
  const body = rows.map((row, at) => {
    const name = label ? shown(row[label.name]) : `${at + 1}`;
    return element("tr", {}, element("th", { scope: "row" }, name), ...values.map((column, index) => bar(column, scales[index], row)));
  });
  const whole = element("table", { class: "bars" }, element("thead", {}, head), element("tbody", {}, ...body));
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.chart }, whole);
  return [scroll, ...cut(rows.length, answer.results.bindings.length)];
}

/** Returns a line of one numeric column over a column of times. */
function line(answer, { time, value }) {
  const points = answer.results.bindings
    .filter((row) => row[time.name] && row[value.name])
    .map((row) => ({ x: moment(row[time.name]), y: Number(row[value.name].value), said: row[time.name].value }))
    .filter((point) => Number.isFinite(point.x))
    .sort((a, b) => a.x - b.x);
  const { widest, height, top, right, bottom, left } = SIZE;
  const width = Math.min(widest, document.getElementById("result").clientWidth);
  const x = scaleUtc([points[0].x, points.at(-1).x], [left + 14, width - right]);
  const whole = points.every((point) => Number.isInteger(point.y)); // half an office is on no scale
  const most = Math.max(0, ...points.map((point) => point.y));
  const y = scaleLinear([Math.min(0, ...points.map((point) => point.y)), most], [height - bottom, top]).nice();
  const picture = drawing("svg", { class: "line", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${value.name}, ${time.name}` });
  const years = points.at(-1).x - points[0].x > 2 * 366 * 864e5;
  const dates = new Intl.DateTimeFormat(language, years ? { year: "numeric", timeZone: "UTC" } : { year: "numeric", month: "short", timeZone: "UTC" });
  const across = select(picture).append("g").attr("class", "axis").attr("transform", `translate(0,${height - bottom})`);
  across.call(axisBottom(x).ticks(width / 90).tickFormat((date) => dates.format(date)).tickSizeOuter(0));
  const up = select(picture).append("g").attr("class", "axis").attr("transform", `translate(${left},0)`);
  up.call(axisLeft(y).tickValues(y.ticks(5).filter((tick) => !whole || Number.isInteger(tick))).tickFormat((tick) => number.format(tick)).tickSizeInner(left + right - width).tickSizeOuter(0));
  picture.append(drawing("path", { class: "stroke", d: points.map((point, at) => `${at ? "L" : "M"}${x(point.x)},${y(point.y)}`).join("") }));
  for (const point of points) {
    picture.append(drawing("circle", { cx: x(point.x), cy: y(point.y), r: 4 }, drawing("title", {}, `${point.said}: ${number.format(point.y)}`)));
  }
  for (const axis of picture.querySelectorAll(".axis")) axis.setAttribute("aria-hidden", "true");
  picture.append(drawing("text", { class: "across", x: width - right, y: height - bottom - 8, "text-anchor": "end" }, time.name));
  return [element("p", { class: "up" }, value.name), picture];
}

/** Returns a menu of columns, or nothing where there is no choice. */
function menu(id, name, columns, chosen, change) {
  if (columns.length < 2) return [];
  const options = columns.map((column) => element("option", { value: column.name, selected: column === chosen }, column.name));
  const made = element("select", { id }, ...options);
  made.addEventListener("change", () => change(columns.find((column) => column.name === made.value)));
  return [element("label", { for: id }, name), made];
}

/** Returns the chart of an answer with the choice of its columns. */
export function chart(answer, found) {
  const state = { kind: found.kind, label: found.label, time: found.times[0], value: found.values[0], values: found.values.slice(0, 3) };
  const controls = element("p", { class: "controls" });
  const place = element("div");
  const set = (name) => (value) => {
    state[name] = value;
    draw();
  };
  function draw() {
    const kinds = [{ name: words.bars, kind: "bars" }, { name: words.line, kind: "line" }];
    const choice = found.times.length ? menu("chart-kind", words.shape, kinds, kinds.find((one) => one.kind === state.kind), (one) => set("kind")(one.kind)) : [];
    const parts = [...choice];
    if (state.kind === "line") {
      parts.push(...menu("chart-time", words.across, found.times, state.time, set("time")), ...menu("chart-value", words.up, found.values, state.value, set("value")));
      place.replaceChildren(...line(answer, state));
    } else {
      parts.push(...menu("chart-label", words.labels, found.labels, state.label, set("label")));
      if (found.values.length > 1) {
        const boxes = found.values.map((column) => {
          const box = element("input", { type: "checkbox", checked: state.values.includes(column) });
          box.addEventListener("change", () => {
            const values = found.values.filter((other) => (other === column ? box.checked : state.values.includes(other)));
            set("values")(values.length ? values : [column]);
          });
          return element("label", { class: "choice" }, box, column.name);
        });
        parts.push(element("span", { role: "group", "aria-label": words.values }, ...boxes));
      }
      place.replaceChildren(...bars(answer, state));
    }
    controls.replaceChildren(...parts);
    controls.hidden = !parts.length;
  }
  draw();
  return element("div", { class: "chart" }, controls, place);
}
