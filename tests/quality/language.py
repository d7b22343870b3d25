#!/usr/bin/env python3
"""How often is the language of a text found?  Per language, on the first 100, 300 and 1000 characters.

usage: language.py SEGMENT_JSONL CORPUS.jsonl.gz...

SEGMENT_JSONL is the filter built from segment_jsonl.c; a corpus line is {"id", "lang", "text"}.
Texts shorter than that are counted as they are.
"""
import collections
import gzip
import json
import subprocess
import sys

LENGTHS = (100, 300, 1000)


def main():
    filter_path, *corpora = sys.argv[1:]
    lines = b"".join(gzip.open(path).read() for path in corpora)
    right, taken = collections.Counter(), collections.defaultdict(collections.Counter)
    for length in LENGTHS:
        answer = subprocess.run([filter_path, "--languages", str(length)], input=lines,
                                stdout=subprocess.PIPE, check=True).stdout
        for line in answer.decode().splitlines():
            row = json.loads(line)
            taken[row["want"]][length] += 1
            right[row["want"], length] += row["got"] == row["want"]
            if row["got"] != row["want"]:
                taken[row["want"]][row["got"]] += 1
    print("lang   texts " + "".join("%7d" % length for length in LENGTHS) + "  taken for")
    for lang in sorted(taken):
        cells = "".join("%6.1f%%" % (100 * right[lang, n] / taken[lang][n]) for n in LENGTHS)
        wrong = " ".join("%s %d" % pair for pair in taken[lang].most_common() if isinstance(pair[0], str))
        print("%-6s %5d %s  %s" % (lang, taken[lang][LENGTHS[0]], cells, wrong))
    print("mean         " + "".join("%6.1f%%" % (sum(100 * right[lang, n] / taken[lang][n] for lang in taken)
                                              / len(taken)) for n in LENGTHS))


main()
