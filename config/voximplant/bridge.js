/* SPDX-License-Identifier: MIT */
/*
 * The VoxEngine scenario that voximplant.conf starts: rings the specialist, who may
 * have to press 1, then the customer, joins them, and posts each step to callbackd.
 * It was written from the documents and tried against a model of them
 * (tests/node/voxengine.mjs); it has not met a live account yet: try it with
 * `callbackctl test provider` first.
 *
 * Set both before publishing. HOOK is the public address of callbackd, /hooks/ and
 * the provider's id in callbackd.conf; KEY is the hook_secret of its secrets file.
 */
const HOOK = "https://callback.example.org/hooks/voximplant";
const KEY = "CHANGE-ME";
const TRIES = 6;                /* of one post, with longer and longer pauses */
const KEY_SECONDS = 15;         /* for pressing 1, from when it is asked for */

/* Said to the specialist, with the number of the case. */
const WORDS = {
  en: { text: "Callback, case %. Press 1 to take it, 2 to decline.", voice: "en_US_Joanna" },
  ru: { text: "Обратный звонок, заявка %. Нажмите 1, чтобы принять, или 2, чтобы отказаться.",
        voice: "ru_RU_Tatyana" },
};

let given, agent, customer;
let sequence = 0, talkBegan = 0, isOver = false;
let isRevoked = false;          /* callbackd has hung up */
let isDeclined = false;         /* no 1 was pressed */
const posts = [];

function seconds() {
  return talkBegan === 0 ? 0 : Math.round((Date.now() - talkBegan) / 1000);
}

/* The call does not wait for it. */
function post(event) {
  const body = JSON.stringify({ job: given.j, event: event, seq: ++sequence,
                                seconds: seconds() });
  posts.push(send(body, 1));
}

/* Kept, or given up; never fails. */
function send(body, attempt) {
  const at = Math.floor(Date.now() / 1000);
  const mark = Crypto.hmac_sha256(KEY, at + "." + body);

  return Net.httpRequestAsync(HOOK, {
    method: "POST",
    headers: [ "Content-Type: application/json", "X-Signature: t=" + at + ",v1=" + mark ],
    postData: body,
    timeout: 10,
  }).then(function (result) { return result.code; }, function () { return 0; }).then(function (code) {
    if (code >= 200 && code < 300 || attempt === TRIES) {
      return undefined;
    }
    return new Promise(function (resolve) {
      setTimeout(resolve, 1000 * attempt * attempt);
    }).then(function () {
      return send(body, attempt + 1);
    });
  });
}

/* SIP codes of a leg that did not come to be. */
function word(code) {
  switch (code) {
  case 486: case 600: return "busy";
  case 603: return "rejected";
  case 404: case 484: case 604: return "invalid";
  case 408: case 480: case 487: return "no_answer";
  default: return "failed";
  }
}

/* The session ends when all that was posted is known, also what came before. */
function end(event) {
  if (isOver) {
    return;
  }
  isOver = true;
  post(event);
  Promise.all(posts).then(function () { VoxEngine.terminate(); });
}

function ring(number, limit, onFailed) {
  const call = VoxEngine.callPSTN(number, given.f);
  const timer = setTimeout(function () { call.hangup(); }, limit * 1000);

  call.addEventListener(CallEvents.Connected, function () { clearTimeout(timer); });
  call.addEventListener(CallEvents.Failed, function (e) {
    clearTimeout(timer);
    onFailed(e.code);
  });
  return call;
}

/* An answered phone is no specialist yet: voicemail answers too. */
function askForKey() {
  const words = WORDS[given.l] || WORDS.en;
  const timer = setTimeout(decline, KEY_SECONDS * 1000);
  let isAnswered = false;

  function decline() {
    isAnswered = true;
    clearTimeout(timer);
    isDeclined = true;
    agent.hangup();
  }

  agent.handleTones(true);
  agent.addEventListener(CallEvents.ToneReceived, function (e) {
    if (isAnswered || e.tone !== "1" && e.tone !== "2") {
      return;
    }
    if (e.tone === "2") {
      decline();
      return;
    }
    isAnswered = true;
    clearTimeout(timer);
    agent.handleTones(false);
    agent.stopPlayback();
    ringCustomer();
  });
  agent.addEventListener(CallEvents.Disconnected, function () {
    isAnswered = true;
    clearTimeout(timer);
  });
  /* Digit by digit: it is no quantity. */
  agent.say(words.text.replace("%", given.n.split("").join(" ")),
            { voice: VoiceList.Amazon[words.voice] });
}

function ringCustomer() {
  post("customer_ringing");
  customer = ring(given.c, given.r, function (code) {
    if (isOver) {
      return;
    }
    post("customer_" + word(code));
    /* The specialist hears that nothing came of it: the line ends. */
    agent.hangup();
  });
  customer.addEventListener(CallEvents.Connected, function () {
    talkBegan = Date.now();
    post("customer_up");
    VoxEngine.sendMediaBetween(agent, customer);
    setTimeout(function () { customer.hangup(); agent.hangup(); }, given.m * 1000);
  });
  customer.addEventListener(CallEvents.Disconnected, function () {
    if (isOver) {
      return;
    }
    post("customer_answered");
    agent.hangup();
  });
}

VoxEngine.addEventListener(AppEvents.Started, function () {
  given = JSON.parse(VoxEngine.customData());
  agent = ring(given.a, given.s, function (code) {
    end("agent_" + (isRevoked ? "cancelled" : word(code)));
  });
  post("agent_ringing");
  agent.addEventListener(CallEvents.Connected, function () {
    post("agent_up");
    if (given.k === "1") {
      askForKey();
    } else {
      ringCustomer();
    }
  });
  agent.addEventListener(CallEvents.Disconnected, function () {
    if (customer === undefined) {
      end(isDeclined ? "agent_rejected" : "agent_cancelled");
      return;
    }
    end(talkBegan !== 0 ? "over_talked" : "over_cancelled");
    customer.hangup();
  });
});

/* The address that the start was answered with: hang up. */
VoxEngine.addEventListener(AppEvents.HttpRequest, function () {
  isRevoked = true;
  if (agent !== undefined) {
    agent.hangup();
  }
  if (customer !== undefined) {
    customer.hangup();
  }
  return "ok";
});
