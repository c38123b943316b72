// <plaudit-thumbs>: two thumbs under an answer, a box for a comment, a queue for what the network does not take.

class PlauditThumbs extends HTMLElement {
  static observedAttributes = ["message-id", "conversation-id", "receipt", "contract", "endpoint", "value", "lang"];

  #view = view();
  #ballot;
  #value;
  #isOpen = false;
  #isStale = false;

  // A page puts its own in their place: on one element, or on the prototype for all.
  async getToken() {}
  async getHeaders() {}

  constructor() {
    super();
    const { root, like, dislike, text, send, skip } = this.#view;
    for (const thumb of [like, dislike]) thumb.onclick = () => this.#press(thumb.value);
    text.oninput = this.#render;
    send.onclick = () => this.#send();
    skip.onclick = () => this.#close();
    root.onkeydown = (event) => {
      if (event.key === "Escape" && this.#isOpen) this.#close();
      if (event.key === "Enter" && event.target === text && (event.ctrlKey || event.metaKey)) this.#send();
    };
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [STYLE];
    shadow.append(root);
  }

  connectedCallback() { this.#update(); }
  disconnectedCallback() { this.#update(); }
  attributeChangedCallback() { this.#update(); }

  // Frameworks set attributes and properties one by one, in any order: they are read when all are there.
  async #update() {
    if (this.#isStale) return;
    this.#isStale = true;
    await null;
    this.#isStale = false;
    this.#bind(this.isConnected && this.getAttribute("message-id"));
    this.#render();
    await ready;
    if (!this.#ballot) return;
    inherit(this);
    this.#restore(this.#ballot);
  }

  #bind(id) {
    const before = this.#ballot, value = this.getAttribute("value");
    const ballot = this.#ballot = id ? ballotOf(endpointOf(this), id) : undefined;
    const said = value === null ? undefined : { ...NONE, vote: value || null };
    if (ballot !== before) before?.watchers.delete(this.#render);
    else if (ballot && value !== this.#value) ballot.confirmed = said;
    this.#value = value;
    if (!ballot) return;
    ballot.confirmed ??= said;
    ballot.watchers.add(this.#render);
    Object.assign(ballot, { sender: this, isParked: false, contract: contractOf(this), receipt: this.getAttribute("receipt") });
    deliver(ballot.endpoint);
  }

  async #restore(ballot) {
    const conversation = this.getAttribute("conversation-id");
    if (!conversation || ballot.confirmed) return;
    const votes = await list(this, `/v1/me/feedback?conversation=${encodeURIComponent(conversation)}`);
    ballot.confirmed ??= votes.find((vote) => vote.message_id === ballot.id);
    show(ballot);
  }

  #press(vote) {
    const isActive = shown(this.#ballot).vote === vote;
    if (isActive && !CONTRACTS[this.#ballot.contract].undo) return;
    this.#isOpen = false;
    cast(this.#ballot, isActive ? NONE : { ...NONE, vote });
    if (!isActive) this.#ask(vote);
  }

  // A comment can be written at once; reasons are added when they are there.
  async #ask(vote) {
    const { chips, comment } = this.#view, { comments, reasons } = CONTRACTS[this.#ballot.contract];
    const isOpen = comments && ["both", vote].includes(this.getAttribute("comment"));
    comment.hidden = !isOpen;
    chips.replaceChildren();
    this.#setOpen(isOpen);
    if (!reasons || !this.hasAttribute("reasons")) return;
    const all = await list(this, `/v1/me/reasons?lang=${languageOf(this)}`);
    if (shown(this.#ballot).vote !== vote) return;
    chips.replaceChildren(...all.filter((reason) => reason.vote === vote).map(chip));
    this.#setOpen(isOpen || chips.firstChild);
  }

  #setOpen(isOpen) {
    this.#isOpen = !!isOpen;
    this.#render();
  }

  #send() {
    const { text, chips } = this.#view, { vote } = shown(this.#ballot);
    if (length(text) > COMMENT_MAX) return;
    const comment = text.value.trim() || null;
    const reasons = [...chips.children].filter((one) => one.ariaPressed === "true").map((one) => one.value);
    this.#close();
    if (comment || reasons.length) cast(this.#ballot, { vote, comment, reasons });
  }

  // The focus goes back to the thumb: what disappears would take it along.
  #close() {
    this.#setOpen(false);
    this.#view[shown(this.#ballot).vote]?.focus();
  }

  #render = () => {
    const { root, like, dislike, status, box, more, text, count, send, skip } = this.#view;
    const language = languageOf(this), words = WORDS[language].split("|");
    const { vote } = shown(this.#ballot), note = this.#ballot?.note;
    if (note === SENT) text.value = "";
    root.lang = language;
    root.dir = language === "ar" ? "rtl" : "ltr";
    root.ariaLabel = words[0];
    for (const thumb of [like, dislike]) {
      const isActive = thumb.value === vote, isFixed = isActive && !CONTRACTS[contractOf(this)].undo;
      thumb.disabled = !this.#ballot;
      thumb.ariaPressed = isActive;
      thumb.ariaDisabled = isFixed;
      thumb.ariaExpanded = isActive && this.#isOpen;
      thumb.ariaLabel = words[thumb === like ? 1 : 2];
      thumb.title = isFixed ? words[3] : thumb.ariaLabel;
    }
    status.textContent = words[note] ?? "";
    box.hidden = !this.#isOpen;
    more.textContent = words[4];
    send.textContent = words[5];
    skip.textContent = words[6];
    count.textContent = `${length(text)}/${COMMENT_MAX}`;
    send.disabled = text.ariaInvalid = length(text) > COMMENT_MAX;
  };
}

// ---------------------------------------------------------------- votes

const COMMENT_MAX = 1000, QUEUE_MAX = 100, WAIT_MAX_SECONDS = 60, ATTEMPT_MILLISECONDS = 20e3, KEPT_MAX_MILLISECONDS = 30 * 864e5;
const TEMPORARY = [408, 429, 502, 503, 504], NOT_MINE = [401, 403];
const NONE = { vote: null, comment: null, reasons: [] };
const CONTRACTS = {
  plaudit: { path: "/v1/messages/", undo: true, comments: true, reasons: true, body: ({ vote, comment, reasons }) => ({ vote, comment, reasons }) },
  siteassist: { path: "/v2/messages/", undo: true, body: ({ vote }) => ({ feedback: vote }) },
  handauncle: {
    path: "/api/v1/user/messages/", comments: true,
    body: ({ vote, comment }) => ({ rating: vote === "like" ? 1 : -1, feedback: comment ?? undefined }),
  },
};

// What this page knows of the vote on a message: `confirmed` by the server, and `wanted` by a click that it has not
// answered yet. It outlives its elements, for frameworks take them away and make them anew.
const ballots = new Map();
let now = 0;

function ballotOf(endpoint, id) {
  const key = `${endpoint} ${id}`;
  if (!ballots.has(key)) ballots.set(key, { key, endpoint, id, watchers: new Set() });
  return ballots.get(key);
}

const shown = (ballot) => ballot?.wanted ?? ballot?.confirmed ?? NONE;
const show = (ballot) => ballot.watchers.forEach((render) => render());

function cast(ballot, wanted) {
  now = Math.max(Date.now(), now + 1);
  Object.assign(ballot, { wanted, at: now, note: 0 });
  show(ballot);
  if (ballot.isKept) keep(ballot);
  deliver(ballot.endpoint);
}

// One vote at a time an endpoint, in the order of the clicks. Clicks that come meanwhile are one vote, the last.
const delivering = new Set();

async function deliver(endpoint) {
  if (delivering.has(endpoint)) return;
  delivering.add(endpoint);
  await ready;
  for (let ballot; (ballot = oldest(endpoint));) await settle(ballot);
  delivering.delete(endpoint);
}

function oldest(endpoint) {
  const waiting = [...ballots.values()].filter((one) => one.endpoint === endpoint && one.wanted && !one.isParked);
  return waiting.sort((one, other) => one.at - other.at)[0];
}

async function settle(ballot) {
  let sent, at;
  const answer = await persist(async () => {
    const isDone = ballot.isKept && await isSentElsewhere(ballot);
    ({ wanted: sent, at } = ballot);
    return isDone ? new Response() : request(ballot.sender, CONTRACTS[ballot.contract], ballot);
  }, () => keep(ballot));
  if (answer.ok) ballot.confirmed = sent;
  if (ballot.wanted !== sent) return;
  // What an earlier visit left may be somebody else's. It waits until its message is on the page.
  ballot.isParked = NOT_MINE.includes(answer.status) && !ballot.watchers.size;
  if (ballot.isParked) return;
  ballot.wanted = null;
  ballot.note = !answer.ok ? FAILED : sent.comment || sent.reasons.length ? THANKS : undefined;
  if (ballot.isKept) forget(ballot, at);
  show(ballot);
  if (answer.ok) fire(ballot.sender, "vote", { messageId: ballot.id, ...sent });
  else refuse(ballot.sender, answer);
}

// ---------------------------------------------------------------- the network

async function request(element, path, vote) {
  const token = await element.getToken(), headers = { ...await element.getHeaders() };
  if (token) headers.authorization = `Bearer ${token}`;
  if (vote) headers["content-type"] = "application/json";
  if (vote?.receipt) headers["x-message-receipt"] = vote.receipt;
  const answer = await fetch(endpointOf(element) + path, {
    method: vote ? "POST" : "GET", headers, body: vote && JSON.stringify(body), keepalive: true,
    signal: AbortSignal.timeout(ATTEMPT_MILLISECONDS),
  });
  // A guest's device is given a token to show next time: the page has to keep it.
  const token = answer.headers.get("x-device-token");
  if (token) fire(element, "device-token", { token });
  return answer;
}

async function persist(ask, wait = () => {}) {
  for (let failures = 0; ; failures++) {
    const answer = navigator.onLine ? await ask().catch(() => null) : null;
    if (answer && !TEMPORARY.includes(answer.status)) return answer;
    wait();
    await pause(answer?.headers.get("retry-after"), failures);
  }
}

function pause(told, failures) {
  const seconds = Math.min(told > 0 ? told : 2 ** failures, WAIT_MAX_SECONDS);
  return new Promise((resume) => {
    setTimeout(resume, seconds * 1000 * (1 + Math.random() / 4));
    if (!told) addEventListener("online", resume, { once: true });
  });
}

// Lists are asked for once a page, whoever wants them.
const lists = new Map();

function list(element, path) {
  const url = endpointOf(element) + path;
  if (!lists.has(url)) lists.set(url, load(element, path).then((data) => data ?? lists.delete(url) && []));
  return lists.get(url);
}

async function load(element, path) {
  const answer = await persist(() => request(element, path));
  if (answer.ok) return (await answer.json()).data;
  refuse(element, answer);
}

async function refuse(element, answer) {
  const { error } = await answer.json().catch(() => ({}));
  fire(element, "error", { status: answer.status, code: error?.code, message: error?.message });
}

const fire = (element, name, detail) =>
  element.dispatchEvent(new CustomEvent(`plaudit-${name}`, { detail, bubbles: true, composed: true }));

// ---------------------------------------------------------------- the queue: a vote a message, the newest

let queued = Promise.resolve();

// Gives what `work` asked of the store; nothing where there is no database, for a page works without it.
function queue(work) {
  return queued = queued.then(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("plaudit", 1);
    opening.onerror = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore("votes", { keyPath: "key" });
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("votes", "readwrite");
      const asked = work(transaction.objectStore("votes"));
      transaction.onabort = reject;
      transaction.oncomplete = () => resolve(asked.result);
      opening.result.close();
    };
  })).catch(() => {});
}

async function keep(ballot) {
  const { key, endpoint, id, contract, receipt, wanted, at } = ballot;
  const hasRoom = (keys) => keys.length < QUEUE_MAX || keys.includes(key);
  const keys = await queue((store) => {
    const asked = store.getAllKeys();
    asked.onsuccess = () => hasRoom(asked.result) && store.put({ key, endpoint, id, contract, wanted, at, receipt: keepable(receipt) });
    return asked;
  });
  ballot.isKept = !!keys && hasRoom(keys);
  ballot.note = WAITING;
  show(ballot)
}

// A bearer receipt is a proof, and proofs are never kept.
function keepable(receipt) {
  try {
    return JSON.parse(atob(receipt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).bearer ? null : receipt;
  } catch {
    return null;
  }
}

async function forget(ballot, at) {
  ballot.isKept = false;
  queue((store) => {
    const asked = store.get(ballot.key);
    asked.onsuccess = () => asked.result?.at <= at && store.delete(ballot.key);
    return asked;
  });
}

// Another page may have sent what is kept, or kept something newer.
async function isSentElsewhere(ballot) {
  const kept = await queue((store) => store.get(ballot.key));
  if (kept?.at > ballot.at) Object.assign(ballot, kept);
  return !kept;
}

const inherited = new Set();

async function inherit(element) {
  const endpoint = endpointOf(element), contract = contractOf(element), kind = `${contract} ${endpoint}`;
  if (inherited.has(kind)) return;
  inherited.add(kind);
  for (const kept of await queue((store) => store.getAll()) ?? []) {
    const ballot = ...
    if (kept.endpoint !== endpoint || kept.contract !== contract) continue;
    ...
  }
}

// ---------------------------------------------------------------- what is seen

function endpointOf(element) {
  return (element.getAttribute("endpoint") ?? new URL(import.meta.url).origin).replace(/\/+$/, "");
}

function contractOf(element) {
  const name = element.getAttribute("contract");
  return name in CONTRACTS ? name : "plaudit";
}

const languageOf = (element) => ...

const WORDS = {
  en: "Rate this answer|Good answer|Bad answer|You can change your rating, but not remove it|Tell us more (optional)|Send|Skip|Thank you|Not saved|Will be sent later",
  de: "Antwort bewerten|Gute Antwort|Schlechte Antwort|Die Bewertung lässt sich ändern, aber nicht zurücknehmen|Mehr dazu (freiwillig)|Senden|Überspringen|Danke|Nicht gespeichert|Wird später gesendet",
  fr: "Évaluer cette réponse|Bonne réponse|Mauvaise réponse|L’avis peut être modifié, mais pas retiré|Dites-nous en plus (facultatif)|Envoyer|Passer|Merci|Non enregistré|Sera envoyé plus tard",
  es: "Valora esta respuesta|Buena respuesta|Mala respuesta|Puedes cambiar tu voto, pero no quitarlo|Cuéntanos más (opcional)|Enviar|Omitir|Gracias|No se ha guardado|Se enviará más tarde",
  it: "Valuta questa risposta|Buona risposta|Cattiva risposta|Puoi cambiare il voto, ma non rimuoverlo|Dicci di più (facoltativo)|Invia|Salta|Grazie|Non salvato|Verrà inviato più tardi",
  pt: "Avalie esta resposta|Boa resposta|Má resposta|O voto pode ser alterado, mas não removido|Conte-nos mais (opcional)|Enviar|Pular|Obrigado|Não foi salvo|Será enviado mais tarde",
  nl: "Beoordeel dit antwoord|Goed antwoord|Slecht antwoord|Je kunt je stem wijzigen, maar niet intrekken|Vertel ons meer (optioneel)|Versturen|Overslaan|Bedankt|Niet opgeslagen|Wordt later verstuurd",
  pl: "Oceń tę odpowiedź|Dobra odpowiedź|Zła odpowiedź|Ocenę można zmienić, ale nie usunąć|Powiedz nam więcej (opcjonalnie)|Wyślij|Pomiń|Dziękujemy|Nie zapisano|Zostanie wysłane później",
  tr: "Bu yanıtı değerlendir|İyi yanıt|Kötü yanıt|Oyunuzu değiştirebilir, ancak geri alamazsınız|Daha fazlasını anlatın (isteğe bağlı)|Gönder|Geç|Teşekkürler|Kaydedilemedi|Daha sonra gönderilecek",
  ar: "قيّم هذه الإجابة|إجابة جيدة|إجابة سيئة|يمكنك تغيير تقييمك، لكن لا يمكنك إزالته|أخبرنا بالمزيد (اختياري)|إرسال|تخطٍّ|شكرًا|لم يُحفظ|سيُرسل لاحقًا",
  zh: "评价此回答|回答得好|回答得不好|可以更改评价，但不能撤销|告诉我们更多（可选）|发送|跳过|谢谢|未保存|稍后发送",
  ja: "この回答を評価|良い回答|良くない回答|評価は変更できますが、取り消せません|詳しく教えてください（任意）|送信|スキップ|ありがとうございます|保存できませんでした|後で送信します",
};

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: inline-block; font: var(--plaudit-font, inherit); color: var(--plaudit-color, inherit) }
  :host([theme="light"]) { color-scheme: light; color: var(--plaudit-color, #333) }
  :host([theme="dark"]) { color-scheme: dark; color: var(--plaudit-color, #ddd) }
  [hidden] { display: none !important }
  button, textarea { font: inherit; color: inherit; background: none; border: 1px solid transparent; border-radius: var(--plaudit-radius, .5em) }
  button { padding: .4em; cursor: pointer }
  button:hover { background: color-mix(in srgb, currentColor 10%, transparent) }
  [part~=thumb][aria-pressed=true] { color: var(--plaudit-like, light-dark(#15803d, #4ade80)) }
  svg { width: var(--plaudit-size, 1.25em); height: ...; fill: none; stroke: currentColor }
  :focus-visible { outline: 2px solid var(--plaudit-focus, currentColor); outline-offset: 1px }
  @media (prefers-reduced-motion: no-preference) { button { transition: background .15s, transform .15s } button:active { transform: scale(.9) } }
  @media (forced-colors: active) { [aria-pressed=true] { background: Highlight; color: HighlightText; forced-color-adjust: none } }
`);
