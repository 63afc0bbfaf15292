// SPDX-License-Identifier: MIT
// The requests that were taken and are still to be called, and those whose call is
// over and whose result nobody has said: each with the same buttons as at the end of
// a call.
import { byId, button, element, isNews, moment, say, show, t }
  from "/desk/page.js";
import { nameOf, phoneOf } from "/desk/customer.js";
import { me } from "/desk/server.js";
import { resultsMake, resultsShow } from "/desk/results.js";

const rows = new Map();         // request id -> the parts of its row

// deeds: close(id, chosen), requeue(id), start(id).
export function openShow(desk, deeds) {
  const box = byId("open-list");
  const seen = new Set();
  // The one in hand has its buttons there.
  const open = desk.results.filter((one) => one.id !== desk.request?.id);

  show(byId("open"), open.length > 0);
  open.forEach((request, index) => {
    seen.add(request.id);
    let row = rows.get(request.id);
    if (!row) {
      row = rowMake(request.id, deeds);
      rows.set(request.id, row);
    }
    if (box.children[index] !== row.root)
      box.insertBefore(row.root, box.children[index] || null);
    rowShow(row, request);
  });
  for (const [id, row] of rows) {
    if (!seen.has(id)) {
      row.root.remove();
      rows.delete(id);
    }
  }
}

function rowMake(id, deeds) {
  const root = element("li", "");
  const row = { root };

  row.head = element("div", "open-head", root);
  row.start = button("call", root, () => deeds.start(id));
  row.results = resultsMake(element("div", "", root), (chosen) =>
    deeds.close(id, chosen));
  row.requeue = button("", root, () => deeds.requeue(id));
  return row;
}

function rowShow(row, request) {
  const parts = [["strong", nameOf(request)], ["span", phoneOf(request)],
    ["span", t().caseNumber(request.number || "—")],
    ["span", moment(request.asked_at)],
    ["em", request.state === "taken" ? takenText(request) :
      t().openReasons[request.reason] || request.reason || ""]];

  if (isNews(row.head, parts)) {
    row.head.replaceChildren();
    for (const [name, text] of parts)
      say(element(name, "", row.head), text);
  }
  row.root.setAttribute("aria-label", nameOf(request));
  resultsShow(row.results, request, false);
  say(row.start, t().start);
  show(row.start, request.state === "taken");
  say(row.requeue, t().requeue);
  show(row.requeue, ["maybe_called", "gave_up", "climbed"].includes(
    request.reason));
}

function takenText(request) {
  const by = moment(request.promise_at);

  return request.wished === me ? t().takenByMe(by) :
    t().takenBy(request.wished, by);
}
