# SPDX-License-Identifier: MIT
"""The form and the desk as people use them: real browser, real daemon, and the
telephone network. What the daemon does has tests of its own; here it is what is
seen, and what buttons and keys do."""
import copy

import pytest

from company import DISPOSITIONS, SETTINGS, specialist

ANNA = "+79160000001"
ONE = [specialist("anna", ANNA, ("info", 3), confirm="answer")]
SLOW_PHONES = [{"number": ANNA, "name": "Анна", "hand": True}]


def shop_url(daemon):
    return f"http://127.0.0.1:{daemon.port}/shop/"


def desk_url(daemon, who="anna"):
    token = daemon.token_path.read_text(encoding="utf-8").strip()
    return f"http://127.0.0.1:{daemon.port}/desk?as={who}#token={token}"


def phase(page, name, seconds=10):
    page.wait("document.getElementById('work').dataset.phase === '%s'" % name,
              seconds)


def becomes(shop, state):
    shop.wait("document.querySelector('#asked').dataset.state === '%s'"
              % state)


def answer_offer(desk, key):
    """A key pressed in the moment a card appears is not taken for an answer."""
    desk.sees("#offer")
    while not desk.run("document.getElementById('offer').hidden"):
        desk.press(key)
    # However often it was pressed, it was one deed.
    assert desk.run("document.getElementById('notice').hidden") or \
        "Уже не" not in desk.text("#notice")


def fill_form(page, phone="+7 900 000-00-01", name="Мария", note=""):
    page.sees("#ask")
    page.wait("document.getElementById('topic').options.length > 0")
    page.fill("#phone", phone)
    page.fill("#name", name)
    if note:
        page.fill("#note", note)
    page.click("#consent")


def answer_phone(daemon, number=ANNA):
    def rings():
        return daemon.sandbox.http(
            "POST", f"/phones/{number.replace('+', '%2B')}/answer")[0] < 300
    daemon.wait_for(rings)


LOOKS = [
    {"language": "ru", "width": 1280},
    {"language": "en", "width": 1280, "is_dark": True},
    {"language": "ru", "width": 390, "height": 844, "is_dark": True},
    {"language": "en", "width": 390, "height": 844},
]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(
    [look["language"], str(look["width"])]))
def test_from_the_form_to_the_result(start_daemon, open_page, picture, look):
    daemon = start_daemon({"specialists": ONE,
                           "sandbox_url": "http://127.0.0.1:1/phones",
                           "card_url": "https://crm.example/{case}?{phone}",
                           "call.short": "1ms"},
                          clock_scale=0.5, phones=SLOW_PHONES)
    shop = open_page(shop_url(daemon), **look)
    desk = open_page(desk_url(daemon), **look)
    desk.sees("#idle")
    assert "token" not in desk.run("location.href")
    desk.click("#statuses [data-status=available]")
    desk.wait("document.getElementById('idle').dataset.state === 'idle'")
    picture(desk, "1-idle")

    fill_form(shop, note="Где подтверждение?\n<b>Договор</b> 77-12")
    picture(shop, "1-form")
    shop.click("#send")
    shop.sees("#asked")
    assert daemon.request("0001")["number"] in shop.text("#facts")
    picture(shop, "2-waiting")

    desk.sees("#offer-name", "Мария")
    desk.sees("#offer-note", "<b>Договор</b>")
    assert int(desk.text("#offer-left")) > 10
    assert desk.run("document.querySelector('#offer-card a').href").startswith(
        "https://crm.example/")
    picture(desk, "2-offer")
    answer_offer(desk, "a" if look["language"] == "en" else "ф")
    phase(desk, "dialling")
    picture(desk, "3-dialling")
    answer_phone(daemon)
    phase(desk, "talking")
    becomes(shop, "talking")
    picture(shop, "3-talking")

    # Longer than one line of the story, saved and read back in one piece.
    long_note = "Проверила договор, подтверждение ушло второй раз; " * 4
    desk.fill("#note", long_note)
    desk.click("#note-form button")
    desk.sees("#notes", long_note.strip())
    picture(desk, "4-talking")
    desk.run("document.activeElement.blur()")
    desk.press("1")
    desk.sees("#results [aria-pressed=true]", "Решено")
    phase(desk, "wrapping", 20)
    desk.sees("#work-hint", "Решено")
    desk.click("#story summary")
    desk.sees("#story-lines")
    picture(desk, "5-done")
    becomes(shop, "done")
    picture(shop, "4-done")
    desk.click("#ready")
    desk.sees("#idle")

    # After a reload the form still knows; a new one begins empty.
    shop.go(shop_url(daemon))
    becomes(shop, "done")
    shop.click("#again")
    shop.sees("#ask")
    assert shop.run("document.getElementById('phone').value") == ""


def test_errors_stand_beside_their_fields(start_daemon, open_page, picture):
    daemon = start_daemon({"specialists": ONE})
    shop = open_page(shop_url(daemon))
    shop.sees("#ask")
    shop.click("#send")
    shop.sees("#phone-error", "номер")
    shop.sees("#consent-error", "согласие")
    assert shop.run("document.activeElement.id") == "phone"
    fill_form(shop, phone="12")
    shop.click("#send")
    shop.sees("#phone-error", "цифр")
    shop.sees("#form-error")
    picture(shop, "errors")
    assert shop.run("document.getElementById('asked').hidden")


def test_it_is_moved_and_cancelled(start_daemon, open_page, picture):
    daemon = start_daemon({"specialists": ONE})
    shop = open_page(shop_url(daemon))
    fill_form(shop)
    shop.click("#send")
    shop.sees("#asked")
    shop.click("#move-open")
    shop.sees("#move")
    shop.click("#move [type=submit]")
    becomes(shop, "scheduled")
    picture(shop, "scheduled")
    shop.click("#cancel")
    shop.click("#cancel-yes")
    becomes(shop, "cancelled")
    picture(shop, "cancelled")
    assert shop.run("document.getElementById('cancel').hidden")


def test_nothing_is_called_accepted_that_was_not(start_daemon, open_page,
                                                 picture):
    daemon = start_daemon({"specialists": ONE})
    shop = open_page(shop_url(daemon))
    fill_form(shop)
    daemon.end()
    shop.click("#send")
    shop.sees("#form-error", "не удалось отправить")
    picture(shop, "away")
    assert shop.run("document.getElementById('asked').hidden")
    assert shop.run("document.getElementById('phone').value")
    daemon.start()
    shop.click("#send")
    shop.sees("#asked")
    assert daemon.do("GET", "/v1/queues/info")["total"] == 1


def test_the_desk_says_that_it_is_cut_off(start_daemon, open_page, picture):
    daemon = start_daemon({"specialists": ONE})
    desk = open_page(desk_url(daemon))
    desk.sees("#idle")
    daemon.end()
    desk.sees("#lost", "НЕТ СВЯЗИ")
    picture(desk, "lost")
    daemon.start()
    desk.wait("document.getElementById('lost').hidden")


def test_without_the_link_nothing_is_shown(start_daemon, open_page):
    daemon = start_daemon({"specialists": ONE})
    desk = open_page(f"http://127.0.0.1:{daemon.port}/desk?as=anna")
    desk.sees("#login", "ссылк")
    assert desk.run("document.querySelector('main').hidden")
    desk.go(desk_url(daemon, "nobody"))
    desk.sees("#login", "nobody")


def test_pauses_and_who_waits_meanwhile(start_daemon, open_page, picture):
    daemon = start_daemon({"specialists": ONE})
    daemon.ask({"id": "web-waits-1", "phone": "+79000000001"})
    desk = open_page(desk_url(daemon))
    desk.click("#statuses [data-status=paused]")
    desk.click("#pause-reasons button")
    picture(desk, "pause")
    desk.click("#pause [type=submit]")
    desk.sees("#idle-state", "Обед")
    desk.sees("#idle-waiting", "1")
    picture(desk, "paused")
    assert daemon.specialist("anna")["reason"] == "Обед"
    desk.click("#statuses [data-status=available]")
    answer_offer(desk, "d")
    desk.sees("#idle")
    daemon.wait_for_state("web-waits-1", "waiting")


def test_another_call_and_who_is_left_alone(start_daemon, open_page):
    daemon = start_daemon({"specialists": ONE}, clock_scale=0.5)
    desk = open_page(desk_url(daemon), language="en")
    desk.click("#statuses [data-status=available]")
    desk.wait("document.getElementById('idle').dataset.state === 'idle'")
    daemon.do("PUT", "/v1/specialists/anna/elsewhere", {})
    desk.sees("#idle-state", "On another call")
    desk.sees("#hung-up")
    daemon.ask({"id": "web-alone-1", "phone": "+79000000001"})
    daemon.wait_for_state("web-alone-1", "waiting")
    desk.click("#statuses [data-status=off]")
    desk.sees("#notice", "You are the last one in")
    assert daemon.specialist("anna")["state"] == "away"
    desk.click("#statuses [data-status=available]")
    desk.sees("#idle-state", "On another call")
    desk.click("#hung-up")
    daemon.wait_for_state("web-alone-1", "offered")


def test_a_late_one_is_red_and_counts_its_attempts(start_daemon, open_page,
                                                   picture):
    daemon = start_daemon({"specialists": ONE, "window.target": "1s",
                           "window.limit": "2s"})
    daemon.ask({"id": "web-late-1", "phone": "+79000000001", "name": "Пётр",
                "note": "Очень жду", "data": {"order": 77, "vip": True}})
    daemon.wait_for_state("web-late-1", "waiting")
    daemon.wait_for(lambda: daemon.request("web-late-1")["late"])
    desk = open_page(desk_url(daemon))
    desk.click("#statuses [data-status=available]")
    desk.sees("#offer-marks .alarm", "Просрочено")
    picture(desk, "late")
    shop = open_page(shop_url(daemon))
    fill_form(shop, phone="+7 900 000-00-01")
    shop.click("#send")
    shop.sees("#explain", "опаздываем")
    picture(shop, "late-shop")


def by_hand(start_daemon, **changes):
    daemon = start_daemon({"specialists": ONE, "voice": ["manual"],
                           "call.short": "1ms", **changes})
    daemon.available("anna")
    daemon.ask({"id": "web-hand-1", "phone": "+79000000001", "name": "Пётр"})
    return daemon


def talk_by_hand(desk):
    desk.sees("#work-hand")
    # While one deed is under way, a click is none.
    desk.wait("!document.body.classList.contains('acting')")
    desk.click("#hand-deeds [data-progress=answered]")
    phase(desk, "talking")
    desk.click("#hand-deeds [data-t=handOver]")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(
    [look["language"], str(look["width"])]))
def test_what_else_the_customer_asked_for(start_daemon, open_page, picture, look):
    queues = copy.deepcopy(SETTINGS["queues"])
    queues[0]["dispositions"] = ["solved", "to_delivery"]
    daemon = start_daemon({
        "queues": queues, "specialists": ONE, "dispositions": [
            *DISPOSITIONS, {"key": 9, "id": "to_delivery", "title": "В доставку",
                            "then": "pass", "queue": "delivery"}]})
    for name, more in (("web-before", {}), ("web-parcel", {"topic": "delivery"})):
        daemon.ask({"id": name, "phone": "+79000000001", **more})
        daemon.wait_for_state(name, "waiting")
    daemon.act("web-before", "close", disposition="solved")
    daemon.ask({"id": "web-third", "phone": "+79000000001", "name": "Мария"})
    daemon.wait_for_state("web-third", "waiting")
    parcel = daemon.request("web-parcel")["number"]
    desk = open_page(desk_url(daemon), **look)
    desk.click("#statuses [data-status=available]")
    is_russian = look["language"] == "ru"
    desk.sees("#offer-marks", "3-е обращение за 30 дней" if is_russian else
              "3 cases in 30 days")
    desk.sees("#offer-marks", "Открыто также: Доставка, обращение " + parcel
              if is_russian else "Also open: Доставка, case " + parcel)
    picture(desk, "1-offer")
    answer_offer(desk, "ф" if is_russian else "a")
    desk.sees("#work-marks", parcel)
    # Its queue has two results, and the second says where it goes.
    buttons = "[...document.querySelectorAll('#results button.result span')]"
    assert desk.run(buttons + ".map((one) => one.textContent).join()") == \
        "Решено,В доставку"
    picture(desk, "2-work")
    desk.run("document.activeElement.blur()")
    desk.press("9")
    daemon.wait_for(lambda: daemon.request("web-third")["queue"] == "delivery" or
                    daemon.request("web-third").get("disposition") == "to_delivery")


def test_a_call_by_hand(start_daemon, open_page, picture):
    daemon = by_hand(start_daemon)
    desk = open_page(desk_url(daemon))
    answer_offer(desk, "Enter")
    desk.sees("#hand-tel", "+7 900 000-00-01")
    assert desk.run("document.getElementById('hand-tel').href") == \
        "tel:+79000000001"
    picture(desk, "dials")
    desk.click("#hand-deeds [data-progress=ringing]")
    desk.sees("#work-state", "Звонит телефон клиента")
    desk.click("#hand-deeds [data-progress=answered]")
    phase(desk, "talking")
    picture(desk, "talks")
    desk.click("#hand-deeds [data-t=handOver]")
    phase(desk, "wrapping")
    picture(desk, "wrapping")
    # To call again needs a moment.
    desk.press("2")
    desk.sees("#results .more")
    picture(desk, "when")
    desk.click("#results .more .call")
    desk.sees("#notice", "Перезвонить")
    daemon.wait_for_state("web-hand-1", "scheduled")


def test_it_is_passed_on_with_its_notes(start_daemon, open_page, picture):
    both = [ONE[0], specialist("boris", "+79160000012", ("delivery", 3))]
    daemon = by_hand(start_daemon, specialists=both)
    desk = open_page(desk_url(daemon))
    answer_offer(desk, "a")
    talk_by_hand(desk)
    phase(desk, "wrapping")
    desk.fill("#note", "Курьер не приехал")
    desk.run("document.activeElement.blur()")
    desk.press("3")
    desk.sees("#results .more", "Доставка")
    picture(desk, "where")
    desk.click("#results .more .call")
    desk.sees("#notice", "Передать")
    daemon.available("boris")
    other = open_page(desk_url(daemon, "boris"))
    other.sees("#offer-marks", "Продолжение")
    answer_offer(other, "a")
    other.sees("#notes", "Курьер не приехал")
    picture(other, "continued")


def test_taken_first_and_called_when_ready(start_daemon, open_page, picture):
    queues = copy.deepcopy(SETTINGS["queues"])
    queues[1]["passed"] = {"limit": "4h", "dial": "when_ready"}
    daemon = by_hand(start_daemon, queues=queues, specialists=[
        specialist("anna", ANNA, ("info", 3), ("delivery", 3),
                   confirm="answer")])
    desk = open_page(desk_url(daemon))
    daemon.wait_for_state("web-hand-1", "offered", "waiting")
    daemon.act("web-hand-1", "pass", queue="delivery")
    desk.sees("#offer-marks", "Продолжение")
    answer_offer(desk, "a")
    desk.sees("#open-list", "взяли вы, позвонить до")
    picture(desk, "taken")
    desk.click("#open-list .call")
    daemon.wait_for_state("web-hand-1", "calling")
    desk.wait("document.getElementById('open').hidden")


def test_results_that_wait(start_daemon, open_page, picture):
    daemon = by_hand(start_daemon, **{"result.wait": "1s"})
    desk = open_page(desk_url(daemon))
    answer_offer(desk, "a")
    talk_by_hand(desk)
    # While it is in hand, its buttons stay where they were.
    daemon.wait_for_state("web-hand-1", "referred")
    desk.sees("#results")
    desk.wait("document.getElementById('open').hidden")
    desk.click("#ready")
    desk.sees("#open-list", "Пётр")
    picture(desk, "open")
    desk.click("#open-list .result.close")
    daemon.wait_for_state("web-hand-1", "closed")
    desk.wait("document.getElementById('open').hidden")


def test_a_short_talk_is_no_result(start_daemon, open_page, picture):
    daemon = by_hand(start_daemon, **{"call.short": "1m"})
    desk = open_page(desk_url(daemon))
    answer_offer(desk, "a")
    talk_by_hand(desk)
    desk.sees("#work-state", "коротким")
    desk.sees("#work-hint", "Позвоним снова")
    picture(desk, "short")
    desk.press("1")
    daemon.wait_for_state("web-hand-1", "closed")
    desk.sees("#work-state", "записан")


def test_whoever_is_second_is_told(start_daemon, open_page):
    daemon = by_hand(start_daemon)
    desk = open_page(desk_url(daemon))
    desk.sees("#offer")
    # Cancelled under their eyes: the page does not know yet, and its button
    # is pressed.
    desk.run("window.fetchLater = window.fetch; window.fetch = (path, rest) =>"
             " path.startsWith('/v1/desk') ? new Promise((_, no) => { window.letGo = no; }) :"
             " window.fetchLater(path, rest)")
    daemon.act("web-hand-1", "cancel")
    desk.wait("document.getElementById('accept').click() ||"
              " !document.getElementById('notice').hidden")
    assert "Уже не получится" in desk.text("#notice")
    desk.run("window.fetch = window.fetchLater; window.letGo()")
    desk.sees("#idle")


RIGHT_AFTER = [{"language": "ru"}, {"language": "en", "width": 360, "height": 780,
                                    "is_dark": True},
               {"language": "en", "is_dark": True},
               {"language": "ru", "width": 360, "height": 780}]


def name_of(look):
    return "-".join([look["language"], str(look.get("width", 1280))])


def close_wrongly(desk):
    talk_by_hand(desk)
    phase(desk, "wrapping")
    desk.press("1")
    desk.sees("#closed-list li", "Решено")


@pytest.mark.parametrize("look", RIGHT_AFTER, ids=name_of)
def test_a_wrong_result_is_opened_again(start_daemon, open_page, picture, look):
    daemon = by_hand(start_daemon)
    desk = open_page(desk_url(daemon), **look)
    answer_offer(desk, "a")
    assert desk.run("document.getElementById('closed').hidden")
    close_wrongly(desk)
    picture(desk, "1-closed")
    # It survives the page and the daemon; with the keyboard alone.
    daemon.restart()
    desk.run("window.isOld = true")
    desk.order("Page.reload")
    desk.wait("window.isOld === undefined")
    desk.sees("#closed-list li", "Пётр")
    desk.run("document.querySelector('#closed-list button').focus()")
    desk.press("Enter")
    desk.sees("#closed-list form")
    picture(desk, "2-sure")
    desk.press("Escape")
    desk.wait("document.querySelector('#closed-list form').hidden")
    assert desk.run("document.activeElement === "
                    "document.querySelector('#closed-list button')")
    desk.press("Enter")
    assert daemon.request("web-hand-1")["state"] == "closed"
    desk.press("Enter")
    answer_offer(desk, "a")
    again = daemon.request("web-hand-1")
    assert (again["source"], again["specialist"]) == ("reopened", "anna")
    desk.sees("#closed-list li", "снова: звоним" if look["language"] == "ru"
              else "Reopened: being called")
    assert not desk.run("document.querySelector('#closed-list button')"
                        ".checkVisibility()")
    assert desk.run("document.documentElement.scrollWidth <= innerWidth")
    picture(desk, "3-reopened")
    close_wrongly(desk)
    desk.wait("document.querySelectorAll('#closed-list li').length === 2")
    desk.sees("#closed-list li:last-child .place",
              "уже закрыта" if look["language"] == "ru" else "closed by now")
    picture(desk, "4-both")


@pytest.mark.parametrize("look", RIGHT_AFTER[:2], ids=name_of)
def test_a_wrong_result_during_the_talk_is_opened_again(
        start_daemon, open_page, picture, look):
    """They still wrap up: the offer comes when they are ready."""
    daemon = start_daemon({"specialists": ONE, "call.short": "1ms",
                           "offer.wrap_up": "1m"}, clock_scale=0.5)
    desk = open_page(desk_url(daemon), **look)
    daemon.available("anna")
    daemon.ask({"id": "web-talk-1", "phone": "+79000000001", "name": "Пётр"})
    answer_offer(desk, "a")
    phase(desk, "talking")
    desk.press("1")
    phase(desk, "wrapping", 20)
    desk.sees("#work-hint", "снова ниже" if look["language"] == "ru"
              else "reopen the request below")
    picture(desk, "1-noted")
    desk.click("#closed-list button")
    desk.click("#closed-list .call")
    desk.sees("#closed-list .place", "ждёт в очереди"
              if look["language"] == "ru" else "waiting in the queue")
    desk.sees("#notice", "снова" if look["language"] == "ru" else "Reopened")
    assert desk.run("document.activeElement.className") == "place"
    picture(desk, "2-waits")
    desk.click("#ready")
    answer_offer(desk, "a")
    phase(desk, "talking")


@pytest.mark.parametrize("look", RIGHT_AFTER[:2], ids=name_of)
def test_what_cannot_be_opened_again_says_why(start_daemon, open_page, picture,
                                              look):
    both = [ONE[0], specialist("boris", "+79160000012", ("info", 1))]
    daemon = by_hand(start_daemon, specialists=both)
    desk = open_page(desk_url(daemon), **look)
    answer_offer(desk, "a")
    close_wrongly(desk)
    # Their customer has asked anew meanwhile, and somebody else has it.
    daemon.do("PUT", "/v1/specialists/anna", {"status": "paused"})
    daemon.available("boris")
    daemon.ask({"id": "web-anew-1", "phone": "+79000000001", "name": "Пётр"})
    daemon.wait_for_state("web-anew-1", "offered")
    daemon.act("web-anew-1", "accept", **{"as": "boris"})
    number = daemon.request("web-anew-1")["number"]
    desk.click("#closed-list button")
    desk.click("#closed-list .call")
    desk.sees("#notice", number)
    desk.sees("#notice", "Boris")
    picture(desk, "1-goes-on")
    desk.sees("#closed-list .place", "Boris")
    # And who wants no calls gets none.
    daemon.act("web-anew-1", "close", disposition="solved", **{"as": "boris"})
    daemon.do("POST", "/v1/suppressed/+79000000001/suppress", {"reason": "x"})
    other = open_page(desk_url(daemon, "boris"), **look)
    other.sees("#closed-list .place", "не звонить" if look["language"] == "ru"
               else "no calls")
    picture(other, "2-barred")
    # A page that has lost its server says so, and keeps the question.
    daemon.do("POST", "/v1/suppressed/+79000000001/unsuppress", {"reason": "x"})
    other.click("#closed-list button")
    other.run("window.fetch = () => Promise.reject(new Error('cut off'))")
    other.click("#closed-list .call")
    other.sees("#notice.bad")
    picture(other, "3-cut-off")
    assert daemon.request("web-anew-1").get("next") is None


def test_who_must_not_be_called_is_asked_about(start_daemon, open_page):
    more = DISPOSITIONS + [{"key": 8, "id": "no_calls",
                            "title": "Просил не звонить", "then": "suppress"}]
    daemon = by_hand(start_daemon, dispositions=more)
    desk = open_page(desk_url(daemon))
    answer_offer(desk, "a")
    desk.sees("#work")
    desk.press("8")
    desk.sees("#results .more", "никогда")
    assert daemon.request("web-hand-1")["state"] == "calling"
    desk.click("#results .more .stop")
    daemon.wait_for_state("web-hand-1", "closed")


def test_a_supervisor_decides_about_blocks(start_daemon, open_page, picture):
    more = DISPOSITIONS + [{"key": 9, "id": "abuse", "title": "Злоупотребление",
                            "then": "propose_block", "block": "30d"}]
    daemon = by_hand(start_daemon, dispositions=more, specialists=[
        *ONE, specialist("olga", "+79160000015", ("directors", 3), supervisor=True)])
    daemon.act("web-hand-1", "close", disposition="abuse", **{"as": "anna"})
    phone = daemon.redis.hkeys(daemon.key("blocked"))[0]
    desk = open_page(desk_url(daemon, "olga"))
    desk.sees("#blocked-list", "anna")
    desk.sees("#blocked-list", "abuse")
    picture(desk, "proposed")
    desk.click("#blocked-list .stop")
    desk.sees("#notice", "Заблокирован")
    assert '"state":"confirmed"' in daemon.redis.hget(daemon.key("blocked"), phone)
    desk.wait("document.getElementById('blocked').hidden")
    # A specialist is not shown what is not theirs to decide.
    daemon.do("POST", f"/v1/blocked/{phone}/unblock", {"reason": "x"})
    other = open_page(desk_url(daemon))
    other.sees("#idle")
    assert other.run("document.getElementById('blocked').hidden")


@pytest.mark.parametrize("look", [{}, {"width": 360, "height": 780,
                                       "is_dark": True}],
                         ids=["wide", "narrow"])
def test_a_silent_line_and_a_call_by_hand(start_daemon, open_page, picture,
                                          look):
    """No provider is reached: the desk says since when, and the next can be called."""
    daemon = start_daemon({
        "specialists": [*ONE, specialist("vera", "+79160000014", ("info", 3),
                                         accept="automatic")],
        "provider": {"base": "http://127.0.0.1:1", "timeout": "1s"},
        "breaker.probe": "1m", "breaker.failures": 1, "offer.rest": "100ms"})
    desk = open_page(desk_url(daemon), **look)
    desk.sees("#idle")
    desk.click("#statuses [data-status=available]")
    assert desk.run("document.getElementById('silent').hidden")
    daemon.ask({"id": "web-00000001", "phone": "+79000000001", "name": "Мария"})
    desk.sees("#silent-text", "ЛИНИЯ МОЛЧИТ")
    desk.sees("#silent-text", "ждут: 1")
    picture(desk, "1-silent")
    desk.click("#by-hand")
    desk.sees("#hand-tel")
    assert daemon.request("web-00000001")["specialist"] == "anna"
    picture(desk, "2-by-hand")


# ---- messages

TEXTS = {"deferred": "{company}: позвоним {day} {from}-{to} с {caller_id}",
         "soon": "{company}: звоним с {caller_id}",
         "late": "{company}: простите, позвоним до {promise}",
         "unreachable": "{company}: не дозвонились, {number}"}
WRITTEN = {"text": ["sandbox"], "messages": TEXTS, "call.short": "1ms",
           "messages.quiet": {"from": "00:00", "to": "00:00"},
           "specialists": ONE, "telephony.poll": "60s",
           "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
           "provider": {"timeout": "1s"}}
NARROW = [look | {"width": 360, "height": 780} for look in LOOKS[:2]]
WIDE = [look | {"width": 1440} for look in LOOKS[:2]]


@pytest.mark.parametrize("look", NARROW + WIDE, ids=lambda look: "-".join(
    [look["language"], str(look["width"])]))
def test_messages_stand_on_the_card(start_daemon, open_page, picture, look):
    """One that arrived, one that the provider refused, one of which nobody knows, and
    one that its number wanted no more."""
    daemon = start_daemon({**WRITTEN, "voice": ["manual"],
                           "telephony.look_up": "200ms",
                           "telephony.quarantine": "1s"},
                          clock_scale=0.02)
    url = f"http://127.0.0.1:{daemon.port}/hooks/sandbox"
    assert daemon.sandbox.http("PUT", "/sandbox/inbound", {"url": url})[0] == 200
    desk = open_page(desk_url(daemon), **look)
    desk.sees("#idle")
    states = ["delivered", "failed", "unknown", "suppressed"]
    for state in states:
        number = "+79000000" + {"failed": "112"}.get(state, "101")
        if state == "unknown":
            daemon.sandbox.faults({"sms": {"kind": "500_before", "count": 9}})
        if state == "suppressed":
            daemon.sandbox.http("POST", f"/sandbox/phones/{number}/write",
                                {"to": "+74951234567", "text": "STOP"})
            daemon.wait_for(lambda: daemon.redis.hlen(daemon.key("suppressed")))
        name = "web-" + state
        daemon.ask({"id": name, "phone": number, "sms": True, "name": "Мария"})
        daemon.wait_for(lambda: daemon.answer(name))
        daemon.wait_for(lambda: any(
            one["kind"] == "late" and one.get("reason") == state
            for one in daemon.do(
                "GET", f"/v1/messages?request={name}")["messages"]))
        desk.click("#statuses [data-status=available]")
        answer_offer(desk, "a" if look["language"] == "en" else "ф")
        desk.sees("#letters li" + (".failed" if state == "failed" else ""))
        desk.sees("#letters", "простите")
        picture(desk, state)
        assert desk.run("document.documentElement.scrollWidth <= innerWidth")
        talk_by_hand(desk)
        phase(desk, "wrapping")
        daemon.act(name, "close", disposition="solved")
        daemon.available("anna")
        desk.sees("#idle")


@pytest.mark.parametrize("look", NARROW, ids=lambda look: look["language"])
def test_a_form_allows_messages(start_daemon, open_page, picture, look):
    daemon = start_daemon(WRITTEN)
    for is_allowed in (False, True):
        shop = open_page(shop_url(daemon), **look)
        fill_form(shop, phone=f"+7 900 000-01-{21 + is_allowed}")
        shop.sees("#sms-field")
        if is_allowed:
            shop.click("#sms")
            picture(shop, "ticked")
        shop.click("#send")
        shop.sees("#asked")
        keys = daemon.redis.keys(daemon.key("request:*"))
        may = {daemon.redis.hget(key, "phone"): daemon.redis.hget(key, "sms")
               for key in keys}
        assert (may[f"+790000001{21 + is_allowed}"] == "1") == is_allowed


@pytest.mark.parametrize("look", NARROW + WIDE, ids=lambda look: "-".join(
    [look["language"], str(look["width"])]))
def test_the_phones_write_and_call_a_number(start_daemon, open_page, picture,
                                            look):
    daemon = start_daemon({**WRITTEN, "lines": ({"number": "+74951234567",
                                                 "queue": "info"},)},
                          phones=[{"number": "+79000000101", "name": "Мария",
                                   "hand": True}])
    hooks = f"http://127.0.0.1:{daemon.port}/hooks/sandbox"
    daemon.sandbox.http("PUT", "/sandbox/lines/+74951234567", {
        "url": hooks + "/line", "status_url": hooks + "/line?q=over",
        "text_url": hooks})
    daemon.ask({"id": "web-wrote-1", "phone": "+79000000101", "sms": True})
    page = open_page(daemon.sandbox.url + "/phones", **look)
    page.sees("#messages", "простите")
    picture(page, "1-written")
    # Somebody who has heard from us answers.
    page.fill("#write-number", "+7 900 000-01-01")
    page.fill("#write-text", "СТОП")
    page.click("#write button")
    page.sees("#messages", "СТОП")
    page.sees("#messages", "больше не будет")
    page.run("document.getElementById('write').reset()")
    page.fill("#write-number", "12")
    page.fill("#write-text", "?")
    page.click("#write button")
    page.wait("document.getElementById('write-error').textContent !== ''")
    picture(page, "2-stopped")
    # And calls our number.
    page.click(".card .deeds button:not([hidden]):not(.plain)")
    page.sees(".card .heard q")
    picture(page, "3-calls")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    page.press("1")
