# SPDX-License-Identifier: MIT
"""What is said and done in a call, heard on both telephones: whisper, greeting,
press 1, answering machines, messages left there, recording, caller ID, and the
customer rung first."""
import json
import subprocess

import pytest

import harness
from company import AUTOMATIC, QUICK, SETTINGS, by_phone, settings_text

ANSWERS, BUSY, SILENT, VOICEMAIL, HANGS_UP, INVALID, SECOND_TRY, REJECTS = (
    f"+7900000000{digit}" for digit in range(1, 9))
ID = "web-00000001"
ANNA, VERA = "+79160000001", "+79160000014"
PRESSES_1 = {"keys": [[0.5, "1"]]}
MESSAGE = "Вам звонила {company}. Мы перезвоним."


def queue(**more):
    """The first queue with these rules; the others as they are."""
    return [{**SETTINGS["queues"][0], **more}, *SETTINGS["queues"][1:]]


def rules(people=(AUTOMATIC,), retries=(), **more):
    """One attempt, unless there are retries."""
    return pytest.mark.settings({
        **QUICK, "specialists": list(people), "queues": queue(**more),
        "retry.after": list(retries)})


def ask(daemon, phone=ANSWERS, **more):
    daemon.ask({"id": ID, "phone": phone, **more})
    return daemon.wait_for(lambda: daemon.answer(ID))


def calls_to(daemon, number):
    return [call for call in daemon.sandbox.calls()["calls"]
            if call["to"] == number]


def heard(daemon, number):
    """Everything the calls to that phone have heard, in order."""
    return [words for call in sorted(calls_to(daemon, number),
                                     key=lambda one: one["created_at_ms"])
            for words in call["heard"]]


def rung(daemon):
    return [line["number"] for line in daemon.sandbox.ledger()
            if line["kind"] == "ring"]


# ---- to the specialist

LONG = "Очень длинная история про перевод. " * 12


@pytest.mark.parametrize("language,begins,note,keys", [
    ("ru", "Заявка на звонок ", " Клиент пишет: ",
     " Нажмите 1, чтобы соединиться, 2, чтобы отказаться."),
    ("en", "Callback request ", " They wrote: ",
     " Press 1 to be connected, 2 to decline.")])
def test_the_specialist_is_told_in_their_language(start_daemon, language,
                                                  begins, note, keys):
    daemon = start_daemon({**QUICK, "specialists": [
        by_phone("anna", ANNA, language=language)]})
    daemon.sandbox.behave(ANNA, **PRESSES_1)
    daemon.available("anna")
    ask(daemon, name='<Say>"Иван" & Ко</Say> 🎉',
        note="Не <break time='9s'/> звоните\nпосле [[6]] &amp; \"вечером\". "
        + LONG)
    daemon.wait_for_answer(ID, "talking")
    whisper = heard(daemon, ANNA)[0]
    assert whisper.startswith(begins) and whisper.endswith(keys)
    assert 'Say "Иван" Ко /Say 🎉' in whisper and "Баланс и вклады" in whisper
    words = whisper[whisper.index(note) + len(note):-len(keys)]
    assert words.startswith(
        "Не break time '9s'/ звоните. после 6 amp; \"вечером\". Очень длинная")
    # Listenable: cut behind a word.
    assert len(words) <= 162 and words.rstrip(".").split()[-1] in LONG
    assert not set("<>&[]") & set(whisper)


# ---- to the customer

@rules()
@pytest.mark.parametrize("locale,words", [
    ("ru", "Здравствуйте! Это Ромашка, вы просили перезвонить."),
    ("en", "Hello! This is Ромашка, calling you back as you asked.")])
def test_the_customer_is_greeted_in_their_language(daemon, locale, words):
    ask(daemon, locale=locale)
    daemon.wait_for(lambda: heard(daemon, ANSWERS) == [words])


@rules(greeting="<b>{company}</b> & партнёры")
def test_the_companys_own_greeting(daemon):
    ask(daemon)
    daemon.wait_for(lambda: heard(daemon, ANSWERS) ==
                    ["<b>Ромашка</b> & партнёры"])


# ---- press 1

@rules(customer_confirm=True)
def test_the_customer_takes_the_call_with_1(daemon):
    daemon.sandbox.behave(ANSWERS, **PRESSES_1)
    ask(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["calls"][0]["outcome"] == "answered"
    words = heard(daemon, ANSWERS)
    assert words == ["Здравствуйте! Это Ромашка, вы просили перезвонить. "
                     "Чтобы соединиться, нажмите 1.", "Соединяю."]
    # Nobody is joined before the key.
    kinds = [line["kind"] for line in daemon.sandbox.ledger()]
    assert kinds.index("join") > kinds.index("answer")


@pytest.mark.parametrize("keys", [[], [[0.5, "2"]]])
@rules(customer_confirm=True)
def test_who_does_not_press_1_was_not_reached(daemon, keys):
    daemon.sandbox.behave(ANSWERS, keys=keys)
    ask(daemon, locale="en")
    request = daemon.wait_for_state(ID, "closed")
    assert request["reason"] == "unreachable" and request["attempts"] == 1
    assert request["calls"][0]["outcome"] == "voicemail"
    assert not any(line["kind"] == "join" for line in daemon.sandbox.ledger())
    assert heard(daemon, ANSWERS) == [
        "Hello! This is Ромашка, calling you back as you asked. "
        "Press 1 to be connected.", "Goodbye."]
    # The specialist is told and is free again.
    assert heard(daemon, VERA)[-1] == \
        "Ответил не человек, а автоответчик. До свидания."
    daemon.wait_for_specialist("vera", "idle")


# ---- machines

@rules(detect_machine=True, retries=["200ms"])
def test_a_machine_is_parted_from_the_specialist(daemon):
    ask(daemon, VOICEMAIL)
    request = daemon.wait_for_state(ID, "closed")
    assert request["reason"] == "unreachable" and request["attempts"] == 2
    assert [call["outcome"] for call in request["calls"]] == ["voicemail"] * 2
    assert heard(daemon, VERA)[-1] == \
        "Ответил не человек, а автоответчик. До свидания."
    assert any("a machine has answered" in line.get("detail", "")
               for line in request["story"])
    daemon.wait_for_specialist("vera", "idle")


@rules(detect_machine=True)
def test_a_person_is_no_machine(daemon):
    ask(daemon)
    daemon.wait_for(lambda: any(
        line["kind"] == "webhook" and line["event"] == "detected"
        for line in daemon.sandbox.ledger()))
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["calls"][0]["outcome"] == "answered"


@rules(detect_machine=True, customer_confirm=True, voicemail=MESSAGE)
def test_a_message_is_left_on_a_machine(daemon):
    daemon.sandbox.behave(VOICEMAIL, hang_up_after=60)
    ask(daemon, VOICEMAIL)
    daemon.wait_for(lambda: "Вам звонила Ромашка. Мы перезвоним." in
                    heard(daemon, VOICEMAIL))
    request = daemon.wait_for_state(ID, "closed")
    assert [call["outcome"] for call in request["calls"]] == ["voicemail"]
    assert not any(line["kind"] == "join" for line in daemon.sandbox.ledger())


# ---- recording

@rules([by_phone("anna", ANNA)], record=True)
def test_a_recorded_talk_is_announced_and_its_place_told(daemon):
    daemon.sandbox.behave(ANNA, **PRESSES_1)
    daemon.available("anna")
    ask(daemon)
    daemon.wait_for(lambda: heard(daemon, ANSWERS) == [
        "Здравствуйте! Это Ромашка, вы просили перезвонить. "
        "Разговор записывается."])
    assert heard(daemon, ANNA)[1:] == ["Разговор записывается."]

    def told():
        return [line["detail"] for line in daemon.request(ID)["story"]
                if line["action"] == "keep_recording"]
    assert daemon.wait_for(told)[0].startswith("https://recordings.example/")


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "call.longest": "2s"})
def test_the_longest_call_is_ended_by_the_network(daemon):
    daemon.sandbox.behave(ANSWERS, talk_for=0)
    daemon.sandbox.behave(VERA, talk_for=0)
    ask(daemon)
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.legs(ANSWERS) == ["completed"]


# ---- whose number the customer sees

@rules(caller_id=["+74951234567", "+74951234568", "+74951234569"])
def test_each_customer_sees_one_number_of_the_list(daemon):
    seen = {}
    for n in range(3):
        number = f"+7900000{n}101"
        name = f"web-1000000{n}"
        daemon.ask({"id": name, "phone": number})
        answer = daemon.wait_for_answer(name, "talking", "done")
        ledger = daemon.sandbox.ledger()
        seen[number] = {line["from"] for line in ledger
                        if line["kind"] == "ring" and line["number"] == number}
        assert seen[number] == {answer["caller_id"]}
        daemon.wait_for_state(name, "wrapping")
        daemon.act(name, "close", disposition="solved")
    used = set().union(*seen.values())
    assert 1 < len(used) and used <= {
        "+74951234567", "+74951234568", "+74951234569"}


# ---- the customer first

@rules(first="customer")
def test_the_customer_is_rung_first(daemon):
    ask(daemon, name="Иван", note="Про вклад", locale="en")
    request = daemon.wait_for_state(ID, "wrapping")
    assert rung(daemon) == [ANSWERS, VERA]
    assert len(daemon.sandbox.posts()) == 1
    assert heard(daemon, ANSWERS)[0] == \
        "Hello! This is Ромашка, calling you back as you asked."
    number = request["number"]
    assert heard(daemon, VERA) == [
        f"Заявка на звонок {number}. Баланс и вклады. Иван."
        " Клиент пишет: Про вклад."]
    assert daemon.story(ID) == [
        "arrive", "join_queue", "offer", "take", "keep_promise", "begin_talk",
        "begin_wrapping"]
    call = request["calls"][0]
    assert call["outcome"] == "answered" and request["attempts"] == 1
    daemon.wait_for_specialist("vera", "wrapping", "idle")


@pytest.mark.parametrize("phone,outcome", [
    (BUSY, "busy"), (SILENT, "no_answer"), (REJECTS, "rejected"),
    (INVALID, None)])
@rules(first="customer")
def test_customer_first_and_not_reached(daemon, phone, outcome):
    ask(daemon, phone)
    request = daemon.wait_for_state(ID, "closed")
    assert VERA not in rung(daemon)
    if outcome is None:
        assert request["reason"] == "invalid_number"
    else:
        assert request["reason"] == "unreachable"
        assert [call["outcome"] for call in request["calls"]] == [outcome]
    daemon.wait_for_specialist("vera", "idle")


@rules(first="customer")
def test_customer_first_and_no_specialist(daemon):
    daemon.sandbox.behave(VERA, does="no_answer")
    ask(daemon)
    request = daemon.wait_for_state(ID, "closed")
    assert request["reason"] == "unreachable" and request["attempts"] == 1
    assert [call["outcome"] for call in request["calls"]] == ["failed"]
    daemon.wait_for(lambda: any(
        words.startswith("Извините, сейчас никто")
        for words in heard(daemon, ANSWERS)))
    assert not any(line["kind"] == "join" for line in daemon.sandbox.ledger())


@rules(first="customer")
def test_customer_first_who_hangs_up_before_the_specialist_is_there(daemon):
    daemon.sandbox.behave(VERA, answer_after=20)
    ask(daemon, HANGS_UP)
    request = daemon.wait_for_state(ID, "scheduled", "closed")
    assert request["calls"][0]["outcome"] == "cancelled"
    assert "begin_talk" not in daemon.story(ID)


@rules(first="customer")
def test_customer_first_and_a_lost_answer(daemon):
    """The order rings the customer: it is looked for, never repeated."""
    daemon.sandbox.faults({"create": {"kind": "close_after"},
                           "webhook": {"kind": "drop", "count": 2}})
    ask(daemon, SILENT)
    request = daemon.wait_for_state(ID, "closed")
    assert [call["outcome"] for call in request["calls"]] == ["no_answer"]
    assert daemon.sandbox.rings(SILENT) == 1
    assert len(daemon.sandbox.posts()) == 1


@pytest.mark.parametrize("presses", [True, False])
@rules(first="customer", customer_confirm=True)
def test_customer_first_with_press_1(daemon, presses):
    daemon.sandbox.behave(ANSWERS, **(PRESSES_1 if presses else {}))
    ask(daemon)
    if presses:
        daemon.wait_for_state(ID, "wrapping")
        assert heard(daemon, ANSWERS) == [
            "Здравствуйте! Это Ромашка, вы просили перезвонить. "
            "Чтобы соединиться, нажмите 1.", "Соединяю.", "До свидания."]
        return
    request = daemon.wait_for_state(ID, "closed")
    assert [call["outcome"] for call in request["calls"]] == ["voicemail"]
    assert VERA not in rung(daemon)


@rules(first="customer", detect_machine=True, voicemail=MESSAGE)
def test_customer_first_and_a_machine(daemon):
    ask(daemon, VOICEMAIL)
    request = daemon.wait_for_state(ID, "closed")
    assert [call["outcome"] for call in request["calls"]] == ["voicemail"]
    assert heard(daemon, VOICEMAIL) == \
        ["Вам звонила Ромашка. Мы перезвоним."]
    assert VERA not in rung(daemon)


@rules([by_phone("anna", ANNA)], first="customer")
def test_who_has_no_desk_is_rung_first_in_any_case(daemon):
    daemon.sandbox.behave(ANNA, **PRESSES_1)
    daemon.available("anna")
    ask(daemon)
    daemon.wait_for_answer(ID, "talking")
    assert rung(daemon) == [ANNA, ANSWERS]


# ---- rules that cannot be kept

@pytest.mark.parametrize("rule,what", [
    ({"first": "customer"}, 'no "customer_first" in can'),
    ({"customer_confirm": True}, 'no "customer_confirm" in can'),
    ({"detect_machine": True}, 'no "detect_machine" in can'),
    ({"record": True}, 'no "record" in can'),
    ({"greeting": "Hello"}, 'no "greet" in can'),
    ({"caller_id": ["+74951234567", "+74951234568"]},
     'no "caller_id" in can'),
    ({"voicemail": MESSAGE}, "needs detect_machine = true"),
    ({"voicemail": MESSAGE, "detect_machine": True},
     'needs first = "customer" or customer_confirm = true'),
    ({"greeting": "Hello {name}"}, "{name}")])
def test_a_rule_that_no_provider_keeps_is_an_error(tmp_path, rule, what):
    harness.need_programs()
    text = (harness.TOP / "config/providers/sandbox.conf").read_text()
    start = text.index("can = [")
    (tmp_path / "poor.conf").write_text(
        text[:start] + text[text.index("];", start) + 2:])
    settings = {**SETTINGS, "queues": queue(**rule), "providers": [
        {"id": "sandbox", "file": "poor.conf",
         "secrets": {"account": "a", "auth_token": "b"}}],
        "state_dir": str(tmp_path)}
    path = tmp_path / "callbackd.conf"
    path.write_text(settings_text(settings))
    checked = subprocess.run([harness.CALLBACKD, "-t", "-c", path],
                             capture_output=True, text=True, check=False)
    assert checked.returncode == 78
    line = next(one for one in checked.stderr.splitlines() if what in one)
    place, number = line.split(":")[:2]
    assert place.endswith("callbackd.conf") and int(number) > 0
    assert f"queues.info.{list(rule)[0]}" in line, json.dumps(rule)
