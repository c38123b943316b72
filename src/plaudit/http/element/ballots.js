// The votes of this page on their way to the server. A ballot is what the page knows of the vote on one message:
// what is `confirmed` by the server, and what is `wanted` by a click that the server has not answered yet. It outlives
// its elements, for frameworks take them away and make them anew.

import { endpointOf, fire, persist, ready, refuse, request } from "./network.js";
import { forget, keep, kept, keptAll } from "./queue.js";

const SLOW_MILLISECONDS = 3000;
export const COMMENT_MAX = 1000; // code points
export const FIXED = 2, THANKS = 6, FAILED = 7, WAITING = 8; // what is said of a vote: places in WORDS
export const NONE = { vote: null, comment: null, reasons: [] };
const NOT_MINE = /40[13]/;

export const CONTRACTS = {
  plaudit: {
    path: "/v1/messages/", undo: true, comments: true, reasons: true,
    body: (vote) => vote,
  },
  siteassist: {
    path: "/v2/messages/", undo: true,
    body: ({ vote }) => ({ feedback: vote }),
  },
  handauncle: {
    path: "/api/v1/user/messages/", comments: true,
    body: ({ vote, comment }) => ({ rating: vote === "like" ? 1 : -1, feedback: comment ?? undefined }),
  },
};

export function contractOf(element) {
  const name = element.getAttribute("contract");
  return name in CONTRACTS ? name : "plaudit";
}

const ballots = new Map();

export function ballotOf(endpoint, id) {
  const key = `${endpoint} ${id}`;
  if (!ballots.has(key)) ballots.set(key, { key, endpoint, id, at: 0, watchers: new Set() });
  return ballots.get(key);
}

export const shown = (ballot) => (!ballot?.isParked && ballot?.wanted) || ballot?.confirmed || NONE;

export function change(ballot, news) {
  Object.assign(ballot, news);
  for (const render of ballot.watchers) render();
}

// An element that is gone is not held in memory.
export function release(ballot) {
  if (!ballot.wanted && !ballot.watchers.size) ballot.sender = null;
}

let clock = 0;

export function cast(ballot, sender, wanted) {
  clock = Math.max(Date.now(), clock + 1);
  change(ballot, { sender, wanted, at: clock, note: null, isParked: false, isInherited: false });
  if (ballot.isKept || lanes.get(ballot.endpoint)) wait(ballot);
  deliver(ballot.endpoint);
}

// One vote at a time and endpoint, in the order of the clicks. Clicks that come while one is under way are one vote, the
// last. While votes of an endpoint are on their way it is here, with whether they are stuck.
const lanes = new Map();

export async function deliver(endpoint) {
  if (lanes.has(endpoint)) return;
  lanes.set(endpoint, false);
  await ready;
  while (waiting(endpoint).length) await send(endpoint);
  lanes.delete(endpoint);
}

function waiting(endpoint) {
  return [...ballots.values()]
    .filter((ballot) => ballot.endpoint === endpoint && ballot.wanted && !ballot.isParked)
    .sort((one, other) => one.at - other.at);
}

async function send(endpoint) {
  let ballot, sent, at;
  const stick = () => {
    lanes.set(endpoint, true);
    for (const each of waiting(endpoint)) if (!each.isKept) wait(each);
  };
  const slow = setTimeout(stick, SLOW_MILLISECONDS); // also where a page's token does not come
  const answer = await persist(async () => {
    [ballot] = waiting(endpoint); // after a pause it may be another one
    const isSent = await isSentElsewhere(ballot);
    ({ wanted: sent, at } = ballot);
    return isSent ? new Response() : post(ballot);
  }, stick);
  clearTimeout(slow);
  lanes.set(endpoint, false);
  if (answer.ok) ballot.confirmed = sent;
  if (ballot.wanted === sent) settle(ballot, at, answer);
}

function post({ sender, endpoint, contract, id, receipt, wanted }) {
  const { path, body } = CONTRACTS[contract];
  return request(sender, `${endpoint}${path}${encodeURIComponent(id)}/feedback`, receipt, body(wanted));
}

function settle(ballot, at, answer) {
  const { id, sender, wanted } = ballot;
  // What an earlier visit left may be somebody else's: nothing is said of it, and it stays where it is kept for them.
  if (NOT_MINE.test(answer.status) && (ballot.isInherited || !ballot.watchers.size))
    return change(ballot, { isParked: true, isKept: false, note: null });
  const thanks = wanted.comment || wanted.reasons.length ? THANKS : null;
  change(ballot, { wanted: null, note: answer.ok ? thanks : FAILED });
  if (answer.ok || ballot.isKept) forget(ballot, at);
  if (answer.ok) fire(sender, "vote", { messageId: id, ...wanted });
  else refuse(sender, answer);
  release(ballot);
}

function wait(ballot) {
  change(ballot, { note: WAITING });
  keep(ballot);
}

// Another page of this browser may have sent what is kept, or kept something newer.
async function isSentElsewhere(ballot) {
  if (!ballot.isKept) return false;
  const vote = await kept(ballot.key);
  if (vote?.at > ballot.at) Object.assign(ballot, { wanted: vote.wanted, at: vote.at });
  return vote === undefined && ballot.isKept; // there may have been no room for it
}

const inherited = new Set();

// Takes over what earlier visits could not send, once for each endpoint and contract.
export async function inherit(element) {
  const endpoint = endpointOf(element), contract = contractOf(element), whose = `${contract} ${endpoint}`;
  if (inherited.has(whose)) return;
  inherited.add(whose);
  for (const vote of await keptAll()) if (`${vote.contract} ${vote.endpoint}` === whose) takeOver(vote, element);
  deliver(endpoint);
}

function takeOver(vote, element) {
  const ballot = ballotOf(vote.endpoint, vote.id);
  ballot.isKept = true;
  ballot.sender ??= element;
  ballot.contract ??= vote.contract;
  ballot.receipt ??= vote.receipt;
  if (vote.at <= ballot.at) return;
  change(ballot, { wanted: vote.wanted, at: vote.at, note: WAITING, isInherited: true });
}
