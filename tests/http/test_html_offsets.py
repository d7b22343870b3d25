"""html_offsets after every way to write a character: all references that HTML knows, with and
without their semicolon, numbers in decimal and hexadecimal, and what only looks like one."""
import random
from html.entities import html5

import pytest

NUMBERS = [*range(1, 400), 0x2014, 0xD800, 0x1F600, 0x10FFFF, 0x110000]
REFERENCES = {
    "names": [f"&{name}" for name in sorted(html5)],
    "decimal": [f"&#{number}{end}" for number in NUMBERS for end in (";", "")],
    "hexadecimal": [f"&#{x}{number:x}{end}" for number in NUMBERS for x, end in (("x", ";"), ("X", ""))],
    "odd": ["&", "&;", "&#", "&#;", "&#x", "&#x;", "&#0;", "&#038;", "&#x00026;", "&ni;;", "&amp;amp;", "&notit;",
            "&AMPERSAND", "&zilch;", "&&amp;&", "&#1f", "&lt", "</>", "</></>&", "\u00a0", "\u202f", "\u3000", "\u205f\u200a"],
}
A_PAGE = 48  # a summary has at most 100 sentences


@pytest.mark.parametrize("kind", REFERENCES)
def test_offsets_behind_references(service, kind):
    references = REFERENCES[kind]
    wrong = []
    for first in range(0, len(references), A_PAGE):
        part = references[first:first + A_PAGE]
        paragraphs = [f"<p>It joins{each} words, {each} stands alone{each}. Behind it number {i} goes on.</p>"
                      for i, each in enumerate(part)]
        page = f"<html><body><article><h1>References</h1>{''.join(paragraphs)}</article></body></html>"
        answer = service.summarize(html=page, language="en", sentences=100, include=["html_offsets"], cache=False)
        assert answer.status == 200, answer.body
        behind = {sentence["text"]: page.encode()[sentence["html_start"]:sentence["html_end"]].decode()
                  for sentence in answer.json()["sentences"]}
        for i, each in enumerate(part):
            text = f"Behind it number {i} goes on."
            if text in behind and behind[text] != text:
                wrong.append((each, behind[text]))
        # One that looks like an abbreviation may keep its neighbour.
        assert sum(f"Behind it number {i} goes on." in behind for i in range(len(part))) > len(part) * 0.6
    assert wrong == []


SAID = ["The council of the town approved the plan for the new bridge on Monday.",
        "Nobody was hurt, but the ferry stays in harbour until the water falls again.",
        "The bakers of Ostrand will elect a miller in February next year."]
TAGS = ["<table>", "</table>", "<tr>", "<td>", "</td>", "<b>", "</b>", "<p>", "</p>", "<select>", "</select>",
        "<a href=x>", "</a>", "<div>", "</div>", "<svg>", "</svg>", "<math>", "<template>", "</template>", "\r\n",
        "&amp;", "<script>x</script>", "<caption>", "<li>", "<form>", "</form>", "<br>"]


def test_offsets_in_disorder(service):
    """HTML moves text out of tables: if a sentence has offsets, they are its own."""
    soup, placed, lost = random.Random(5), 0, 0
    for _ in range(400):
        page = "<body>" + "".join(soup.choice(TAGS) + soup.choice(["", soup.choice(SAID) + " "])
                                  for _ in range(soup.randint(4, 12)))
        answer = service.summarize(html=page, sentences=5, language="en", include=["html_offsets"], cache=False)
        for sentence in answer.json().get("sentences", []):
            if "html_start" not in sentence:
                lost += 1
                continue
            placed += 1
            part = page.encode()[sentence["html_start"]:sentence["html_end"]].decode()
            first, last = sentence["text"].split()[0], sentence["text"].split()[-1]
            assert part.replace("&amp;", "&").startswith(first[0]) and last[-1] in part[-5:], (page, sentence)
    assert placed > 500 and lost > 5
