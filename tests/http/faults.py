"""Controls what faults.c makes fail inside a running program."""

import mmap
import struct

import service as running

LIBRARY = running.PROGRAM.parents[1] / "tests/http/libfaults.so"
FIELDS = ("fail_at", "fail_length", "seen", "failed", "clock_offset_s", "stuck", "waiting",
          "hold_accepted", "holding", "hold_continue", "continuing", "slow_looks", "looks")


class Faults:
    """Attributes named like the fields of faults.c's `struct commands`; all are 0 at first."""

    def __init__(self, folder):
        path = folder / "faults"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self.__dict__["_map"] = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        # A sanitizer wants to be the first library, but would then hide its malloc from faults.c.
        asan = running.SANITIZERS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        self.__dict__["env"] = {"FAULTS": str(path), "LD_PRELOAD": str(LIBRARY), "ASAN_OPTIONS": asan}

    def __getattr__(self, name):
        return struct.unpack_from("q", self._map, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("q", self._map, 8 * FIELDS.index(name), value)

    def fail(self, number, length=1):
        """From now on, allocations fail: the `number`-th and those after it, `length` in all."""
        self.seen = self.failed = 0
        self.fail_length = length
        self.fail_at = number

    def end(self):
        """Nothing fails any more. Returns how many allocations failed."""
        self.fail_at = 0
        return self.failed
