// SPDX-License-Identifier: MIT
// VoxEngine as its documents describe it, as far as our scenario uses it. Its clock is
// the test's; who does what on the telephone, and what callbackd answers, is said by it.
import { createHmac } from 'node:crypto';
import vm from 'node:vm';

const names = list => Object.fromEntries(list.map(name => [name, name]));

class Emitter {
  handlers = {};

  addEventListener(event, handler) {
    if (typeof event !== 'string' || typeof handler !== 'function') {
      throw new TypeError('there is no such event');
    }
    (this.handlers[event] ??= []).push(handler);
  }

  emit(event, details = {}) {
    return (this.handlers[event] ?? []).map(handler => handler(details));
  }
}

class Call extends Emitter {
  state = 'ringing';
  hearsTones = false;
  said = [];
  isSilenced = false;

  constructor(world, number, callerId) {
    super();
    Object.assign(this, { world, number, callerId });
  }

  answer() {
    this.state = 'up';
    this.emit('Connected', { call: this });
  }

  fail(code) {
    this.state = 'over';
    this.emit('Failed', { call: this, code });
  }

  leave() {
    this.state = 'over';
    this.emit('Disconnected', { call: this });
  }

  press(tone) {
    if (this.hearsTones) this.emit('ToneReceived', { call: this, tone });
  }

  // The event comes afterwards, as from the network; a call that is over has none.
  hangup() {
    const before = this.state;
    this.state = 'over';
    if (before === 'ringing') this.world.later(() => this.emit('Failed', { call: this, code: 487 }));
    if (before === 'up') this.world.later(() => this.emit('Disconnected', { call: this }));
  }

  handleTones(isOn) {
    this.hearsTones = isOn;
  }

  say(text, { voice }) {
    if (this.state !== 'up' || voice === undefined) throw new Error('nobody hears that');
    this.said.push({ text, voice });
  }

  stopPlayback() {
    this.isSilenced = true;
  }
}

export class World extends Emitter {
  calls = [];
  posts = [];                   // what callbackd was told: {url, headers, body, at}
  joined = [];
  isTerminated = false;
  answer = () => 204;           // of callbackd; may throw
  now = 1767225600000;
  timers = [];
  count = 0;

  constructor(scenario, customData) {
    super();
    const world = this;
    const module = {
      addEventListener: (event, handler) => world.addEventListener(event, handler),
      customData: () => customData,
      callPSTN(number, callerId) {
        world.calls.push(new Call(world, number, callerId));
        return world.calls.at(-1);
      },
      sendMediaBetween(a, b) {
        if (a.state !== 'up' || b.state !== 'up') throw new Error('one of them is not there');
        world.joined.push([a, b]);
      },
      terminate() {
        world.isTerminated = true;
        world.timers.length = 0;
      },
    };
    this.context = vm.createContext({
      VoxEngine: module,
      AppEvents: names(['Started', 'HttpRequest']),
      CallEvents: names(['Connected', 'Failed', 'Disconnected', 'ToneReceived']),
      VoiceList: { Amazon: names(['en_US_Joanna', 'ru_RU_Tatyana']) },
      Crypto: { hmac_sha256: (key, text) => createHmac('sha256', key).update(text).digest('hex') },
      Net: { httpRequestAsync: (url, options) => world.http(url, options) },
      Date: { now: () => world.now },
      setTimeout: (handler, ms) => world.later(handler, ms),
      clearTimeout: timer => world.forget(timer),
      JSON, Math, Promise,
    }, { codeGeneration: { strings: false, wasm: false } });
    vm.runInContext(scenario, this.context, { filename: 'bridge.js' });
  }

  // A request that cannot be made is an answer with a negative code.
  async http(url, { method, headers, postData }) {
    if (this.isTerminated) throw new Error('the session is over');
    const post = { url, method, headers, body: postData, at: this.now };
    this.posts.push(post);
    return { code: await this.answer(post, this.posts.length) };
  }

  later(handler, ms = 0) {
    const timer = { at: this.now + ms, number: this.count++, handler };
    this.timers.push(timer);
    return timer;
  }

  forget(timer) {
    this.timers = this.timers.filter(one => one !== timer);
  }

  // Lets time pass, and whatever is due happen.
  async pass(ms = 0) {
    const until = this.now + ms;
    for (;;) {
      // Promises first: there are several, one after another.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      const [next] = this.timers.filter(one => one.at <= until)
        .sort((a, b) => a.at - b.at || a.number - b.number);
      if (next === undefined) break;
      this.forget(next);
      this.now = Math.max(this.now, next.at);
      next.handler();
    }
    this.now = until;
  }

  async start() {
    this.emit('Started');
    await this.pass();
    return this.calls[0];
  }

  // The address that the start was answered with.
  async hangUp() {
    const [answer] = this.emit('HttpRequest');
    await this.pass();
    return answer;
  }
}
