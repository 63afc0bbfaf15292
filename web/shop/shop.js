// SPDX-License-Identifier: MIT
// A company's callback form, as a visitor sees it: asks for a call, then shows
// what becomes of it. It never says "accepted" unless the server has said so,
// and asks with one id however often the button is pressed.
import { byId, element, languageNow, languageSet, localInput, pretty, read, say,
  show, t, write } from "/shop/page.js";
import { FIELDS, ask, errorsOf } from "/shop/server.js";
import { statusShow, statusTitle } from "/shop/status.js";

const POLL_MS = 1000;
const KEPT = "callback-request";        // in localStorage: what was asked last
const CONSENT_VERSION = "shop-1";

let site = null;
let asked = kept();             // { id, phone, isTaken }; null: nothing yet
let answer = null;              // the last one for asked.id
let formId = asked !== null && !asked.isTaken ? asked.id : newId();
let errors = null;              // of the form: field -> text
let formFault = "";             // name of a text
let lostSince = null;           // ms; since when the server does not answer
let isSending = false;
let isCancelAsked = false;
let actFault = "";              // why the last change was not made
let timer = 0;

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

// ---- talking to the server

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
    locale: languageNow(),
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
  if (form.sms.checked)
    member.sms = true;
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
    { id: asked.id, locale: languageNow(), ...member });

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
  // What never arrived need not be asked for again and again.
  if (asked !== null && (asked.isTaken || reply === null))
    again();
}

function answerRead(reply) {
  if (reply.status !== 200) {
    // It never arrived, and the form says so; or it is too old to be kept.
    if (asked.isTaken) {
      forget();
      formFault = "gone";
    }
    return;
  }
  if (!asked.isTaken) {
    // It had arrived after all, though its answer had not.
    take(reply.json);
    return;
  }
  if (answer !== null && answer.state !== reply.json.state) {
    say(byId("told"), statusTitle(reply.json));
    actFault = "";
  }
  answer = reply.json;
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

function askedShow() {
  statusShow(asked, answer, { lostSince, actFault, isCancelAsked });
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
  show(byId("sms-field"), site.sms);
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
    say(number, `…0${index + 1}`);
    say(text, does);
    row.firstChild.disabled = byId("ask").hidden;
  });
}

function render() {
  const isShown = asked !== null && answer !== null && asked.isTaken;

  document.documentElement.lang = languageNow();
  for (const node of document.querySelectorAll("[data-t]"))
    say(node, t()[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-language]"))
    node.setAttribute("aria-pressed",
      String(node.dataset.language === languageNow()));
  say(byId("company"), site?.company || "\u00a0");
  const name = isShown ? statusTitle(answer) : t().title;
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
      languageSet(node.dataset.language);
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
