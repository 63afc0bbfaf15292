# SPDX-License-Identifier: MIT
"""A callback placed by callbackd makes two real telephones talk: Kamailio and two
baresip phones from Debian's packages, each of which plays a tone of its own and
records what it hears. Skipped where they are not installed:

    apt-get install --no-install-recommends kamailio kamailio-json-modules \\
        kamailio-utils-modules baresip-core
"""
import array
import math
import pathlib
import random
import shutil
import socket
import urllib.error
import urllib.request
import wave

import pytest

from company import AUTOMATIC, QUICK
from harness import Program
from test_calls import ANSWERS, ID, VERA, asked

HERE = pathlib.Path(__file__).parent / "kamailio"
RATE, AGENT_HZ, CUSTOMER_HZ = 8000, 440, 1000
SECRET = "kamailio secret"
HEARD_S = 1                     # of the other's tone


def modules_of(program, *needed):
    """Where a program of Debian has its modules; None: not with all of these."""
    if shutil.which(program) is None:
        return None
    for folder in pathlib.Path("/usr/lib").glob(f"**/{program}/modules"):
        if all((folder / one).exists() for one in needed):
            return folder
    return None


BARESIP = modules_of("baresip", "aufile.so", "sndfile.so")
pytestmark = pytest.mark.skipif(
    BARESIP is None or
    modules_of("kamailio", "json.so", "http_client.so") is None,
    reason="needs the packages kamailio, kamailio-json-modules, "
           "kamailio-utils-modules and baresip-core")


def free_sip_port():
    """Even, free for UDP and TCP alike, and none that the system gives away."""
    while True:
        port = random.randrange(20000, 32000, 2)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue


def write_tone(path, frequency, seconds=60):
    samples = array.array("h", (
        int(8000 * math.sin(2 * math.pi * frequency * n / RATE))
        for n in range(RATE)))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for _ in range(seconds):
            out.writeframes(samples.tobytes())


def strength(samples, frequency):
    """Of a tone, as a share of all there is; Goertzel's filter."""
    turn = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for one in samples:
        before, last = last, one + turn * last - before
    power = before * before + last * last - turn * before * last
    whole = sum(one * one for one in samples)
    return 2 * power / (len(samples) * whole) if whole else 0.0


class Phone(Program):
    """baresip: answers at once, plays a tone, records what it hears."""

    def __init__(self, folder, name, frequency):
        self.folder = folder / name
        self.folder.mkdir()
        self.port = free_sip_port()
        write_tone(self.folder / "tone.wav", frequency)
        rtp = free_sip_port()
        (self.folder / "accounts").write_text(
            f"<sip:{name}@127.0.0.1:{self.port}>;regint=0;answermode=auto;"
            "audio_codecs=PCMU/8000/1\n", encoding="utf-8")
        (self.folder / "config").write_text(f"""\
sip_listen 127.0.0.1:{self.port}
rtp_ports {rtp}-{rtp + 8}
net_interface 127.0.0.1
audio_source aufile,{self.folder / "tone.wav"}
audio_player aubridge,nobody
audio_alert aubridge,nobody
snd_path {self.folder}
module_path {BARESIP}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
""", encoding="utf-8")
        super().__init__(name, ["baresip", "-f", self.folder],
                         self.folder / "log")
        self.start()
        self.wait_until_ready(lambda: "baresip is ready" in self.log())

    def heard(self):
        """The last second it recorded; None: less than that so far."""
        for path in self.folder.glob("dump-*dec.wav"):
            break
        else:
            return None
        # The length in the head is written at the end.
        data = path.read_bytes()[44:]
        samples = array.array("h", data[:len(data) & ~1])[-RATE * HEARD_S:]
        return samples if len(samples) == RATE * HEARD_S else None


class Kamailio(Program):
    def __init__(self, folder, agent, customer):
        self.folder = folder
        self.sip_port, self.port = free_sip_port(), free_sip_port()
        self.agent, self.customer = agent, customer
        super().__init__("kamailio", [
            "kamailio", "-f", folder / "kamailio.cfg", "-DD", "-E", "-m", "32",
            "-M", "4", "-Y", folder, "-w", folder], folder / "kamailio.log")

    def serve(self, hook):
        text = (HERE / "kamailio.cfg").read_text(encoding="utf-8")
        for name, value in {
                "HOOK": hook.replace("/", "\\/"), "SECRET": SECRET,
                "SIP_PORT": self.sip_port, "HTTP_PORT": self.port,
                "AGENT": VERA, "CUSTOMER": ANSWERS,
                "AGENT_PORT": self.agent.port,
                "CUSTOMER_PORT": self.customer.port}.items():
            text = text.replace(f"@{name}@", str(value))
        (self.folder / "kamailio.cfg").write_text(text, encoding="utf-8")
        self.start()
        self.wait_until_ready(self.answers)

    def answers(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/calls/0",
                                   timeout=2)
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False
        return False


@pytest.fixture
def network(tmp_path):
    programs = []
    try:
        for name, frequency in (("agent", AGENT_HZ), ("customer", CUSTOMER_HZ)):
            programs.append(Phone(tmp_path, name, frequency))
        programs.append(Kamailio(tmp_path, *programs))
        yield programs[-1]
    finally:
        # The network last: they say goodbye to each other.
        for one in programs:
            one.end()


@pytest.fixture
def daemon(network, start_daemon):
    daemon = start_daemon({
        **QUICK, "specialists": [AUTOMATIC],
        "voice": ["kamailio"],
        "provider": {"id": "kamailio", "file": str(HERE / "kamailio.conf"),
                     "private": True, "timeout": "1s",
                     "base": f"http://127.0.0.1:{network.port}",
                     "secrets": {"secret": SECRET}}})
    network.serve(f"http://127.0.0.1:{daemon.port}/hooks/kamailio")
    return daemon


def test_two_real_phones_talk(daemon, network):
    agent, customer = network.agent, network.customer

    def hears(phone, theirs, own):
        samples = phone.heard()
        return samples and strength(samples, theirs) > 0.9 and \
            strength(samples, own) < 0.01

    asked(daemon)
    daemon.wait_for_state(ID, "talking", seconds=20)
    daemon.wait_for(lambda: hears(agent, CUSTOMER_HZ, AGENT_HZ), 15)
    daemon.wait_for(lambda: hears(customer, AGENT_HZ, CUSTOMER_HZ), 15)
    # The customer's phone says goodbye when it is switched off.
    customer.end()
    request = daemon.wait_for_state(ID, "wrapping", seconds=10)
    assert [call["outcome"] for call in request["calls"]] == ["answered"]
    assert request["attempts"] == 1
