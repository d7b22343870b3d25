"""Sum test results: meson's testlog.json files and pytest's JUnit files, given as arguments.

Prints each failure and then, as the last line, `N passed, N failed` (`, N skipped`); the exit status
says whether all was well. A missing or unreadable file counts as one failure: its run broke off."""

import json
import sys
from collections import Counter
from xml.etree import ElementTree

MESON = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def meson_results(path):
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            yield test["name"], MESON.get(test["result"], "failed")


def junit_results(path):
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        name = f'{case.get("classname")}::{case.get("name")}'
        yield name, "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


def results(path):
    read = junit_results if path.endswith(".xml") else meson_results
    try:
        return list(read(path))
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as fault:
        return [(f"no results ({fault})", "failed")]


def main():
    counts = Counter()
    for path in sys.argv[1:]:
        for name, result in results(path):
            counts[result] += 1
            if result == "failed":
                print(f"FAILED {path}: {name}")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 0 if counts["passed"] and not counts["failed"] else 1


sys.exit(main())
