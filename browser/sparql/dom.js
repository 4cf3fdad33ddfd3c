// Small things that every part of the query page needs: elements, sentences, names.

const data = JSON.parse(document.getElementById("editor-data").textContent);

/** What the server wrote into the page: sentences, prefixes, classes and properties, addresses. */
export const { words, settings } = data;
words.problems = Object.fromEntries([...document.getElementById("problems").content.children].map((one) => [one.dataset.name, one.textContent]));
export const classes = data.classes.map(term("class"));
export const properties = data.properties.map(term("property"));
export const prefixes = data.prefixes;
export const language = document.documentElement.lang;
export const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
export const number = new Intl.NumberFormat(language, { maximumFractionDigits: 20 });

const namespaces = Object.entries(prefixes).sort((a, b) => b[1].length - a[1].length);

function term(kind) {
  return ([iri, label, tag, uses]) => ({ iri, label, tag, uses, kind });
}

/** Returns an element with attributes and children; children that are strings become text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Returns an SVG element with attributes and children. */
export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Returns a sentence of the interface with its {placeholders} filled in. */
export function say(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Returns a line that says how much is shown, where it is not all. */
export function cut(shown, total) {
  if (shown === total) return [];
  return [element("p", { class: "cut" }, say(words.first, { shown: number.format(shown), number: number.format(total) }))];
}

/** Returns text without case and accents, for comparing. */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Returns the prefix and the local name of an IRI, undefined where no prefix fits. */
export function split(iri, known = namespaces) {
  for (const [prefix, namespace] of known) {
    const local = iri.startsWith(namespace) ? iri.slice(namespace.length) : "";
    if (/^\w([\w.-]*[\w-])?$/.test(local)) return [prefix, local];
  }
  return undefined;
}

export function shorten(iri) {
  const parts = split(iri);
  return parts ? parts.join(":") : iri;
}

/** Returns where a page about an IRI is: on this server for the dataset's own, and for all when the dataset is of others. */
export function address(iri) {
  const { base, ours } = settings;
  if (ours && !iri.startsWith(base)) return iri;
  const path = iri.startsWith(base) ? `/${iri.slice(base.length).replace(/^id\//, "doc/")}` : "";
  const here = new URL(settings.root + (path || `/resource?iri=${encodeURIComponent(iri)}`), window.location.href);
  const asked = new URL(window.location.href).searchParams.get("lang");
  if (asked) here.searchParams.set("lang", asked);
  return here.href;
}

/** Returns the address of this editor with a query in it. */
export function linkTo(query) {
  const here = new URL(window.location.href);
  here.searchParams.set("query", query);
  here.hash = "";
  return here;
}

/** Remembers a text between visits; where the browser refuses, does without. */
export function keep(name, text) {
  try {
    window.localStorage.setItem(`sparql.${name}`, text);
  } catch {
    // a private window, or no room: the page works as well without a memory
  }
}

/** Returns a remembered text, null where there is none. */
export function kept(name) {
  try {
    return window.localStorage.getItem(`sparql.${name}`);
  } catch {
    return null;
  }
}

/** Shows one of several panels at a time: the tabs of WAI-ARIA, with arrow keys. */
export function tabs(list, show) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab, byHand) => {
    for (const other of all) {
      other.setAttribute("aria-selected", other === tab);
      other.tabIndex = other === tab ? 0 : -1;
    }
    if (byHand) tab.focus();
    show(tab);
  };
  for (const [at, tab] of all.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(all[(to + all.length) % all.length], true);
    });
  }
  return choose;
}
