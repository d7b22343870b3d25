"""Articles of any size for the benchmarks, made from a few written ones.

Sentences are drawn at random, and one word in eight is replaced by one made of halves of two others:
so the vocabulary grows with the text, as in real ones, and no sentence is repeated unchanged. The
same seed gives the same article everywhere.
"""
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"en": ROOT / "deploy/sample-article.txt",
         **{path.stem: path for path in sorted((ROOT / "tests/bench/articles").glob("*.txt"))}}
LANGUAGES = list(FILES)
UNSPACED = {"zh"}


# A stop must follow a word of four letters: "z. B." and "Dr." end nothing.
SENTENCE_END = re.compile(r"(?<=\w{4}[.!?؟])\s+|(?<=[.!?؟][\"”“»])\s+|(?<=[。？！])(?!”)|(?<=[。？！]”)|\n+")


def _sentences(language):
    """Its sentences, without headings and lists."""
    found = SENTENCE_END.split(FILES[language].read_text())
    return [s.strip() for s in found if len(s.encode()) > 50 and s.strip()[-1] in ".!?。？！؟\"”“"]


class Writer:
    def __init__(self, language, seed=1):
        self.random = random.Random(f"{language} {seed}")
        self.sentences = _sentences(language)
        self.spaced = language not in UNSPACED
        self.words = [w for s in self.sentences for w in re.findall(r"[^\W\d_]{5,}", s)]

    def _new_word(self):
        a, b = self.random.choice(self.words), self.random.choice(self.words)
        return a[:len(a) // 2] + b[len(b) // 2:].lower()

    def _vary(self, sentence):
        if not self.spaced:
            letters = list(sentence)
            for i in range(len(letters) - 1):
                if letters[i] >= "一" and self.random.random() < 0.06:
                    letters[i] = self.random.choice(self.random.choice(self.words))
            return "".join(letters)
        return re.sub(r"(?<!^)\b[^\W\d_]{5,}\b",
                      lambda m: self._new_word() if self.random.random() < 0.125 else m[0], sentence)

    def article(self, size):
        """About `size` bytes of UTF-8: whole sentences, three to six a paragraph."""
        out, have = [], 0
        while have < size:
            count = self.random.randint(3, 6)
            chosen = [self._vary(self.random.choice(self.sentences)) for _ in range(count)]
            out.append((" " if self.spaced else "").join(chosen))
            have += len(out[-1].encode()) + 2
        text = "\n\n".join(out).encode()[:size].decode("utf-8", "ignore")
        return text[:max(text.rfind(stop) for stop in ".。") + 1] or text


def page(text, title="The night train"):
    """The article as a news page of some 30 KB: menus, teasers, scripts and comments around it."""
    teasers = "".join(f'<li class="teaser"><a href="/news/{i}"><img src="/img/{i}.jpg" alt=""><h3>Story {i}</h3>'
                      f"<p>Short words about story number {i}, and why it matters.</p></a></li>"
                      for i in range(60))
    menu = "".join(f'<li class="menu-item"><a href="/section/{i}">Section {i}</a></li>' for i in range(40))
    script = "".join(f'window.q=window.q||[];q.push(["event{i}",{{"a":{i},"b":"c{i}"}}]);' for i in range(90))
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in text.split("\n\n"))
    return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta property="og:title" content="{title}"><script>{script}</script></head><body>'
            f'<header><nav><ul>{menu}</ul></nav></header><main><article><h1>{title}</h1>{body}</article>'
            f'<aside><ul>{teasers}</ul></aside></main><footer>All rights reserved.</footer></body></html>')
