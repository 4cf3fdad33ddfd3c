// The query page: an editor, examples, and answers as table, chart and map. Without this script the form asks for a file.

import "./sparql/skin.css";
import { ask, parts, problem } from "./sparql/answer.js";
import { programs } from "./sparql/copies.js";
import { element, fold, keep, kept, linkTo, number, settings, tabs, words } from "./sparql/dom.js";
import { create, mark, put, tidy, unmark } from "./sparql/editor.js";

const form = document.getElementById("query-form");
const textarea = document.getElementById("query");
const result = document.getElementById("result");
const status = document.getElementById("status");
const LONGEST_ADDRESS = 8000;
let running = null;

const editor = create(textarea, () => form.requestSubmit());

/** Asks the query in the editor and shows what comes back. */
async function run() {
  const query = editor.getValue();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  unmark(editor);
  result.setAttribute("aria-busy", "true");
  result.hidden = false;
  status.textContent = words.running;
  if (!result.childElementCount) result.replaceChildren(element("p", { class: "running" }, words.running));
  let found;
  try {
    found = await ask(query, mine.signal);
  } catch (error) {
    if (error.name === "AbortError") return; // a later question took its place
    throw error;
  }
  if (mine !== running) return;
  result.removeAttribute("aria-busy");
  if (found.form === "problem") {
    const { details } = found;
    const go = details.line && query === editor.getValue() ? mark(editor, details.line, details.column ?? 1) : undefined;
    status.textContent = "";
    result.replaceChildren(problem(details, go));
    return;
  }
  const shown = parts(found, query);
  result.replaceChildren(...shown.parts);
  shown.ready?.();
  status.textContent = result.querySelector("h2").textContent;
}

/** Runs the query, and puts it into the address so that the page can be sent to others. */
function runAndRemember() {
  const here = linkTo(editor.getValue());
  if (here.href.length < LONGEST_ADDRESS && here.href !== window.location.href) window.history.pushState(null, "", here);
  run();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  runAndRemember();
});

// What is only for readers with scripts, and what only for those without.
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
for (const part of document.querySelectorAll(".plain")) part.hidden = true;

document.getElementById("tidy").addEventListener("click", () => tidy(editor));

// Programs and the link follow the query; they are written when one looks.

const programsBox = document.getElementById("programs");
const link = document.getElementById("copy-link");

function write() {
  link.dataset.copy = linkTo(editor.getValue()).href;
  if (!programsBox.open) return;
  const endpoint = settings.endpoint || new URL(settings.action, window.location.href).href;
  for (const [name, text] of Object.entries(programs(editor.getValue(), editor.getQueryType(), endpoint))) document.getElementById(`code-${name}`).textContent = text;
}
const choose = tabs(programsBox.querySelector("[role=tablist]"), (tab) => {
  for (const panel of programsBox.querySelectorAll("[role=tabpanel]")) panel.hidden = panel.id !== tab.getAttribute("aria-controls");
});
choose(programsBox.querySelector("[role=tab]"));
programsBox.addEventListener("toggle", write);

// The query stays from visit to visit; one that came by its address leaves the reader's own alone until it is changed.

const mine = kept("query");
const back = document.getElementById("back");
if (!settings.given && mine) put(editor, mine);
back.hidden = !settings.given || !mine || mine === editor.getValue();
back.addEventListener("click", () => {
  put(editor, mine);
  back.hidden = true;
  editor.focus();
});
editor.on("changes", (_, changes) => {
  if (changes.some(({ origin }) => origin !== "setValue")) keep("query", editor.getValue());
  write();
});
write();

// Examples: found by any of their words, shown at once.

const examples = document.getElementById("examples");
for (const example of examples?.querySelectorAll("[data-example]") ?? []) {
  example.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    put(editor, new URL(example.href).searchParams.get("query"));
    runAndRemember();
    (window.matchMedia("(max-width: 60rem)").matches ? form : result).scrollIntoView({ block: "nearest" });
  });
}
const search = document.getElementById("find-example");
search?.addEventListener("input", () => {
  const wanted = fold(search.value).split(/\s+/).filter(Boolean);
  let total = 0;
  for (const topic of examples.querySelectorAll("details")) {
    let found = 0;
    for (const item of topic.querySelectorAll("li")) {
      const text = fold(item.textContent);
      item.hidden = !wanted.every((part) => text.includes(part));
      if (!item.hidden) found += 1;
    }
    topic.querySelector(".count").textContent = number.format(found);
    topic.hidden = !found;
    topic.open = wanted.length ? found > 0 : topic.dataset.first === "true";
    total += found;
  }
  document.getElementById("no-example").hidden = total > 0;
});

window.addEventListener("popstate", () => {
  const query = new URL(window.location.href).searchParams.get("query");
  if (query === null) return;
  put(editor, query);
  run();
});

if (settings.given) run();
