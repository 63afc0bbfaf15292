# SPDX-License-Identifier: MIT
"""The company of the end-to-end tests, and how its settings become a file."""
import copy


def libconfig(value, indent=""):
    """A Python value as libconfig writes it; a list of scalars as an array, a
    tuple as a list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    deeper = indent + "  "
    if isinstance(value, (list, tuple)):
        text = ", ".join(libconfig(one, deeper) for one in value)
        is_array = isinstance(value, list) and \
            len({type(one) for one in value} - {bool, int, float, str}) == 0
        return f"[ {text} ]" if is_array else f"( {text} )"
    return "{\n%s%s}" % (settings_text(value, deeper), indent)


def settings_text(settings, indent=""):
    return "".join(f"{indent}{name} = {libconfig(value, indent)};\n"
                   for name, value in settings.items() if value is not None)


def override(settings, changes):
    """Sets "window.limit" and the like; a list is replaced as a whole, and None
    takes the setting away."""
    result = copy.deepcopy(settings)
    for path, value in changes.items():
        *groups, name = path.split(".")
        place = result
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return result


DISPOSITIONS = [
    {"key": 1, "id": "solved", "title": "Решено", "then": "close"},
    {"key": 2, "id": "later", "title": "Перезвонить", "then": "schedule"},
    {"key": 3, "id": "pass", "title": "Передать дальше", "then": "pass"},
    {"key": 4, "id": "voicemail", "title": "Автоответчик", "then": "retry"},
    {"key": 5, "id": "wrong", "title": "Не тот человек", "then": "close"},
]


def specialist(name, to, *queues, **more):
    """One of the list "specialists"; queues as ("info", 3)."""
    return {"id": name, "name": name.capitalize(), "to": to,
            "queues": list(queues), **more}


SETTINGS = {
    "site": "test",
    "company": "Ромашка",
    "zone": "Europe/Moscow",
    "language": "ru",
    "allow_test_settings": True,
    "redis": "embedded",
    "embedded": {"port": 0},
    "http": {},
    "phones": {"home": "RU", "allow": ["RU", "US"]},
    "queues": [
        {"id": "info", "title": "Баланс и вклады", "default": True,
         "caller_id": "+74951234567", "pass_to": ["delivery", "directors"]},
        {"id": "delivery", "title": "Доставка",
         "caller_id": "+74951234567", "pass_to": ["directors", "info"]},
        {"id": "directors", "title": "Дирекция", "public": False,
         "caller_id": "+74951234567", "pass_to": ["info", "delivery"]},
    ],
    "specialists": [
        specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
        specialist("boris", "+79160000012", ("info", 2), ("delivery", 1),
                   confirm="answer"),
    ],
    # A talk of 8 s lasts 0.4 s in a network twenty times as fast.
    "call": {"short": "100ms"},
    "voice": ["sandbox"],
    "dispositions": DISPOSITIONS,
}

# Rules for who is in a hurry; offers stay long, so that a test is never late.
QUICK = {
    "offer.wrap_up": "200ms", "offer.rest": "100ms",
    "offer.cool_off_declined": "300ms", "offer.cool_off_ignored": "300ms",
    "retry.after": ["200ms", "300ms"],
    "call.ring": "5s",
    "telephony.look_up": "200ms", "telephony.poll": "1s",
    "telephony.quarantine": "2s", "telephony.place_lease": "16s",
    "provider": {"timeout": "1s"},
}

AUTOMATIC = specialist("vera", "+79160000014", ("info", 3), ("delivery", 3),
                       ("directors", 3), confirm="answer", accept="automatic")


def by_phone(name, to, *queues, **more):
    """A specialist without a desk: their phone rings for each offer."""
    return specialist(name, to, *queues or [("info", 3)], offers=["phone"],
                      **more)
