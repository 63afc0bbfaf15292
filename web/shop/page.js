// SPDX-License-Identifier: MIT
// Small things that every part of the form uses: finding, making and writing
// nodes, times and numbers as people read them, the language.
import { texts } from "/shop/texts.js";

let language = chosenLanguage();

export const byId = (id) => document.getElementById(id);
export const t = () => texts[language];
export const languageNow = () => language;

export function languageSet(name) {
  language = name;
  write("language", name);
}

function chosenLanguage() {
  const stored = read("language");

  if (stored in texts)
    return stored;
  return (navigator.language || "").toLowerCase().startsWith("ru") ?
    "ru" : "en";
}

// Storage may be forbidden; everything then lasts as long as the page.
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function write(name, value) {
  try {
    if (value === null)
      localStorage.removeItem(name);
    else
      localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}

export function element(name, className, parent) {
  const made = document.createElement(name);
  if (className)
    made.className = className;
  if (parent)
    parent.append(made);
  return made;
}

// Writing equal text again would make a screen reader speak again.
export function say(node, text) {
  if (node.textContent !== text)
    node.textContent = text;
}

export function show(node, visible) {
  if (node.hidden === visible)
    node.hidden = !visible;
}

export function pretty(number) {
  const russian = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return russian ?
    `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}` : number;
}

// "18:55", and the day too when it is not today.
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString(language,
    { hour: "2-digit", minute: "2-digit" });

  if (at.toDateString() === new Date().toDateString())
    return time;
  return at.toLocaleDateString(language,
    { weekday: "short", day: "numeric", month: "long" }) + ", " + time;
}

export function span([from, to]) {
  const sameDay = new Date(from * 1000).toDateString() ===
    new Date(to * 1000).toDateString();
  const end = sameDay ? new Date(to * 1000).toLocaleTimeString(language,
    { hour: "2-digit", minute: "2-digit" }) : moment(to);

  return moment(from) === end ? end : t().between(moment(from), end);
}

// What <input type=datetime-local> wants: local time without a zone.
export function localInput(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60000).toISOString()
    .slice(0, 16);
}
