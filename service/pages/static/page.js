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

/* The service does not answer: said until it does. A stream that was open goes on by itself; one that never was is
   asked for again; a key that is valid no longer leads to the way to sign in. */
const streams = "[hx-sse\\:connect]";
function lost(element, status) {
  if (status === 401) return location.reload();
  document.getElementById("lost").hidden = false;
  if (element?.matches?.(streams) && !element._htmx?.sse) {
    setTimeout(() => htmx.ajax("GET", element.getAttribute("hx-sse:connect"), { source: element }), 1000);
  }
}
function back() { document.getElementById("lost").hidden = true; }
document.addEventListener("htmx:sse:error", ({ target, detail }) => lost(target, detail.status));
document.addEventListener("htmx:error", ({ target }) => lost(target));
document.addEventListener("htmx:response:error", ({ target, detail }) => {
  const { status } = detail.ctx.response;
  if (status >= 500 || status === 401) lost(target, status);
});
for (const event of ["htmx:sse:after:connection", "htmx:after:swap"]) document.addEventListener(event, back);

/* A stream that may be gone without a word: of a page that the browser had kept, or after a sleep of the machine. */
const reread = () => { if (document.querySelector(streams)) location.reload(); };
addEventListener("pageshow", (event) => { if (event.persisted) reread(); });
let awake = Date.now();
setInterval(() => {
  const slept = Date.now() - awake;
  awake = Date.now();
  if (slept > 90000 && !document.hidden) reread();
}, 5000);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if (button.hasAttribute("data-print")) return print();
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const was = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = was; }, 2000);
});
