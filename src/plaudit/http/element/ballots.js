// The votes of this page on their way to the server. A ballot is what the page knows of the vote on one message:
// what is `confirmed` by the server, and what is `wanted` by a click that the server has not answered yet. It outlives
// its elements, for frameworks take them away and make them anew.

import { endpointOf, fire, persist, ready, refuse, request } from "./network.js";
import { forget, keep, kept, keptAll } from "./queue.js";

export const COMMENT_MAX = 1000; // code points
export const NONE = { vote: null, comment: null, reasons: [] };
export const THANKS = 6, FAILED = 7, WAITING = 8; // what is said of a vote: places in WORDS
const NOT_MINE = [401, 403];

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

export const shown = (ballot) => ballot?.wanted ?? ballot?.confirmed ?? NONE;
export const show = (ballot) => ballot.watchers.forEach((render) => render());

let clock = 0;

export function cast(ballot, sender, wanted) {
  clock = Math.max(Date.now(), clock + 1);
  Object.assign(ballot, { sender, wanted, at: clock, note: undefined });
  if (ballot.hasWaited || lanes.get(ballot.endpoint) === STUCK) wait(ballot);
  show(ballot);
  deliver(ballot.endpoint);
}

// One vote at a time and endpoint, in the order of the clicks. Clicks that come while one is under way are one vote, the
// last.
const lanes = new Map(), BUSY = 1, STUCK = 2;

export async function deliver(endpoint) {
  if (lanes.has(endpoint)) return;
  lanes.set(endpoint, BUSY);
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
  const answer = await persist(async () => {
    [ballot] = waiting(endpoint); // after a pause it may be another one
    const isSent = ballot.isKept && await isSentElsewhere(ballot);
    ({ wanted: sent, at } = ballot);
    return isSent ? new Response() : post(ballot);
  }, () => {
    lanes.set(endpoint, STUCK);
    for (const each of waiting(endpoint)) if (!each.isKept) wait(each);
  });
  lanes.set(endpoint, BUSY);
  if (answer.ok) ballot.confirmed = sent;
  if (ballot.wanted === sent) settle(ballot, at, answer);
}

function post({ sender, endpoint, contract, id, receipt, wanted }) {
  const { path, body } = CONTRACTS[contract];
  return request(sender, `${endpoint}${path}${encodeURIComponent(id)}/feedback`, receipt, body(wanted));
}

function settle(ballot, at, answer) {
  const { id, sender, wanted } = ballot;
  // What an earlier visit left may be somebody else's: it waits until its own element is on the page.
  ballot.isParked = NOT_MINE.includes(answer.status) && !ballot.watchers.size;
  if (ballot.isParked) return;
  const thanks = wanted.comment || wanted.reasons.length ? THANKS : undefined;
  Object.assign(ballot, { wanted: null, note: answer.ok ? thanks : FAILED });
  if (ballot.hasWaited) forget(ballot, at);
  show(ballot);
  if (answer.ok) fire(sender, "vote", { messageId: id, ...wanted });
  else refuse(sender, answer);
}

function wait(ballot) {
  Object.assign(ballot, { hasWaited: true, note: WAITING });
  keep(ballot);
  show(ballot);
}

// Another page of this browser may have sent what is kept, or kept something newer.
async function isSentElsewhere(ballot) {
  const vote = await kept(ballot.key);
  if (vote?.at > ballot.at) Object.assign(ballot, { wanted: vote.wanted, at: vote.at });
  return vote === undefined;
}

const inherited = new Set();

// Takes over what earlier visits could not send, once for each endpoint and contract.
export async function inherit(element) {
  const endpoint = endpointOf(element), contract = contractOf(element), whose = `${contract} ${endpoint}`;
  if (inherited.has(whose)) return;
  inherited.add(whose);
  const votes = await keptAll();
  for (const vote of votes) if (`${vote.contract} ${vote.endpoint}` === whose) takeOver(vote, element);
  deliver(endpoint);
}

function takeOver(vote, element) {
  const ballot = ballotOf(vote.endpoint, vote.id);
  ballot.isKept = ballot.hasWaited = true;
  ballot.sender ??= element;
  ballot.contract ??= vote.contract;
  ballot.receipt ??= vote.receipt;
  if (vote.at <= ballot.at) return;
  Object.assign(ballot, { wanted: vote.wanted, at: vote.at, note: WAITING });
  show(ballot);
}
