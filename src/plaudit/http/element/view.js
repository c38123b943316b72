// What an element is made of. Built node by node: a page's policy may forbid markup from strings.

const THUMB = "M8 11l4-8c2 0 3 1 2 4l-1 3h6q2 0 2 2l-2 7q0 1-2 1H8zM4 11v9";

// The parts by their names, and their `root`.
export function view() {
  const parts = {};
  const part = (name, tag, attributes, ...children) =>
    parts[name] = make(tag, { part: name, id: name, ...attributes }, ...children);
  const thumb = (vote) => part(vote, "button", { part: `thumb ${vote}`, value: vote },
    make("svg", { viewBox: "0 0 24 24" }, make("path", { d: THUMB })));
  parts.root = make("div", {},
    make("div", {}, thumb("like"), thumb("dislike"), part("status", "span", { role: "status" })),
    part("box", "div", { role: "group", "aria-labelledby": "label" },
      part("label", "span"),
      part("reasons", "div"),
      part("field", "div", {},
        part("comment", "textarea", { dir: "auto", "aria-labelledby": "label", "aria-describedby": "count" }),
        part("count", "span")),
      make("div", {}, part("send", "button"), part("skip", "button"))));
  return parts;
}

export function reason({ id, text }) {
  const made = make("button", { part: "reason", value: id, "aria-pressed": false }, text);
  made.onclick = () => { made.ariaPressed = !isChosen(made); };
  return made;
}

export const isChosen = (reason) => reason.ariaPressed === "true";

function make(tag, attributes, ...children) {
  const made = document.createElementNS(`http://www.w3.org/${/svg|path/.test(tag) ? "2000/svg" : "1999/xhtml"}`, tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
}
