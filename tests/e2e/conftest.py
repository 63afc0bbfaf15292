# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests.

    def test_something(daemon): …

    @pytest.mark.settings({"window.limit": "20s"}, clock_scale=0.01)
    def test_in_a_hurry(daemon): …

    def test_two_of_them(start_daemon):
        first, second = start_daemon(), start_daemon({"site": "other"})

What a daemon can be asked is described in harness.py.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402  (found by the line above)
from lines import Lines  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "settings(changes, clock_scale=0.05, phones=None): "
        "what is other than company.SETTINGS, the network's haste and phones")
    config.addinivalue_line("markers", "daemon: needs a running callbackd")


@pytest.fixture
def start_daemon():
    """Starts daemons; all end with the test, and must end cleanly."""
    harness.need_programs()
    world = harness.World()
    try:
        yield world.start
    finally:
        world.end()


@pytest.fixture
def daemon(request, start_daemon):
    """One daemon, running; its network is daemon.sandbox."""
    mark = request.node.get_closest_marker("settings")
    if mark is None:
        return start_daemon()
    return start_daemon(*mark.args, **mark.kwargs)


@pytest.fixture
def lines():
    """Two networks; .start(changes) starts daemons between them."""
    found = Lines()
    try:
        yield found
    finally:
        found.end()
