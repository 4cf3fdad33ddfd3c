// Completes prefixes, variables, classes, properties and things: from the dataset itself, by IRI or by label.

import { Yasqe } from "@zazuko/yasqe";

import { classes, element, fold, language, prefixes, properties, settings, shorten, split, words } from "./dom.js";

const SHOWN = 60;
const WORD = /(?:[?$][\p{L}\w]*|<[^<>\s]*|[\p{L}\w][\p{L}\w.%-]*:?[\p{L}\w.%-]*|:[\p{L}\w.%-]*)$/u;
const ENTITIES = 40;
const asked = new Map();

/** Returns the prefixes that a query declares, by name. */
export function declared(query) {
  return Object.fromEntries([...query.matchAll(/\bPREFIX\s+([\p{L}\w.-]*):\s*<([^<>\s]*)>/giu)].map(([, name, iri]) => [name, iri]));
}

/** Declares a prefix that the query uses, below those that it declares already. */
export function declare(editor, prefix, namespace = prefixes[prefix]) {
  if (namespace === undefined || prefix in declared(editor.getValue())) return;
  let line = 0;
  for (let at = 0; at < editor.lineCount(); at += 1) if (/^\s*(PREFIX|BASE)\s/i.test(editor.getLine(at))) line = at + 1;
  editor.replaceRange(`PREFIX ${prefix}: <${namespace}>\n`, { line, ch: 0 }, undefined, "+declare");
}

/** Returns what stands before the cursor: the word, where it begins and ends, and what the grammar lets follow there. */
function context(editor) {
  const cursor = editor.getCursor();
  const line = editor.getLine(cursor.line);
  const before = line.slice(0, cursor.ch);
  const token = editor.getTokenAt(cursor, true);
  if (token.type === "comment" || (token.type === "string" && token.end > cursor.ch)) return null;
  const word = WORD.exec(before)?.[0] ?? "";
  const from = { line: cursor.line, ch: cursor.ch - word.length };
  const rest = word.startsWith("<") ? /^[^<>\s]*>?/.exec(line.slice(cursor.ch))[0] : /^[\p{L}\w-]*/u.exec(line.slice(cursor.ch))[0];
  const to = { line: cursor.line, ch: cursor.ch + rest.length };
  const lead = before.slice(0, from.ch);
  const { state } = editor.getTokenAt(from, true);
  const follows = from.ch === 0 && from.line > 0 ? editor.getTokenAt({ line: from.line - 1, ch: editor.getLine(from.line - 1).length }, true).state : state;
  const isPredicate = follows.possibleNext.includes("a");
  const predicate = isPredicate ? "" : follows.lastProperty;
  const isClass = /^(a|rdf:type|rdfs:subClassOf|rdfs:domain|rdfs:range)$/.test(predicate) || predicate === "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
  const isTerm = isPredicate || follows.possibleNext.some((name) => ["IRI_REF", "PNAME_LN", "VAR1"].includes(name));
  return { word, from, to, isPrefix: /\bPREFIX\s+$/i.test(lead), isPredicate, isClass: isClass && !isPredicate, isTerm };
}

/** Returns how well a term fits a word: 0 for its beginning, 1 for the beginning of a later word, undefined for not at all. */
function fit(term, word, known) {
  const { iri, label } = term;
  if (word.startsWith("<")) return iri.startsWith(word.slice(1)) ? 0 : undefined;
  const [, prefix, local] = /^([^:]*):(.*)$/.exec(word) ?? [];
  let text = word;
  if (prefix !== undefined) {
    const namespace = known[prefix];
    if (namespace === undefined || !iri.startsWith(namespace)) return undefined;
    text = local;
  }
  const wanted = fold(text);
  if (!wanted) return 0;
  const name = fold(iri.split(/[/#]/).pop());
  const said = fold(label);
  if (name.startsWith(wanted) || said.startsWith(wanted)) return 0;
  if (prefix === undefined && fold(shorten(iri)).startsWith(wanted)) return 0;
  return said.split(/[\s’'-]+/).some((part) => part.startsWith(wanted)) || name.includes(wanted) ? 1 : undefined;
}

function ranked(terms, word, known) {
  const found = terms.map((term) => ({ term, rank: fit(term, word, known) })).filter(({ rank }) => rank !== undefined);
  return found.sort((a, b) => a.rank - b.rank || b.term.uses - a.term.uses).map(({ term }) => term);
}

async function json(path, parameters) {
  const url = `${path}?${new URLSearchParams(parameters)}`;
  if (!asked.has(url)) {
    const answer = fetch(url, { headers: { Accept: "application/sparql-results+json, application/json" } })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    asked.set(url, answer);
  }
  return asked.get(url);
}

const begun = new Map();

/** Returns things of the dataset whose IRI begins so, with their names; what is known already is not asked again. */
async function beginning(iri) {
  for (const [start, found] of begun) {
    if (!iri.startsWith(start)) continue;
    const things = await found;
    if (things.length < ENTITIES) return things.filter((thing) => thing.iri.startsWith(iri)); // all there are, or too many to look through
  }
  if (!begun.has(iri)) begun.set(iri, ask(iri));
  return begun.get(iri);
}

async function ask(iri) {
  const query = `PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?s (SAMPLE(?name) AS ?label) {
  { SELECT DISTINCT ?s { ?s ?p ?o FILTER (ISIRI(?s) && STRSTARTS(STR(?s), ${JSON.stringify(iri)})) } ORDER BY ?s LIMIT ${ENTITIES} }
  OPTIONAL { ?s skos:prefLabel|rdfs:label ?name FILTER (LANG(?name) = ${JSON.stringify(language)}) }
}
GROUP BY ?s
ORDER BY ?s`;
  const answer = await json(`${settings.root}/sparql`, { query, timeout: "3" });
  return (answer?.results.bindings ?? []).map(({ s, label }) => ({ iri: s.value, label: label?.value ?? "", tag: "", uses: 0, kind: "thing" }));
}

/** Returns things of the dataset by name, accents and spelling forgiven. */
async function named(words) {
  const answer = await json(`${settings.root}/search`, { q: words, limit: "12", lang: language });
  return (answer?.results ?? []).map(({ iri, label, lang }) => ({ iri, label, tag: lang, uses: 0, kind: "thing" }));
}

/** Returns an entry of the list of completions for a term. */
function entry(term, known) {
  const pairs = Object.entries({ ...prefixes, ...known }).sort((a, b) => b[1].length - a[1].length);
  const parts = split(term.iri, pairs);
  const text = parts ? parts.join(":") : `<${term.iri}>`;
  const render = (item) => {
    const said = term.label && fold(term.label) !== fold(text) ? [element("span", { class: "said", lang: term.tag && term.tag !== language && term.tag }, term.label)] : [];
    item.append(element("code", { translate: "no" }, text), ...said);
    item.title = `${words.kinds[term.kind]} · ${term.iri}`;
  };
  const hint = (editor, { from, to }) => {
    editor.operation(() => {
      editor.replaceRange(text, from, to, "complete");
      if (parts) declare(editor, parts[0], { ...prefixes, ...known }[parts[0]]);
    });
  };
  return { text, render, hint };
}

function plain(text, shown, hint) {
  return { text, hint, render: (item) => item.append(element("code", { translate: "no" }, shown)) };
}

/** Returns the completions where the cursor stands, best first; `byHand` asks for more than typing does. */
async function completions(editor, byHand) {
  const here = context(editor);
  if (!here) return null;
  const { word, from, to } = here;
  const query = editor.getValue();
  const known = { ...prefixes, ...declared(query) };
  let list = [];
  if (here.isPrefix) {
    const wanted = word.replace(/:.*/, "");
    list = Object.entries(prefixes)
      .filter(([name]) => name.startsWith(wanted))
      .map(([name, iri]) => plain(`${name}: <${iri}>`, `${name}: <${iri}>`));
  } else if (/^[?$]/.test(word)) {
    const names = new Set((query.match(/[?$][\p{L}\w]+/gu) ?? []).filter((name) => name !== word));
    list = [...names].filter((name) => name.startsWith(word)).map((name) => plain(name, name));
  } else {
    const hasColon = word.includes(":") || word.startsWith("<");
    let terms = [];
    if (here.isPredicate) terms = properties;
    else if (here.isClass) terms = classes;
    else if (hasColon) terms = [...classes, ...properties];
    const isWanted = byHand || hasColon || (word.length > 1 && (here.isPredicate || here.isClass));
    if (isWanted) list = ranked(terms, word, known).slice(0, SHOWN);
    if (hasColon && !here.isPredicate && !here.isClass && here.isTerm) {
      const [, prefix, local] = /^([^:]*):(.*)$/.exec(word) ?? [];
      const iri = word.startsWith("<") ? word.slice(1) : known[prefix] === undefined ? "" : known[prefix] + local;
      if (iri.length > 7) list = [...list, ...(await beginning(iri))].slice(0, SHOWN);
    } else if (byHand && !hasColon && word.length > 1 && !here.isPredicate) list = [...list, ...(await named(word))].slice(0, SHOWN);
    const seen = new Set();
    list = list.filter(({ iri }) => !seen.has(iri) && seen.add(iri)).map((term) => entry(term, known));
    if (!hasColon && (byHand ? !here.isClass : here.isTerm && word.length > 1)) {
      const names = Object.keys(prefixes).filter((name) => word && name.startsWith(word));
      const hint = (name) => (target, data) => {
        target.replaceRange(`${name}:`, data.from, data.to, "complete");
        declare(target, name);
        setTimeout(() => complete(target, false));
      };
      list.push(...names.map((name) => plain(`${name}:`, `${name}:`, hint(name))));
    }
  }
  if (list.length === 1 && list[0].text === word) list = [];
  const found = { list, from, to };
  Yasqe.on(found, "shown", () => {
    const box = editor.getWrapperElement().parentElement.querySelector(".CodeMirror-hints");
    box.setAttribute("aria-label", words.completions);
    box.tabIndex = 0; // it scrolls
  });
  return found;
}

/** Opens the list of completions where there are some. */
export function complete(editor, byHand) {
  const hint = () => completions(editor, byHand);
  editor.showHint({ hint, completeSingle: false, closeCharacters: /[\s>{}()"';,]/, container: editor.getWrapperElement().parentElement });
}

/** Makes an editor complete as one types, and declare the prefixes that one types. */
export function install(editor) {
  editor.on("inputRead", (_, change) => {
    if (!/^[\p{L}\w:?$<-]$/u.test(change.text[0]) || change.text.length > 1) return;
    if (change.text[0] === ":") {
      const cursor = editor.getCursor();
      const before = editor.getLine(cursor.line).slice(0, cursor.ch);
      const { type } = editor.getTokenAt(cursor, true);
      const name = /(?:^|[\s({|/^!;,.])([\p{L}][\p{L}\w.-]*):$/u.exec(before)?.[1];
      if (name && !/\bPREFIX\s+[^\s]*$/i.test(before) && type !== "comment" && type !== "string") declare(editor, name);
    }
    // Declaring a prefix moves the line, which closes a list that is open: ask afterwards.
    setTimeout(() => {
      if (!editor.state.completionActive) complete(editor, false);
    });
  });
}
