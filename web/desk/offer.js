// SPDX-License-Identifier: MIT
// The card of an offer: who waits, and how long there is to take it. The page
// turns to its colour, so that it is seen across a room.
import { byId, isTyping, say, show, t } from "/desk/page.js";
import { cardShow, marksShow, nameOf, noteOf, promiseText } from "/desk/customer.js";
import { me, serverNow } from "/desk/server.js";

let shown = "";                 // which offer the card shows; "": none
let shownAt = 0;
let untilMs = 0;
let beganMs = 0;

// null: nothing is offered to us.
function mine(desk) {
  const offer = desk.specialist.state !== "offered" ? undefined :
    desk.request?.offers?.find((one) => one.specialist === me);

  return offer && desk.request.state === "offered" ? offer : null;
}

// The name of the open offer; "": none.
export function offerShow(desk) {
  const offer = mine(desk);
  const name = offer === null ? "" : `${desk.request.id}.${offer.number}`;

  show(byId("offer"), offer !== null);
  document.body.classList.toggle("offered", offer !== null);
  if (offer === null) {
    shown = "";
    return "";
  }
  const { request } = desk;
  say(byId("offer-name"), nameOf(request));
  say(byId("offer-about"), request.title || request.queue);
  say(byId("offer-note"), noteOf(request));
  show(byId("offer-note"), noteOf(request) !== "");
  marksShow(byId("offer-marks"), request);
  cardShow(byId("offer-card"), request);
  show(byId("offer-phone"), offer.call !== undefined);
  byId("offer").classList.toggle("late", request.late === true);
  if (name !== shown)
    appear(name, offer, request);
  offerTick(desk);
  return name;
}

function appear(name, offer, request) {
  const begun = request.story?.findLast((line) => line.action === "offer");

  shown = name;
  shownAt = performance.now();
  untilMs = offer.until * 1000;
  beganMs = Math.min(begun?.at_ms ?? serverNow(), serverNow());
  say(byId("told"), t().offerTold(nameOf(request),
    request.title || request.queue));
  // Whoever is writing goes on writing; the keys then work after it.
  if (!isTyping(document.activeElement))
    byId("accept").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

// A key that was on its way when the card appeared was not meant for it.
export function offerTakesKeys() {
  return shown !== "" && performance.now() - shownAt > 400;
}

export function offerTick(desk) {
  if (shown === "")
    return;
  const leftMs = Math.max(0, untilMs - serverNow());
  const share = leftMs / Math.max(1, untilMs - beganMs);

  say(byId("offer-left"), String(Math.ceil(leftMs / 1000)));
  say(byId("offer-promise"), promiseText(desk.request));
  byId("offer-bar").style.transform = `scaleX(${Math.min(1, share)})`;
  byId("offer").classList.toggle("hurry", leftMs < 6000);
}

