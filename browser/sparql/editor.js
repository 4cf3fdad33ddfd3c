// The editor: Yasqe in place of the textarea, with keys that trap nobody and errors marked where they are.

import { Yasqe } from "@zazuko/yasqe";
import "@zazuko/yasqe/build/yasqe.min.css";

import { complete, install } from "./completion.js";
import { element, words } from "./dom.js";

Yasqe.defaults.autocompleters = []; // its own ask other hosts

/** Returns the editor that takes the place of a textarea, which keeps the query for the form. */
export function create(textarea, run) {
  const place = element("div", { class: "code" });
  textarea.after(place);
  const editor = new Yasqe(place, {
    value: textarea.value,
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    resizeable: false,
    syntaxErrorCheck: false,
    editorHeight: "auto",
    inputStyle: "contenteditable", // screen readers read and spell checkers leave alone
    viewportMargin: Infinity,
    spellcheck: false,
    autocorrect: false,
    autocapitalize: false,
    indentUnit: 2,
    gutters: ["gutterErrorBar", "CodeMirror-linenumbers"],
    foldGutter: false,
    extraKeys: {
      Tab: false, // goes on to the next control, as everywhere on the page
      "Shift-Tab": false,
      Esc: false,
      "Ctrl-S": false,
      "Shift-Ctrl-D": false,
      "Shift-Ctrl-K": false,
      "Ctrl-Space": () => complete(editor, true),
      "Ctrl-Enter": run,
      "Cmd-Enter": run,
      "Shift-Ctrl-F": () => tidy(editor),
    },
  });
  const input = editor.getInputField();
  const described = textarea.getAttribute("aria-describedby");
  const attributes = { role: "textbox", "aria-multiline": "true", "aria-label": words.query, "aria-describedby": described, translate: "no" };
  for (const [name, value] of Object.entries(attributes)) if (value) input.setAttribute(name, value);
  textarea.hidden = true;
  textarea.required = false;
  editor.on("changes", () => {
    textarea.value = editor.getValue();
    unmark(editor);
  });
  document.querySelector(`label[for="${textarea.id}"]`)?.addEventListener("click", () => editor.focus());
  install(editor);
  return editor;
}

/** Puts a query into the editor; a second time changes nothing, so that undoing leads back to the reader's own. */
export function put(editor, query) {
  if (editor.getValue() === query) return;
  editor.setValue(query);
  editor.setCursor({ line: 0, ch: 0 });
}

/** Marks the line and the token that an error is at, and puts the cursor there; returns what goes there. */
export function mark(editor, line, column) {
  unmark(editor);
  const at = Math.min(line, editor.lineCount()) - 1;
  const text = editor.getLine(at);
  const from = Math.max(0, Math.min(column - 1, text.length));
  // The whole word that the place is in: a parser may give up in its middle.
  const start = from - (/[?$\p{L}\w:-]*$/u.exec(text.slice(0, from))[0].length || (from >= text.trimEnd().length && text.trim() ? from - text.trimEnd().length + 1 : 0));
  const length = /^(?:[?$]?[\p{L}\w:.-]+|<[^>]*>?|\S)/u.exec(text.slice(start))?.[0].length ?? 1;
  editor.addLineClass(at, "wrap", "wrong");
  editor.setGutterMarker(at, "gutterErrorBar", element("span", { class: "wrong-here" }, "●"));
  editor.wrong = editor.markText({ line: at, ch: start }, { line: at, ch: start + length }, { className: "wrong-token" });
  editor.wrongLine = editor.getLineHandle(at);
  const go = () => {
    editor.setCursor({ line: at, ch: start });
    editor.focus();
    editor.scrollIntoView(null, 40);
  };
  editor.setCursor({ line: at, ch: start }, undefined, { scroll: false });
  return go;
}

/** Takes the marks of an error away. */
export function unmark(editor) {
  if (!editor.wrong) return;
  editor.wrong.clear();
  editor.removeLineClass(editor.wrongLine, "wrap", "wrong");
  editor.clearGutter("gutterErrorBar");
  editor.wrong = null;
}

/** Returns the tokens of a query without the space between them. */
function tokens(query) {
  const found = [];
  Yasqe.runMode(query, "sparql11", (text, type) => type !== "ws" && text.trim() && found.push(text));
  return found;
}

/** Lays the query out; leaves it alone where that would change more than space. */
export function tidy(editor) {
  const laid = Yasqe.autoformatString(editor.getValue());
  if (tokens(laid).join("\n") !== tokens(editor.getValue()).join("\n")) return;
  editor.operation(() => {
    const last = { line: editor.lineCount(), ch: 0 };
    const text = laid.replace(/[ \t]+$/gm, "").replace(/((?:^|\n)(?:PREFIX|BASE)[^\n]*\n)(?!PREFIX|BASE|\n)/gi, "$1\n");
    editor.replaceRange(`${text}\n`, { line: 0, ch: 0 }, last, "+tidy");
    for (let line = 0; line < editor.lineCount(); line += 1) editor.indentLine(line, "smart");
  });
}
