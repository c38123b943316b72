// The demo's page. What any page would do is in the first two parts; the rest shows what came of it.

import { PlauditThumbs } from "/element.js";

const REFRESH_MILLISECONDS = 2000;
const HOW = {
  "user plaudit": "POST /v1/messages/{id}/feedback with the user’s JWT",
  "user siteassist": "POST /v2/messages/{id}/feedback with the user’s JWT",
  "user handauncle": "POST /api/v1/user/messages/{id}/feedback with the user’s JWT",
  "guest plaudit": "POST /v1/messages/{id}/feedback with the headers of the guest’s device",
  "guest siteassist": "POST /v2/messages/{id}/feedback with a visitor’s session token",
  "guest handauncle": "POST /api/v1/user/messages/{id}/feedback with the headers of the guest’s device",
};
const $ = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

async function get(path, asked = {}, init = undefined) {
  const response = await fetch(`/demo/${path}?${new URLSearchParams(asked)}`, init);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

// ---------------------------------------------------------------- who votes: asked for each request

const proofOf = async (element) => (await get("proof", element.closest(".talk").dataset)).json();

PlauditThumbs.prototype.getToken = async function getToken() { return (await proofOf(this)).token; };
PlauditThumbs.prototype.getHeaders = async function getHeaders() { return (await proofOf(this)).headers; };

// ---------------------------------------------------------------- the chat

const talks = new Map(); // by who and contract: a switch leaves what is on its way as it is
let talk;

async function ask(text) {
  const here = talk;
  here.append(make("p", { class: "question" }, text));
  const answer = here.appendChild(make("div", { class: "answer" }, make("p", {})));
  const { headers, body } = await get("chat", here.dataset, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }),
  });
  for await (const piece of piecesOf(body)) {
    answer.firstChild.append(piece);
    $("talk").scrollTop = $("talk").scrollHeight;
  }
  answer.append(thumbs(here, headers.get("x-message-id"), headers.get("x-message-receipt")));
  $("talk").scrollTop = $("talk").scrollHeight;
}

function thumbs(here, id, receipt) {
  const element = make("plaudit-thumbs", {
    "message-id": id, contract: here.dataset.contract, "conversation-id": here.conversation, comment: "dislike",
    reasons: "",
  });
  if (receipt) element.setAttribute("receipt", receipt);
  return element;
}

async function* piecesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // not every browser iterates over a stream
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

// Votes of an earlier visit are shown by the elements themselves.
async function open(who, contract) {
  const made = make("div", { class: "talk", "data-who": who, "data-contract": contract });
  const { conversation_id, messages } = await (await get("chat", made.dataset)).json();
  made.conversation = conversation_id;
  for (const { id, role, content } of messages) {
    made.append(role === "user"
      ? make("p", { class: "question" }, content)
      : make("div", { class: "answer" }, make("p", {}, content), thumbs(made, id)));
  }
  return made;
}

async function choose() {
  const [who, contract] = ["who", "contract"].map((name) => $("way").elements[name].value);
  const name = `${who} ${contract}`;
  history.replaceState(null, "", `?${new URLSearchParams({ who, contract })}`);
  if (!talks.has(name)) talks.set(name, open(who, contract));
  talk = await talks.get(name);
  $("talk").replaceChildren(talk);
  $("how").textContent = HOW[name];
  if (!talk.firstChild) await busy(() => ask($("questions").options[0].value));
}

async function busy(work) {
  const places = document.querySelectorAll("#way input, #ask button");
  for (const each of places) each.disabled = true;
  $("said").textContent = "";
  try {
    await work();
  } catch (error) {
    $("said").textContent = `This did not work (${error.message}). Is the demo still running?`;
  }
  for (const each of places) each.disabled = false;
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const { text } = event.target;
  busy(() => ask(text.value)).then(refresh);
  text.value = "";
});
$("way").addEventListener("change", () => busy(choose).then(refresh));

// ---------------------------------------------------------------- offline: nothing leaves the page, and it is told so

const send = window.fetch;
let isOffline = false;

window.fetch = (...asked) => isOffline ? Promise.reject(new TypeError("This page is offline")) : send(...asked);
Object.defineProperty(navigator, "onLine", { get: () => !isOffline });

$("offline").addEventListener("click", () => {
  isOffline = !isOffline;
  document.body.classList.toggle("offline", isOffline);
  $("offline").setAttribute("aria-pressed", isOffline);
  for (const each of document.querySelectorAll("#way input, #ask button")) each.disabled = isOffline;
  $("said").textContent = isOffline ? "Offline. Votes wait in this browser, and are sent in order when you are back." : "";
  dispatchEvent(new Event(isOffline ? "offline" : "online"));
});

// ---------------------------------------------------------------- what the server has

const count = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

async function refresh() {
  if (isOffline || document.hidden) return;
  const { everything, page, votes } = await (await get("numbers")).json();
  tell("likes", count.format(page.likes));
  tell("dislikes", count.format(page.dislikes));
  tell("answers", count.format(page.shown));
  tell("votes", count.format(everything.votes));
  tell("satisfaction", share(everything.satisfaction));
  tell("response_rate", share(everything.response_rate));
  $("likes-share").style.flexGrow = page.likes;
  $("dislikes-share").style.flexGrow = page.dislikes;
  $("latest").replaceChildren(...votes.map(row));
  $("none").hidden = votes.length > 0;
}

function share({ value, low, high }) {
  const [said, from, to] = [value, low, high].map((each) => percent.format(100 * each));
  return `${said}% (${from} to ${to})`;
}

function tell(id, text) {
  if ($(id).textContent === text) return;
  $(id).textContent = text;
  $(id).getAnimations().forEach((each) => each.cancel());
  $(id).animate({ backgroundColor: ["var(--news)", "transparent"] }, 1500);
}

function row({ vote, comment, reasons, contract, auth_level, revision }) {
  const facts = `${contract}, ${auth_level}, revision ${revision}${reasons.map((each) => `, ${each}`).join("")}`;
  return make("li", { class: vote }, make("strong", {}, vote), ` ${comment ?? ""} `, make("span", { class: "faint" }, facts));
}

document.addEventListener("plaudit-vote", refresh);
setInterval(() => refresh().catch(() => {}), REFRESH_MILLISECONDS); // votes of other pages, too

// ---------------------------------------------------------------- the way that the address names

for (const [name, value] of new URLSearchParams(location.search)) {
  document.querySelectorAll(`#way input[name="${CSS.escape(name)}"]`).forEach((each) => { each.checked = each.value === value; });
}
await busy(choose);
await refresh();
