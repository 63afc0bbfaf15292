// SPDX-License-Identifier: MIT
// A specialist's desk: asks the server what is so, shows it in place, and sends
// what the buttons and keys mean. It decides nothing: what is possible the
// server says, and a refusal is shown in words.
import { actOnBlocked, actOnMe, actOnRequest, askBlocked, askDesk, me, putStatus, serverNow,
  tokenRefresh } from "/desk/server.js";
import { alarmFor, alarmIsLocked, alarmIsMuted, alarmMute, alarmTick,
  alarmUnlock } from "/desk/alarm.js";
import { button, byId, isNews, isTyping, languageNow, languageSet,
  moment, say, show, t, time } from "/desk/page.js";
import { noteClear, notePieces, workMake, workShow, workTakesKey, workTick }
  from "/desk/work.js";
import { offerShow, offerTakesKeys, offerTick } from "/desk/offer.js";
import { openShow } from "/desk/open.js";
import { blockedShow } from "/desk/blocked.js";
import { closedShow, isElsewhere, wentOnText } from "/desk/closed.js";

const POLL_MS = 1000;
const POLL_OFFER_MS = 500;
const BLOCKED_MS = 10000;
const NOTICE_MS = 3000;
const NOTICE_BAD_MS = 8000;

let desk = null;                // the server's last answer
let blocked = [];               // for a supervisor: the numbers that are
let blockedAt = 0;
let offer = "";                 // name of the open offer; "": none
let work = "";                  // what is under way, in words; "": nothing
let lost = null;                // { sinceMs, isStore } while there is no answer
let login = "";                 // why nothing can be shown; "": it can
let polledAt = 0;
let polling = null;             // the promise of the question under way
let isActing = false;
let noticeUntil = 0;

// ---- asking

function poll() {
  if (polling === null)
    polling = pollOnce().finally(() => {
      polling = null;
    });
  return polling;
}

// What is on its way was asked before the deed: it does not show it.
async function refresh() {
  if (polling !== null)
    await polling;
  await poll();
}

async function pollOnce() {
  polledAt = Date.now();
  const answer = await askDesk();

  if (answer.status === 200) {
    desk = answer.json;
    lost = null;
    login = "";
    await pollBlocked();
  } else if (answer.status === 401 || me === "") {
    login = t().loginHint;
  } else if (answer.status === 404) {
    login = t().loginNobody(me);
  } else {
    lost = { sinceMs: lost?.sinceMs ?? Date.now(), isStore: answer.status === 503 };
  }
  render();
}

// Seldom: whoever may not decide about them is not asked at all.
async function pollBlocked() {
  if (!desk.supervisor) {
    blocked = [];
  } else if (Date.now() - blockedAt >= BLOCKED_MS) {
    blockedAt = Date.now();
    blocked = await askBlocked() ?? blocked;
  }
}

// One deed at a time, until its effect is seen: a second press of the same
// button is no second deed.
async function act(deed, done) {
  if (isActing)
    return false;
  isActing = true;
  document.body.classList.add("acting");
  const answer = await deed();
  const isDone = answer.status >= 200 && answer.status < 300;
  const alone = answer.json.left_alone;
  if (isDone && alone)
    notice(alone.map((one) => t().leftAlone(one.title, one.waiting,
      one.promise && moment(one.promise))).join(" "), true);
  else if (isDone && done)
    notice(done, false);
  else if (!isDone)
    notice(refusal(answer), true);
  await refresh();
  isActing = false;
  document.body.classList.remove("acting");
  return isDone;
}

function refusal(answer) {
  const { code } = answer.json;

  if (answer.status === 0)
    return t().actLost;
  if (answer.status === 401)
    return t().loginHint;
  return t().refusals[code] || (answer.status === 503 ? t().actLost :
    t().refused(code || answer.status));
}

function notice(text, isBad) {
  say(byId("notice"), text);
  byId("notice").classList.toggle("bad", isBad);
  show(byId("notice"), true);
  noticeUntil = Date.now() + (isBad ? NOTICE_BAD_MS : NOTICE_MS);
}

// ---- deeds

function accept() {
  return act(() => actOnRequest(desk.request.id, "accept", {}), "");
}

function decline() {
  return act(() => actOnRequest(desk.request.id, "decline", {}), t().declined);
}

function takeByHand() {
  return act(() => actOnRequest(desk.silent.first, "manual", {}), "");
}

function setStatus(body) {
  show(byId("pause"), false);
  return act(() => putStatus(body), "");
}

// Several notes when it is long; the first that fails ends it.
async function sendNotes(id) {
  let answer = { status: 200, json: {} };

  for (const text of notePieces()) {
    answer = await actOnRequest(id, "note", { text });
    if (answer.status !== 200)
      return answer;
  }
  noteClear();
  return answer;
}

const deeds = {
  saveNote(id) {
    return notePieces().length === 0 ? false :
      act(() => sendNotes(id), t().noteSaved);
  },

  // What is still in the note box belongs to this result.
  close(id, chosen) {
    const isInHand = desk.request?.id === id;
    const from = [desk.request, ...desk.results].find((one) => one?.id === id);
    const title = from?.dispositions?.find((one) =>
      one.id === chosen.disposition)?.title || chosen.disposition;

    // During the call it is kept, and the page says so in its place.
    const done = ["calling", "talking"].includes(from?.state) ? "" :
      t().saved(title);

    return act(async () => {
      const noted = isInHand ? await sendNotes(id) : { status: 200 };
      return noted.status === 200 ? actOnRequest(id, "close", chosen) : noted;
    }, done);
  },

  progress(id, progress, outcome) {
    return act(() => actOnRequest(id, "progress", { progress, outcome }), "");
  },

  block(phone, verb) {
    return act(async () => {
      const answer = await actOnBlocked(phone, verb,
        verb === "unblock" ? t().blockedLift : "");
      blockedAt = 0;
      return answer;
    }, verb === "confirm" ? t().blockedDone : t().blockedLifted);
  },

  start(id) {
    return act(() => actOnRequest(id, "start", { as: me }), t().started);
  },
  requeue(id) {
    return act(() => actOnRequest(id, "requeue", {}), t().requeued);
  },

  // The server's next answer says what came of it.
  async reopen(id) {
    const isDone = await act(() => actOnRequest(id, "reopen", {}), "");
    const one = desk.closed.find((each) => each.id === id);

    if (isDone && one)
      notice(wentOnText(one), isElsewhere(one));
    return isDone;
  },

  ready(id) {
    return act(async () => {
      const noted = await sendNotes(id);
      return noted.status === 200 ? actOnMe("ready") : noted;
    }, "");
  },

  extend() {
    return act(() => actOnMe("extend"), "");
  },
};

// ---- showing

function stateText() {
  const words = t();
  const { specialist } = desk;
  const { state, status, reason } = specialist;

  if (desk.ask_back && ["idle", "resting"].includes(state))
    return [words.areYouBack, words.areYouBackHint];
  if (state === "idle")
    return [words.idle, specialist.shift === "duty" ?
      words.dutyHint(moment(specialist.shift_until)) : words.idleHint];
  if (state === "resting")
    return [words.resting, words.restingHint];
  if (state === "elsewhere")
    return [words.elsewhere,
      words.elsewhereHint(moment(specialist.elsewhere_until))];
  if (state !== "away")
    return [words.phoneStops, words.phoneStopsHint];
  if (status === "off")
    return [words.offState, words.offHint];
  if (specialist.shift === "off" && specialist.by_rota)
    return [words.offDuty, words.offDutyHint(specialist.shift_starts &&
      moment(specialist.shift_starts))];
  if (specialist.shift === "off")
    return [words.offShift, words.offShiftHint(specialist.shift_starts &&
      moment(specialist.shift_starts))];
  if (status === "available")
    return [words.absent, words.absentHint];
  return [desk.ask_back ? words.pausedIgnored : words.paused(reason),
    words.pausedHint(specialist.return_at && moment(specialist.return_at))];
}

function idleShow() {
  const { specialist, waiting } = desk;
  const isIdle = offer === "" && work === "";
  const [state, hint] = stateText();
  const isAway = specialist.state === "away";

  show(byId("idle"), isIdle);
  byId("idle").dataset.state = specialist.state;
  byId("idle").classList.toggle("needed", waiting > 0);
  say(byId("idle-state"), state);
  say(byId("idle-hint"), [hint, specialist.ignored > 0 ?
    t().ignored(specialist.ignored) : ""].filter(Boolean).join(" "));
  say(byId("idle-waiting"), waiting > 0 ? t().waiting(waiting) :
    t().nobodyWaits);
  show(byId("present"), desk.ask_back ||
    isAway && specialist.status === "available");
  show(byId("hung-up"), specialist.state === "elsewhere");
  say(byId("keys"), t().keys);
  show(byId("keys"), isIdle);
}

function headShow() {
  const { specialist } = desk;

  say(byId("me"), specialist.name || specialist.id);
  say(byId("company"), work === "" ? desk.company :
    `${desk.company} · ${t().waiting(desk.waiting)}`);
  show(byId("statuses"), true);
  for (const node of byId("statuses").children)
    node.setAttribute("aria-pressed",
      String(node.dataset.status === specialist.status));
  show(byId("phones"), Boolean(desk.sandbox));
  if (desk.sandbox && /^https?:/.test(desk.sandbox))
    byId("phones").href = desk.sandbox;
}

function soundShow() {
  const node = byId("mute");

  say(node, alarmIsMuted() ? t().soundOff : alarmIsLocked() ?
    t().soundLocked : t().soundOn);
  node.setAttribute("aria-pressed", String(alarmIsMuted()));
  node.classList.toggle("locked", !alarmIsMuted() && alarmIsLocked());
}

function lostShow() {
  show(byId("lost"), lost !== null);
  document.querySelector("main").classList.toggle("stale", lost !== null);
  if (lost !== null)
    say(byId("lost"), (lost.isStore ? t().storeLost : t().lost)(
      time(lost.sinceMs, true)));
}

// No provider works: who is free may dial the next one by hand.
function silentShow() {
  const { silent, specialist } = desk;

  show(byId("silent"), Boolean(silent));
  if (!silent)
    return;
  say(byId("silent-text"), t().silent(time(silent.since * 1000, true),
    silent.waiting));
  show(byId("by-hand"), Boolean(silent.first) && specialist.state === "idle");
}

function textsShow() {
  document.documentElement.lang = languageNow();
  for (const node of document.querySelectorAll("[data-t]"))
    say(node, t()[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-language]"))
    node.setAttribute("aria-pressed",
      String(node.dataset.language === languageNow()));
  const chips = byId("pause-reasons");
  if (isNews(chips, t().pauseReasons)) {
    chips.replaceChildren();
    for (const reason of t().pauseReasons)
      say(button("", chips, () => {
        byId("pause-reason").value = reason;
        byId("pause-return").focus();
      }), reason);
  }
}

function render() {
  textsShow();
  soundShow();
  lostShow();
  show(byId("login"), login !== "");
  for (const node of [document.querySelector("main"), byId("statuses")])
    show(node, login === "" && desk !== null);
  if (login !== "") {
    say(document.querySelector("#login p"), login);
    offer = "";
  } else if (desk !== null) {
    offer = offerShow(desk);
    work = workShow(desk);
    headShow();
    idleShow();
    silentShow();
    openShow(desk, deeds);
    blockedShow(blocked, deeds.block);
    closedShow(desk.closed, offer === "", deeds.reopen);
  }
  alarmFor(offer);
}

function title() {
  if (desk === null)
    return t().title;
  if (work !== "")
    return t().titleWork(work);
  return desk.waiting > 0 ? t().titleWaiting(desk.waiting) : t().title;
}

function onTick() {
  const every = offer !== "" ? POLL_OFFER_MS : POLL_MS;

  if (polling === null && Date.now() - polledAt >= every)
    poll();
  if (desk !== null) {
    offerTick(desk);
    workTick(desk);
  }
  if (noticeUntil !== 0 && Date.now() > noticeUntil) {
    show(byId("notice"), false);
    noticeUntil = 0;
  }
  alarmTick(title());
}

// ---- the keys

// Letters as they are on an English and on a Russian keyboard.
function onKey(event) {
  alarmUnlock();
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat ||
      isTyping(event.target))
    return;
  const key = event.key.toLowerCase();
  const isOnControl = event.target.closest?.("button, a, summary") !== null;
  let isTaken = false;

  if (offer !== "" && offerTakesKeys()) {
    if (["a", "ф"].includes(key) || (key === "enter" && !isOnControl)) {
      accept();
      isTaken = true;
    } else if (["d", "в"].includes(key)) {
      decline();
      isTaken = true;
    }
  } else if (work !== "" && /^[1-9]$/.test(key)) {
    isTaken = workTakesKey(key);
  }
  if (isTaken)
    event.preventDefault();
}

// ---- the page

function pauseOpen() {
  show(byId("pause"), byId("pause").hidden);
  byId("pause-reason").value = desk?.specialist.status === "paused" ?
    desk.specialist.reason || "" : "";
  byId("pause-return").value = "";
  if (!byId("pause").hidden)
    byId("pause-reasons").firstChild.focus();
}

// A time of the day that has passed is one of tomorrow.
function pauseDo(event) {
  const [hours, minutes] = byId("pause-return").value.split(":").map(Number);
  const body = { status: "paused", reason: byId("pause-reason").value.trim() };

  event.preventDefault();
  if (Number.isFinite(minutes)) {
    const at = new Date(serverNow());
    at.setHours(hours, minutes, 0, 0);
    if (at.getTime() <= serverNow())
      at.setDate(at.getDate() + 1);
    body.return_at = Math.floor(at.getTime() / 1000);
  }
  setStatus(body);
}

function start() {
  workMake(deeds);
  for (const node of document.querySelectorAll("[data-language]"))
    node.addEventListener("click", () => {
      languageSet(node.dataset.language);
      render();
    });
  byId("by-hand").addEventListener("click", takeByHand);
  for (const node of byId("statuses").children)
    node.addEventListener("click", () => node.dataset.status === "paused" ?
      pauseOpen() : setStatus({ status: node.dataset.status }));
  byId("pause").addEventListener("submit", pauseDo);
  byId("pause-cancel").addEventListener("click", () =>
    show(byId("pause"), false));
  byId("accept").addEventListener("click", () =>
    offerTakesKeys() && accept());
  byId("decline").addEventListener("click", () =>
    offerTakesKeys() && decline());
  byId("present").addEventListener("click", () =>
    act(() => actOnMe("present"), ""));
  byId("hung-up").addEventListener("click", () =>
    act(() => actOnMe("back"), ""));
  byId("mute").addEventListener("click", () => {
    alarmMute(!alarmIsMuted());
    soundShow();
  });
  document.addEventListener("pointerdown", alarmUnlock);
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => {
    tokenRefresh();
    poll();
  });
  new Worker("/desk/tick.js").onmessage = onTick;
  render();
  poll();
}

start();
