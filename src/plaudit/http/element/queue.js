// What could not be sent, for later visits: one vote a message, the newest, without any proof of who cast it.

const QUEUE_MAX = 100, DAYS_30 = 30 * 24 * 60 * 60 * 1000;

let queue = Promise.resolve();

// Gives what `work` has asked of the store. Where there is no database it gives null, and votes wait in memory.
function inStore(work) {
  queue = queue.then(() => new Promise((resolve, reject) => {
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
  })).catch(() => null);
  return queue;
}

export const kept = (key) => inStore((store) => store.get(key));

export async function keptAll() {
  const votes = await inStore((store) => store.getAll()) ?? [];
  return votes.filter((vote) => vote.at > Date.now() - DAYS_30 || void forget(vote, vote.at));
}

// Where the queue is full, or there is none, the vote waits in memory only.
export async function keep(ballot) {
  const { key, endpoint, id, contract, receipt, wanted, at } = ballot;
  ballot.isKept = true;
  const vote = { key, endpoint, id, contract, receipt: isBearer(receipt) ? null : receipt, wanted, at };
  const count = await inStore((store) => {
    store.put(vote);
    const asked = store.count();
    asked.onsuccess = () => asked.result > QUEUE_MAX && store.delete(key);
    return asked;
  });
  if (!count || count > QUEUE_MAX) ballot.isKept = false;
}

// Unless something newer is kept by now.
export function forget(ballot, at) {
  ballot.isKept = false;
  inStore((store) => {
    const asked = store.get(ballot.key);
    asked.onsuccess = () => asked.result?.at <= at && store.delete(ballot.key);
    return asked;
  });
}

// Such a receipt is a proof by itself. What cannot be read is taken for one.
function isBearer(receipt) {
  try {
    const claims = receipt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).bearer;
  } catch {
    return true;
  }
}
