// SPDX-License-Identifier: MIT
// One question to callbackd, and what its refusals mean for the form. It never
// asks again by itself.

const TIMEOUT_MS = 8000;

export const FIELDS = ["phone", "name", "topic", "note", "at", "consent"];

// null: no answer, or none that counts. 422 is an answer: it has reasons.
export async function ask(method, path, body) {
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), TIMEOUT_MS);

  try {
    const reply = await fetch(path, {
      method,
      cache: "no-store",
      signal: control.signal,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    const isRead = reply.ok || reply.status === 422 || reply.status === 404;
    return isRead ? { status: reply.status, json: await reply.json() } : null;
  } catch {
    return null;
  } finally {
    clearTimeout(limit);
  }
}

// Field -> text; "form" is for what belongs to no field.
export function errorsOf(refused) {
  const found = {};

  for (const error of refused.errors || []) {
    const name = (error.pointer || "").split("/")[1] ||
      (error.code.startsWith("time_") ? "at" : "form");
    found[FIELDS.includes(name) ? name : "form"] = error.text || error.code;
  }
  return found;
}
