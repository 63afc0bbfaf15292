// SPDX-License-Identifier: MIT
// What has happened to a request, in a few words a line, and the notes that
// people wrote about it. What it does not know it shows in the server's words.
import { element, isNews, say, show, t, time } from "/desk/page.js";

const QUOTING = ["note", "close_with", "pass_on", "call_again", "try_again",
  "give_up_on", "keep_disposition", "keep_and_hang_up"];
const NOBODY = ["", "-", "http", "callbackctl", "provider", "callbackd"];
const SAME_NOTE_MS = 5000;      // parts of one long note follow each other

// One list of what people did and saw, in order; a long note in one piece.
// Stories: of the earlier requests of the case, then of this one.
function linesOf(stories, names) {
  const lines = [];

  for (const line of stories.flat()) {
    const last = lines[lines.length - 1];

    if (!line.record?.startsWith("request:"))
      continue;
    if (line.action === "note" && last?.action === "note" &&
        last.by === line.by && line.at_ms - last.lastMs < SAME_NOTE_MS) {
      last.detail += ` ${line.detail || ""}`;
      last.lastMs = line.at_ms;
      continue;
    }
    lines.push({ ...line, lastMs: line.at_ms, detail: line.detail || "",
      who: NOBODY.includes(line.by || "") ? "" : names[line.by] || line.by });
  }
  return lines;
}

function detailOf(line, names) {
  const named = /^(?:ignored by|by|to) ([^\s,]+)/.exec(line.detail);

  if (QUOTING.includes(line.action))
    return [line.detail, line.who].filter(Boolean).join(" · ");
  return named ? names[named[1]] || named[1] : line.who;
}

// names: specialist's id -> name, as far as they are known.
export function storyShow(box, stories, names) {
  const lines = linesOf(stories, names);

  if (!isNews(box, lines))
    return;
  box.replaceChildren();
  for (const line of lines) {
    const row = element("li", "", box);
    const at = element("time", "", row);
    at.dateTime = new Date(line.at_ms).toISOString();
    say(at, time(line.at_ms, true));
    say(element("span", "what", row), t().actions[line.action] || line.action);
    say(element("span", "detail", row), detailOf(line, names));
  }
}

// What was written to the customer, and whether it arrived. Nothing depends on it,
// but whoever speaks to them should know.
export function lettersShow(box, letters) {
  show(box, letters.length > 0);
  if (!isNews(box, letters))
    return;
  box.replaceChildren();
  for (const letter of letters) {
    const row = element("li", letter.failed ? "failed" : "", box);
    const word = t().letterStates[letter.reason || letter.state];
    say(element("span", "what", row),
      `${t().letterKinds[letter.kind] || letter.kind}: ${word || letter.reason}`);
    say(element("span", "quiet", row), letter.text || "");
  }
}

// The notes alone: what the next person must know.
export function notesShow(box, stories, names) {
  const notes = linesOf(stories, names).filter((line) =>
    line.action === "note");

  if (!isNews(box, notes))
    return;
  box.replaceChildren();
  for (const note of notes) {
    const row = element("li", "", box);
    say(element("span", "text", row), note.detail);
    say(element("span", "quiet", row),
      [time(note.at_ms), note.who].filter(Boolean).join(" · "));
  }
}
