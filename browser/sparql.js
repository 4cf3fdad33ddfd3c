// Runs the query in the editor and shows its answer on the page. Without this script the form asks for a file instead.
"use strict";

const form = document.getElementById("query-form");
const editor = document.getElementById("query");
const format = document.getElementById("format");
const result = document.getElementById("result");
const words = form.dataset;
const prefixes = Object.entries(JSON.parse(words.prefixes)).sort((a, b) => b[1].length - a[1].length);
const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const MOST_ROWS = 2000;
const RDF = "text/turtle";
const SOLUTIONS = "application/sparql-results+json";
let running = null;

/** Returns an element with attributes and children; children that are strings become text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Returns a sentence of the interface with its {placeholders} filled in. */
function say(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function shorten(iri) {
  for (const [prefix, namespace] of prefixes) {
    const local = iri.startsWith(namespace) ? iri.slice(namespace.length) : "";
    if (/^\w[\w.-]*$/.test(local)) return `${prefix}:${local}`;
  }
  return iri;
}

/** Returns where a page about an IRI is: on this server for the dataset's own, and for all when the dataset is of others. */
function address(iri) {
  if (words.ours === "true" && !iri.startsWith(words.base)) return iri;
  const path = iri.startsWith(words.base) ? `/${iri.slice(words.base.length).replace(/^id\//, "doc/")}` : "";
  const here = new URL(path || `/resource?iri=${encodeURIComponent(iri)}`, window.location.href);
  const asked = new URL(window.location.href).searchParams.get("lang");
  if (asked) here.searchParams.set("lang", asked);
  return here.href;
}

function cell(term) {
  if (!term) return element("td");
  if (term.type === "uri") {
    if (!/^https?:/.test(term.value)) return element("td", {}, term.value);
    const href = address(term.value);
    const link = element("a", { href, title: term.value, translate: "no" }, shorten(term.value));
    if (href === term.value) link.rel = "external";
    return element("td", {}, link);
  }
  if (term.type === "bnode") return element("td", {}, `_:${term.value}`);
  if (term.type === "triple") return element("td", {}, JSON.stringify(term.value));
  const text = term.value.length > 400 ? `${term.value.slice(0, 400)}…` : term.value;
  const tag = term["xml:lang"];
  const made = element("td", {}, element("bdi", tag ? { lang: tag, dir: "auto" } : {}, text));
  if (tag && tag !== language) made.append(" ", element("small", { class: "tag" }, tag));
  if (/#(integer|decimal|double)$/.test(term.datatype || "")) made.className = "number";
  else if (term.datatype) made.append(" ", element("small", { class: "tag" }, shorten(term.datatype)));
  return made;
}

function table(answer, milliseconds) {
  const rows = answer.results.bindings;
  const shown = rows.slice(0, MOST_ROWS);
  const count = rows.length === 1 ? words.one : say(words.many, { number: number.format(rows.length) });
  const time = element("span", { class: "count" }, say(words.time, { number: number.format(milliseconds) }));
  const parts = [element("h2", {}, rows.length ? count : words.none, " ", time)];
  if (shown.length < rows.length) {
    const counts = { shown: number.format(shown.length), number: number.format(rows.length) };
    parts.push(element("p", {}, say(words.first, counts)));
  }
  if (rows.length) {
    const head = answer.head.vars.map((name) => element("th", { scope: "col" }, name));
    const body = shown.map((row) => element("tr", {}, ...answer.head.vars.map((name) => cell(row[name]))));
    const made = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
    parts.push(element("div", { class: "scroll", tabindex: "0" }, made));
  }
  return parts;
}

/** Returns the lines around a place in the query, the line itself marked. */
function excerpt(query, line, column) {
  const lines = query.split("\n");
  const shown = element("pre", { translate: "no", tabindex: "0" });
  for (let at = Math.max(1, line - 2); at <= Math.min(lines.length, line + 1); at += 1) {
    const text = lines[at - 1];
    const row = element(at === line ? "mark" : "span", { class: "line", "data-number": at });
    if (at === line) row.append(text.slice(0, column - 1), element("b", {}, text.slice(column - 1) || " "));
    else row.append(text);
    shown.append(row);
  }
  return shown;
}

/** Returns Turtle without the prefixes that it does not use. */
function readable(turtle) {
  const declaration = /^@prefix ([\w-]*:) <.*> \.\n/gm;
  const body = turtle.replace(declaration, "");
  const used = new Set(body.match(/[\w-]*:/g));
  return turtle.replace(declaration, (line, prefix) => (used.has(prefix) ? line : ""));
}

/** Returns the title of a problem details object (RFC 9457) in the language of the page. */
function titleOf(details) {
  const name = (details.type || "").split("/").pop();
  const known = [...document.getElementById("problems").content.children].find((one) => one.dataset.name === name);
  return known ? known.textContent : details.title || "";
}

function problem(details, query) {
  const box = element("div", { class: "error", role: "alert" }, element("h2", {}, titleOf(details)));
  if (details.line) {
    box.append(element("p", { class: "where" }, say(words.place, details)));
    box.append(excerpt(query, details.line, details.column || 1));
    const start = query.split("\n").slice(0, details.line - 1).join("\n").length + (details.line > 1 ? 1 : 0);
    editor.setSelectionRange(start + (details.column || 1) - 1, start + query.split("\n")[details.line - 1].length);
  }
  if (details.detail) box.append(element("p", { lang: "en" }, details.detail));
  return [box];
}

function show(parts) {
  result.replaceChildren(...parts);
  result.hidden = false;
  result.removeAttribute("aria-busy");
}

async function run() {
  const query = editor.value;
  if (running) running.abort();
  const mine = new AbortController();
  running = mine;
  result.setAttribute("aria-busy", "true");
  show([element("p", {}, words.running)]);
  try {
    const started = performance.now();
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: `${SOLUTIONS}, ${RDF};q=0.9, application/problem+json;q=0.8`, "Content-Type": "application/sparql-query" },
      body: query,
      signal: mine.signal,
    });
    const type = (response.headers.get("Content-Type") || "").split(";")[0];
    const text = await response.text();
    if (mine !== running) return;
    const milliseconds = Math.round(performance.now() - started);
    if (!response.ok) show(problem(type.endsWith("json") ? JSON.parse(text) : { title: `${response.status}` }, query));
    else if (type !== SOLUTIONS) show(text.trim() ? [element("pre", { translate: "no", tabindex: "0" }, readable(text))] : [element("p", {}, words.empty)]);
    else {
      const answer = JSON.parse(text);
      if ("boolean" in answer) show([element("p", { class: "answer" }, answer.boolean ? words.yes : words.no)]);
      else show(table(answer, milliseconds));
    }
  } catch (error) {
    if (error.name !== "AbortError") show(problem({ title: words.failed }, query));
  }
}

/** Runs the query, and puts it into the address so that the page can be sent to others. */
function runAndRemember() {
  const here = new URL(window.location.href);
  here.searchParams.set("query", editor.value);
  if (here.href.length < 8000 && here.href !== window.location.href) window.history.pushState(null, "", here);
  run();
}

format.prepend(element("option", { value: "" }, words.table));
format.value = "";

form.addEventListener("submit", (event) => {
  if (format.value) return;
  event.preventDefault();
  runAndRemember();
});

editor.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit();
});

for (const link of document.querySelectorAll("[data-example]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    editor.value = new URL(link.href).searchParams.get("query");
    runAndRemember();
    result.scrollIntoView({ block: "nearest" });
  });
}

window.addEventListener("popstate", () => {
  const query = new URL(window.location.href).searchParams.get("query");
  if (query === null) return;
  editor.value = query;
  run();
});

if (words.given === "true") run();
