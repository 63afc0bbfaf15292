// SPDX-License-Identifier: MIT
// One session of config/voximplant/bridge.js, as StartScenarios begins it; it posts over
// real HTTP. Used by tests/e2e/test_voximplant.py.
//
//   node run_bridge.mjs HOOK KEY CUSTOM_DATA ACT...
//
// ACT is what happens next on the telephone, "LEG what": "0 answer", "0 press 1",
// "1 fail 486", "1 leave", or "wait MS". Prints who was rung, as JSON.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { World } from './voxengine.mjs';

const top = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const [hook, key, customData, ...acts] = process.argv.slice(2);
const scenario = readFileSync(path.join(top, 'config/voximplant/bridge.js'), 'utf8')
  .replace(/^const HOOK = .*$/m, `const HOOK = ${JSON.stringify(hook)};`)
  .replace(/^const KEY = .*$/m, `const KEY = ${JSON.stringify(key)};`);
const world = new World(scenario, customData);
const under = new Set();

world.now = Date.now();
world.http = (url, { method, headers, postData }) => {
  const answer = fetch(url, { method, body: postData,
    headers: headers.map(one => one.split(/: (.*)/s).slice(0, 2)) })
    .then(reply => ({ code: reply.status }));
  under.add(answer);
  return answer.finally(() => under.delete(answer));
};

// Until all is known that was posted because of it.
async function settle(ms = 0) {
  await world.pass(ms);
  while (under.size > 0) {
    await Promise.allSettled(under);
    await world.pass();
  }
}

await world.start();
await settle();
for (const act of acts) {
  const [leg, what, value] = act.split(' ');
  if (leg === 'wait') await settle(Number(what));
  else world.calls[leg][what](what === 'fail' ? Number(value) : value);
  await settle();
}
console.log(JSON.stringify({ calls: world.calls.map(({ number, callerId, state, said }) =>
  ({ number, callerId, state, said })), joined: world.joined.length,
  isTerminated: world.isTerminated }));
