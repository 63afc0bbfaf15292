// SPDX-License-Identifier: MIT
// The buttons with which a person says how a call ended, and what some of them
// still need to know: when to call, whom to pass it to, whether that was meant.
// It says what was chosen to `onChosen`, and sends nothing itself.
import { button, element, isNews, localInput, say, show, t } from "/desk/page.js";

const QUARTER_MS = 15 * 60000;

// onChosen({ disposition, at?, queue? }) may return a promise.
export function resultsMake(box, onChosen) {
  const results = { box, onChosen, list: [], buttons: [] };

  results.row = element("div", "dispositions", box);
  results.more = element("form", "more panel", box);
  results.more.hidden = true;
  results.more.addEventListener("submit", (event) => event.preventDefault());
  results.more.addEventListener("keydown", (event) => {
    if (event.key === "Escape")
      shut(results);
  });
  return results;
}

// `chosen`: the id of the one that is kept already; "": none.
export function resultsShow(results, request, hasKeys) {
  const list = request.dispositions || [];
  const chosen = request.state === "closed" ? "" : request.disposition || "";

  results.list = list;
  results.passTo = request.pass_to || [];
  if (isNews(results.row, [request.id, list, hasKeys])) {
    shut(results);
    results.row.replaceChildren();
    results.buttons = list.map((one) => {
      const made = button(`result ${one.then}`, results.row,
        () => resultsPress(results, one));
      if (hasKeys) {
        say(element("kbd", "", made), String(one.key));
        made.setAttribute("aria-keyshortcuts", String(one.key));
      }
      say(element("span", "", made), one.title);
      return made;
    });
  }
  list.forEach((one, index) => {
    results.buttons[index].setAttribute("aria-pressed",
      String(one.id === chosen));
  });
}

// False: no result has that key.
export function resultsKey(results, key) {
  const one = results.list.find((each) => String(each.key) === key);

  if (one === undefined)
    return false;
  resultsPress(results, one);
  return true;
}

function resultsPress(results, one) {
  if (one.then === "schedule")
    askWhen(results, one);
  else if (one.then === "pass" && one.queue === undefined)
    askWhere(results, one);
  else if (one.then === "suppress" || one.then === "propose_block")
    askWhether(results, one);
  else
    choose(results, { disposition: one.id });
}

function shut(results) {
  show(results.more, false);
  results.more.replaceChildren();
}

async function choose(results, chosen) {
  shut(results);
  await results.onChosen(chosen);
}

function openMore(results, title) {
  results.more.replaceChildren();
  say(element("h4", "", results.more), title);
  show(results.more, true);
}

function backButton(results, row) {
  say(button("", row, () => {
    const index = results.list.findIndex((one) =>
      one.id === results.more.dataset.disposition);
    shut(results);
    results.buttons[index]?.focus();
  }), t().back);
}

function askWhen(results, one) {
  const next = Math.ceil((Date.now() + 3600000) / QUARTER_MS) * QUARTER_MS;

  openMore(results, one.title);
  results.more.dataset.disposition = one.id;
  const chips = element("div", "chips", results.more);
  const label = element("label", "", results.more);
  say(element("span", "", label), t().callAt);
  const field = element("input", "", label);
  field.type = "datetime-local";
  field.required = true;
  field.min = localInput(Date.now());
  field.value = localInput(next);
  for (const [name, ms] of moments())
    say(button("", chips, () => {
      field.value = localInput(ms);
      field.focus();
    }), name);
  const row = element("div", "deeds", results.more);
  const go = element("button", "call", row);
  go.type = "submit";
  say(go, t().callAtDo);
  backButton(results, row);
  results.more.onsubmit = () => {
    const at = new Date(field.value).getTime();
    if (Number.isFinite(at))
      choose(results, { disposition: one.id, at: Math.floor(at / 1000) });
  };
  field.focus();
}

function moments() {
  const tomorrow = new Date();

  tomorrow.setDate(tomorrow.getDate() + 1);
  tomorrow.setHours(10, 0, 0, 0);
  const inMs = (ms) => Date.now() + ms;
  return [
    [t().inMinutes(30), inMs(30 * 60000)],
    [t().inHours(1), inMs(3600000)],
    [t().inHours(3), inMs(3 * 3600000)],
    [t().tomorrow, tomorrow.getTime()],
  ];
}

function askWhere(results, one) {
  openMore(results, one.title);
  results.more.dataset.disposition = one.id;
  const row = element("div", "deeds", results.more);
  for (const queue of results.passTo)
    say(button("call", row, () => choose(results,
      { disposition: one.id, queue: queue.id })), queue.title);
  backButton(results, row);
  row.firstChild.focus();
}

function askWhether(results, one) {
  openMore(results, one.then === "suppress" ? t().sureSuppress : t().sureBlock);
  results.more.dataset.disposition = one.id;
  const row = element("div", "deeds", results.more);
  const yes = button("stop", row, () => choose(results,
    { disposition: one.id }));
  say(yes, one.title);
  backButton(results, row);
  yes.focus();
}
