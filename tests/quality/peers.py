#!/usr/bin/env python3
"""What others would choose: published extractive summarizers, written anew from their papers.

  peers.py NAME [--sentences N] < articles.jsonl > hypotheses.jsonl

In: {"id", "text", "lang", "title", "sentences": [[start, end], ...]}, the spans in code points, so that
all choose among the same sentences (tests/quality/run takes them from the service).

  lead       the first N
  textrank   Mihalcea & Tarau 2004: PageRank over shared words / log lengths (as summa has it)
  lexrank    Erkan & Radev 2004: PageRank over tf-idf cosines above 0.1
  luhn       Luhn 1958: significant words squared over the span that holds them
  lsa        Gong & Liu 2001 as Steinberger & Jezek 2004 score it: length of the sentence in topic space
  newspaper  title words, word frequency, length and position, as the newspaper library weighs them
  pacsum     Zheng & Lapata 2019 on tf-idf: what follows counts for, what precedes against
  libots     the Open Text Summarizer of Debian's libots0 (English and 37 other dictionaries)

Needs Debian's python3-numpy; libots its library, called through ctypes.
"""
import argparse
import ctypes
import json
import math
import re
import sys
from collections import Counter

import numpy as np

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f"
WORD = re.compile("[%s]|[^\\W_%s]+" % (CJK, CJK))


def words(text):
    return WORD.findall(text.lower())


def stop_words(sentences):
    """Without a list for each language: short words, and those in over a third of many sentences."""
    seen = Counter(w for s in sentences for w in set(s))
    return {w for w, n in seen.items() if len(w) <= 3 or (len(sentences) > 6 and n > len(sentences) / 3)}


def cosines(sentences):
    n = len(sentences)
    seen = Counter(w for s in sentences for w in set(s))
    column = {w: i for i, w in enumerate(seen)}
    x = np.zeros((n, max(len(column), 1)))
    for i, s in enumerate(sentences):
        for w, count in Counter(s).items():
            x[i, column[w]] = count * math.log(1 + n / seen[w])
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    similarity = x @ x.T
    np.fill_diagonal(similarity, 0)
    return similarity


def page_rank(graph, damping=.85):
    n = len(graph)
    out = graph.sum(1, keepdims=True)
    step = np.where(out > 0, graph / np.maximum(out, 1e-12), 1 / n)
    rank = np.full(n, 1 / n)
    for _ in range(60):
        rank = (1 - damping) / n + damping * step.T @ rank
    return rank


def lead(sentences, title):
    return -np.arange(len(sentences))


def textrank(sentences, title):
    stop = stop_words(sentences)
    sets = [set(s) - stop for s in sentences]
    graph = np.zeros((len(sets), len(sets)))
    for i, a in enumerate(sets):
        for j in range(i):
            b = sets[j]
            if len(a) > 1 and len(b) > 1:
                graph[i, j] = graph[j, i] = len(a & b) / (math.log(len(a)) + math.log(len(b)))
    return page_rank(graph)


def lexrank(sentences, title):
    return page_rank((cosines(sentences) > .1).astype(float))


def luhn(sentences, title):
    stop = stop_words(sentences)
    count = Counter(w for s in sentences for w in s if w not in stop)
    significant = {w for w, n in count.items() if n > 1}
    scores = []
    for s in sentences:
        at = [i for i, w in enumerate(s) if w in significant]
        best, start = 0, 0
        for k in range(1, len(at) + 1):
            if k == len(at) or at[k] - at[k - 1] > 4:
                best = max(best, (k - start) ** 2 / (at[k - 1] - at[start] + 1))
                start = k
        scores.append(best)
    return np.array(scores)


def lsa(sentences, title):
    seen = sorted({w for s in sentences for w in s})
    column = {w: i for i, w in enumerate(seen)}
    x = np.zeros((max(len(seen), 1), len(sentences)))
    for j, s in enumerate(sentences):
        for w in s:
            x[column[w], j] += 1
    x = np.where(x > 0, .5 + .5 * x / np.maximum(x.max(0, keepdims=True), 1), 0)
    _, sigma, v = np.linalg.svd(x, full_matrices=False)
    keep = sigma > sigma[0] / 2 if len(sigma) else sigma
    return np.sqrt(((sigma[:, None] ** 2 * v ** 2)[keep]).sum(0))


def newspaper(sentences, title):
    stop = stop_words(sentences)
    count = Counter(w for s in sentences for w in s if w not in stop)
    top = {w: 1.5 * n / max(sum(count.values()), 1) + 1 for w, n in count.most_common(10)}
    headline = set(title) - stop
    position = [.17, .23, .14, .08, .05, .04, .06, .04, .04, .15]
    scores = []
    for i, s in enumerate(sentences):
        in_title = len([w for w in s if w in headline]) / max(len(headline), 1)
        length = 1 - abs(20 - len(s)) / 20
        frequency = sum(top.get(w, 0) for w in s) / max(len(s), 1) * 5
        place = position[min(int(i / len(sentences) * 10), 9)]
        scores.append((in_title * 1.5 + frequency * 2 + length + place) / 4)
    return np.array(scores)


def pacsum(sentences, title):
    similarity = cosines(sentences)
    return np.triu(similarity).sum(1) - .3 * np.tril(similarity).sum(1)


class Ots:
    """libots marks sentences in a GList; they are matched to the spans by their text."""

    def __init__(self):
        self.ots = ctypes.CDLL("libots-1.so.0")
        self.glib = ctypes.CDLL("libglib-2.0.so.0")
        for name in ("ots_new_article", "ots_get_doc_text"):
            getattr(self.ots, name).restype = ctypes.c_void_p
        self.ots.ots_free_article.argtypes = [ctypes.c_void_p]
        self.ots.ots_load_xml_dictionary.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self.ots.ots_parse_stream.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        self.ots.ots_grade_doc.argtypes = [ctypes.c_void_p]
        self.ots.ots_highlight_doc.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.ots.ots_get_doc_text.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)]

    def summary(self, text, language, ratio):
        article = self.ots.ots_new_article()
        if not self.ots.ots_load_xml_dictionary(article, language.encode()):
            self.ots.ots_load_xml_dictionary(article, b"en")
        data = text.encode()
        self.ots.ots_parse_stream(data, len(data), article)
        self.ots.ots_grade_doc(article)
        self.ots.ots_highlight_doc(article, ratio)
        length = ctypes.c_size_t()
        at = self.ots.ots_get_doc_text(article, ctypes.byref(length))
        out = ctypes.string_at(at, length.value).decode("utf-8", "replace")
        self.ots.ots_free_article(article)
        return out

    def choose(self, text, language, count):
        """The least percentage that gives `count` of its own sentences."""
        for ratio in range(5, 105, 5):
            lines = [s for s in re.split(r"(?<=[.!?\u3002])\s+", self.summary(text, language, ratio))
                     if s.strip()]
            if len(lines) >= count:
                return lines[:count]
        return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=["lead", "textrank", "lexrank", "luhn", "lsa", "newspaper",
                                         "pacsum", "libots"])
    parser.add_argument("--sentences", type=int, default=3)
    a = parser.parse_args()
    ots = Ots() if a.name == "libots" else None
    for line in sys.stdin:
        article = json.loads(line)
        text = article["text"]
        spans = [text[s:e] for s, e in article["sentences"]]
        if ots:
            chosen = ots.choose(text, article.get("lang") or "en", a.sentences)
        else:
            score = globals()[a.name]([words(s) for s in spans], words(article.get("title") or ""))
            best = sorted(np.argsort(-np.asarray(score, float), kind="stable")[:a.sentences])
            chosen = [spans[i] for i in best]
        print(json.dumps({"id": article["id"], "summary": chosen}, ensure_ascii=False))


if __name__ == "__main__":
    main()
