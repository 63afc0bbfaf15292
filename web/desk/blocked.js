// SPDX-License-Identifier: MIT
// Numbers that specialists proposed to block, for a supervisor: it ends by itself
// unless they confirm it. Rows are made anew only when something changed.
import { button, byId, element, isNews, moment, pretty, say, show, t }
  from "/desk/page.js";

// list: as the server gave it; decide(phone, verb) with confirm or unblock.
export function blockedShow(list, decide) {
  const box = byId("blocked-list");
  const proposed = list.filter((one) => one.state === "proposed");

  show(byId("blocked"), proposed.length > 0);
  if (!isNews(box, proposed))
    return;
  box.replaceChildren();
  for (const one of proposed) {
    const row = element("li", "", box);
    const head = element("div", "open-head", row);
    const deeds = element("div", "deeds", row);

    row.setAttribute("aria-label", pretty(one.phone));
    for (const [name, text] of [["strong", pretty(one.phone)],
      ["span", one.why], ["span", t().blockedBy(one.who)],
      ["em", t().blockedUntil(moment(one.until))]])
      say(element(name, "", head), text);
    say(button("stop", deeds, () => decide(one.phone, "confirm")),
      t().blockedConfirm(Math.round(one.for / 86400)));
    say(button("", deeds, () => decide(one.phone, "unblock")),
      t().blockedLift);
  }
}
