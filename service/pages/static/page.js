/* What the page does beyond htmx, which is little: everything else works without it. */
"use strict";

/* A request that has ended: on to what is known now. */
document.addEventListener("end", (event) => {
  const then = event.target.dataset?.then;
  if (then) location.assign(then);
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
