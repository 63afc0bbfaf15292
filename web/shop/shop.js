// SPDX-License-Identifier: MIT
// A company's callback form, as a visitor sees it: asks for a call, then shows
// what becomes of it. It never says "accepted" unless the server has said so,
// and asks with one id however often the button is pressed.
import { texts } from "/shop/texts.js";

const POLL_MS = 1000;
const SEND_TIMEOUT_MS = 8000;
const KEPT = "callback-request";        // in localStorage: what was asked last
const CONSENT_VERSION = "shop-1";
const ENDS = ["done", "unreachable", "cancelled"];
const STEP_OF = { waiting: 1, scheduled: 1, calling: 2, talking: 3, done: 4 };
const FIELDS = ["phone", "name", "topic", "note", "at", "consent"];

let language = chosenLanguage();
let site = null;
let asked = kept();             // { id, phone, isTaken }; null: nothing yet
let answer = null;              // the last one for asked.id
let formId = newId();           // of the form as drawn
let errors = null;              // of the form: field -> text
let formFault = "";             // name of a text
let actFault = "";
let lostSince = null;
let isSending = false;
let isCancelAsked = false;
let timer = 0;

const byId = (id) => document.getElementById(id);
const t = () => texts[language];

function chosenLanguage() {
  const stored = read("language");

  if (stored in texts)
    return stored;
  return (navigator.language || "").toLowerCase().startsWith("ru") ?
    "ru" : "en";
}

// Storage may be forbidden; everything then lasts as long as the page.
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    if (value === null)
      localStorage.removeItem(name);
    else
      localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}

function kept() {
  try {
    const value = JSON.parse(read(KEPT));
    return typeof value?.id === "string" ? value : null;
  } catch {
    return null;
  }
}

function keep(value) {
  asked = value;
  write(KEPT, value === null ? null : JSON.stringify(value));
}

// Whoever knows the id may read the answer: it must not be guessable.
function newId() {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const bytes = crypto.getRandomValues(new Uint8Array(20));

  return `web-${Array.from(bytes, (byte) => letters[byte % 32]).join("")}`;
}

function element(name, className, parent) {
  const made = document.createElement(name);
  if (className)
    made.className = className;
  if (parent)
    parent.append(made);
  return made;
}

// Writing equal text again would make a screen reader speak again.
function say(node, text) {
  if (node.textContent !== text)
    node.textContent = text;
}

function show(node, visible) {
  if (node.hidden === visible)
    node.hidden = !visible;
}

function pretty(number) {
  const russian = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return russian ?
    `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}` : number;
}

// "18:55", and the day too when it is not today.
function moment(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString(language,
    { hour: "2-digit", minute: "2-digit" });

  if (at.toDateString() === new Date().toDateString())
    return time;
  return at.toLocaleDateString(language,
    { weekday: "short", day: "numeric", month: "long" }) + ", " + time;
}

function span([from, to]) {
  const sameDay = new Date(from * 1000).toDateString() ===
    new Date(to * 1000).toDateString();
  const end = sameDay ? new Date(to * 1000).toLocaleTimeString(language,
    { hour: "2-digit", minute: "2-digit" }) : moment(to);

  return moment(from) === end ? end : t().between(moment(from), end);
}

// What <input type=datetime-local> wants: local time without a zone.
function localInput(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60000).toISOString()
    .slice(0, 16);
}

// ---- talking to the server

// null: no answer, or none that counts. 422 is an answer: it has reasons.
async function ask(method, path, body) {
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), SEND_TIMEOUT_MS);

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

async function siteLoad() {
  const reply = await ask("GET", "/v1/site");

  if (reply?.status === 200) {
    site = reply.json;
    topicsShow();
    render();
  } else {
    setTimeout(siteLoad, 2000);
  }
}

function memberOf(form) {
  const member = {
    id: formId,
    phone: form.phone.value.trim(),
    locale: language,
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    page: location.href.slice(0, 500),
    consent: {
      version: CONSENT_VERSION,
      text: t().consent,
      at: Math.floor(Date.now() / 1000),
    },
  };

  for (const name of ["name", "topic", "note"]) {
    if (form[name].value.trim() !== "")
      member[name] = form[name].value.trim();
  }
  if (form.when.value === "at")
    member.at = Math.floor(new Date(byId("at").value).getTime() / 1000);
  return member;
}

// What can be seen without asking; everything else the server judges.
function missing(form) {
  const found = {};

  if (form.phone.value.trim() === "")
    found.phone = t().phoneMissing;
  if (form.when.value === "at" && byId("at").value === "")
    found.at = t().momentMissing;
  if (!byId("consent").checked)
    found.consent = t().consentMissing;
  return found;
}

function errorsOf(refused) {
  const found = {};

  for (const error of refused.errors || []) {
    const name = (error.pointer || "").split("/")[1] ||
      (error.code.startsWith("time_") ? "at" : "form");
    found[FIELDS.includes(name) ? name : "form"] = error.text || error.code;
  }
  return found;
}

async function send(form) {
  errors = missing(form);
  formFault = "";
  if (Object.keys(errors).length > 0) {
    refusalShow();
    return;
  }
  isSending = true;
  // Kept before it is sent: after a reload the answer can still be found.
  if (asked !== null && asked.phone !== form.phone.value.trim())
    formId = newId();
  keep({ id: formId, phone: form.phone.value.trim(), isTaken: false });
  render();
  const reply = await ask("POST", "/v1/requests", memberOf(form));
  isSending = false;
  if (reply === null || reply.status === 404) {
    formFault = "notSent";
    render();
    again();
    return;
  }
  take(reply.json);
}

function take(json) {
  if (json.state === "rejected" || json.state === undefined) {
    errors = errorsOf(json);
    formFault = "form" in errors ? "" : "notTaken";
    keep(null);
    formId = newId();
    refusalShow();
    return;
  }
  keep({ ...asked, isTaken: true });
  answer = json;
  formFault = "";
  errors = null;
  render();
  byId("state").focus();
  again();
}

function refusalShow() {
  render();
  const first = FIELDS.find((name) => name in errors);
  if (first !== undefined)
    byId(first).focus();
}

// ---- after it was asked

async function act(member) {
  actFault = "";
  const reply = await ask("POST", "/v1/requests",
    { id: asked.id, locale: language, ...member });

  if (reply === null || reply.status === 404)
    actFault = t().actFailed;
  else if (reply.json.state === "rejected" || reply.json.state === undefined)
    actFault = Object.values(errorsOf(reply.json))[0] || t().actFailed;
  await poll();
}

function again() {
  clearTimeout(timer);
  if (asked !== null)
    timer = setTimeout(poll, POLL_MS);
}

async function poll() {
  clearTimeout(timer);
  if (asked === null)
    return;
  const { id } = asked;
  const reply = await ask("GET", `/v1/answers/${encodeURIComponent(id)}`);

  if (asked === null || asked.id !== id)
    return;
  if (reply === null) {
    lostSince = lostSince || Date.now();
  } else {
    lostSince = null;
    answerRead(reply);
  }
  render();
  again();
}

function answerRead(reply) {
  const isThere = reply.status === 200 && reply.json.state !== "rejected";

  if (isThere) {
    // It had arrived after all, though its answer had not.
    if (!asked.isTaken)
      keep({ ...asked, isTaken: true });
    if (answer !== null && answer.state !== reply.json.state)
      say(byId("told"), title(reply.json));
    answer = reply.json;
    formFault = "";
  } else if (asked.isTaken) {
    forget();
    formFault = "gone";
  }
}

function forget() {
  keep(null);
  answer = null;
  errors = null;
  formFault = "";
  actFault = "";
  lostSince = null;
  isCancelAsked = false;
  formId = newId();
  show(byId("move"), false);
  clearTimeout(timer);
}

// ---- showing

function title(from) {
  return t().states[from.state] || t().states.waiting;
}

function isLate() {
  return answer.state === "waiting" && answer.promise !== undefined &&
    (answer.expect === undefined || answer.promise * 1000 < Date.now());
}

function explanation() {
  const parts = [t().whys[answer.why] || ""];

  parts.push(isLate() ? t().late :
    t().explains[answer.state] ?? t().explains.waiting);
  return parts.filter((part) => part !== "").join(" ");
}

function factsShow() {
  const words = t();
  const rows = [];

  if (answer.slot !== undefined)
    rows.push([words.slot, span(answer.slot), "big"]);
  if (answer.expect !== undefined && !isLate())
    rows.push([words.usually, span(answer.expect), ""]);
  if (answer.promise !== undefined && answer.slot === undefined)
    rows.push([words.notLater, moment(answer.promise), "big"]);
  if (answer.number !== undefined)
    rows.push([words.numberIs, answer.number, "big"]);
  if (asked.phone)
    rows.push([words.yourPhone, pretty(asked.phone), ""]);
  if (answer.caller_id !== undefined && !ENDS.includes(answer.state))
    rows.push([words.callerId, pretty(answer.caller_id), ""]);
  const text = JSON.stringify(rows);
  const box = byId("facts");
  if (box.dataset.shown === text)
    return;
  box.dataset.shown = text;
  box.replaceChildren();
  for (const [name, value, className] of rows) {
    const row = element("div", className, box);
    say(element("dt", "", row), name);
    say(element("dd", "", row), value);
  }
}

function stepsShow() {
  const box = byId("steps");
  const step = STEP_OF[answer.state] ?? (ENDS.includes(answer.state) ? -1 : 1);

  show(box, step >= 0);
  t().steps.forEach((name, index) => {
    const node = box.children[index] || element("li", "", box);
    say(node, name);
    node.className = index < step || step === 4 ? "past" :
      index === step ? "present" : "";
    if (index === step)
      node.setAttribute("aria-current", "step");
    else
      node.removeAttribute("aria-current");
  });
}

function warningsShow() {
  const box = byId("warnings");
  const list = answer.warnings || [];

  show(box, list.length > 0);
  box.replaceChildren();
  for (const warning of list)
    say(element("li", "", box), warning.text || warning.code);
}

function askedShow() {
  const isOver = ENDS.includes(answer.state);
  const canMove = answer.state === "waiting" || answer.state === "scheduled";
  const canCancel = canMove || answer.state === "calling";

  byId("asked").dataset.state = answer.state;
  say(byId("state"), title(answer));
  say(byId("explain"), explanation());
  stepsShow();
  factsShow();
  warningsShow();
  const fault = lostSince !== null ?
    t().lost(new Date(lostSince).toLocaleTimeString(language)) : actFault;
  say(byId("asked-error"), fault);
  show(byId("asked-error"), fault !== "");
  show(byId("cancel"), canCancel && !isCancelAsked);
  show(byId("cancel-yes"), canCancel && isCancelAsked);
  show(byId("cancel-no"), canCancel && isCancelAsked);
  show(byId("move-open"), canMove && !isCancelAsked);
  byId("move-open").setAttribute("aria-expanded",
    String(!byId("move").hidden));
  if (!canMove)
    show(byId("move"), false);
  byId("again").classList.toggle("plain", !isOver);
}

function formShow() {
  for (const name of FIELDS) {
    const text = errors?.[name] || "";
    say(byId(`${name}-error`), text);
    byId(name).setAttribute("aria-invalid", String(text !== ""));
  }
  const fault = errors?.form || (formFault !== "" ? t()[formFault] : "");
  say(byId("form-error"), fault);
  show(byId("form-error"), fault !== "");
  byId("send").disabled = isSending;
  say(byId("send"), isSending ? t().sending : t().send);
  show(byId("at-field"), byId("form").when.value === "at");
}

function topicsShow() {
  const box = byId("topic");

  box.replaceChildren();
  for (const topic of site.topics) {
    const option = element("option", "", box);
    option.value = topic.id;
    say(option, topic.title);
  }
  show(byId("topic-field"), site.topics.length > 1);
}

function sandboxShow() {
  const box = byId("endings");

  show(byId("sandbox"), Boolean(site?.sandbox));
  if (!site?.sandbox)
    return;
  byId("phones-link").href = site.sandbox;
  t().endings.forEach((does, index) => {
    let row = box.children[index];
    if (!row) {
      row = element("li", "", box);
      const take = element("button", "", row);
      take.type = "button";
      take.value = `+7900000000${index + 1}`;
      element("span", "number", take);
      element("span", "", take);
      take.addEventListener("click", () => {
        byId("phone").value = pretty(take.value);
        if (!byId("ask").hidden)
          byId("phone").focus();
      });
    }
    const [number, text] = row.firstChild.children;
    say(number, pretty(row.firstChild.value));
    say(text, does);
    row.firstChild.disabled = byId("ask").hidden;
  });
}

function render() {
  const isShown = asked !== null && answer !== null && asked.isTaken;

  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]"))
    say(node, t()[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-language]"))
    node.setAttribute("aria-pressed",
      String(node.dataset.language === language));
  say(byId("company"), site?.company || "\u00a0");
  const name = isShown ? title(answer) : t().title;
  document.title = site === null ? name : `${name} · ${site.company}`;
  show(byId("asked"), isShown);
  show(byId("ask"), !isShown);
  if (isShown)
    askedShow();
  else
    formShow();
  sandboxShow();
}

// ---- the page

function start() {
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      language = node.dataset.language;
      write("language", language);
      errors = null;
      render();
    });
  }
  const form = byId("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isSending)
      send(form);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "when" && event.target.value === "at") {
      byId("at").min = localInput(Date.now());
      if (byId("at").value === "")
        byId("at").value = localInput(Date.now() + 3600000);
    }
    formShow();
  });
  byId("move-open").addEventListener("click", () => {
    byId("move-at").min = localInput(Date.now());
    byId("move-at").value = localInput(Date.now() + 3600000);
    show(byId("move"), byId("move").hidden);
    askedShow();
  });
  byId("move").addEventListener("submit", (event) => {
    event.preventDefault();
    const at = new Date(byId("move-at").value).getTime();
    if (!Number.isFinite(at))
      return;
    show(byId("move"), false);
    act({ op: "move", at: Math.floor(at / 1000) });
  });
  byId("cancel").addEventListener("click", () => {
    isCancelAsked = true;
    askedShow();
    byId("cancel-yes").focus();
  });
  byId("cancel-no").addEventListener("click", () => {
    isCancelAsked = false;
    askedShow();
    byId("cancel").focus();
  });
  byId("cancel-yes").addEventListener("click", async () => {
    await act({ op: "cancel" });
    isCancelAsked = false;
    render();
    byId("state").focus();
  });
  byId("again").addEventListener("click", () => {
    forget();
    render();
    byId("phone").focus();
  });
  render();
  siteLoad();
  poll();
}

start();
