// What every page has a script for; without it the pages work as well.

import { suggest } from "./suggestions.js";

for (const form of document.querySelectorAll("form.search")) suggest(form);

// A button that copies stands beside what it copies. It is hidden until now: without a script it would do nothing, nor where
// the page did not come by https or from this machine, since there a page has no clipboard.
// A screen reader is told by one status of the page: what is inside a button is only its name (WAI-ARIA 1.2, section 5.2.8).
const status = document.getElementById("copied");
for (const button of navigator.clipboard ? document.querySelectorAll("button.copy") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent);
    const notes = [button.querySelector("[data-note]"), status];
    for (const note of notes) note.textContent = button.dataset.done;
    button.classList.add("done");
    setTimeout(() => {
      for (const note of notes) note.textContent = "";
      button.classList.remove("done");
    }, 2000);
  });
}

// A menu closes when the reader goes on elsewhere: by a click beside it, by Tab out of it, by Escape.
const menus = [...document.querySelectorAll("details.menu")];
const closeOthers = (target) => menus.forEach((menu) => menu.contains(target) || menu.removeAttribute("open"));
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key !== "Escape" || !open) return;
  open.removeAttribute("open");
  open.querySelector("summary").focus();
});
