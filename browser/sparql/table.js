// An answer as a table: sorted, filtered, a page at a time.

import { kindOf } from "./columns.js";
import { address, collator, element, fold, language, number, say, shorten, words } from "./dom.js";

const PAGE = 50;
const LONGEST = { geometry: 90, text: 400 };

/** Returns one term as a reader sees it: a link, words in their language, a number. */
export function shown(term) {
  if (term.type === "uri") {
    if (!/^https?:/.test(term.value)) return element("span", {}, term.value);
    const href = address(term.value);
    return element("a", { href, title: term.value, translate: "no", rel: href === term.value && "external" }, shorten(term.value));
  }
  if (term.type === "bnode") return element("span", {}, `_:${term.value}`);
  if (term.type === "triple") return element("span", {}, Object.values(term.value).map((part) => part.value).join(" "));
  const most = LONGEST[kindOf(term)] ?? LONGEST.text;
  const text = term.value.length > most ? `${term.value.slice(0, most)}…` : term.value;
  const tag = term["xml:lang"];
  const made = element("span", {}, element("bdi", tag ? { lang: tag, dir: "auto" } : {}, text));
  if (tag && tag !== language) made.append(" ", element("small", { class: "tag" }, tag));
  if (term.datatype && kindOf(term) !== "number") made.append(" ", element("small", { class: "tag" }, shorten(term.datatype)));
  return made;
}

function compare(name, kind) {
  if (kind === "number") return (a, b) => Number(a[name].value) - Number(b[name].value);
  return (a, b) => collator.compare(a[name].value, b[name].value);
}

/** Returns an answer as a table that sorts by each column, filters by a text, and leafs through. */
export function table(answer, columns) {
  const all = answer.results.bindings;
  const state = { sort: null, down: false, filter: "", page: 0 };
  const frame = element("div", { class: "rows" });
  const body = element("tbody");
  const heads = columns.map((column) => {
    const sort = () => {
      // up, then down, then as the answer came
      if (state.sort !== column) Object.assign(state, { sort: column, down: false });
      else if (!state.down) state.down = true;
      else state.sort = null;
      state.page = 0;
      draw();
    };
    const button = element("button", { type: "button", title: say(words.sort, { column: column.name }), onclick: sort }, column.name);
    return element("th", { scope: "col", class: column.kind === "number" && "number" }, button);
  });
  const whole = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.table }, whole);
  const range = element("span", { role: "status" });
  const leaf = (step) => () => {
    state.page += step;
    draw();
  };
  const before = element("button", { type: "button", class: "button small", onclick: leaf(-1) }, words.before);
  const after = element("button", { type: "button", class: "button small", onclick: leaf(1) }, words.after);
  const pager = element("p", { class: "pager" }, before, range, after);
  const field = element("input", { type: "search", id: "filter-rows", autocomplete: "off" });
  field.addEventListener("input", () => {
    state.filter = fold(field.value.trim());
    state.page = 0;
    draw();
  });
  if (all.length > 5) frame.append(element("p", { class: "filter" }, element("label", { for: "filter-rows" }, words.filter), field));
  frame.append(scroll, pager);

  function wanted() {
    const has = (row) => Object.values(row).some((term) => fold(`${term.value} ${term.type === "uri" ? shorten(term.value) : ""}`).includes(state.filter));
    const rows = state.filter ? all.filter(has) : [...all];
    if (!state.sort) return rows;
    const { name, kind } = state.sort;
    const [filled, empty] = [rows.filter((row) => row[name]), rows.filter((row) => !row[name])];
    filled.sort(compare(name, kind));
    if (state.down) filled.reverse();
    return [...filled, ...empty]; // what has no value comes last either way
  }

  function draw() {
    const rows = wanted();
    const page = rows.slice(state.page * PAGE, (state.page + 1) * PAGE);
    const cell = ({ name, kind }, row) => element("td", { class: kind === "number" && "number" }, ...(row[name] ? [shown(row[name])] : []));
    body.replaceChildren(...page.map((row) => element("tr", {}, ...columns.map((column) => cell(column, row)))));
    for (const [at, column] of columns.entries()) {
      if (state.sort === column) heads[at].setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else heads[at].removeAttribute("aria-sort");
    }
    const counts = { from: state.page * PAGE + 1, to: state.page * PAGE + page.length, number: rows.length };
    const text = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, number.format(value)]));
    range.textContent = rows.length ? say(words.range, text) : words.none;
    before.disabled = state.page === 0;
    after.disabled = (state.page + 1) * PAGE >= rows.length;
    pager.hidden = all.length <= PAGE && !state.filter;
    before.hidden = after.hidden = rows.length <= PAGE;
  }
  draw();
  return frame;
}
