# SPDX-License-Identifier: MIT
"""Fixtures of the tests of the pages: a daemon as in tests/e2e, and pages in
Debian's chromium. Skipped where chromium is not installed: it is none of the
packages that ./dev needs.

    CALLBACKD_BUILD=$PWD/build/plain /usr/bin/python3 -m pytest tests/browser

With CALLBACKD_PICTURES=FOLDER each test leaves pictures of what it saw there.
"""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import chromium  # noqa: E402  (found by the line above)
import harness  # noqa: E402


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
def open_page():
    """Opens pages, each in a browser of its own; none may have had an error."""
    if chromium.PROGRAM is None:
        pytest.skip("chromium is not installed")
    pages = []

    def open_one(url, **options):
        page = chromium.Browser(**options)
        pages.append(page)
        page.go(url)
        return page

    yield open_one
    try:
        for page in pages:
            page.run("0")       # what is still on its way arrives before this
        errors = [error for page in pages for error in page.errors]
    finally:
        for page in pages:
            page.close()
    assert not errors, "\n".join(errors)


@pytest.fixture
def picture(request):
    """picture(page, "name") keeps a look at the page, where that is wanted."""
    folder = os.environ.get("CALLBACKD_PICTURES")

    def take(page, name):
        if folder:
            page.picture(pathlib.Path(folder) /
                         f"{request.node.name}-{name}.png")
    return take
