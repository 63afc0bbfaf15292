// SPDX-License-Identifier: MIT
// The page with the telephones: asks for the state twice a second, shows it in
// place (so the focus never jumps), and sends what the buttons mean. It knows
// nothing that the state does not say.
"use strict";

const POLL_MS = 500;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

const texts = {
  en: {
    title: "Phones",
    recent: "Recent calls",
    noCalls: "No calls yet.",
    messages: "Messages",
    noMessages: "No messages yet.",
    writeFrom: "From the phone",
    writeText: "Text",
    write: "Send",
    notWritten: "Nobody has written to that phone, or it is none.",
    none: "No phone rings, and none is held by hand.",
    noneHint: "Take one below, or write hand = true into the setup file.",
    takeLabel: "Hold a phone by hand",
    take: "Take it",
    takeOver: "Take it in hand",
    takeOverOf: (who) => `Take the phone ${who} in hand`,
    letGo: "Let go",
    letGoOf: (who) => `Let the phone ${who} behave by its number again`,
    numbers: "What a number does by itself",
    numbersHint: "The last two digits decide; any other number answers as …01.",
    endings: [
      "answers after 2 s, talks for 8 s",
      "is busy",
      "rings, nobody answers",
      "voicemail: answers and stays 15 s",
      "hangs up 3 s after answering",
      "does not exist",
      "answers on the second try only",
      "rejects after 2 s",
    ],
    network: (live, pace) => `Sandbox network · calls now: ${live}${pace}`,
    pace: (times) => ` · time ×${times}`,
    instant: " · without any waiting",
    lost: "The sandbox does not answer. Trying again…",
    leftOut: (count) => `and ${count} more phones in calls`,
    free: "Free",
    ringing: "Ringing",
    talking: "In a call",
    rings: (who) => `${who} calls`,
    with: (who) => `Talking to ${who}`,
    connected: "Answered",
    keysWanted: "Waiting for a key",
    heard: "What it hears",
    silence: "Silence",
    answer: "Answer",
    reject: "Reject",
    dial: (line) => `Call ${line}`,
    dials: (line) => `Calls ${line}`,
    hangUp: "Hang up",
    answerOn: (who) => `Answer on ${who}`,
    rejectOn: (who) => `Reject on ${who}`,
    hangUpOn: (who) => `Hang up on ${who}`,
    keypad: "Keypad",
    key: (key) => `Key ${key}`,
    nowRings: (who) => `${who} is ringing`,
    refused: "That is no phone number.",
    seconds: (s) => `${s} s`,
    statuses: {
      "queued": "queued", "ringing": "ringing", "in-progress": "in a call",
      "completed": "completed", "busy": "busy", "no-answer": "no answer",
      "failed": "failed", "canceled": "cancelled",
    },
    letters: {
      "queued": "queued", "sent": "sent", "delivered": "delivered",
      "undelivered": "not delivered", "failed": "failed",
      "received": "received",
    },
  },
  ru: {
    title: "Телефоны",
    recent: "Последние звонки",
    noCalls: "Звонков ещё не было.",
    messages: "Сообщения",
    noMessages: "Сообщений ещё не было.",
    writeFrom: "С телефона",
    writeText: "Текст",
    write: "Отправить",
    notWritten: "Этому телефону никто не писал, или это не номер.",
    none: "Ни один телефон не звонит, и ни один не у вас в руках.",
    noneHint: "Возьмите телефон ниже или напишите hand = true в файле настройки.",
    takeLabel: "Взять телефон в руки",
    take: "Взять",
    takeOver: "Взять в руки",
    takeOverOf: (who) => `Взять телефон ${who} в руки`,
    letGo: "Отпустить",
    letGoOf: (who) => `Отпустить телефон ${who}: пусть отвечает сам`,
    numbers: "Как номер ведёт себя сам",
    numbersHint: "Решают две последние цифры; прочие номера отвечают как …01.",
    endings: [
      "отвечает через 2 с, говорит 8 с",
      "занят",
      "звонит, никто не берёт",
      "автоответчик: отвечает и ждёт 15 с",
      "кладёт трубку через 3 с",
      "не существует",
      "отвечает только со второго раза",
      "отклоняет через 2 с",
    ],
    network: (live, pace) => `Учебная сеть · звонков сейчас: ${live}${pace}`,
    pace: (times) => ` · время ×${times}`,
    instant: " · без ожидания",
    lost: "Учебная сеть не отвечает. Пробуем снова…",
    leftOut: (count) => `и ещё телефонов в разговоре: ${count}`,
    free: "Свободен",
    ringing: "Звонит",
    talking: "Разговор",
    rings: (who) => `Звонит ${who}`,
    with: (who) => `На связи ${who}`,
    connected: "Трубка снята",
    keysWanted: "Ждёт нажатия клавиши",
    heard: "Что слышно",
    silence: "Тишина",
    answer: "Ответить",
    reject: "Отклонить",
    dial: (line) => `Позвонить ${line}`,
    dials: (line) => `Звонит на ${line}`,
    hangUp: "Завершить",
    answerOn: (who) => `Ответить: ${who}`,
    rejectOn: (who) => `Отклонить: ${who}`,
    hangUpOn: (who) => `Завершить разговор: ${who}`,
    keypad: "Клавиши",
    key: (key) => `Клавиша ${key}`,
    nowRings: (who) => `Звонит телефон ${who}`,
    refused: "Это не номер телефона.",
    seconds: (s) => `${s} с`,
    statuses: {
      "queued": "в очереди", "ringing": "звонит", "in-progress": "разговор",
      "completed": "завершён", "busy": "занято", "no-answer": "нет ответа",
      "failed": "не удался", "canceled": "отменён",
    },
    letters: {
      "queued": "в очереди", "sent": "отправлено", "delivered": "доставлено",
      "undelivered": "не доставлено", "failed": "не отправлено",
      "received": "получено",
    },
  },
};

let language = chosenLanguage();
let state = null;
let clockAhead = 0;             // of the server, ms
let timer = 0;
const cards = new Map();        // number -> the parts of its card
const ringing = new Set();      // numbers already announced

const byId = (id) => document.getElementById(id);
const t = () => texts[language];

function chosenLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem("language");
  } catch {
    // Storage may be forbidden; the browser's language then does.
  }
  if (kept in texts)
    return kept;
  return (navigator.language || "").toLowerCase().startsWith("ru") ?
    "ru" : "en";
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

// Numbers are read in groups; what is no number stays as it is.
function pretty(number) {
  const russian = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return russian ?
    `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}` : number;
}

function who(number, name) {
  return name || pretty(number);
}

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Real time since an instant of the server, as the network counts it.
function since(atMs) {
  const scale = state.clock_scale || 1;
  return (Date.now() + clockAhead - atMs) / scale;
}

// ---- what the buttons do

async function send(method, path, body) {
  try {
    const answer = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    // 409: the call is over already, and the next state will say so.
    return answer.ok || answer.status === 409;
  } catch {
    return false;
  } finally {
    await poll();
  }
}

function act(number, what) {
  return send("POST", `/phones/${encodeURIComponent(number)}/${what}`);
}

function hold(number, byHand) {
  return send("PUT", `/sandbox/phones/${encodeURIComponent(number)}`,
    { hand: byHand });
}

function dial(number, line) {
  return send("POST", `/sandbox/phones/${encodeURIComponent(number)}/call`,
    { to: line });
}

function press(number, key) {
  return act(number, `key?digit=${encodeURIComponent(key)}`);
}

// ---- one card

function button(className, parent, onClick) {
  const made = element("button", className, parent);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

function cardMake(number) {
  const card = { number, keys: [], sid: null, heardText: "" };
  const root = element("article", "card");
  card.root = root;
  root.tabIndex = -1;
  const head = element("div", "card-head", root);
  const names = element("div", "names", head);
  card.title = element("h3", "", names);
  card.number = element("p", "number quiet", names);
  card.badge = element("span", "badge", head);

  card.line = element("p", "line", root);
  card.heard = element("div", "heard", root);
  card.heard.setAttribute("role", "log");
  card.heard.setAttribute("aria-live", "polite");

  card.keypad = element("div", "keypad", root);
  card.keypad.setAttribute("role", "group");
  for (const key of KEYS) {
    const made = button("key", card.keypad, () => pressed(card, key));
    made.textContent = key;
    card.keys.push([key, made]);
  }
  const deeds = element("div", "deeds", root);
  card.answer = button("go", deeds, async () => {
    await act(number, "answer");
    // The pressed button goes away: the focus moves to what is next.
    if (!card.hangUp.hidden)
      card.hangUp.focus();
  });
  card.reject = button("stop", deeds, () => leave(card, "reject"));
  card.dial = button("", deeds, () => dial(number, state.lines[0]));
  card.hangUp = button("stop", deeds, () => leave(card, "hangup"));
  card.takeOver = button("", deeds, () => hold(number, true));
  card.letGo = button("plain", deeds, () => hold(number, false));

  // With the focus anywhere in the card, the computer's keys are the phone's.
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || card.keypad.hidden)
      return;
    if (KEYS.includes(event.key)) {
      event.preventDefault();
      pressed(card, event.key);
    }
  });
  return card;

  async function leave(of, what) {
    await act(number, what);
    of.root.focus();
  }

  function pressed(of, key) {
    const [, made] = of.keys.find(([name]) => name === key);
    made.classList.add("down");
    setTimeout(() => made.classList.remove("down"), 150);
    press(number, key);
  }
}

function cardShow(card, phone) {
  const call = phone.call;
  const name = who(phone.number, phone.name);
  const dials = call !== null && call.status === "ringing" && call.inbound;
  const rings = call !== null && call.status === "ringing" && !dials;
  const talks = call !== null && call.status === "in-progress";
  const words = t();

  card.root.classList.toggle("ringing", rings);
  card.root.classList.toggle("talking", talks);
  card.root.setAttribute("aria-label", name);
  say(card.title, name);
  say(card.number, phone.name ? pretty(phone.number) : "");
  say(card.badge, rings || dials ? words.ringing : talks ?
    `${words.talking} ${clock(since(call.answered_at_ms))}` : words.free);
  say(card.line, dials ? words.dials(pretty(call.to)) : line(call, rings, talks));
  show(card.line, rings || dials || talks);
  card.line.classList.toggle("wanted", talks && call.listens);
  heardShow(card, talks ? call : null);
  show(card.keypad, talks && phone.hand);
  card.keypad.classList.toggle("wanted", talks && call.listens);
  card.keypad.setAttribute("aria-label", words.keypad);
  for (const [key, made] of card.keys)
    made.setAttribute("aria-label", words.key(key));
  deed(card.answer, rings, words.answer, words.answerOn(name));
  deed(card.reject, rings, words.reject, words.rejectOn(name));
  deed(card.hangUp, talks || dials, words.hangUp, words.hangUpOn(name));
  const lines = phone.hand && call === null ? state.lines.slice(0, 1) : [];
  deed(card.dial, lines.length > 0, words.dial(pretty(lines[0] || "")),
    words.dial(pretty(lines[0] || "")));
  deed(card.takeOver, talks && !phone.hand, words.takeOver,
    words.takeOverOf(name));
  deed(card.letGo, phone.hand && call === null, words.letGo,
    words.letGoOf(name));
}

function deed(made, visible, text, label) {
  show(made, visible);
  say(made, text);
  made.setAttribute("aria-label", label);
}

function line(call, rings, talks) {
  if (rings)
    return t().rings(who(call.from, call.from_name));
  if (!talks)
    return "";
  if (call.with)
    return t().with(who(call.with, call.with_name));
  return call.listens ? t().keysWanted : t().connected;
}

// Only what is new is added, so that only that is read aloud.
function heardShow(card, call) {
  show(card.heard, call !== null);
  card.heard.setAttribute("aria-label", t().heard);
  if (call === null) {
    card.heard.replaceChildren();
    card.sid = null;
    return;
  }
  const text = JSON.stringify([language, call.heard, call.heard_at_ms]);
  if (card.sid === call.sid && card.heardText === text)
    return;
  const had = card.sid === call.sid ? card.heard.querySelectorAll("q").length : 0;
  card.sid = call.sid;
  card.heardText = text;
  if (call.heard.length <= had || had === 0)
    card.heard.replaceChildren();
  for (const words of call.heard.slice(card.heard.children.length))
    say(element("q", "", card.heard), words);
  if (call.heard.length === 0)
    say(element("p", "quiet", card.heard), t().silence);
  card.heard.scrollTop = card.heard.scrollHeight;
}

// ---- the page

function cardsShow() {
  const seen = new Set();
  const box = byId("cards");

  state.phones.forEach((phone, index) => {
    seen.add(phone.number);
    let card = cards.get(phone.number);
    if (!card) {
      card = cardMake(phone.number);
      cards.set(phone.number, card);
    }
    if (box.children[index] !== card.root)
      box.insertBefore(card.root, box.children[index] || null);
    cardShow(card, phone);
  });
  for (const [number, card] of cards) {
    if (!seen.has(number)) {
      card.root.remove();
      cards.delete(number);
    }
  }
  show(byId("none"), state.phones.length === 0);
  show(byId("left-out"), state.left_out > 0);
  say(byId("left-out"), t().leftOut(state.left_out));
}

// A ringing phone is told once to those who do not see it, and in the title.
function announce() {
  const now = state.phones.filter((phone) =>
    phone.call !== null && phone.call.status === "ringing" &&
    !phone.call.inbound);

  for (const phone of now) {
    if (!ringing.has(phone.call.sid) && phone.hand)
      say(byId("said"), t().nowRings(who(phone.number, phone.name)));
  }
  ringing.clear();
  for (const phone of now)
    ringing.add(phone.call.sid);
  const title = now.length > 0 ? `(${now.length}) ${t().title}` : t().title;
  if (document.title !== title)
    document.title = title;
}

// What was sent to phones and by them, the newest first.
function messagesShow() {
  const box = byId("messages");
  const texts = state.messages || [];

  while (box.children.length > texts.length)
    box.lastChild.remove();
  texts.forEach((text, index) => {
    messageShow(box.children[index] || messageMake(box), text);
  });
  show(byId("no-messages"), texts.length === 0);
}

function messageMake(box) {
  const row = element("li", "", box);
  element("time", "time", row);
  const whom = element("span", "whom", row);
  element("span", "whole", whom);
  whom.append(" → ");
  element("span", "whole", whom);
  element("span", "status", row);
  element("span", "body", row);
  return row;
}

function messageShow(row, text) {
  const [time, whom, status, body] = row.children;
  const at = new Date(text.created_at_ms);

  time.dateTime = at.toISOString();
  say(time, at.toLocaleTimeString(language));
  say(whom.firstChild, pretty(text.from));
  say(whom.lastChild, pretty(text.to));
  status.className = `status ${text.status}`;
  say(status, t().letters[text.status] +
    (text.error_code ? ` (${text.error_code})` : ""));
  say(body, text.body);
}

function recentShow() {
  const box = byId("recent");
  const known = new Set(state.calls.map((call) => call.sid));
  const rows = [];

  for (const call of state.calls) {
    if (call.parent !== null && known.has(call.parent))
      continue;
    rows.push(call);
    rows.push(...state.calls.filter((child) => child.parent === call.sid)
      .reverse());
  }
  while (box.children.length > rows.length)
    box.lastChild.remove();
  rows.forEach((call, index) => {
    rowShow(box.children[index] || rowMake(box), call);
  });
  show(byId("no-calls"), rows.length === 0);
}

function rowMake(box) {
  const row = element("li", "", box);
  for (const name of ["time", "whom", "status", "long"])
    element(name === "time" ? "time" : "span", name, row);
  return row;
}

function rowShow(row, call) {
  const [time, whom, status, long] = row.children;
  const began = new Date(call.created_at_ms);

  row.classList.toggle("child", call.parent !== null);
  time.dateTime = began.toISOString();
  say(time, began.toLocaleTimeString(language));
  say(whom, `${who(call.from, call.from_name)} → ` +
    who(call.to, call.to_name));
  whom.title = `${pretty(call.from)} → ${pretty(call.to)}`;
  status.className = `status ${call.status}`;
  say(status, t().statuses[call.status]);
  say(long, call.answered_at_ms ? t().seconds(call.duration) : "");
}

function paceText() {
  const scale = state.clock_scale;
  const round = (x) => Math.round(x * 10) / 10;

  if (scale === 0)
    return t().instant;
  return scale === 1 ? "" : t().pace(round(1 / scale));
}

function render() {
  const words = t();

  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]"))
    say(node, words[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-language]"))
    node.setAttribute("aria-pressed",
      String(node.dataset.language === language));
  say(byId("lost"), words.lost);
  if (state === null)
    return;
  say(byId("network"), words.network(state.live, paceText()));
  cardsShow();
  announce();
  recentShow();
  messagesShow();
}

function endingsShow() {
  const box = byId("endings");

  box.replaceChildren();
  t().endings.forEach((does, index) => {
    const row = element("div", "", box);
    say(element("dt", "", row), `…0${index + 1}`);
    say(element("dd", "", row), does);
  });
}

async function poll() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/phones/state", { cache: "no-store" });
    if (!answer.ok)
      throw new Error(answer.statusText);
    state = await answer.json();
    clockAhead = state.now_ms - Date.now();
    show(byId("lost"), false);
    render();
  } catch {
    show(byId("lost"), true);
  }
  clearTimeout(timer);
  timer = setTimeout(poll, POLL_MS);
}

function start() {
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      language = node.dataset.language;
      try {
        localStorage.setItem("language", language);
      } catch {
        // Then it lasts as long as the page.
      }
      endingsShow();
      render();
    });
  }
  byId("take").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = byId("take-number");
    const taken = await hold(field.value.trim(), true);
    say(byId("take-error"), taken ? "" : t().refused);
    if (taken)
      field.value = "";
  });
  byId("write").addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = encodeURIComponent(byId("write-number").value.trim());
    const written = await send("POST", `/sandbox/phones/${number}/write`,
      { text: byId("write-text").value });
    say(byId("write-error"), written ? "" : t().notWritten);
    if (written)
      byId("write-text").value = "";
  });
  endingsShow();
  render();
  poll();
}

start();
