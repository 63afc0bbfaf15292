// SPDX-License-Identifier: MIT
// Talking to callbackd: who we are, one question or deed at a time, and what
// the server's clock shows. It never repeats a deed by itself.

const TIMEOUT_MS = 6000;
const KEPT = "desk-token";
const BLOCKED_PAGES_MAX = 20;

export const me = new URLSearchParams(location.search).get("as") || "";
let token = tokenTake();
let aheadMs = 0;                // of the server's clock

// From the link into this tab, and out of sight: the address bar is shown to
// others and kept in the history.
function tokenTake() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("token");

  try {
    if (linked) {
      sessionStorage.setItem(KEPT, linked);
      history.replaceState(null, "", location.pathname + location.search);
    }
    return linked || sessionStorage.getItem(KEPT) || "";
  } catch {
    return linked || "";
  }
}

// A link opened over this very page changes nothing but the fragment.
export function tokenRefresh() {
  token = tokenTake();
}

export function serverNow() {
  return Date.now() + aheadMs;
}

// { status, json }; status 0: no answer came.
export async function ask(method, path, body) {
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), TIMEOUT_MS);

  try {
    const reply = await fetch(path, {
      method,
      cache: "no-store",
      signal: control.signal,
      headers: {
        "Authorization": `Bearer ${token}`,
        ...body ? { "Content-Type": "application/json" } : {},
      },
      body: body ? JSON.stringify(body) : undefined,
    });
    return { status: reply.status, json: await reply.json() };
  } catch {
    return { status: 0, json: {} };
  } finally {
    clearTimeout(limit);
  }
}

export async function askDesk() {
  const answer = await ask("GET", `/v1/desk?as=${encodeURIComponent(me)}`);

  if (answer.status === 200)
    aheadMs = answer.json.now_ms - Date.now();
  return answer;
}

export function actOnRequest(id, verb, body) {
  return ask("POST", `/v1/requests/${encodeURIComponent(id)}/${verb}`,
    { ...body, as: me });
}

// All of the list, a page at a time; null: it was not to be had.
export async function askBlocked() {
  const list = [];
  let cursor = "0";

  for (let i = 0; i < BLOCKED_PAGES_MAX; i++) {
    const answer = await ask("GET", `/v1/blocked?cursor=${cursor}`);

    if (answer.status !== 200)
      return null;
    list.push(...answer.json.blocked);
    cursor = answer.json.next;
    if (cursor === "0")
      break;
  }
  return list;
}

export function actOnBlocked(phone, verb, reason) {
  return ask("POST", `/v1/blocked/${encodeURIComponent(phone)}/${verb}`,
    { ...reason ? { reason } : {}, as: me });
}

export function actOnMe(verb) {
  return ask("POST", `/v1/specialists/${encodeURIComponent(me)}/${verb}`,
    { as: me });
}

export function putStatus(body) {
  return ask("PUT", `/v1/specialists/${encodeURIComponent(me)}`,
    { ...body, as: me });
}
