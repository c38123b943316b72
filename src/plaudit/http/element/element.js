// <plaudit-thumbs>: the two thumbs under an answer, and the box for a comment. What becomes of a vote is in `ballots.js`.

import {
  COMMENT_MAX, CONTRACTS, FAILED, FIXED, NONE, THANKS, ballotOf, cast, change, contractOf, deliver, inherit, release, shown,
} from "./ballots.js";
import { endpointOf, list, ready } from "./network.js";
import css from "./style.css";
import { isChosen, reason, view } from "./view.js";
import { WORDS, languageOf } from "./words.js";

const NAME = "plaudit-thumbs";
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(css);

class Thumbs extends HTMLElement {
  static observedAttributes = ["message-id", "conversation-id", "contract", "endpoint", "lang", "receipt", "value"];

  #view = view();
  #ballot;
  #value;
  #asking; // the vote that the box asks about, while it is open
  #isStale = false;
  #render = () => this.#show();

  constructor() {
    super();
    const { root, like, dislike, comment, send, skip } = this.#view;
    for (const thumb of [like, dislike]) thumb.onclick = () => this.#press(thumb.value);
    comment.oninput = this.#render;
    send.onclick = () => this.#send();
    skip.onclick = () => this.#close();
    root.onkeydown = (event) => this.#type(event);
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [STYLE];
    shadow.append(root);
  }

  // Whose page it is gives its own: to one element, or to the prototype for all of them.
  async getToken() {}
  async getHeaders() {}

  connectedCallback() { this.#update(); }
  disconnectedCallback() { this.#update(); }
  attributeChangedCallback() { this.#update(); }

  // Frameworks set attributes and properties one by one and in any order: they are read when all are there.
  async #update() {
    if (this.#isStale) return;
    this.#isStale = true;
    await null;
    this.#isStale = false;
    this.#bind(this.isConnected && this.getAttribute("message-id"));
    this.#show();
    await ready;
    if (!this.#ballot) return;
    inherit(this);
    this.#restore(this.#ballot);
  }

  #bind(id) {
    const before = this.#ballot, ballot = id ? ballotOf(endpointOf(this), id) : undefined;
    if (before && ballot !== before) this.#leave(before);
    this.#ballot = ballot;
    if (!ballot) return;
    this.#believe(ballot, ballot === before);
    ballot.watchers.add(this.#render);
    Object.assign(ballot, {
      sender: this, contract: contractOf(this), receipt: this.getAttribute("receipt"), isParked: false,
    });
    deliver(ballot.endpoint);
  }

  #leave(ballot) {
    this.#asking = undefined;
    this.#view.comment.value = "";
    ballot.watchers.delete(this.#render);
    release(ballot);
  }

  // The page's own `value` is news when it changes. When an element is made anew this page may know better.
  #believe(ballot, isSame) {
    const value = this.getAttribute("value");
    const said = value === null ? undefined : { ...NONE, vote: value || null };
    if (isSame && value !== this.#value) ballot.confirmed = said;
    ballot.confirmed ??= said;
    this.#value = value;
  }

  async #restore(ballot) {
    const conversation = this.getAttribute("conversation-id");
    if (!conversation || ballot.confirmed) return;
    const votes = await list(this, `/v1/me/feedback?conversation=${encodeURIComponent(conversation)}`);
    change(ballot, { confirmed: ballot.confirmed ?? votes.find((vote) => vote.message_id === ballot.id) });
  }

  #press(vote) {
    const ballot = this.#ballot, isActive = shown(ballot).vote === vote;
    if (isActive && !CONTRACTS[ballot.contract].undo) return change(ballot, { note: FIXED });
    this.#asking = undefined;
    cast(ballot, this, isActive ? NONE : { ...NONE, vote });
    if (!isActive) this.#ask(vote);
  }

  // A comment can be written at once; reasons to choose from follow when they are there, unless the box was closed.
  async #ask(vote) {
    const { field, reasons } = this.#view, may = CONTRACTS[this.#ballot.contract];
    field.hidden = !may.comments || !["both", vote].includes(this.getAttribute("comment"));
    reasons.replaceChildren();
    this.#open(vote);
    if (!may.reasons || !this.hasAttribute("reasons")) return;
    const offered = await list(this, `/v1/me/reasons?lang=${languageOf(this)}`);
    if (this.#asking !== vote) return;
    reasons.replaceChildren(...offered.filter((each) => vote === (each.vote ?? vote)).map(reason));
    this.#show();
  }

  // What is typed into the box is no shortcut of the page's, which does not see that it comes from a text field.
  #type(event) {
    if (this.#view.box.hidden) return;
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) this.#close();
  }

  #open(vote) {
    this.#asking = vote;
    this.#show();
  }

  // The focus goes back to the thumb: a button that disappears would take it along.
  #close() {
    this.#view[this.#asking].focus();
    this.#ballot.note = null;
    this.#open();
  }

  #send() {
    const vote = this.#asking, comment = this.#view.comment.value.toWellFormed().trim() || null;
    const reasons = [...this.#view.reasons.children].filter(isChosen).map((each) => each.value);
    this.#close();
    if (comment || reasons.length) cast(this.#ballot, this, { vote, comment, reasons });
  }

  #show() {
    const { root, comment, status } = this.#view, { vote } = shown(this.#ballot), note = this.#ballot?.note;
    if (note === THANKS) comment.value = "";
    if (note === FAILED && comment.value) this.#asking = vote; // what was written is not lost
    const language = languageOf(this), words = WORDS[language].split("|");
    this.#showBox(vote, words);
    this.#showThumbs(vote, words);
    Object.assign(root, { lang: language, dir: language === "ar" ? "rtl" : "ltr" });
    status.textContent = words[note];
  }

  #showThumbs(vote, words) {
    const { like, dislike, box } = this.#view;
    for (const thumb of [like, dislike]) {
      const isActive = thumb.value === vote, isFixed = isActive && !CONTRACTS[contractOf(this)].undo;
      const label = words[thumb === like ? 0 : 1];
      Object.assign(thumb, {
        disabled: !this.#ballot, title: isFixed ? words[FIXED] : label,
        ariaLabel: label, ariaPressed: isActive, ariaDisabled: isFixed,
        ariaExpanded: isActive && !box.hidden || null,
      });
    }
  }

  #showBox(vote, words) {
    const { box, label, reasons, field, comment, count, send, skip } = this.#view, written = [...comment.value].length;
    box.hidden = !vote || this.#asking !== vote || field.hidden && !reasons.firstChild;
    label.textContent = words[3];
    send.textContent = words[4];
    skip.textContent = words[5];
    count.textContent = `${written}/${COMMENT_MAX}`;
    send.disabled = comment.ariaInvalid = written > COMMENT_MAX;
  }
}

// A page may load this module twice, from two addresses.
if (!customElements.get(NAME)) customElements.define(NAME, Thumbs);
export const PlauditThumbs = customElements.get(NAME);
