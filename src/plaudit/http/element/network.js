// Requests, again and again while there is hope, and the events that say what came of them.

const ATTEMPT_MILLISECONDS = 20_000, WAIT_MAX_SECONDS = 60;
const TEMPORARY = /408|429|50[234]/;

// A page's own scripts have run by then, and have said where tokens come from.
export const ready = performance.getEntriesByType("navigation")[0]?.domContentLoadedEventStart
  || new Promise((resolve) => addEventListener("DOMContentLoaded", resolve));

export function endpointOf(element) {
  return (element.getAttribute("endpoint") ?? new URL(import.meta.url).origin).replace(/\/+$/, "");
}

// Tokens are asked for anew each time: a vote may have waited for longer than they last.
export async function request(element, url, receipt, body) {
  const token = await element.getToken(), headers = { ...await element.getHeaders() };
  if (token) headers.authorization = `Bearer ${token}`;
  if (receipt) headers["x-message-receipt"] = receipt;
  if (body) headers["content-type"] = "application/json";
  const answer = await fetch(url, {
    method: body ? "POST" : "GET", headers, body: JSON.stringify(body),
    keepalive: true, // a vote survives that its page is left
    signal: AbortSignal.timeout(ATTEMPT_MILLISECONDS),
  });
  if (answer.ok) answer.said = await answer.json(); // a page of maintenance is no answer, whatever its status
  const deviceToken = answer.headers.get("x-device-token");
  if (deviceToken) fire(element, "device-token", { token: deviceToken });
  return answer;
}

// The first answer that is not temporary, whether or not it is a good one. `wait` is called before each pause.
export async function persist(ask, wait) {
  for (let failures = 0; ; failures++) {
    const answer = navigator.onLine && await ask().catch(console.warn);
    if (answer && !TEMPORARY.test(answer.status)) return answer;
    wait?.();
    await pause(answer && answer.headers.get("retry-after"), failures);
  }
}

function pause(told, failures) {
  const seconds = Math.min(told > 0 ? told : 2 ** failures, WAIT_MAX_SECONDS);
  return new Promise((resume) => {
    setTimeout(resume, seconds * 1000 * (1 + Math.random() / 4));
    if (!told) addEventListener("online", resume, { once: true });
  });
}

const lists = {};

// Asked for once a page, whoever wants it; again after a refusal, by the next that does.
export function list(element, path) {
  const url = endpointOf(element) + path;
  return lists[url] ??= load(element, url);
}

async function load(element, url) {
  const answer = await persist(() => request(element, url, element.getAttribute("receipt")));
  if (answer.ok) return answer.said?.data ?? [];
  delete lists[url];
  refuse(element, answer);
  return [];
}

export async function refuse(element, answer) {
  const said = await answer.json().catch(() => null);
  fire(element, "error", { status: answer.status, ...said?.error });
}

// A page hears of a vote also where its element is gone by now.
export function fire(element, name, detail) {
  (element.isConnected ? element : document).dispatchEvent(new CustomEvent(`plaudit-${name}`, { detail, bubbles: true, composed: true }));
}
