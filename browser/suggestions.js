// Suggestions below a search field: the first results of the search page for the letters so far, each a way straight to its page.

import Combobox from "@github/combobox-nav";

const SHOWN = 8;
const PAUSE = 120; // milliseconds without a further letter

let lists = 0;

/** Give the field of a form suggestions (WAI-ARIA 1.2, combobox); the form goes on working as it is. */
export function suggest(form) {
  const input = form.elements.q;
  const list = document.createElement("ul");
  list.role = "listbox";
  list.id = `suggestions-${++lists}`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("aria-label", form.dataset.suggestions);
  const said = document.createElement("span");
  said.role = "status";
  said.className = "hidden";
  form.append(list, said);
  const box = new Combobox(input, list, { tabInsertsSuggestions: false });
  let waiting, asked;

  const close = () => {
    list.hidden = true;
    said.textContent = "";
    box.stop();
  };

  const show = (results) => {
    list.replaceChildren(...Array.from(results, (result, number) => option(result, `${list.id}-${number}`)));
    box.stop();
    if (results.length === 0) return close();
    list.hidden = false;
    box.start();
    said.textContent = form.dataset.found.replace("{number}", results.length);
  };

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const words = input.value.trim();
    if (!words) return close();
    const address = new URL(form.action);
    address.search = new URLSearchParams([...new FormData(form), ["limit", SHOWN]]);
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: asked.signal });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll(".results > li"));
    } catch (error) {
      if (error.name !== "AbortError") close(); // no suggestions without a network; the form says so when it is sent
    }
  };

  input.autocomplete = "off";
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
  input.addEventListener("focus", () => input.value && list.hidden && ask());
  input.addEventListener("keydown", (event) => event.key === "Escape" && close());
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("combobox-commit", (event) => {
    location.href = event.target.closest("[role=option]").dataset.href;
  });
  form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || close());
}

/** Return a result of the search page as an option: its words, without links inside. */
function option(result, id) {
  const item = document.createElement("li");
  const link = result.querySelector("a");
  item.role = "option";
  item.id = id;
  item.dataset.href = link.getAttribute("href");
  link.replaceWith(...link.childNodes);
  item.append(...result.childNodes);
  return item;
}
