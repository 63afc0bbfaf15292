// SPDX-License-Identifier: MIT
// Who is to be called and about what: the facts that the offer, the work and the
// list of open results show alike. All of it was typed by strangers: it is
// written as text, never as markup or as a link.
import { duration, element, isNews, languageNow, pretty, say, show, t }
  from "/desk/page.js";
import { me, serverNow } from "/desk/server.js";

const DATA_MAX = 12;            // rows of the website's own data

export const nameOf = (request) => request.name || t().nameless;

// Several may have asked for the same call: their words stand side by side.
export function noteOf(request) {
  const all = [request.said, ...request.also_said || []];

  return all.map((said) => said?.note || "").filter(Boolean).join("\n");
}

export function phoneOf(request) {
  return pretty(request.phone || "") +
    (request.extension ? ` · ${request.extension}` : "");
}

function leftText(atS, ahead, over) {
  const leftMs = atS * 1000 - serverNow();

  return leftMs >= 0 ? ahead(duration(leftMs)) : over(duration(-leftMs));
}

// "": there is none, or it is kept. A late one has a second promise.
export function promiseText(request) {
  const words = t();
  const parts = [];

  if (request.promise_at === undefined || request.kept_at !== undefined)
    return "";
  parts.push(leftText(request.promise_at, words.promiseLeft,
    words.promiseOver));
  if (request.late && request.second_at !== undefined)
    parts.push(leftText(request.second_at, words.secondLeft,
      words.secondOver));
  return parts.join(", ");
}

export function marksShow(box, request) {
  const words = t();
  const marks = [];

  if (request.late)
    marks.push(["alarm", words.late]);
  if (request.attempts > 0 && request.state === "offered")
    marks.push(["", words.attempt(request.attempts + 1)]);
  if (request.number)
    marks.push(["", words.caseNumber(request.number)]);
  if (request.customer?.cases > 1)
    marks.push([request.customer.cases > 2 ? "alarm" : "",
      words.casesLately(request.customer.cases, request.customer.days)]);
  for (const one of request.customer?.others || [])
    if (one.state !== "closed")
      marks.push(["", words.alsoWaits(one.title || one.queue, one.number)]);
  if (request.from)
    marks.push(["", words.continued]);
  if ((request.also_said || []).length > 0)
    marks.push(["", words.askedAgain]);
  if (request.wished === me)
    marks.push(["", words.wished]);
  if (request.locale && !request.locale.startsWith(languageNow()))
    marks.push(["", words.locale(request.locale)]);
  if (!isNews(box, marks))
    return;
  box.replaceChildren();
  for (const [className, text] of marks)
    say(element("li", className, box), text);
}

export function dataShow(box, request) {
  const rows = Object.entries(request.said?.data || {}).slice(0, DATA_MAX);

  if (request.said?.page)
    rows.push([t().page, request.said.page]);
  show(box, rows.length > 0);
  if (!isNews(box, rows))
    return;
  box.replaceChildren();
  for (const [name, value] of rows) {
    const row = element("div", "", box);
    say(element("dt", "", row), name);
    say(element("dd", "", row),
      typeof value === "string" ? value : JSON.stringify(value));
  }
}

// The customer's page in the company's own system, which the configuration names. Only
// what is a page is a link.
export function cardShow(box, request) {
  const url = request.card_url || "";
  const isPage = /^https?:\/\//.test(url);

  show(box, isPage);
  if (isPage && box.firstElementChild.getAttribute("href") !== url)
    box.firstElementChild.setAttribute("href", url);
}
