// SPDX-License-Identifier: MIT
// The request in our hands, from the acceptance until the specialist is free:
// what the telephones do, what to say, the note, and the result.
import { ask, serverNow } from "/desk/server.js";
import { byId, button, duration, element, isNews, moment, pretty, say, show, t }
  from "/desk/page.js";
import { cardShow, dataShow, marksShow, nameOf, noteOf, phoneOf } from "/desk/customer.js";
import { lettersShow, notesShow, storyShow } from "/desk/story.js";
import { mayReopen } from "/desk/closed.js";
import { resultsKey, resultsMake, resultsShow } from "/desk/results.js";

const NOTE_BYTES_MAX = 2000;      // of one line of the story: more is cut off
const PHASE_COLOUR = { customer_up: "talking", wrapping: "wrapping",
  noted: "wrapping", short: "wrapping", over: "wrapping" };
const BEFORE = ["scheduled", "waiting", "offered"];

let results = null;
let deeds = null;               // what desk.js does for us
let requestId = "";             // of the request shown; "": none
let earlier = [];               // stories of the requests that it continues
let extendedFor = "";

export function workMake(given) {
  deeds = given;
  results = resultsMake(byId("results-box"), (chosen) =>
    deeds.close(requestId, chosen));
  const form = byId("note-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    deeds.saveNote(requestId);
  });
  byId("note").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
      form.requestSubmit();
    else if (event.key === "Escape")
      byId("note").blur();
  });
  byId("note").addEventListener("input", draftKeep);
  byId("ready").addEventListener("click", () => deeds.ready(requestId));
  byId("extend").addEventListener("click", () => {
    extendedFor = requestId;
    deeds.extend();
  });
  const hand = byId("hand-deeds");
  for (const [name, progress, outcome] of [
    ["handRinging", "ringing"], ["handAnswered", "answered"],
    ["handOver", "over", "answered"], ["handNoAnswer", "over", "no_answer"],
    ["handBusy", "over", "busy"], ["handVoicemail", "over", "voicemail"],
  ]) {
    const made = button("", hand, () =>
      deeds.progress(requestId, progress, outcome));
    made.dataset.t = name;
    made.dataset.progress = progress;
  }
}

// ---- the note

// A reload must not lose half-written words. They are personal data: kept for
// this tab only.
function draftKeep() {
  try {
    sessionStorage.setItem(`note:${requestId}`, byId("note").value);
  } catch {
    // Then they last as long as the page.
  }
}

function draftOf(id) {
  try {
    return sessionStorage.getItem(`note:${id}`) || "";
  } catch {
    return "";
  }
}

export function noteClear() {
  byId("note").value = "";
  try {
    sessionStorage.removeItem(`note:${requestId}`);
  } catch {
    // See above.
  }
}

// The words in the box in pieces that one line of the story holds, cut between
// words where that is possible.
export function notePieces() {
  const bytes = (text) => new TextEncoder().encode(text).length;
  const pieces = [];
  let piece = "";

  for (const word of byId("note").value.split(/\s+/).filter(Boolean)) {
    if (piece !== "" && bytes(`${piece} ${word}`) <= NOTE_BYTES_MAX) {
      piece += ` ${word}`;
      continue;
    }
    if (piece !== "")
      pieces.push(piece);
    piece = "";
    for (const letter of word) {
      if (bytes(piece + letter) > NOTE_BYTES_MAX) {
        pieces.push(piece);
        piece = "";
      }
      piece += letter;
    }
  }
  return piece === "" ? pieces : [...pieces, piece];
}

// ---- the phase

function callOf(desk) {
  const n = desk.request.call ?? desk.specialist.call;
  return desk.request.calls?.find((call) => call.n === n);
}

function phaseOf(desk) {
  const { request, specialist } = desk;
  const call = callOf(desk);

  if (specialist.state === "wrapping")
    return ["wrapping", "referred"].includes(request.state) ? "wrapping" :
      request.disposition ? "noted" :
        BEFORE.includes(request.state) ? "short" : "over";
  if (request.by_hand && call?.progress === "none")
    return "hand";
  if (call?.state === "ended")
    return "over";
  if (call?.state === "unsure" && call.progress === "none")
    return "unsure";
  return call === undefined || call.progress === "none" ? "placing" :
    call.progress;
}

function timeText(desk, phase) {
  const call = callOf(desk);
  const sinceS = phase === "customer_up" ? call.customer_up_at :
    phase === "customer_ringing" ? call.customer_ringing_at :
      phase === "agent_ringing" || phase === "hand" ? call.placed_at :
        undefined;

  return sinceS === undefined ? "" : duration(serverNow() - sinceS * 1000);
}

function titleOfResult(request) {
  return request.dispositions?.find((one) => one.id === request.disposition)
    ?.title || "";
}

function hintText(desk, phase) {
  const { request } = desk;
  const title = titleOfResult(request);
  const parts = [phase === "short" ? t().shortHint(
    request.at && moment(request.at)) : t().hints[phase]];

  if (desk.specialist.state === "wrapping") {
    if (phase === "noted" && title !== "")
      parts.unshift(`${title}.`);
    if (phase === "noted" && desk.closed.some((one) =>
      one.id === request.id && mayReopen(one)))
      parts.push(t().notedWrong);
    if (desk.specialist.until !== undefined)
      parts.push(`${t().wrapLeft(duration(
        desk.specialist.until * 1000 - serverNow()))}.`);
  } else if (title !== "") {
    parts.push(t().kept(title));
  }
  return parts.filter((part) => part !== "").join(" ");
}

// ---- showing

function isOurs(desk) {
  const { request, specialist } = desk;

  if (request === null)
    return false;
  return specialist.state === "wrapping" || (specialist.state === "busy" &&
    ["calling", "talking", "wrapping"].includes(request.state) &&
    request.specialist === specialist.id);
}

// The phase in words; "": no work in our hands.
export function workShow(desk) {
  const isShown = isOurs(desk);

  show(byId("work"), isShown);
  if (!isShown) {
    requestId = "";
    return "";
  }
  const { request } = desk;
  if (request.id !== requestId)
    begin(request);
  const phase = phaseOf(desk);
  byId("work").dataset.phase = PHASE_COLOUR[phase] || "dialling";
  say(byId("work-state"), t().phases[phase]);
  workTick(desk);
  say(byId("work-name"), nameOf(request));
  say(byId("work-phone"), phoneOf(request));
  say(byId("work-about"), request.title || request.queue);
  say(byId("work-note"), noteOf(request));
  show(byId("work-note"), noteOf(request) !== "");
  marksShow(byId("work-marks"), request);
  cardShow(byId("work-card"), request);
  dataShow(byId("work-data"), request);
  scriptShow(request.script || "");
  handShow(request, phase);
  show(byId("results"), phase !== "noted" && request.state !== "closed");
  resultsShow(results, request, true);
  show(byId("work-after"), desk.specialist.state === "wrapping");
  byId("ready").classList.toggle("go", phase === "noted");
  show(byId("extend"), extendedFor !== request.id);
  const stories = [...earlier, request.story || []];
  const names = { [desk.specialist.id]: desk.specialist.name };
  notesShow(byId("notes"), stories, names);
  storyShow(byId("story-lines"), stories, names);
  lettersShow(byId("letters"), request.messages || []);
  return t().phases[phase];
}

export function workTick(desk) {
  if (byId("work").hidden || desk.request === null)
    return;
  const phase = phaseOf(desk);
  say(byId("work-time"), timeText(desk, phase));
  say(byId("work-hint"), hintText(desk, phase));
  show(byId("work-hint"), byId("work-hint").textContent !== "");
}

function begin(request) {
  requestId = request.id;
  earlier = [];
  byId("note").value = draftOf(request.id);
  byId("story").open = false;
  if (request.from)
    earlierLoad(request);
}

// What the first line wrote is what the second must read.
async function earlierLoad(request) {
  const answer = await ask("GET",
    `/v1/requests/${encodeURIComponent(request.from)}`);

  if (answer.status === 200 && requestId === request.id)
    earlier = [answer.json.story || []];
}

function scriptShow(text) {
  const box = byId("script");

  show(byId("script-box"), text !== "");
  if (!isNews(box, text))
    return;
  box.replaceChildren();
  for (const paragraph of text.trim().split(/\n\s*\n/))
    say(element("p", "", box), paragraph);
}

function handShow(request, phase) {
  const isOpen = request.by_hand && ["hand", "customer_ringing",
    "customer_up"].includes(phase);

  show(byId("work-hand"), isOpen);
  if (!isOpen)
    return;
  const tel = byId("hand-tel");
  const number = request.tel || request.phone;
  say(tel, pretty(number));
  if (/^\+\d+$/.test(number))
    tel.href = `tel:${number}`;
  for (const made of byId("hand-deeds").children) {
    const { progress } = made.dataset;
    show(made, progress === "ringing" ? phase === "hand" :
      progress === "answered" ? phase !== "customer_up" :
        made.dataset.t === "handOver" ? phase === "customer_up" : true);
    made.classList.toggle("go", progress === "answered");
  }
}

export function workTakesKey(key) {
  return requestId !== "" && !byId("results").hidden &&
    resultsKey(results, key);
}
