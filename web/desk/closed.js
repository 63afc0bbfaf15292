// SPDX-License-Identifier: MIT
// What they closed last: whoever pressed the wrong result opens it again here. A
// customer is called because of it, so it is asked about once.
import { byId, button, element, isNews, moment, say, show, t }
  from "/desk/page.js";
import { nameOf, phoneOf } from "/desk/customer.js";
import { me } from "/desk/server.js";

const rows = new Map();         // request id -> the parts of its row

export const mayReopen = (one) => !one.next && !one.barred;

// reopen(id) returns a promise, which ends when its effect is seen.
export function closedShow(list, isVisible, reopen) {
  const box = byId("closed-list");
  const seen = new Set(list.map((one) => one.id));

  show(byId("closed"), isVisible && list.length > 0);
  list.forEach((one, index) => {
    let row = rows.get(one.id);
    if (!row) {
      row = rowMake(one.id, reopen);
      rows.set(one.id, row);
    }
    if (box.children[index] !== row.root)
      box.insertBefore(row.root, box.children[index] || null);
    rowShow(row, one);
  });
  for (const [id, row] of rows) {
    if (!seen.has(id)) {
      row.root.remove();
      rows.delete(id);
    }
  }
}

// What became of it; it need not have been opened again: its customer may have
// asked anew, and is called once all the same.
export function wentOnText(one) {
  const next = one.went_on;

  if (!next)
    return t().reopened("");
  if (next.from !== one.id)
    return t().askedAnew(next.number, placeText(next));
  return next.state === "closed" ? t().reopenedClosed :
    t().reopened(placeText(next));
}

export function isElsewhere(one) {
  return Boolean(one.went_on) && one.went_on.from !== one.id;
}

function placeText(next) {
  const places = t().places;
  const who = next.specialist === me ? "" : next.specialist_name;

  if (next.state === "scheduled")
    return places.scheduled(moment(next.at));
  if (next.state === "offered" &&
      next.offers?.some((offer) => offer.specialist === me))
    return places.mine;
  return places[next.state] + (who ? ` (${who})` : "");
}

function rowMake(id, reopen) {
  const root = element("li", "");
  const row = { root };

  row.head = element("div", "open-head", root);
  row.open = button("", root, () => ask(row));
  row.open.setAttribute("aria-expanded", "false");
  row.place = element("p", "place", root);
  row.place.tabIndex = -1;
  row.sure = element("form", "more panel", root);
  row.sure.hidden = true;
  row.question = element("h4", "", row.sure);
  row.question.id = `reopen-${id}`;
  const deeds = element("div", "deeds", row.sure);
  row.yes = element("button", "call", deeds);
  row.yes.type = "submit";
  row.yes.setAttribute("aria-describedby", row.question.id);
  row.no = button("", deeds, () => shut(row));
  row.sure.addEventListener("submit", (event) => {
    event.preventDefault();
    doIt(row, () => reopen(id));
  });
  row.sure.addEventListener("keydown", (event) => {
    if (event.key === "Escape")
      shut(row);
    else if (event.repeat && event.key === "Enter")  // still held: no answer
      event.preventDefault();
  });
  return row;
}

function ask(row) {
  const isOpening = row.sure.hidden;

  show(row.sure, isOpening);
  row.open.setAttribute("aria-expanded", String(isOpening));
  if (isOpening)
    row.yes.focus();
}

function shut(row) {
  show(row.sure, false);
  row.open.setAttribute("aria-expanded", "false");
  row.open.focus();
}

// The button is gone after it; an offer that came at once has the focus already.
async function doIt(row, deed) {
  await deed();
  if (!row.root.isConnected || row.root.contains(document.activeElement) ||
      document.activeElement === document.body)
    (row.open.hidden ? row.place : row.yes).focus();
}

function rowShow(row, one) {
  const isOpen = mayReopen(one);
  const parts = [["strong", nameOf(one)], ["span", phoneOf(one)],
    ["span", t().caseNumber(one.number || "—")],
    ["em", one.result || one.disposition || ""],
    ["span", moment(one.closed_at)]];

  if (isNews(row.head, parts)) {
    row.head.replaceChildren();
    for (const [name, text] of parts)
      say(element(name, "", row.head), text);
  }
  row.root.setAttribute("aria-label", nameOf(one));
  say(row.open, t().reopen);
  row.open.setAttribute("aria-label", `${t().reopen}: ${nameOf(one)}`);
  say(row.question, t().reopenSure);
  say(row.yes, t().reopen);
  say(row.no, t().back);
  show(row.open, isOpen);
  if (!isOpen)
    show(row.sure, false);
  say(row.place, one.next ? wentOnText(one) : one.barred ?
    t().reopenBarred : "");
  show(row.place, !isOpen);
}
