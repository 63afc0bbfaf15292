// SPDX-License-Identifier: MIT
// What has happened to a request, in a few words a line, and the notes that
// people wrote about it. What it does not know it shows in the server's words.
import { element, isNews, say, t, time } from "/desk/page.js";

const QUOTING = ["note", "close_with", "pass_on", "call_again", "try_again",
  "give_up_on", "keep_disposition", "keep_and_hang_up"];
const NOBODY = ["-", "http", "callbackctl", ""];
const SAME_NOTE_MS = 5000;      // parts of one long note follow each other

// Lists: stories of earlier requests of the case, then of this one.
export function storyShow(box, stories) {
  const lines = stories.flat().filter((line) =>
    line.record?.startsWith("request:"));

  if (!isNews(box, lines))
    return;
  box.replaceChildren();
  for (const line of lines) {
    const row = element("li", "", box);
    const at = element("time", "", row);
    at.dateTime = new Date(line.at_ms).toISOString();
    say(at, time(line.at_ms, true));
    say(element("span", "what", row), t().actions[line.action] || line.action);
    say(element("span", "detail", row), detail(line));
  }
}

function detail(line) {
  const who = NOBODY.includes(line.by || "") ? "" : line.by;
  const named = /^(?:ignored by|by|to) (\S+)/.exec(line.detail || "");

  if (QUOTING.includes(line.action))
    return [line.detail, who].filter(Boolean).join(" · ");
  return named ? named[1].replace(/,$/, "") : who;
}

// The notes alone: what the next person must know.
export function notesOf(stories) {
  const notes = [];

  for (const line of stories.flat()) {
    const last = notes[notes.length - 1];

    if (line.action !== "note")
      continue;
    if (last && last.by === line.by && line.at_ms - last.lastMs < SAME_NOTE_MS) {
      last.text += ` ${line.detail}`;
      last.lastMs = line.at_ms;
    } else {
      notes.push({ by: line.by, atMs: line.at_ms, lastMs: line.at_ms,
        text: line.detail || "" });
    }
  }
  return notes;
}

export function notesShow(box, stories) {
  const notes = notesOf(stories);

  if (!isNews(box, notes))
    return;
  box.replaceChildren();
  for (const note of notes) {
    const row = element("li", "", box);
    say(element("span", "text", row), note.text);
    say(element("span", "quiet", row), [time(note.atMs),
      NOBODY.includes(note.by) ? "" : note.by].filter(Boolean).join(" · "));
  }
}
