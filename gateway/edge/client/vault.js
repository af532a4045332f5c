// One value that all tabs of this browser share, in IndexedDB. What one tab has written is what the next one reads; localStorage,
// of which each process keeps a copy, does not promise that.

const NAME = "murmur";
const STORE = "session";
const KEY = "current";

const opening = new Promise((resolve, reject) => {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
  // Where a browser keeps nothing, the session lasts as long as the page.
}).catch(() => null);

let own = null;

export async function read() {
  const database = await opening;
  if (!database) return own;
  return new Promise((resolve, reject) => {
    const request = database.transaction(STORE).objectStore(STORE).get(KEY);
    request.onsuccess = () => resolve(request.result ?? null);
    request.onerror = () => reject(request.error);
  });
}

/** Returns when the value is on the disk. */
export async function write(value) {
  own = value;
  const database = await opening;
  if (!database) return;
  await new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    transaction.objectStore(STORE).put(value, KEY);
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
  });
}
