"""What the tests of instances that share a real redis-server have in common."""

from service import wait_until

# On a busy machine, the tests' servers may be starved for a while: that must not look like a fault.
PATIENT = ("--cache-timeout-ms", 10000)


def samples(service):
    lines = service.request("GET", "/metrics").body.decode().splitlines()
    return {name: float(value) for name, value in (line.split(" ") for line in lines if line[0] != "#")}


def wait_for_state(service, up):
    wait_until(lambda: samples(service)["precis_shared_cache_up"] == up)
