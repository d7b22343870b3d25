"""Promises and minimum scores on real corpora: PRECIS_EVAL names their folder, which is not part of
this repository. Its evaluate.py asks the running service and scores the answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EVAL = Path(os.environ.get("PRECIS_EVAL") or "/nonexistent")
# ROUGE-1, -2 and -Lsum of the first three sentences, on news in the official mix.
LEAD_3 = (41.9, 19.4, 38.3)

pytestmark = [pytest.mark.corpora,
              pytest.mark.skipif(not EVAL.is_dir(), reason="PRECIS_EVAL names no folder of corpora")]


def evaluate(service, tmp_path, what, *corpora):
    result = subprocess.run(
        [sys.executable, EVAL / "evaluate.py", what, "--service", service.url, "--out", tmp_path, *corpora],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(result.stdout)
    return result


def dev(folder):
    return sorted((EVAL / folder).glob("*.dev.jsonl.gz"))


def test_offsets_are_exact_everywhere(service, tmp_path):
    result = evaluate(service, tmp_path, "offsets", *dev("summaries"), *dev("segmentation"))
    assert result.returncode == 0, result.stdout
    assert " 0 wrong" in result.stdout


def test_news_summaries_are_no_worse_than_the_lead(service, tmp_path):
    result = evaluate(service, tmp_path, "summaries", EVAL / "summaries/cnndm.dev.jsonl.gz")
    scores = re.search(r"^cnndm\.dev\.hyp +([0-9.]+) +([0-9.]+) +([0-9.]+)", result.stdout, re.M)
    assert scores, result.stdout
    for score, floor in zip(scores.groups(), LEAD_3):
        assert float(score) >= floor, result.stdout


@pytest.mark.parametrize("page", sorted((EVAL / "articles").glob("*.txt")), ids=lambda page: page.name)
@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_no_line_of_the_page_itself_is_chosen(service, page, length):
    answer = service.summarize(text=page.read_text(), length=length).json()
    assert len(answer["sentences"]) == {"short": 3, "medium": 5, "long": 7}[length]
    for sentence in answer["sentences"]:
        assert not re.search(r"No time to read|Get a summary|(Previous|Next) Article", sentence["text"])
