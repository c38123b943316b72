// What pages are better with, and work without: shorter addresses, explanations under the pointer, keys for the queue.

const HOVER_MILLISECONDS = 250;

// A form leaves out what was left open, so that the address says only what was chosen.
for (const form of document.querySelectorAll('form[method="get"]')) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && field.value === "") field.disabled = true;
    }
    setTimeout(() => { for (const field of form.elements) field.disabled = false; });
  });
}

// A choice that stands alone takes hold at once.
for (const form of document.querySelectorAll("form.auto")) {
  for (const button of form.querySelectorAll("button")) button.hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

// Explanations open under a mouse that rests; a tap and the keyboard open them anyway.
for (const button of document.querySelectorAll(".explained")) {
  const says = button.popoverTargetElement;
  if (!says?.showPopover) continue;
  let waiting, hovered = false;
  button.addEventListener("pointerenter", (event) => {
    if (event.pointerType !== "mouse") return;
    waiting = setTimeout(() => {
      if (says.matches(":popover-open")) return;
      hovered = true;
      says.showPopover({ source: button });
    }, HOVER_MILLISECONDS);
  });
  button.addEventListener("pointerleave", () => {
    clearTimeout(waiting);
    if (hovered) says.hidePopover();
    hovered = false;
  });
  button.addEventListener("click", (event) => {
    if (!hovered) return;
    hovered = false; // a click keeps open what the pointer has opened
    event.preventDefault();
  });
}

// The queue: j and k walk, r reviews, o opens, / searches.
const items = [...document.querySelectorAll(".queue .item")];
const search = document.querySelector('input[type="search"]');

function walk(step) {
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function here() {
  return items.find((item) => item.contains(document.activeElement)) ?? items[0];
}

const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  r: () => {
    const form = here()?.querySelector("details");
    if (!form) return;
    form.open = true;
    form.querySelector('input[name="label"]').focus();
  },
  o: () => here()?.querySelector("a.open").click(),
  "/": () => search?.focus(),
};

if (items.length > 0 || search) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement?.closest(".review-form")) {
      document.activeElement.closest(".item")?.focus();
      return;
    }
    const typing = event.target.closest?.("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}
