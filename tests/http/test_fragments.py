"""Text fragments: the first place that a browser finds with one is the sentence itself."""

import random
import re
import urllib.parse

import pytest

from origin import BEHAVIOURS, Origin, answers, page

WORDS = "harbour bridge closed Monday ferries run ten minutes repair weeks mayor wait-time, long & short".split()


@pytest.fixture(scope="module")
def origin():
    running = Origin()
    yield running
    running.close()


def random_page(generator):
    """Text in which a few sentences repeat, some too long to be quoted whole."""
    def sentence(length):
        words = " ".join(generator.choice(WORDS) for _ in range(length))
        return words[0].upper() + words[1:] + "."

    pool = [sentence(generator.choice((3, 5, 8, 30, 60))) for _ in range(generator.choice((2, 4, 12)))]
    count = generator.choice((3, 8, 30))
    return "".join(generator.choice(pool) + generator.choice((" ", " ", "\n\n")) for _ in range(count)).strip()


def words_of(part):
    return r"\s+".join(re.escape(word) for word in urllib.parse.unquote(part).split())


def find(text, fragment):
    """Where a browser goes: prefix-,start,end,-suffix; any white space and any case match."""
    parts = fragment.removeprefix("#:~:text=").split(",")
    before = words_of(parts.pop(0)[:-1]) + r"\s*" if parts[0].endswith("-") else ""
    behind = r"(?=\s*" + words_of(parts.pop()[1:]) + ")" if parts[-1].startswith("-") else ""
    passage = ".*?".join(words_of(part) for part in parts)
    return re.search(f"{before}({passage}){behind}", text, re.S | re.I).span(1)


def test_fragments_lead_to_their_sentences(service, origin):
    generator = random.Random(5)
    with_context = without = 0
    for _ in range(200):
        text = random_page(generator)
        BEHAVIOURS["repeats"] = answers(page(text.encode(), Content_Type="text/plain"))
        answer = service.summarize(url=origin.url("repeats"), sentences=6, offset_unit="codepoint", cache=False)
        assert answer.status == 200
        for sentence in answer.json()["sentences"]:
            place = sentence["start"], sentence["end"]
            fragment = sentence.get("fragment")
            if fragment is not None:
                assert find(text, fragment) == place, (text, fragment)
                with_context += "-," in fragment or ",-" in fragment
            else:  # no fragment leads there: allowed only if the sentence also occurs earlier
                assert find(text, urllib.parse.quote(sentence["text"], safe="").replace("-", "%2D")) != place
                without += 1
    assert with_context > 100 and without > 0
