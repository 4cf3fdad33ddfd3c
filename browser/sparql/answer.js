// Asks the endpoint and shows what comes back: as table, chart, map or as it came, with its downloads; or what went wrong.

import { chart, plan } from "./chart.js";
import { columnsOf } from "./columns.js";
import { element, number, say, settings, tabs, words } from "./dom.js";
import { map, places } from "./map.js";
import { table } from "./table.js";

const GRAPH = "text/turtle";
const SOLUTIONS = "application/sparql-results+json";
const LONGEST_ADDRESS = 7000;
const LONGEST_TEXT = 300_000;

/** Asks the endpoint; returns a value with `form`: "solutions", "boolean", "graph" or "problem". */
export async function ask(query, signal) {
  const started = performance.now();
  let response;
  let text;
  try {
    response = await fetch(settings.action, {
      method: "POST",
      headers: { Accept: `${SOLUTIONS}, ${GRAPH};q=0.9, application/problem+json;q=0.8`, "Content-Type": "application/sparql-query" },
      body: query,
      signal,
    });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { form: "problem", details: { type: "unreachable" } };
  }
  const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
  const milliseconds = Math.round(performance.now() - started);
  if (!response.ok) return { form: "problem", details: type.endsWith("json") ? JSON.parse(text) : { title: `${response.status} ${response.statusText}` } };
  if (type !== SOLUTIONS) return { form: "graph", text, milliseconds };
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return { form: "problem", details: { type: "unreachable" } }; // it broke off on the way
  }
  return { form: "boolean" in answer ? "boolean" : "solutions", answer, milliseconds };
}

/** Returns Turtle without the prefixes that it does not use. */
function readable(turtle) {
  const declaration = /^@prefix ([\w-]*:) <.*> \.\n/gm;
  const body = turtle.replace(declaration, "");
  const used = new Set(body.match(/[\w-]*:/g));
  return turtle.replace(declaration, (line, prefix) => (used.has(prefix) ? line : ""));
}

/** Returns the answer in each format that the server writes: links, or buttons where the query is too long for an address. */
function downloads(query, formats) {
  const address = (name) => `${settings.action}?${new URLSearchParams({ query, format: name })}`;
  const isShort = address("x").length < LONGEST_ADDRESS;
  const items = formats.map(({ name, title, suffix, type }) =>
    isShort
      ? element("a", { href: address(name), type, download: `${words.file}.${suffix}` }, title)
      : element("button", { name: "format", value: name }, title),
  );
  const list = element("ul", { class: "formats" }, ...items.map((item) => element("li", {}, item)));
  const holder = isShort ? list : element("form", { action: settings.action, method: "post" }, element("input", { type: "hidden", name: "query", value: query }), list);
  return element("div", { class: "downloads" }, element("h3", {}, words.download), holder);
}

/** Returns text as it came; of a long one the beginning, which is what a page can show and a reader reads. */
function raw(text) {
  const shown = element("pre", { translate: "no", tabindex: "0", role: "region", "aria-label": words.raw }, text.slice(0, LONGEST_TEXT));
  return element("div", {}, shown, ...(text.length > LONGEST_TEXT ? [element("p", { class: "cut" }, words.beginning)] : []));
}

/** Returns an answer as JSON with its rows on lines of their own; of very many rows enough to fill what is shown. */
function laid({ answer }) {
  const bindings = answer.results.bindings.slice(0, LONGEST_TEXT / 50);
  return JSON.stringify({ ...answer, results: { ...answer.results, bindings } }, null, 2);
}

function heading(result) {
  const count = result.answer?.results?.bindings.length;
  const said = count === undefined ? words.result : count === 0 ? words.none : count === 1 ? words.one : say(words.many, { number: number.format(count) });
  return element("h2", {}, said, " ", element("span", { class: "count" }, say(words.time, { number: number.format(result.milliseconds) })));
}

/** Returns the views that have something to show of solutions: each a name, a function that makes it, the best first to open. */
function views(result) {
  const { answer } = result;
  const columns = columnsOf(answer);
  const found = [{ name: "table", make: () => table(answer, columns) }];
  const drawn = plan(answer, columns);
  if (drawn) found.push({ name: "chart", make: () => chart(answer, drawn), opens: drawn.sensible });
  const placed = places(answer, columns);
  if (placed.rows.length) found.push({ name: "map", make: () => map(placed), opens: placed.sensible });
  found.push({ name: "raw", make: () => raw(laid(result)) });
  return found;
}

/** Returns the views of solutions behind tabs. */
function tabbed(result) {
  const all = views(result);
  const panel = element("div", { id: "view", role: "tabpanel" });
  const buttons = all.map(({ name }) => element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "view" }, words[name]));
  const list = element("div", { role: "tablist", "aria-label": words.views }, ...buttons);
  const made = new Map();
  const choose = tabs(list, (tab) => {
    const view = all[buttons.indexOf(tab)];
    if (!made.has(view)) made.set(view, view.make());
    const one = made.get(view);
    panel.setAttribute("aria-labelledby", tab.id);
    panel.replaceChildren(one.element ?? one);
    if (one.ready) {
      one.ready();
      made.delete(view); // a map is drawn anew for the room that it has
    }
  });
  const opened = all.findLastIndex(({ opens }) => opens);
  return { parts: [list, panel], ready: () => choose(buttons[Math.max(0, opened)]) };
}

/** Returns the parts of the page for a result, and what is to be done once they stand there. */
export function parts(result, query) {
  const { form, answer, text } = result;
  if (form === "graph") {
    const shown = text.trim() ? raw(readable(text)) : element("p", {}, words.empty);
    return { parts: [heading(result), shown, downloads(query, settings.graphs)] };
  }
  if (form === "boolean") return { parts: [heading(result), element("p", { class: "answer" }, answer.boolean ? words.yes : words.no), downloads(query, settings.solutions)] };
  if (!answer.results.bindings.length) return { parts: [heading(result), element("p", {}, words.nothing), downloads(query, settings.solutions)] };
  const { parts: tabsAndPanel, ready } = tabbed(result);
  return { parts: [heading(result), ...tabsAndPanel, downloads(query, settings.solutions)], ready };
}

/** Returns what is said of a problem (RFC 9457): its title in the reader's language, where it is, what one can do. */
export function problem(details, go) {
  const name = (details.type ?? "").split("/").pop();
  const box = element("div", { class: "error", role: "alert" }, element("h2", {}, words.problems[name] ?? details.title ?? words.problems["internal-error"]));
  if (go) {
    const place = say(words.spot, { line: number.format(details.line), column: number.format(details.column ?? 1) });
    box.append(element("p", { class: "where" }, element("a", { href: "#query-form", onclick: (event) => { event.preventDefault(); go(); } }, place)));
  }
  if (details.detail) box.append(element("p", { lang: "en" }, details.detail));
  if (words.advice[name]) box.append(element("p", { class: "advice" }, words.advice[name]));
  return box;
}
