// SPDX-License-Identifier: MIT
// Small things that every part of the desk uses: finding, making and writing
// nodes, times and numbers as people read them, the language.
import { texts } from "/desk/texts.js";

let language = chosen();

export const byId = (id) => document.getElementById(id);
export const t = () => texts[language];
export const languageNow = () => language;

function chosen() {
  const stored = read("language");

  if (stored in texts)
    return stored;
  return (navigator.language || "").toLowerCase().startsWith("ru") ?
    "ru" : "en";
}

export function languageSet(name) {
  language = name;
  write("language", name);
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

export function button(className, parent, onClick) {
  const made = element("button", className, parent);
  made.type = "button";
  made.addEventListener("click", onClick);
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

// Says whether `value` differs from what was shown here last: only then is it
// worth making the nodes anew, which would lose the focus.
export function isNews(node, value) {
  const text = JSON.stringify([language, value]);

  if (node.dataset.shown === text)
    return false;
  node.dataset.shown = text;
  return true;
}

// Numbers are read in groups; what is no number stays as it is.
export function pretty(number) {
  const russian = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number);
  return russian ?
    `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}` : number;
}

// "2:05"; from an hour on "1:02:05".
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);

  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` :
    `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

export function time(ms, withSeconds) {
  return new Date(ms).toLocaleTimeString(language, withSeconds ? {} :
    { hour: "2-digit", minute: "2-digit" });
}

// "18:55", and the day too when it is not today.
export function moment(seconds) {
  const at = new Date(seconds * 1000);

  if (at.toDateString() === new Date().toDateString())
    return time(at.getTime());
  return at.toLocaleDateString(language, { day: "numeric", month: "short" }) +
    ", " + time(at.getTime());
}

// What <input type=datetime-local> wants: local time without a zone.
export function localInput(ms) {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60000)
    .toISOString().slice(0, 16);
}

export function isTyping(target) {
  return target instanceof Element &&
    target.closest("input, textarea, select, [contenteditable]") !== null;
}
