// The demo's front end: what any page would do with the two contracts, and a log of what the server answers.
"use strict";

const LOG_LINES_MAX = 50;
const THUMB = "M4 11h3v9H4zM9 20V10.5L13 3c1.5 0 2.4 1.2 2.1 2.6L14.4 9H19a2 2 0 0 1 2 2.5l-1.7 7a2 2 0 0 1-2 1.5z";

async function call(method, path, headers, body) {
  const init = { method, headers: { ...headers } };
  if (body !== undefined) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  const answer = await response.json();
  if (method !== "GET") note(method, path, body, response.status, answer);
  if (!response.ok) throw new Error(`${response.status}`);
  return answer;
}

// ---------------------------------------------------------------- the two contracts, one face each

async function siteassist(section) {
  const { publishableKey, visitorDevice } = section.dataset;
  const identity = await call("POST", "/v2/identity/init", {}, { apiKey: publishableKey, saVid: visitorDevice });
  const headers = { authorization: `Bearer ${identity.sessionToken}` };
  return {
    conversations: async () => (await call("GET", "/v2/conversations?limit=50", headers)).data,
    messages: async (conversation) =>
      (await call("GET", `/v2/conversations/${conversation.id}/messages?limit=100`, headers)).data.map((message) => ({
        id: message.id,
        role: message.role,
        text: message.parts.map((part) => part.text ?? "").join(""),
        vote: message.feedback,
      })),
    vote: async (id, vote, current) => {
      const wanted = vote === current ? null : vote;
      return (await call("POST", `/v2/messages/${id}/feedback`, headers, { feedback: wanted })).feedback;
    },
  };
}

async function handauncle(section) {
  const { guestDevice, guestUser, userToken } = section.dataset;
  const headers = userToken
    ? { authorization: `Bearer ${userToken}` }
    : { "x-device-id": guestDevice, "x-platform": "web", "x-user-id": guestUser };
  const names = { "1": "like", "-1": "dislike" };
  return {
    conversations: async () =>
      (await call("GET", "/api/v1/user/conversations?limit=50", headers)).data.conversations,
    messages: async (conversation) =>
      (await call("GET", `/api/v1/user/conversations/${conversation.id}/messages?limit=100`, headers)).data.messages
        .map((message) => ({
          id: message.id, role: message.role, text: message.content ?? "", vote: names[message.rating] ?? null,
        })),
    vote: async (id, vote) => {
      const body = { rating: vote === "like" ? 1 : -1 };
      const answer = await call("POST", `/api/v1/user/messages/${id}/feedback`, headers, body);
      return names[answer.data.rating];
    },
  };
}

// ---------------------------------------------------------------- what is seen

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function thumb() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", THUMB);
  svg.append(path);
  return svg;
}

function thumbs(message, contract) {
  let current = message.vote;
  const buttons = [["like", "Good answer"], ["dislike", "Bad answer"]].map(([vote, label]) =>
    element("button", { type: "button", "data-vote": vote, "aria-label": label, title: label }, thumb()));
  const show = () => buttons.forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.vote === current)));
  buttons.forEach((button) => button.addEventListener("click", async () => {
    try {
      current = await contract.vote(message.id, button.dataset.vote, current);
    } catch (error) {
      button.title = `The server said no: ${error.message}`;
    }
    show();
  }));
  show();
  return element("div", { class: "thumbs", role: "group", "aria-label": "Rate this answer" }, ...buttons);
}

async function conversationCard(conversation, contract) {
  const card = element("article", { class: "conversation" });
  const messages = await contract.messages(conversation);
  for (const message of messages) {
    const from = message.role === "user" ? "message from-user" : "message";
    card.append(element("p", { class: from, "data-message-id": message.id }, message.text));
    if (message.role !== "user") card.append(thumbs(message, contract));
  }
  return card;
}

function note(method, path, body, status, answer) {
  const shown = { ...answer };
  if (shown.sessionToken) shown.sessionToken = "…";
  const line = element("li", status < 400 ? {} : { class: "failed" },
    element("code", {}, `${method} ${path} ${JSON.stringify(body)}`), element("br", {}),
    element("code", { class: "log-body" }, `${status} ${JSON.stringify(shown)}`));
  const log = document.getElementById("log");
  log.prepend(line);
  while (log.children.length > LOG_LINES_MAX) log.lastElementChild.remove();
}

async function fill(section) {
  const place = section.querySelector(".conversations");
  try {
    const contract = await (section.dataset.contract === "siteassist" ? siteassist : handauncle)(section);
    for (const conversation of await contract.conversations()) {
      place.append(await conversationCard(conversation, contract));
    }
  } catch (error) {
    place.replaceChildren(element("p", { class: "failed" }, `This did not work: ${error.message}. Reload the page.`));
  }
}

document.querySelectorAll("section[data-contract]").forEach(fill);
