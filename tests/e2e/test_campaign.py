# SPDX-License-Identifier: MIT
"""A short random campaign (tests/chaos/campaign.py) with each run of the tests.
Another seed each time; the one that found a fault is in the failure's text, and
CALLBACKD_SEED takes it."""
import os
import pathlib
import random
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import campaign  # noqa: E402  (found by the line above)

SECONDS = 10


def run(daemon_count, kills):
    harness.need_programs()
    seed = int(os.environ.get("CALLBACKD_SEED", random.randrange(1 << 32)))
    said = []
    faults = campaign.run(SECONDS, seed, daemon_count, kills, said.append)
    assert not faults, "\n".join([*said, *faults[:20]])


def test_one_daemon():
    run(1, kills=False)


def test_two_daemons_that_are_killed():
    run(2, kills=True)
