// What every page has a script for; without it the pages work as well.

// A button that copies stands beside what it copies; without a script it would do nothing, so it is hidden until now.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent);
    const status = button.querySelector("[role=status]");
    status.textContent = button.dataset.done;
    button.classList.add("done");
    setTimeout(() => {
      status.textContent = "";
      button.classList.remove("done");
    }, 2000);
  });
}
