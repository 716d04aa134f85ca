/* What the page does beyond htmx, which is little: everything else works without it. */
"use strict";

/* A request that has ended: on to what is known now. */
document.addEventListener("end", (event) => {
  const then = event.target.dataset?.then;
  if (then) location.assign(then);
});

/* Events are missing: read the page anew, it has all of them. */
document.addEventListener("reread", () => location.reload());

/* What is new in a list that scrolls is seen, unless somebody has scrolled back. */
document.addEventListener("htmx:before:swap", () => {
  for (const list of document.querySelectorAll(".live .timeline")) {
    list.dataset.follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40 ? "yes" : "";
  }
});
document.addEventListener("htmx:after:swap", () => {
  for (const list of document.querySelectorAll(".live .timeline[data-follows=yes]")) list.scrollTop = list.scrollHeight;
});

/* A page that the browser had kept, with a stream that is gone: read it anew. */
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[hx-sse\\:connect]")) location.reload();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if (button.hasAttribute("data-print")) return print();
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const was = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = was; }, 2000);
});
