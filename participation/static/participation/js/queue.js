/* Single keys for the queue: what each does stands in the page (data-key). Without this everything is a link or a
   button. Whoever types is left alone, and the keys can be switched off (WCAG 2.1.4). */

const KEPT = "kp-queue-keys";
const allowed = document.querySelector("[data-keys]");

function typing(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function act(element) {
  if (element instanceof HTMLDetailsElement) {
    element.open = true;
    element.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  } else if (element instanceof HTMLInputElement) {
    element.focus();
  } else {
    element.click();
  }
  element.scrollIntoView({ block: "nearest" });
}

// The list scrolls by itself; the page stays where it is.
const chosen = document.querySelector(".kp-queue__item[aria-current]");
if (chosen) chosen.parentElement.scrollTop = chosen.offsetTop - chosen.parentElement.offsetTop;

if (allowed) {
  allowed.checked = localStorage.getItem(KEPT) !== "off";
  allowed.addEventListener("change", () => localStorage.setItem(KEPT, allowed.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (allowed && !allowed.checked) return;
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  act(element);
});

const template = document.querySelector("[data-template]");
// The template chosen last, which another one takes the place of; words of one's own before it stay.
let placed = "";
template?.addEventListener("change", () => {
  const text = template.form.elements.text;
  const own = (placed && text.value.endsWith(placed) ? text.value.slice(0, -placed.length) : text.value).trimEnd();
  placed = template.value;
  text.value = own && placed ? `${own}\n\n${placed}` : own || placed;
  text.focus();
});
