"""For all tests under pytest: what waits for something that never comes fails, and the rest go on."""

import signal

import pytest

HANGS_S = 900  # far beyond what any test takes on the slowest machine: not a measure of speed


@pytest.fixture(autouse=True)
def fail_when_hanging():
    def hang(number, frame):
        raise TimeoutError(f"nothing has come of it in {HANGS_S} seconds")

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANGS_S)
    yield
    signal.alarm(0)
