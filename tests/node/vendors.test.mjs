// SPDX-License-Identifier: MIT
// The providers' own packages judge what the tests in C stand on: the golden
// webhooks of tests/unit/webhooks, genuine and not, and the flows that we serve,
// which must be made of verbs and attributes that the packages know.
//
//   CALLBACKD_BUILD=… node --test tests/node/
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const top = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const build = path.resolve(process.env.CALLBACKD_BUILD ?? path.join(top, 'build/plain'));
// Where the packages are installed: not in the source tree.
const vendors = createRequire(path.join(
  process.env.CALLBACKD_NODE ?? path.join(top, 'build/node'), 'package.json'));
const twilio = vendors('twilio');
const plivo = vendors('plivo');
const telnyx = vendors('telnyx');
const { verifySignature } = vendors('@vonage/jwt');

function golden(provider) {
  const file = path.join(top, 'tests/unit/webhooks', `${provider}.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

function form(body) {
  const fields = {};
  for (const [name, value] of new URLSearchParams(body)) {
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}

// What a signature alone says: not whether it is old, or fits what the file wants.
function check(provider, isGenuine, wanted = () => true) {
  const { secrets, cases } = golden(provider);
  let genuine = 0, refused = 0;
  for (const one of cases.filter(wanted)) {
    if (/too long ago/.test(one.refused)) continue;
    assert.equal(isGenuine(one, secrets), !one.refused, `${provider}: ${one.name}`);
    one.refused ? refused++ : genuine++;
  }
  assert.ok(genuine >= 2 && refused >= 2);
}

test('twilio signs and verifies as we do', () => {
  check('twilio', (one, { auth_token: token }) => {
    const signature = one.headers['X-Twilio-Signature'] ?? '';
    const isGood = twilio.validateRequest(token, signature, one.url, form(one.body));
    assert.equal(isGood, signature === twilio.getExpectedTwilioSignature(
      token, one.url, form(one.body)));
    return isGood;
  });
});

test('plivo verifies as we do', () => {
  const isVoice = one => !one.url.includes('/message');
  check('plivo', (one, { auth_token: token }) => Boolean(plivo.validateV3Signature(
    one.method, one.url, one.headers['X-Plivo-Signature-V3-Nonce'] ?? '', token,
    one.headers['X-Plivo-Signature-V3'] ?? '', form(one.body))), isVoice);
  for (const one of golden('plivo').cases.filter(one => !isVoice(one))) {
    assert.ok(plivo.validateSignature(
      one.url, one.headers['X-Plivo-Signature-V2-Nonce'],
      one.headers['X-Plivo-Signature-V2'], golden('plivo').secrets.auth_token), one.name);
  }
});

test('telnyx verifies as we do', () => {
  const { signature } = telnyx('key').webhooks;
  check('telnyx', (one, { public_key: key }) => {
    try {
      return signature.verifySignature(
        one.body, one.headers['Telnyx-Signature-Ed25519'] ?? '',
        one.headers['Telnyx-Timestamp'] ?? '', key, 0);
    } catch {
      return false;
    }
  });
});

// It looks at the token only; that its claim fits the body is our own test.
test('vonage verifies as we do', () => {
  check('vonage', (one, { signature_secret: key }) => verifySignature(
    (one.headers.Authorization ?? '').replace(/^Bearer /, ''), key),
  one => !one.url.includes('/message') && one.name !== 'altered');
});

// ---- flows

function flows(provider) {
  return JSON.parse(execFileSync(path.join(build, 'tests/node/print_flows'),
    [path.join(top, 'config/providers', `${provider}.conf`)], { encoding: 'utf8' }));
}

function unescaped(text) {
  const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name) => entities[name] ??
    String.fromCodePoint(Number(name.slice(1).replace(/^x/i, '0x'))));
}

// Elements as { name, attributes, text, children }: our flows and the packages'
// are plain enough.
function parsed(xml) {
  const root = { children: [] }, open = [root];
  for (const [, end, name, rest, empty, text] of
    xml.replace(/^<\?xml[^>]*\?>\s*/, '').matchAll(
      /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g)) {
    const inside = open.at(-1);
    if (text !== undefined) inside.text = (inside.text ?? '') + unescaped(text);
    else if (end) open.pop();
    else {
      const one = { name, attributes: {}, children: [] };
      for (const [, key, value] of rest.matchAll(/([\w-]+)="([^"]*)"/g)) {
        one.attributes[key] = unescaped(value);
      }
      inside.children.push(one);
      if (!empty) open.push(one);
    }
  }
  assert.equal(open.length, 1, xml);
  return root.children[0];
}

// In no order; numbers as they are written.
function plain({ name, attributes, text, children }) {
  return { name, text: text ?? '', children: children.map(plain),
    attributes: Object.fromEntries(Object.entries(attributes).sort()) };
}

const lower = name => name[0].toLowerCase() + name.slice(1);

function twimlAttributes() {
  const types = readFileSync(
    vendors.resolve('twilio/lib/twiml/VoiceResponse.d.ts'), 'utf8');
  return Object.fromEntries([...types.matchAll(
    /interface (\w+)Attributes \{([\s\S]*?)\n\s*\}/g)].map(([, verb, body]) =>
    [verb, new Set([...body.matchAll(/^\s*(\w+)\?:/gm)].map(([, name]) => name))]));
}

test('twilio could have written our TwiML', () => {
  const known = twimlAttributes();
  const rebuild = (element, parent) => {
    for (const one of element.children) {
      const verb = lower(one.name);
      assert.equal(typeof parent[verb], 'function', `<${one.name}>`);
      for (const name of Object.keys(one.attributes)) {
        assert.ok(known[one.name]?.has(name), `<${one.name} ${name}>`);
      }
      const made = one.text !== undefined ?
        parent[verb](one.attributes, one.text) : parent[verb](one.attributes);
      rebuild(one, made);
    }
  };
  for (const provider of ['twilio', 'sandbox']) {
    for (const [flow, xml] of Object.entries(flows(provider))) {
      const response = new twilio.twiml.VoiceResponse();
      rebuild(parsed(xml), response);
      assert.deepEqual(plain(parsed(xml)), plain(parsed(response.toString())),
        `${provider}: ${flow}`);
    }
  }
});

// Its package throws at an element or attribute that is not in its place.
test('plivo could have written our XML', () => {
  const rebuild = (element, parent) => {
    for (const one of element.children) {
      const add = `add${one.name}`;
      assert.equal(typeof parent[add], 'function', `<${one.name}>`);
      rebuild(one, one.text !== undefined ? parent[add](one.text, one.attributes) :
        parent[add](one.attributes));
    }
  };
  for (const [flow, xml] of Object.entries(flows('plivo'))) {
    const response = new plivo.Response();
    rebuild(parsed(xml), response);
    assert.deepEqual(plain(parsed(xml)), plain(parsed(response.toXML())), flow);
  }
});
