"""Fixtures of the end-to-end tests. PRECIS_PROGRAM names the program (build/server/precis)."""

import pytest

import redis_server
import service as running
import sharing


def pytest_configure(config):
    config.addinivalue_line("markers", "concurrency: many clients at once; also run under TSan")
    config.addinivalue_line("markers", "faults: on the release build; sanitizers themselves do not survive a lack of memory")
    config.addinivalue_line("markers", "sandbox: on the release build, too; sanitizers have no sandbox")
    config.addinivalue_line("markers", "corpora: measured on the release build, if PRECIS_EVAL is set")


@pytest.fixture
def start_service(tmp_path):
    """start_service("--queue", 4, env={...}): the test's own service, checked when it ends."""
    services = []

    def start(*options, **settings):
        services.append(running.Service(tmp_path, *options, **settings))
        return services[-1]

    yield start
    faults = []
    for service in services:
        try:
            service.stop()
        except AssertionError as fault:
            faults.append(str(fault))
    assert not faults, "\n".join(faults)


@pytest.fixture
def start_redis(tmp_path):
    """start_redis("--maxmemory", "2mb"): the test's own Redis server."""
    servers = []

    def start(*options, **settings):
        servers.append(redis_server.Redis(tmp_path, *options, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def start_instance(start_service):
    """An instance that shares through `url` and has connected to it."""
    def start(url, *options, up=True, **settings):
        instance = start_service("--cache-url", url, "--url-allow-nets", running.LOOPBACK, *options, **settings)
        if up:
            sharing.wait_for_state(instance, 1)
        return instance
    return start


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """One service for every test that needs no options; it may download from loopback."""
    service = running.Service(tmp_path_factory.mktemp("service"), "--url-allow-nets", running.LOOPBACK)
    before = service.figures()
    yield service
    # Whatever was requested, cut off or left, the service must hold nothing of it, or one day it
    # has no room.
    idle = ("precis_connections", "precis_requests_in_flight", "precis_request_body_held_bytes",
            "precis_queue_depth", "precis_workers_busy", "precis_downloads_active", "precis_downloads_waiting")
    running.wait_until(lambda: all(service.figures()[name] == before[name] for name in idle))
    kept = 64 + 10  # connections kept to origins for the next download, and libcurl's own descriptors
    assert service.figures()["process_open_fds"] <= before["process_open_fds"] + kept
    service.stop()
