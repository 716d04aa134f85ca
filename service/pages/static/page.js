/* What the page does beyond htmx, which is little: everything else works without it. */
"use strict";
document.documentElement.classList.add("scripts");

/* A request that has ended: on to what is known now. */
document.addEventListener("end", (event) => {
  const then = event.target.dataset?.then;
  if (then) location.replace(then);
});

/* Where a value came from: by click without this; by hover and by focus with it. One that was clicked stays open. */
const card = (target) => {
  const button = target.closest?.("button[popovertarget]") ?? document.querySelector(`[popovertarget="${target.closest?.(".provenance")?.id}"]`);
  return button && { button, shown: document.getElementById(button.getAttribute("popovertarget")) };
};
const isOpen = (shown) => shown.matches(":popover-open");
let soon, later;
function open({ button, shown }) {
  clearTimeout(later);
  if (isOpen(shown)) return;
  shown.dataset.passing = "yes";
  shown.showPopover({ source: button });
}
function closing({ button, shown }) {
  clearTimeout(later);
  later = setTimeout(() => {
    const there = button.matches(":hover, :focus-visible") || shown.matches(":hover, :focus-within");
    if (shown.dataset.passing && !there && isOpen(shown)) shown.hidePopover();
  }, 250);
}
document.addEventListener("pointerover", (event) => {
  const one = event.pointerType === "mouse" && card(event.target);
  if (!one) return;
  clearTimeout(soon);
  if (isOpen(one.shown)) clearTimeout(later);
  else if (event.target.closest("button")) soon = setTimeout(() => { if (one.button.matches(":hover")) open(one); }, 200);
});
document.addEventListener("pointerout", (event) => {
  const one = event.pointerType === "mouse" && card(event.target);
  if (one) closing(one);
});
document.addEventListener("focusin", ({ target }) => {
  const one = card(target);
  if (one && target === one.button && target.matches(":focus-visible")) open(one);
});
document.addEventListener("focusout", ({ target }) => {
  const one = card(target);
  if (one) closing(one);
});
document.addEventListener("click", (event) => {
  const one = card(event.target);
  if (!one || event.target.closest("button") !== one.button) return;
  if (isOpen(one.shown) && one.shown.dataset.passing) event.preventDefault();
  delete one.shown.dataset.passing;
});
document.addEventListener("toggle", ({ target, newState }) => {
  if (newState === "closed") delete target.dataset?.passing;
}, true);

/* "This is wrong" opens its form where it is; without this, on a page of its own. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.wrong");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const shown = link.closest(".provenance");
  delete shown.dataset.passing;
  await htmx.ajax("GET", link.href, { source: link, target: link, swap: "outerHTML" });
  shown.querySelector("input[name=right]")?.focus();
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
let looks;
async function look() {
  const there = await fetch("/healthz").then((answer) => answer.ok, () => false);
  if (there) back();
  else looks = setTimeout(look, 2000);
}
function lost(element, status) {
  if (status === 401 || status === 404) return location.reload();
  document.getElementById("lost").hidden = false;
  clearTimeout(looks);
  looks = setTimeout(look, 2000);
  if (element?.matches?.(streams) && !element._htmx?.sse) {
    setTimeout(() => htmx.ajax("GET", element.getAttribute("hx-sse:connect"), { source: element }), 1000);
  }
}
function back() { clearTimeout(looks); document.getElementById("lost").hidden = true; }
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

/* Another page that takes its time is said: a bar over this one, until the browser has it. */
const going = document.getElementById("going");
let slow;
function leaves() {
  clearTimeout(slow);
  slow = setTimeout(() => { going.hidden = false; }, 300);
}
function stays() { clearTimeout(slow); going.hidden = true; }
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const here = link && !link.target && !link.hasAttribute("download") && link.origin === location.origin;
  const other = here && link.href.split("#")[0] !== location.href.split("#")[0];
  if (other && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !/\.csv$|\/v1\//.test(link.pathname)) leaves();
});
document.addEventListener("submit", (event) => { if (!event.defaultPrevented && !event.target.hasAttribute("hx-post")) leaves(); });
addEventListener("pageshow", stays);

/* Copied where the browser lets a page do so; else the text is shown, chosen, to be copied by hand. */
async function copied(button) {
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent.trim());
  } catch {
    text.hidden = false;
    getSelection().selectAllChildren(text);
    return;
  }
  const was = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = was; }, 2000);
}

/* One question alone, on one page of paper. */
function printed(button) {
  const one = button.closest(".question");
  document.querySelectorAll(".question").forEach((other) => other.classList.toggle("unprinted", other !== one));
  print();
  document.querySelectorAll(".unprinted").forEach((other) => other.classList.remove("unprinted"));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (button?.hasAttribute("data-print")) printed(button);
  else if (button) copied(button);
});

/* A box that checks all of its name. */
for (const box of document.querySelectorAll("[data-all]")) {
  box.hidden = false;
  box.addEventListener("change", () => document.querySelectorAll(`input[name=${box.dataset.all}]`).forEach((one) => (one.checked = box.checked)));
}
