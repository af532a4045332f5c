// Who is signed in, kept across reloads and shared by all tabs.
//
// A refresh token is good for one use, and its second use ends the session for everybody. So a tab refreshes under a lock that all
// tabs share, and first looks whether another one has done it meanwhile.

const KEY = "murmur.session";
const EARLY_MS = 60_000;
const SOONEST_MS = 5_000;

/** `change`: somebody signed in or out, here or in another tab. */
export const sessions = new EventTarget();

let refresher = null;
let timer = 0;

/** The session, or null: accessToken, refreshToken, refreshAt (milliseconds) and user (id, handle, name). */
export function session() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export const viewer = () => session()?.user ?? null;

/** `exchange` takes a refresh token and answers a SessionPayload with `serverTime`; whoever speaks with the server sets it. */
export function refreshWith(exchange) {
  refresher = exchange;
  schedule();
}

/** Keep what signing in, or a refresh, answered. `serverTime` tells how long the token is good for, whatever this clock says. */
export function keep(payload, serverTime) {
  const goodFor = Date.parse(payload.expiresAt) - serverTime;
  const before = viewer();
  localStorage.setItem(
    KEY,
    JSON.stringify({
      accessToken: payload.accessToken,
      refreshToken: payload.refreshToken,
      refreshAt: Date.now() + Math.max(goodFor - EARLY_MS, SOONEST_MS),
      user: payload.user,
    }),
  );
  schedule();
  if (before?.id !== payload.user.id) sessions.dispatchEvent(new Event("change"));
}

export function forget() {
  localStorage.removeItem(KEY);
  clearTimeout(timer);
  sessions.dispatchEvent(new Event("change"));
}

/** The viewer's new name. */
export function rename(name) {
  const now = session();
  if (now) localStorage.setItem(KEY, JSON.stringify({ ...now, user: { ...now.user, name } }));
}

/** An access token that is good for a while, or null. `refused`: one that the server did not take. */
export async function accessToken(refused = null) {
  const now = session();
  if (!now) return null;
  if (now.accessToken !== refused && Date.now() < now.refreshAt) return now.accessToken;
  return locked(async () => {
    const latest = session();
    if (!latest) return null;
    if (latest.accessToken !== refused && Date.now() < latest.refreshAt) return latest.accessToken;
    const { payload, serverTime } = await refresher(latest.refreshToken);
    if (payload.userErrors.length) {
      forget();
      return null;
    }
    keep(payload, serverTime);
    return payload.accessToken;
  });
}

// Where a page has no locks (plain HTTP from another machine) two tabs may end a session; nothing worse.
const locked = (task) => (navigator.locks ? navigator.locks.request(KEY, task) : task());

function schedule() {
  clearTimeout(timer);
  const now = session();
  if (now) timer = setTimeout(() => accessToken().catch(() => {}), Math.max(now.refreshAt - Date.now(), 0) + 50);
}

addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  const before = event.oldValue && JSON.parse(event.oldValue).user.id;
  schedule();
  if (before !== (viewer()?.id ?? null)) sessions.dispatchEvent(new Event("change"));
});
