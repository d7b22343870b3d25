#!/usr/bin/env python3
"""Milliseconds an article of the summarizers in tests/quality/peers.py: libots, and those re-made from
their papers. Debian does not package sumy, but it does NLTK, whose tokenizer and Snowball stemmer
sumy uses: "LexRank as in sumy" takes both and then computes with Python's own sets and sums for each
pair of sentences; "pair by pair" leaves the two out; the other one lets numpy multiply.

usage: peers.py ARTICLES    a form feed between them

Prints {"name": [ms of a round, …]}. Splitting into sentences and words is counted for all, because
libots does it, too. "libots, dictionary loaded" leaves out reading its dictionary, which its own calls
all do.
"""
import collections
import ctypes
import json
import math
import pathlib
import re
import sys
import time

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "quality"))
import peers  # noqa: E402

try:
    from nltk.stem.snowball import SnowballStemmer
    from nltk.tokenize import NLTKWordTokenizer
except ImportError:
    SnowballStemmer = None

ROUNDS = 3


def remade(name):
    def summarize(text):
        sentences = [s for s in re.split(r"(?<=[.!?])\s+", text) if s.strip()]
        score = getattr(peers, name)([peers.words(s) for s in sentences], [])
        return sorted(numpy.argsort(-numpy.asarray(score, float), kind="stable")[:3])
    return summarize


def words_as_in_sumy():
    """Words without marks, stemmed one by one."""
    tokenize, stem = NLTKWordTokenizer().tokenize, SnowballStemmer("english").stem
    return lambda sentence: [stem(w.lower()) for w in tokenize(sentence) if peers.WORD.match(w)]


def pair_by_pair(text, words=peers.words):
    sentences = [words(s) for s in re.split(r"(?<=[.!?])\s+", text) if s.strip()]
    counts = [collections.Counter(s) for s in sentences]
    term_frequency = [{w: n / max(c.values()) for w, n in c.items()} for c in counts if c]
    holders = collections.Counter(w for c in counts for w in c)
    idf = {w: math.log(len(sentences) / (1 + n)) for w, n in holders.items()}
    length = [math.sqrt(sum((f * idf[w]) ** 2 for w, f in tf.items())) for tf in term_frequency]
    graph = numpy.zeros((len(length), len(length)))
    for i, a in enumerate(term_frequency):
        for j, b in enumerate(term_frequency):
            shared = sum(a[w] * b[w] * idf[w] ** 2 for w in a.keys() & b.keys())
            graph[i, j] = shared > 0.1 * length[i] * length[j]
    graph /= numpy.maximum(graph.sum(1, keepdims=True), 1)
    rank, change = numpy.full(len(length), 1 / len(length)), 1.0
    while change > 0.1 / len(length) ** 2:
        after = graph.T @ rank
        rank, change = after, numpy.abs(after - rank).max()
    return sorted(numpy.argsort(-rank, kind="stable")[:3])


def libots_loaded():
    """Only parsing, grading and marking, on an article with its dictionary loaded."""
    ots = peers.Ots()

    def measure(texts):
        took = 0.0
        for text in texts:
            article = ots.ots.ots_new_article()
            ots.ots.ots_load_xml_dictionary(article, b"en")
            data = text.encode()
            start = time.perf_counter()
            ots.ots.ots_parse_stream(data, len(data), article)
            ots.ots.ots_grade_doc(article)
            ots.ots.ots_highlight_doc(article, 10)
            ots.ots.ots_get_doc_text(article, ctypes.byref(ctypes.c_size_t()))
            took += time.perf_counter() - start
            ots.ots.ots_free_article(article)
        return took
    return measure


def timed(summarize):
    def measure(texts):
        start = time.perf_counter()
        for text in texts:
            summarize(text)
        return time.perf_counter() - start
    return measure


def main():
    texts = open(sys.argv[1], encoding="utf-8").read().split("\f")
    measures = {}
    if SnowballStemmer is not None:
        words = words_as_in_sumy()
        measures["LexRank as in sumy (Python, NLTK)"] = timed(lambda text: pair_by_pair(text, words))
    measures["LexRank, pair by pair (Python)"] = timed(pair_by_pair)
    measures.update({f"{name} (Python, numpy)": timed(remade(name.lower()))
                     for name in ("LexRank", "TextRank", "Luhn", "LSA")})
    try:
        ots = peers.Ots()
        measures["libots"] = timed(lambda text: ots.summary(text, "en", 10))
        measures["libots, dictionary loaded"] = libots_loaded()
    except OSError:
        pass
    took = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            took[name].append(measure(texts) / len(texts) * 1000)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
