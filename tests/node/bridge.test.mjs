// SPDX-License-Identifier: MIT
// config/voximplant/bridge.js in a model of VoxEngine: who is rung and when, what the
// specialist is asked, how it ends, and that callbackd hears all of it, signed and in
// words that voximplant.conf knows. Needs nothing but Node.
//
//   node --test tests/node/bridge.test.mjs
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { World } from './voxengine.mjs';

const top = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const scenario = readFileSync(path.join(top, 'config/voximplant/bridge.js'), 'utf8');
const file = readFileSync(path.join(top, 'config/providers/voximplant.conf'), 'utf8');
const given = { j: 'r1.2.token', a: '+79160000001', c: '+79160000003', f: '74950000000',
  r: 30, s: 25, m: 3600, k: '', n: '4821', l: 'ru' };

const run = async (more = {}) => {
  const world = new World(scenario, JSON.stringify({ ...given, ...more }));
  world.agent = await world.start();
  return world;
};

// The events in their order, each heard once as far as callbackd answered.
const events = world => world.posts.map(post => JSON.parse(post.body).event);

// Every session: what was posted is genuine, in order and understood, nothing is left
// on the line, and the session ends.
const finish = async (world, expected) => {
  await world.pass(1000);
  assert.deepEqual(events(world), expected);
  world.posts.forEach((post, i) => {
    const body = JSON.parse(post.body);
    assert.equal(body.job, given.j);
    assert.equal(body.seq, i + 1);
    assert.equal(post.method, 'POST');
    assert.equal(post.url, 'https://callback.example.org/hooks/voximplant');
    const header = post.headers.find(one => one.startsWith('X-Signature: '));
    const [, at, mark] = /^X-Signature: t=([0-9]+),v1=([0-9a-f]{64})$/.exec(header);
    assert.equal(Number(at), Math.floor(post.at / 1000));
    assert.equal(mark, createHmac('sha256', 'CHANGE-ME').update(`${at}.${post.body}`).digest('hex'));
    // "agent_*" and the like would do for anything.
    assert.ok(file.includes(`"${body.event}", "`) || /_(failed|invalid)$/.test(body.event) ||
      body.event === 'over_failed', body.event);
  });
  assert.ok(world.isTerminated);
  assert.ok(world.calls.every(call => call.state === 'over'));
};

test('the specialist, then the customer, then both', async () => {
  const world = await run();
  assert.equal(world.agent.number, given.a);
  assert.equal(world.agent.callerId, given.f);
  await world.pass(5000);
  assert.equal(world.calls.length, 1);          // nobody else rings
  world.agent.answer();
  await world.pass();
  const [, customer] = world.calls;
  assert.equal(customer.number, given.c);
  assert.equal(world.joined.length, 0);
  customer.answer();
  await world.pass(42000);
  assert.deepEqual(world.joined, [[world.agent, customer]]);
  customer.leave();
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'customer_up',
    'customer_answered', 'over_talked']);
  assert.deepEqual(world.posts.slice(-2).map(post => JSON.parse(post.body).seconds), [42, 42]);
});

test('the specialist hangs up first', async () => {
  const world = await run();
  world.agent.answer();
  world.calls[1].answer();
  await world.pass(7000);
  world.agent.leave();
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'customer_up', 'over_talked']);
  assert.equal(JSON.parse(world.posts.at(-1).body).seconds, 7);
});

for (const [code, event] of [[486, 'agent_busy'], [603, 'agent_rejected'], [408, 'agent_no_answer'],
  [480, 'agent_no_answer'], [404, 'agent_invalid'], [503, 'agent_failed']]) {
  test(`the specialist is not reached: ${code}`, async () => {
    const world = await run();
    world.agent.fail(code);
    await finish(world, ['agent_ringing', event]);
    assert.equal(world.calls.length, 1);
  });
}

test('the specialist does not answer', async () => {
  const world = await run();
  await world.pass(24999);
  assert.equal(world.agent.state, 'ringing');
  await world.pass(1);
  await finish(world, ['agent_ringing', 'agent_no_answer']);
});

for (const [code, event] of [[486, 'customer_busy'], [603, 'customer_rejected'],
  [404, 'customer_invalid'], [480, 'customer_no_answer'], [500, 'customer_failed']]) {
  test(`the customer is not reached: ${code}`, async () => {
    const world = await run();
    world.agent.answer();
    world.calls[1].fail(code);
    await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', event, 'over_cancelled']);
  });
}

test('the customer does not answer', async () => {
  const world = await run();
  world.agent.answer();
  await world.pass(29999);
  assert.equal(world.calls[1].state, 'ringing');
  await world.pass(1);
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'customer_no_answer',
    'over_cancelled']);
});

test('the specialist gives up while the customer rings', async () => {
  const world = await run();
  world.agent.answer();
  await world.pass(3000);
  world.agent.leave();
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'over_cancelled']);
});

test('1 takes the call, and only then the customer rings', async () => {
  const world = await run({ k: '1' });
  world.agent.answer();
  await world.pass(3000);
  assert.equal(world.calls.length, 1);
  assert.equal(world.agent.said.length, 1);
  assert.match(world.agent.said[0].text, /заявка 4 8 2 1\. Нажмите 1/);
  assert.equal(world.agent.said[0].voice, 'ru_RU_Tatyana');
  for (const other of ['5', '#']) world.agent.press(other);
  assert.equal(world.calls.length, 1);
  world.agent.press('1');
  assert.ok(world.agent.isSilenced);
  world.agent.press('1');                       // twice is once
  assert.equal(world.calls.length, 2);
  world.calls[1].answer();
  await world.pass(20000);                      // longer than for pressing 1
  assert.equal(world.agent.state, 'up');
  world.calls[1].leave();
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'customer_up',
    'customer_answered', 'over_talked']);
});

test('another language is English', async () => {
  const world = await run({ k: '1', l: 'de' });
  world.agent.answer();
  assert.match(world.agent.said[0].text, /case 4 8 2 1\. Press 1/);
  world.agent.leave();
  await finish(world, ['agent_ringing', 'agent_up', 'agent_cancelled']);
});

for (const [name, act] of [['2 declines', world => world.agent.press('2')],
  ['voicemail presses nothing', world => world.pass(15000)]]) {
  test(name, async () => {
    const world = await run({ k: '1' });
    world.agent.answer();
    await act(world);
    await finish(world, ['agent_ringing', 'agent_up', 'agent_rejected']);
    assert.equal(world.calls.length, 1);
  });
}

test('callbackd hangs up, at each step', async () => {
  let world = await run();
  assert.equal(await world.hangUp(), 'ok');
  await finish(world, ['agent_ringing', 'agent_cancelled']);

  world = await run({ k: '1' });
  world.agent.answer();
  await world.hangUp();
  await finish(world, ['agent_ringing', 'agent_up', 'agent_cancelled']);

  world = await run();
  world.agent.answer();
  await world.hangUp();
  assert.equal(world.calls[1].state, 'over');
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'over_cancelled']);

  world = await run();
  world.agent.answer();
  world.calls[1].answer();
  await world.pass(2000);
  await world.hangUp();
  await finish(world, ['agent_ringing', 'agent_up', 'customer_ringing', 'customer_up', 'over_talked']);
});

test('a call that is too long ends', async () => {
  const world = await run({ m: 60 });
  world.agent.answer();
  world.calls[1].answer();
  await world.pass(59999);
  assert.equal(world.agent.state, 'up');
  await world.pass(1);
  await world.pass();
  assert.ok(world.calls.every(call => call.state === 'over'));
  assert.ok(world.isTerminated);
  assert.equal(events(world).at(-1), 'over_talked');
});

test('what callbackd has not kept is posted again, and the call goes on', async () => {
  const world = await run();
  let isAway = true;
  world.answer = (post, count) => {
    if (!isAway) return 204;
    if (count % 2 === 0) throw new Error('no answer');
    return count % 3 === 0 ? -4 : 503;
  };
  world.agent.answer();
  world.calls[1].fail(486);
  await world.pass(1500);
  assert.equal(world.agent.state, 'over');      // nobody waits for us
  assert.ok(!world.isTerminated);
  isAway = false;
  await world.pass(120000);
  assert.ok(world.isTerminated);
  // Each was heard, with one number however often it came.
  const heard = new Map(world.posts.map(post => JSON.parse(post.body)).map(one => [one.seq, one.event]));
  assert.deepEqual([...heard].sort((a, b) => a[0] - b[0]).map(one => one[1]), ['agent_ringing',
    'agent_up', 'customer_ringing', 'customer_busy', 'over_cancelled']);
  assert.ok(world.posts.length > 5);
});

test('a session ends though callbackd never answers', async () => {
  const world = await run();
  world.answer = () => 503;
  world.agent.fail(486);
  await world.pass(200000);
  assert.ok(world.isTerminated);
  assert.equal(world.posts.filter(post => JSON.parse(post.body).event === 'agent_busy').length, 6);
});
