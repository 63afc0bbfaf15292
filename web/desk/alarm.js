// SPDX-License-Identifier: MIT
// Makes an offer be noticed: a sound that repeats, and a title that flashes. The
// sound needs the browser's leave, which comes with the first key or click.
import { read, t, write } from "/desk/page.js";

const REPEAT_MS = 2000;
const FLASH_MS = 500;
const NOTES = [[880, 0], [1175, 0.18]];         // Hz, s after the beginning

let audio = null;
let isMuted = read("desk-muted") === "yes";
let offered = "";               // which offer is announced; "": none
let beepedAt = 0;

export function alarmUnlock() {
  audio = audio || new AudioContext();
  if (audio.state === "suspended")
    audio.resume();
}

export const alarmIsLocked = () => audio === null || audio.state !== "running";
export const alarmIsMuted = () => isMuted;

export function alarmMute(muted) {
  isMuted = muted;
  write("desk-muted", muted ? "yes" : "no");
}

function beep() {
  for (const [pitch, after] of NOTES) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const begin = audio.currentTime + after;

    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.3, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.32);
  }
}

export function alarmFor(offer) {
  if (offer !== offered)
    beepedAt = 0;
  offered = offer;
}

// To be called several times a second. `title` is what the page is called when
// nobody waits.
export function alarmTick(title) {
  const now = Date.now();
  const isLit = offered !== "" && Math.floor(now / FLASH_MS) % 2 === 0;
  const wanted = isLit ? t().titleOffer : title;

  if (document.title !== wanted)
    document.title = wanted;
  if (offered === "" || isMuted || alarmIsLocked() ||
      now - beepedAt < REPEAT_MS)
    return;
  beepedAt = now;
  beep();
}
