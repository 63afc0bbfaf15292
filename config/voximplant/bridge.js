/* SPDX-License-Identifier: MIT */
/*
 * The VoxEngine scenario that voximplant.conf starts: rings the specialist, then
 * the customer, joins them, and posts each step to callbackd. It was written from
 * the documents and has not met a live account yet: try it with
 * `callbackctl test provider` first.
 *
 * Set both before publishing. HOOK is the public address of callbackd, /hooks/ and
 * the provider's id in callbackd.conf; KEY is the hook_secret of its secrets file.
 */
const HOOK = "https://callback.example.org/hooks/voximplant";
const KEY = "CHANGE-ME";
const TRIES = 6;                /* of one post, with longer and longer pauses */

let given, agent, customer;
let sequence = 0, talkBegan = 0, isOver = false;

function seconds() {
  return talkBegan === 0 ? 0 : Math.round((Date.now() - talkBegan) / 1000);
}

/* The call does not wait for it. */
function post(event) {
  const body = JSON.stringify({ job: given.j, event: event, seq: ++sequence,
                                seconds: seconds() });
  return send(body, 1);
}

function send(body, attempt) {
  const at = Math.floor(Date.now() / 1000);
  const mark = Crypto.hmac_sha256(KEY, at + "." + body);

  return Net.httpRequestAsync(HOOK, {
    method: "POST",
    headers: [ "Content-Type: application/json", "X-Signature: t=" + at + ",v1=" + mark ],
    postData: body,
    timeout: 10,
  }).then(function (result) {
    if (result.code >= 200 && result.code < 300 || attempt === TRIES) {
      return;
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

function end(event) {
  if (isOver) {
    return;
  }
  isOver = true;
  const done = function () { VoxEngine.terminate(); };

  post(event).then(done, done);
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

function ringCustomer() {
  post("customer_ringing");
  customer = ring(given.c, given.r, function (code) {
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
    post("customer_answered");
    agent.hangup();
  });
}

VoxEngine.addEventListener(AppEvents.Started, function () {
  given = JSON.parse(VoxEngine.customData());
  agent = ring(given.a, given.s, function (code) { end("agent_" + word(code)); });
  post("agent_ringing");
  agent.addEventListener(CallEvents.Connected, function () {
    post("agent_up");
    ringCustomer();
  });
  agent.addEventListener(CallEvents.Disconnected, function () {
    if (customer !== undefined) {
      customer.hangup();
    }
    end(talkBegan !== 0 ? "over_talked" : "over_cancelled");
  });
});

/* The address that the start was answered with: hang up. */
VoxEngine.addEventListener(AppEvents.HttpRequest, function () {
  if (agent !== undefined) {
    agent.hangup();
  }
  if (customer !== undefined) {
    customer.hangup();
  }
  return "ok";
});
