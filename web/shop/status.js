// SPDX-License-Identifier: MIT
// What became of a request, in the visitor's words: how far it is, when the phone
// will ring, what can still be changed. It shows what the server said last, and
// says since when that is not known to be so.
import { byId, element, languageNow, moment, pretty, say, show, span, t }
  from "/shop/page.js";

const ENDS = ["done", "unreachable", "cancelled"];
const STEP_OF = { waiting: 1, scheduled: 1, calling: 2, talking: 3, done: 4 };

export function statusTitle(from) {
  return t().states[from.state] || t().states.waiting;
}

function isLate(answer) {
  return answer.state === "waiting" && answer.promise !== undefined &&
    (answer.late === true || answer.promise * 1000 < Date.now());
}

function explanation(answer) {
  const parts = [t().whys[answer.why] || ""];

  // Why it has ended says all.
  if (parts[0] !== "" && ENDS.includes(answer.state))
    return parts[0];
  parts.push(isLate(answer) ? t().late :
    t().explains[answer.state] ?? t().explains.waiting);
  return parts.filter((part) => part !== "").join(" ");
}

function factsShow(asked, answer) {
  const words = t();
  const rows = [];

  if (answer.slot !== undefined)
    rows.push([words.slot, span(answer.slot), "big"]);
  if (answer.expect !== undefined && !isLate(answer) &&
      answer.expect[1] * 1000 > Date.now())
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

function stepsShow(answer) {
  const box = byId("steps");
  const step = STEP_OF[answer.state] ?? (ENDS.includes(answer.state) ? -1 : 1);

  show(box, step >= 0);
  t().steps.forEach((name, index) => {
    const node = box.children[index] || element("li", "", box);
    say(node, index === 1 && answer.state === "scheduled" ?
      t().stepPlanned : name);
    node.className = index < step || step === 4 ? "past" :
      index === step ? "present" : "";
    if (index === step)
      node.setAttribute("aria-current", "step");
    else
      node.removeAttribute("aria-current");
  });
}

function warningsShow(answer) {
  const box = byId("warnings");
  const list = answer.warnings || [];

  const text = JSON.stringify(list);

  show(box, list.length > 0);
  if (box.dataset.shown === text)
    return;
  box.dataset.shown = text;
  box.replaceChildren();
  for (const warning of list)
    say(element("li", "", box), warning.text || warning.code);
}

// asked: { phone }; known: { lostSince, actFault, isCancelAsked }.
export function statusShow(asked, answer, known) {
  const { lostSince, actFault, isCancelAsked } = known;
  const isOver = ENDS.includes(answer.state);
  const canMove = answer.state === "waiting" || answer.state === "scheduled";
  const canCancel = canMove || answer.state === "calling";

  byId("asked").dataset.state = answer.state;
  say(byId("state"), statusTitle(answer));
  say(byId("explain"), explanation(answer));
  stepsShow(answer);
  factsShow(asked, answer);
  warningsShow(answer);
  const fault = lostSince !== null ?
    t().lost(new Date(lostSince).toLocaleTimeString(languageNow())) : actFault;
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
