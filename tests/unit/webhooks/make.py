#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes NAME.json, golden webhooks of each provider file, beside itself: what the
provider's documents say that it sends, signed here and not by the code that is
tested, with what must be understood. Of every signature there is one that is
altered, one with another key, one that is replayed where time is signed.

What is understood is a line: the kind, then what is known of it. See
provider_webhooks.c. After a change the difference is read by eye.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import urllib.parse

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
SITE = "https://cb.example.org"
NOW = 1795448400
JOB = "r1.2.0123456789abcdef0123456789abcdef"
CALL = "r1.2/0123456789abcdef0123456789abcdef"


def form(fields):
    return urllib.parse.urlencode(fields)


def mac(key, text, name="sha1"):
    return hmac.new(key.encode(), text.encode(), name)


def b64(raw):
    return base64.b64encode(raw).decode()


def jwt(key, claims):
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    text = part(b'{"typ":"JWT","alg":"HS256"}') + "." + \
        part(json.dumps(claims).encode())
    return text + "." + part(mac(key, text, "sha256").digest())


class Provider:
    """Collects cases; sign(key, case, now) gives the headers."""

    def __init__(self, name, secrets, key, sign, is_timed=False):
        self.name, self.secrets, self.key = name, secrets, key
        self.sign, self.is_timed, self.cases = sign, is_timed, []

    def case(self, path, body, *said, method="POST", name=None):
        """body: fields or JSON; said: lines of what is understood."""
        if isinstance(body, list):
            body = form(body)
        elif isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False)
        case = {"name": name or (said[0] if said else "nothing"),
                "method": method, "url": SITE + path, "body": body, "now": NOW}
        case["headers"] = self.sign(self.key, case, NOW) or {}
        self.cases.append({**case, "said": list(said)})
        return self

    def wrong(self, key_reason="the signature is wrong", altered=True,
              altered_reason=None):
        """What must be refused, of the first case."""
        first = {name: value for name, value in self.cases[0].items()
                 if name != "said"}
        foreign = dict(first, name="another key")
        foreign["headers"] = self.sign("not " + self.key, foreign, NOW) or {}
        self.cases.append({**foreign, "refused": key_reason})
        self.cases.append({**first, "name": "not signed", "headers": {},
                           "url": first["url"].split("?key=")[0],
                           "body": first["body"].split("&sign=")[0].split("&sig=")[0],
                           "refused": "no signature"})
        if altered:
            self.cases.append({
                **first, "name": "altered",
                "body": first["body"].replace("r", "s", 1) + " "
                if first["body"] else first["body"],
                "refused": altered_reason or key_reason})
        if self.is_timed:
            for name, now in ("replayed", NOW + 301), ("from the future", NOW - 301):
                self.cases.append({
                    **first, "name": name, "now": now,
                    "refused": "signed too long ago, or in the future"})
        return self

    def write(self):
        text = json.dumps({"provider": self.name, "secrets": self.secrets,
                           "cases": self.cases}, indent=1, ensure_ascii=False)
        (HERE / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")


# ---- Twilio and who does as it does

def twilio_sign(header, is_dedup):
    def sign(key, case, now):
        pairs = urllib.parse.parse_qsl(case["body"], keep_blank_values=True)
        pairs = sorted(set(pairs)) if is_dedup else \
            sorted(pairs, key=lambda pair: pair[0])
        text = case["url"] + "".join(name + value for name, value in pairs)
        return {header: b64(mac(key, text).digest())}
    return sign


def twilio_like(name, secrets, key, sign):
    hook = f"/hooks/{name}/{CALL}"
    agent = [("CallSid", "CA1")]
    child = [("CallSid", "CA2"), ("ParentCallSid", "CA1")]
    Provider(name, secrets, key, sign).case(
        f"{hook}/status", agent + [("CallStatus", "ringing"), ("SequenceNumber", "1")],
        "progress agent_ringing sid=CA1 sequence=1").case(
        f"{hook}/status", agent + [("CallStatus", "completed"), ("CallDuration", "61"),
                                   ("To", "a"), ("To", "b")],
        "progress over:answered sid=CA1 ms=61000").case(
        f"{hook}/status?leg=customer",
        child + [("CallStatus", "failed"), ("SipResponseCode", "404")],
        "progress customer_over:invalid_number leg=customer sid=CA1").case(
        f"{hook}/status?leg=customer",
        child + [("CallStatus", "completed"), ("CallDuration", "8")],
        "progress customer_over:answered leg=customer sid=CA1 ms=8000").case(
        f"{hook}/flow", agent + [("CallStatus", "in-progress")],
        "question up agent_up sid=CA1").case(
        f"{hook}/flow?q=keys", agent + [("CallStatus", "in-progress"), ("Digits", "1")],
        "question keys digits=1 agent_up sid=CA1").case(
        f"{hook}/sms", [("MessageSid", "SM1"), ("MessageStatus", "undelivered"),
                                         ("ErrorCode", "30003")],
        "message failed sid=SM1 error=30003").case(
        f"/hooks/{name}/message", [("MessageSid", "SM2"), ("SmsStatus", "received"),
                                   ("From", "+79160000003"), ("To", "+74950000000"),
                                   ("Body", "STOP")],
        "inbound_message from=+79160000003 to=+74950000000 text=STOP").wrong().write()


twilio_like("twilio", {"account": "AC1", "auth_token": "12345"}, "12345",
            twilio_sign("X-Twilio-Signature", True))
twilio_like("signalwire", {"space": "s", "project": "P", "api_token": "t",
                           "signing_key": "PSK1"}, "PSK1",
            twilio_sign("X-SignalWire-Signature", False))


# ---- Vonage

def vonage_sign(key, case, now):
    if "/sms" in case["url"] or "/message" in case["url"]:
        pairs = urllib.parse.parse_qsl(case["body"], keep_blank_values=True)
        text = "".join("&%s=%s" % (name, value.replace("&", "_").replace("=", "_"))
                       for name, value in sorted(pairs))
        case["body"] += "&sig=" + mac(key, text, "sha256").hexdigest().upper()
        return {}
    claims = {"iat": now, "jti": "c5ba8f24", "iss": "Vonage"}
    if case["body"]:
        claims["payload_hash"] = hashlib.sha256(case["body"].encode()).hexdigest()
    return {"Authorization": "Bearer " + jwt(key, claims)}


VONAGE = {"application_id": "app", "private_key": "none",
          "signature_secret": "a-signature-secret", "api_key": "k", "api_secret": "s"}
hook = f"/hooks/vonage/{CALL}"
uuid = {"uuid": "U1", "conversation_uuid": "CON-1"}
Provider("vonage", VONAGE, "a-signature-secret", vonage_sign, True).case(
    f"{hook}/status", {**uuid, "status": "answered", "direction": "outbound",
                       "timestamp": "2026-11-23T15:00:00.000Z"},
    "progress agent_up sid=U1 at=1795446000000 nonce=c5ba8f24").case(
    f"{hook}/status", {**uuid, "status": "completed", "duration": "61",
                       "timestamp": "2026-11-23T15:01:01.5+00:00"},
    "progress over:answered sid=U1 ms=61000 at=1795446061500 nonce=c5ba8f24").case(
    f"{hook}/status?leg=customer", {"uuid": "U2", "status": "unanswered"},
    "progress customer_over:no_answer leg=customer nonce=c5ba8f24").case(
    f"{hook}/status?leg=customer", {"uuid": "U2", "status": "sleeping"},
    "nothing /status says sleeping, which is not known nonce=c5ba8f24").case(
    f"{hook}/flow?to=447700900000&from=442079460000&uuid=U1", "",
    "question up agent_up sid=U1 nonce=c5ba8f24", method="GET").case(
    f"{hook}/flow?q=greet&uuid=U2", "",
    "question greet customer_up leg=customer nonce=c5ba8f24", method="GET").case(
    f"{hook}/flow?q=keys", {**uuid, "dtmf": {"digits": "1", "timed_out": False}},
    "question keys digits=1 sid=U1 nonce=c5ba8f24").case(
    f"{hook}/flow?q=keys", {**uuid, "dtmf": {"digits": "", "timed_out": True}},
    "question silent sid=U1 nonce=c5ba8f24").case(
    "/hooks/vonage/r1.soon.1/0123456789abcdef0123456789abcdef/sms", [
        ("msisdn", "447700900000"), ("to", "442079460000"), ("messageId", "0A"),
        ("status", "failed"), ("err-code", "6"), ("client-ref", "r1.x"),
        ("timestamp", str(NOW))],
    "message failed sid=0A job=r1.x error=6").case(
    "/hooks/vonage/message", [
        ("msisdn", "79160000003"), ("to", "442079460000"), ("messageId", "0B"),
        ("text", "СТОП = да & нет"), ("timestamp", str(NOW))],
    "inbound_message sid=0B from=+79160000003 to=+442079460000 text=СТОП = да & нет"
).wrong(altered_reason="the body is not the one that was signed").write()


# ---- Plivo

def plivo_sign(key, case, now):
    base, _, query = case["url"].partition("?")
    if "/sms" in case["url"] or "/message" in case["url"]:
        return {"X-Plivo-Signature-V2": b64(mac(key, base + "12345", "sha256").digest()),
                "X-Plivo-Signature-V2-Nonce": "12345"}
    query = "&".join(f"{name}={value}" for name, value in
                     sorted(urllib.parse.parse_qsl(query, keep_blank_values=True)))
    pairs = sorted(urllib.parse.parse_qsl(case["body"], keep_blank_values=True))
    text = base + "?" + query + ("." if query and pairs else "") + \
        "".join(name + value for name, value in pairs) + ".12345"
    return {"X-Plivo-Signature-V3": "AAAA," + b64(mac(key, text, "sha256").digest()),
            "X-Plivo-Signature-V3-Nonce": "12345"}


hook = f"/hooks/plivo/{CALL}"
ids = [("RequestUUID", "P1"), ("CallUUID", "P1")]
Provider("plivo", {"auth_id": "MA1", "auth_token": "ptoken"}, "ptoken", plivo_sign).case(
    f"{hook}/status", ids + [("CallStatus", "ringing"), ("From", "1555"), ("To", "1556")],
    "progress agent_ringing sid=P1 nonce=12345").case(
    f"{hook}/status", ids[1:] + [("CallStatus", "busy"), ("HangupCause", "USER_BUSY"),
                                 ("Duration", "0")],
    "progress over:busy sid=P1 nonce=12345").case(
    f"{hook}/status?leg=customer", [("DialAction", "hangup"), ("DialBLegDuration", "11"),
                                    ("DialALegUUID", "P1"), ("CallUUID", "P1")],
    "progress customer_over:answered leg=customer ms=11000 nonce=12345").case(
    f"{hook}/flow", ids + [("CallStatus", "in-progress"), ("Event", "StartApp")],
    "question up agent_up sid=P1 nonce=12345").case(
    f"{hook}/flow?q=dial_over", ids + [("DialStatus", "no-answer")],
    "question dial_over customer_over:no_answer sid=P1 nonce=12345").case(
    f"{hook}/flow?q=keys", ids + [("Digits", "2")],
    "question keys digits=2 sid=P1 nonce=12345").case(
    "/hooks/plivo/r1.soon.1/0123456789abcdef0123456789abcdef/sms", [
        ("MessageUUID", "M1"), ("Status", "delivered"),
                                      ("From", "1555"), ("To", "1556")],
    "message delivered sid=M1 nonce=12345").case(
    "/hooks/plivo/message", [("MessageUUID", "M2"), ("Text", "stop"), ("From", "79160000003"),
                             ("To", "15550000"), ("Type", "sms")],
    "inbound_message sid=M2 from=+79160000003 to=+15550000 text=stop nonce=12345"
).wrong().write()


# ---- Telnyx

PAIR = {key: ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(key.encode()).digest())
        for key in ("telnyx", "not telnyx")}


def telnyx_sign(key, case, now):
    return {"Telnyx-Timestamp": str(now), "Telnyx-Signature-Ed25519":
            b64(PAIR[key].sign(f"{now}|{case['body']}".encode()))}


def telnyx_event(kind, **payload):
    return {"data": {"event_type": kind, "id": "W1", "occurred_at":
                     "2026-11-23T15:00:00.123456Z", "payload": payload,
                     "record_type": "event"}, "meta": {"attempt": 1}}


STATE = b64(JOB.encode())
hook = f"/hooks/telnyx/{CALL}"
tail = f"job={JOB} at=1795446000123 once=W1"
public = PAIR["telnyx"].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
Provider("telnyx", {"api_key": "k", "public_key": b64(public), "connection_id": "c"},
         "telnyx", telnyx_sign, True).case(
    f"{hook}/agent", telnyx_event("call.answered", call_control_id="v3:T1", client_state=STATE),
    f"progress agent_up sid=v3:T1 {tail}").case(
    f"{hook}/agent", telnyx_event("call.hangup", call_control_id="v3:T1", client_state=STATE,
                                  hangup_cause="user_busy"),
    f"progress over:busy sid=v3:T1 {tail}").case(
    f"{hook}/agent", telnyx_event("call.speak.ended", call_control_id="v3:T1", client_state=STATE),
    "nothing once=W1").case(
    f"{hook}/customer", telnyx_event("call.initiated", call_control_id="v3:T2", client_state=STATE),
    f"progress customer_ringing leg=customer {tail}").case(
    f"{hook}/customer", telnyx_event("call.hangup", call_control_id="v3:T2", client_state=STATE,
                                     hangup_cause="normal_clearing"),
    f"progress customer_over:answered leg=customer {tail}").case(
    "/hooks/telnyx/r1.soon.1/0123456789abcdef0123456789abcdef/sms",
    telnyx_event("message.finalized", id="M1", to=[{"status": "delivered"}]),
    "message delivered sid=M1 once=W1").case(
    "/hooks/telnyx", telnyx_event("message.received", id="M2", text="Стоп",
                                  to=[{"phone_number": "+15550000"}],
                                  **{"from": {"phone_number": "+79160000003"}}),
    "inbound_message sid=M2 from=+79160000003 to=+15550000 text=Стоп once=W1"
).wrong().write()


# ---- Zadarma

def zadarma_sign(key, case, now):
    fields = dict(urllib.parse.parse_qsl(case["body"]))
    if not fields:
        return {}
    names = ["internal", "destination"] if "OUT" in fields["event"] else \
        ["caller_id", "called_did"]
    text = "".join(fields[name] for name in [*names, "call_start"])
    return {"Signature": b64(mac(key, text).hexdigest().encode())}


out = [("pbx_call_id", "out_1"), ("internal", "100"), ("destination", "79160000003"),
       ("call_start", "2026-11-23 18:00:00"), ("caller_id", "100")]
provider = Provider("zadarma", {"key": "k", "secret": "zsecret", "sip": "100"}, "zsecret",
                    zadarma_sign)
provider.case(
    "/hooks/zadarma", [("event", "NOTIFY_OUT_START")] + out,
    "progress customer_ringing leg=customer sid=out_1 customer=+79160000003").case(
    "/hooks/zadarma", [("event", "NOTIFY_OUT_END"), ("disposition", "answered"),
                       ("duration", "7"), ("status_code", "16")] + out,
    "progress over:answered leg=customer sid=out_1 ms=7000 customer=+79160000003").case(
    "/hooks/zadarma", [("event", "NOTIFY_OUT_END"), ("disposition", "no answer")] + out,
    "progress over:no_answer leg=customer sid=out_1 customer=+79160000003").case(
    "/hooks/zadarma", [("event", "NOTIFY_START"), ("pbx_call_id", "in_1"), ("caller_id", "7916"),
                       ("called_did", "7495"), ("call_start", "2026-11-23 18:00:00")],
    "nothing").case(
    "/hooks/zadarma?zd_echo=a1b2", "", "nothing challenge=a1b2", method="GET").wrong(
    altered=False)
for name, old, new, reason in (
        ("another number", "79160000003", "79160000004", "the signature is wrong"),
        ("another kind", "NOTIFY_OUT_START", "NOTIFY_OUT_STAR",
         "how this kind is signed is not known")):
    provider.cases.append({**provider.cases[0], "name": name, "refused": reason,
                           "body": provider.cases[0]["body"].replace(old, new)})
    del provider.cases[-1]["said"]
provider.write()


# ---- those that only show a secret

def smsc_sign(key, case, now):
    case["url"] = case["url"].split("?")[0] + "?key=" + key
    return {}


Provider("smsc", {"apikey": "k", "hook_secret": "hsecret"}, "hsecret", smsc_sign).case(
    "/hooks/smsc", [("id", "5f1c"), ("phone", "79160000003"), ("status", "1"), ("err", "0")],
    "message delivered sid=5f1c error=0").case(
    "/hooks/smsc", [("id", "5f1c"), ("phone", "79160000003"), ("status", "20"), ("err", "6")],
    "message failed sid=5f1c error=6").case(
    "/hooks/smsc", [("id", "7"), ("phone", "79160000003"), ("to", "79990000000"), ("mes", "Стоп")],
    "inbound_message sid=7 from=+79160000003 to=+79990000000 text=Стоп"
).wrong(altered=False).write()


def basic_sign(user):
    def sign(key, case, now):
        return {"Authorization": "Basic " + b64(f"{user}:{key}".encode())}
    return sign


hook = f"/hooks/bandwidth/{CALL}"
when = {"eventTime": "2026-11-23T15:00:00.000Z", "callId": "c-1", "tag": JOB}
tail = f"job={JOB} at=1795446000000"
Provider("bandwidth", {"account": "1", "user": "u", "password": "p", "application": "a",
                       "message_application": "m", "hook_user": "hu",
                       "hook_password": "hpass"}, "hpass", basic_sign("hu")).case(
    f"{hook}/flow", {"eventType": "answer", **when},
    f"question up agent_up sid=c-1 {tail}").case(
    f"{hook}/flow?q=keys", {"eventType": "gather", "digits": "1", **when},
    f"question keys digits=1 sid=c-1 job={JOB}").case(
    f"{hook}/flow?q=greet", {**when, "eventType": "transferAnswer", "callId": "c-2",
                             "parentCallId": "c-1"},
    "question greet customer_up leg=customer sid=c-1 at=1795446000000").case(
    f"{hook}/flow?q=dial_over", {"eventType": "transferComplete", "cause": "timeout", **when},
    f"question dial_over customer_over:no_answer sid=c-1 {tail}").case(
    f"{hook}/status", {"eventType": "disconnect", "cause": "busy", **when},
    f"progress over:busy sid=c-1 {tail}").case(
    "/hooks/bandwidth/message", json.dumps([{
        "type": "message-failed", "description": "no route", "to": "+79160000003",
        "message": {"id": "M1", "tag": "r1.x"}}]),
    "message failed sid=M1 job=r1.x error=no route").case(
    "/hooks/bandwidth/message", json.dumps([{
        "type": "message-received", "to": "+15550000",
        "message": {"id": "M2", "from": "+79160000003", "text": "stop"}}]),
    "inbound_message sid=M2 from=+79160000003 to=+15550000 text=stop"
).wrong(altered=False).write()


# ---- Asterisk: each row of what its dialplan posts

def bearer_sign(key, case, now):
    return {"Authorization": "Bearer " + key}


def asterisk(provider, said, seq, event, **more):
    fields = [("id", "cb1"), ("job", JOB), ("seq", str(seq)), ("event", event),
              ("at", "1795448400"), *more.items()]
    provider.case("/hooks/asterisk", fields, f"progress {said}".replace(
        "ID", f"sid=cb1 job={JOB}") + f" sequence={seq}",
        name=f"{event} {' '.join(more.values())}")


provider = Provider("asterisk", {"user": "u", "password": "p", "trunk": "t",
                                 "hook_token": "htoken"}, "htoken", bearer_sign)
asterisk(provider, "agent_up ID", 10, "agent_answered", channel="PJSIP/trunk-1")
asterisk(provider, "customer_ringing ID", 20, "customer_dialing")
asterisk(provider, "customer_up ID", 30, "customer_answered")
for status, cause, sip, ms, said in (
        ("ANSWER", "16", "", "2622", "answered ID ms=2622"),
        ("BUSY", "17", "SIP 486 Busy Here", "", "busy ID"),
        ("NOANSWER", "0", "", "", "no_answer ID"),
        ("CHANUNAVAIL", "21", "SIP 603 Decline", "", "rejected ID"),
        ("CHANUNAVAIL", "1", "SIP 404 Not Found", "", "invalid_number ID"),
        ("NOANSWER", "19", "SIP 480 Temporarily Unavailable", "", "no_answer ID"),
        ("CONGESTION", "34", "SIP 503 Service Unavailable", "", "failed ID"),
        ("CHANUNAVAIL", "0", "", "", "failed ID"),
        ("CANCEL", "0", "", "", "cancelled ID")):
    asterisk(provider, f"customer_over:{said}", 40, "customer_leg", dialstatus=status,
             hangupcause=cause, sip=sip, talk_ms=ms)
for last, status, cause, sip, ms, said in (
        ("customer_dialing", "ANSWER", "16", "", "2007", "over:answered leg=customer ID ms=2007"),
        ("customer_ANSWER", "ANSWER", "16", "", "2622", "over:answered leg=customer ID ms=2622"),
        ("customer_dialing", "CANCEL", "16", "", "", "over:cancelled leg=customer ID"),
        ("customer_BUSY", "BUSY", "16", "", "", "over:busy leg=customer ID"),
        ("agent_failed", "", "17", "SIP 486 Busy Here", "", "agent_over:busy ID"),
        ("agent_failed", "", "19", "SIP 180 Ringing", "", "agent_over:no_answer ID"),
        ("agent_failed", "", "21", "SIP 603 Decline", "", "agent_over:rejected ID"),
        ("agent_failed", "", "1", "SIP 404 Not Found", "", "agent_over:failed ID"),
        ("agent_failed", "", "19", "SIP 480 Gone", "", "agent_over:no_answer ID"),
        ("agent_failed", "", "34", "SIP 503 No", "", "agent_over:failed ID"),
        ("agent_failed", "", "16", "", "", "agent_over:cancelled ID"),
        ("agent_not_confirmed", "", "21", "", "", "agent_over:rejected ID"),
        ("agent_answered", "", "16", "", "", "agent_over:cancelled ID")):
    asterisk(provider, said, 90, "ended", last=last, dialstatus=status, talk_ms=ms,
             hangupcause=cause, sip=sip, chanstate="Down")
asterisk(provider, "agent_over:unknown ID", 90, "ended", last="agent_failed", dialstatus="",
         talk_ms="", hangupcause="16", sip="", chanstate="Up")
provider.wrong(altered=False).write()


# ---- FreeSWITCH: one post for each leg, values percent-encoded

def cdr(leg, billsec, cause, **more):
    return {"core-uuid": "x", "variables": {
        "cb_uuid": "70463799", "cb_job": JOB.replace(".", "%2E"), "cb_leg": leg,
        "billsec": billsec, "hangup_cause": cause, **more}}


tail = f"sid=70463799 job={JOB}"
Provider("freeswitch", {"user": "u", "password": "p", "gateway": "g", "hook_password": "hpass"},
         "hpass", basic_sign("callbackd")).case(
    "/hooks/freeswitch", cdr("customer", "3", "NORMAL_CLEARING"),
    f"progress customer_over:answered {tail} ms=3000").case(
    "/hooks/freeswitch", cdr("customer", "0", "UNALLOCATED_NUMBER"),
    f"progress customer_over:invalid_number {tail}").case(
    "/hooks/freeswitch", cdr("agent", "0", "USER_BUSY", sip_term_status="486"),
    f"progress agent_over:busy {tail}").case(
    "/hooks/freeswitch", cdr("agent", "7", "NORMAL_CLEARING", cb_talked="1"),
    f"progress over:answered {tail}").case(
    "/hooks/freeswitch", cdr("agent", "1", "NORMAL_CLEARING"),
    f"progress agent_over:unknown {tail}").case(
    "/hooks/freeswitch", {"variables": {"uuid": "y"}}, "nothing").wrong(altered=False).write()


# ---- Mango: JSON in a form

def mango_sign(key, case, now):
    text = case["body"]
    sign = hashlib.sha256(("vkey" + text + key).encode()).hexdigest()
    case["body"] = form([("vpbx_api_key", "vkey"), ("json", text), ("sign", sign)])
    return {}


def leg(seq, state, to, **more):
    return {"entry_id": "e1", "call_id": "c1", "timestamp": NOW, "seq": seq, "call_state": state,
            "location": "abonent", "from": {"number": "7495"}, "to": to, "command_id": JOB, **more}


customer, agent = {"number": "79160000003"}, {"extension": "101", "number": "sip:x"}
tail = f"job={JOB}"
provider = Provider("mango", {"key": "vkey", "salt": "vsalt", "line": "l", "extension": "101"},
                    "vsalt", mango_sign)
provider.case(
    "/hooks/mango/events/call", leg(1, "Appeared", agent),
    f"progress agent_ringing sid=c1 {tail} sequence=1").case(
    "/hooks/mango/events/call", leg(2, "Connected", customer),
    f"progress customer_up leg=customer {tail} sequence=2").case(
    "/hooks/mango/events/call", leg(3, "Disconnected", customer, disconnect_reason=1121),
    f"progress customer_over:busy leg=customer {tail} sequence=3").case(
    "/hooks/mango/events/call", leg(3, "Disconnected", customer, disconnect_reason=1110),
    f"progress customer_over:answered leg=customer {tail} sequence=3").case(
    "/hooks/mango/events/call", leg(3, "OnHold", customer), "nothing").case(
    "/hooks/mango/result/callback", {"command_id": JOB, "result": 3104},
    f"progress agent_over:failed {tail}").case(
    "/hooks/mango/events/call", leg(2, "Disconnected", agent, disconnect_reason=1111),
    f"progress agent_over:no_answer sid=c1 {tail} sequence=2").case(
    "/hooks/mango/events/call", leg(5, "Disconnected", agent, disconnect_reason=1100),
    f"progress agent_over:answered sid=c1 {tail} sequence=5").case(
    "/hooks/mango/result/callback", {"command_id": JOB, "result": 1000}, "nothing").case(
    "/hooks/mango/events/summary", {"entry_id": "e1"}, "nothing").wrong(altered=False)
first = provider.cases[0]
provider.cases.append({key: value for key, value in {
    **first, "name": "altered", "refused": "the signature is wrong",
    "body": first["body"].replace("Appeared", "Connected")}.items() if key != "said"})
provider.write()


# ---- Voximplant: our own scenario signs

def voximplant_sign(key, case, now):
    return {"X-Signature": f"t={now},v1=" + mac(
        key, f"{now}.{case['body']}", "sha256").hexdigest()}


def vox(seq, event, **more):
    return {"job": JOB, "seq": seq, "event": event, **more}


Provider("voximplant", {"account_id": "1", "key_id": "2", "private_key": "none", "rule_id": "3",
                        "hook_secret": "hsecret"}, "hsecret", voximplant_sign, True).case(
    "/hooks/voximplant", vox(1, "agent_ringing"), f"progress agent_ringing {tail} sequence=1").case(
    "/hooks/voximplant", vox(2, "agent_busy"), f"progress agent_over:busy {tail} sequence=2").case(
    "/hooks/voximplant", vox(3, "agent_cancelled"), f"progress agent_over:cancelled {tail} sequence=3").case(
    "/hooks/voximplant", vox(3, "agent_invalid"), f"progress agent_over:failed {tail} sequence=3").case(
    "/hooks/voximplant", vox(4, "customer_up"), f"progress customer_up {tail} sequence=4").case(
    "/hooks/voximplant", vox(5, "customer_answered", seconds=42),
    f"progress customer_over:answered {tail} ms=42000 sequence=5").case(
    "/hooks/voximplant", vox(5, "customer_invalid"),
    f"progress customer_over:invalid_number {tail} sequence=5").case(
    "/hooks/voximplant", vox(6, "over_talked", seconds=42),
    f"progress over:answered leg=customer {tail} ms=42000 sequence=6").wrong().write()
