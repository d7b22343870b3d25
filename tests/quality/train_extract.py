#!/usr/bin/env python3
"""Train the scorer of blocks: train_extract.py CORPORA extract_jsonl OUTPUT.txt [--check]

CORPORA is the folder with NAME.dev.jsonl.gz and extraction.py's folder above it. Each page is cut
into blocks by `extract_jsonl --blocks`; a block is the article's as far as its four-word shingles
are in the page's truth (short ones: as far as their words stand between their neighbours' there),
or as the wanted and unwanted segments say. What the truth has once is one block's: the others that
say it are its copies in teasers, tables of contents and data for machines. Boosted trees learn that
from the block's features.

The figures that count are those of the cross-validation by site, which is printed first and stands
in the head of OUTPUT: each page is judged by trees that saw no page of its site, with the threshold
that core/blockchoice.c chooses. What the program reaches on the same pages with the trees written to
OUTPUT is 2 to 5 points more, and says nothing about other pages. --check stops after the
cross-validation; --folding N deals the sites out otherwise, to see how far chance goes. Needs numpy and xgboost. Deterministic.
"""
import argparse, collections, gzip, hashlib, importlib.util, json, os, re, struct, subprocess, zlib
import numpy as np
import xgboost as xgb

# Weights of the corpora's pages: those with few pages count more. The truth of cleaneval (pages of
# 2005) includes readers' comments in the article, unlike all others.
CORPORA = {"scrapinghub": 3, "wcxb_article": 1, "wcxb_other": 3, "cleaneval": 0.6, "trafilatura": 1}
HAND_MADE = ("scrapinghub", "wcxb_article")
WITH_COMMENTS = "cleaneval"
COMMENT_COLUMN = 197  # of the features: containers for comments around the block
ARTICLE_COLUMNS = (203, 206, 212)  # what declares_article() of core/pagekind_declared.c looks at
SPOTS = 3  # most places in the truth where a block may be
MOST_SPOTS = 3000  # of a page: ordering more takes too long
OUTLIER_F1 = 0.45  # of a page in the cross-validation: its truth is another text, or cut off
FOLDS = 8
WORD = re.compile(r"\w+")
SPACE = re.compile(r"\s+")
ROUNDS = 130
PARAMS = {"objective": "binary:logistic", "eta": 0.1, "max_depth": 5, "min_child_weight": 1,
          "subsample": 0.7, "colsample_bytree": 0.5, "lambda": 2.0, "tree_method": "hist",
          "max_bin": 64, "nthread": 1, "seed": 1}
SHORT_CHARS, COPY_WORDS, ARTICLE_THRESHOLD = 140, 8, 0.4  # as in core/blockchoice.c
WHOLE_WORDS, PART_BYTES = 100, 40  # likewise


class Page:
    __slots__ = ("id", "corpus", "row", "fold", "blocks", "label", "weight", "start", "words",
                 "article")


def site_of(row):
    url = row.get("url") or row["id"]
    host = re.sub(r"^(\w+:)?//|^hard::", "", url).split("/")[0].split(":")[0].lower()
    parts = host.split(".")
    return ".".join(parts[-2:]) if len(parts[-1]) > 2 or len(parts) < 3 else ".".join(parts[-3:])


def in_order(words, candidates, at):
    """The blocks that make up the truth, with their places there: the chain in the truth's order that
    has most words."""
    spots = []  # block, words, place
    for i in candidates:
        votes = collections.Counter(h - k for k in range(len(words[i]) - 3)
                                    for h in at.get(tuple(words[i][k:k + 4]), ())[:20])
        most = votes.most_common(SPOTS)
        spots += [(i, len(words[i]), place) for place, n in most if 2 * n >= most[0][1]]
    if len(spots) > MOST_SPOTS:
        return None
    best, before = [0] * len(spots), [-1] * len(spots)
    for a, (i, n, place) in enumerate(spots):
        for b in reversed(range(a)):  # of equals the nearest: a heading, not the table of contents
            j, m, other = spots[b]
            if j < i and other + m <= place + 2 and best[b] > best[a]:
                best[a], before[a] = best[b], b
        best[a] += n
    chain, a = {}, int(np.argmax(best)) if spots else -1
    while a >= 0:
        chain[spots[a][0]] = spots[a][2]
        a = before[a]
    return chain


def unlabel_copies(label, words, tokens, at):
    """Text that the truth has once belongs to one block: the others lose the label."""
    candidates = [i for i, w in enumerate(words) if len(w) >= 4 and label[i] > 0.5]
    chain = in_order(words, candidates, at)
    if chain is None:
        return
    taken = np.zeros(len(tokens), bool)
    for i, place in chain.items():
        taken[max(0, place):max(0, place + len(words[i]))] = True
    for i in candidates:
        if i not in chain:
            hits = [at.get(tuple(words[i][k:k + 4]), ()) for k in range(len(words[i]) - 3)]
            free = sum(any(not taken[h:h + 4].all() for h in places) for places in hits)
            label[i] = min(label[i], free / len(hits))


def fold_of(row, folding):
    site = site_of(row)
    if folding == 0:
        return zlib.crc32(site.encode()) % FOLDS
    return hashlib.md5(("%d:%s" % (folding, site)).encode()).digest()[0] % FOLDS


def shingle_labels(blocks, truth):
    tokens = WORD.findall(truth)
    at = collections.defaultdict(list)
    for i in range(len(tokens) - 3):
        at[tuple(tokens[i:i + 4])].append(i)
    where = collections.defaultdict(list)
    for i, t in enumerate(tokens):
        where[t].append(i)
    words = [WORD.findall(b) for b in blocks]
    label, spot = np.zeros(len(blocks)), [None] * len(blocks)
    for i, w in enumerate(words):
        if len(w) >= 4:
            hits = [at.get(tuple(w[k:k + 4])) for k in range(len(w) - 3)]
            label[i] = sum(h is not None for h in hits) / len(hits)
            once = [h[0] - k for k, h in enumerate(hits) if h is not None and len(h) == 1]
            if label[i] > 0.5 and once:
                spot[i] = (sorted(once)[len(once) // 2], len(w))
    before, last = [None] * len(blocks), None
    for i in range(len(blocks)):
        before[i] = last
        if spot[i]:
            last = (i, spot[i][0] + spot[i][1])
    after, nxt = [None] * len(blocks), None
    for i in reversed(range(len(blocks))):
        after[i] = nxt
        if spot[i]:
            nxt = (i, spot[i][0])
    for i, w in enumerate(words):
        if not 0 < len(w) < 4:
            continue
        low = before[i][1] if before[i] and i - before[i][0] < 12 else None
        high = after[i][1] if after[i] and after[i][0] - i < 12 else None
        if low is None and high is None:
            continue
        low = high - 30 if low is None else low
        high = low + 30 if high is None else high
        for p in where.get(w[0], ()):
            if low - 1 <= p <= high and tokens[p:p + len(w)] == w:
                label[i] = 1
                break
    unlabel_copies(label, words, tokens, at)
    weight = np.array([len(w) + 2.0 for w in words]) / max(len(tokens), 150)
    return label, np.minimum(weight, 0.5)


def segment_labels(blocks, row):
    flat = [SPACE.sub(" ", b).strip() for b in blocks]
    label, weight = np.zeros(len(blocks)), np.zeros(len(blocks))
    for wanted, key in ((1.0, "with"), (0.0, "without")):
        for segment in row.get(key) or []:
            s = SPACE.sub(" ", segment).strip()
            found = [i for i, b in enumerate(flat) if s in b or (len(b) > 15 and b in s)]
            for i in found:
                if wanted == 0 and label[i] == 1 and len(s) * 2 < len(flat[i]):
                    continue  # just a word of it is unwanted
                label[i] = wanted
                weight[i] = 0.25 / len(found)
    return label, weight


def settle_segments(page, score):
    """If several blocks hold a wanted segment, the likeliest is meant; the others are copies."""
    flat = [SPACE.sub(" ", b).strip() for b in page.blocks]
    s = score[page.start:page.start + len(flat)]
    meant, others = set(), set()
    for segment in page.row.get("with") or []:
        wanted = SPACE.sub(" ", segment).strip()
        found = [i for i, b in enumerate(flat) if wanted in b or (len(b) > 15 and b in wanted)]
        whole = [i for i in found if wanted in flat[i]]
        if len(whole) > 1:
            best = max(whole, key=lambda i: s[i])
            page.weight[best] = max(page.weight[best], 0.25)
            meant.add(best)
            others.update(found)
        else:
            meant.update(found)
    for i in others - meant:
        page.label[i] = 0


def read_pages(corpora, tool, folding):
    """Pages and the matrix of their blocks' features."""
    pages, rows, start = [], [], 0
    for name in CORPORA:
        with gzip.open(os.path.join(corpora, name + ".dev.jsonl.gz")) as f:
            lines = f.read()
        out = subprocess.run([tool, "--blocks"], input=lines, stdout=subprocess.PIPE, check=True).stdout
        at = 0
        for line in lines.splitlines():
            row = json.loads(line)
            n, width = struct.unpack_from("=II", out, at)
            at += 8
            page = Page()
            page.blocks = []
            for _ in range(n):
                size, = struct.unpack_from("=I", out, at)
                page.blocks.append(out[at + 4:at + 4 + size].decode("utf-8", "replace"))
                at += 4 + size
            rows.append(np.frombuffer(out, np.float32, n * width, at).reshape(n, width))
            at += 4 * n * width
            page.article = n > 0 and rows[-1][0, list(ARTICLE_COLUMNS)].any()
            row.pop("html", None), row.pop("html_b64", None)
            page.id, page.corpus, page.row, page.start = row["id"], name, row, start
            start += n
            page.fold = fold_of(row, folding)
            page.words = np.array([len(WORD.findall(b)) + 1.0 for b in page.blocks])
            page.label, page.weight = (shingle_labels(page.blocks, row["text"]) if "text" in row
                                       else segment_labels(page.blocks, row))
            pages.append(page)
    return pages, np.concatenate(rows)


def fit(x, y, w):
    easy = (y < 0.05) & (w < np.median(w[w > 0]))  # most of a page, of which a third is enough
    keep = (w > 0) & (~easy | (np.arange(len(y)) % 3 == 0))
    weight = np.where(easy, 3 * w, w)
    return xgb.train(PARAMS, xgb.DMatrix(x[keep], y[keep], weight=weight[keep]), ROUNDS)


def cross(x, y, w, folds):
    out = np.zeros(len(y), np.float32)
    for fold in range(FOLDS):
        model = fit(x[folds != fold], y[folds != fold], w[folds != fold])
        out[folds == fold] = model.predict(xgb.DMatrix(x[folds == fold]), output_margin=True)
    return out


def chosen(page, score):
    """The blocks that core/blockchoice.c would take: a mask."""
    s = score[page.start:page.start + len(page.blocks)]
    threshold = ARTICLE_THRESHOLD
    if not page.article:
        p, f1 = 1 / (1 + np.exp(-s)), 1.0
        for _ in range(6):
            take = p > f1 / 2
            chosen_words = page.words[take].sum()
            f1 = 2 * (p * page.words)[take].sum() / max(chosen_words + (p * page.words).sum(), 1e-9)
        threshold = np.log(max(f1, 0.1) / (2 - max(f1, 0.1)))
    chars = np.array([len(b) for b in page.blocks])
    while threshold > -6 and chars[s > threshold].sum() < SHORT_CHARS:
        threshold -= 0.5
    take, best = s > threshold, {}
    for i in np.flatnonzero(take & (page.words > COPY_WORDS + 1) & page.article):
        other = best.setdefault(page.blocks[i], i)
        if other != i:
            better = s[i] > s[other]
            take[other if better else i] = False
            best[page.blocks[i]] = i if better else other
    if page.article:
        drop_wholes(page, take)
    return take


def drop_wholes(page, take):
    size = np.array([len(b.encode()) for b in page.blocks])
    chars = np.array([len(b) for b in page.blocks])
    total = chars[take].sum()
    for i in np.flatnonzero(take & (page.words > WHOLE_WORDS) & (4 * chars >= total)):
        held = [size[j] for j in np.flatnonzero(take & (size >= PART_BYTES) & (size < size[i]))
                if page.blocks[j] in page.blocks[i]]
        take[i] = len(held) < 2 or 10 * sum(held) < 7 * size[i]


def page_scores(pages, take, scorer):
    hyp = {(p.corpus, p.id): {"text": "\n\n".join(b for b, t in zip(p.blocks, take(p)) if t)} for p in pages}
    return {k: r for c in CORPORA for k, r in
            zip([(c, p.id) for p in pages if p.corpus == c],
                scorer.page_rows([p.row for p in pages if p.corpus == c],
                                 {p: h for (corpus, p), h in hyp.items() if corpus == c}))}


def report(scores, scorer):
    line = []
    for name in CORPORA:
        rows = [r for (corpus, _), r in scores.items() if corpus == name]
        sub = [r for r in rows if "sh" in r]
        m = (scorer.text_metrics(sub) if sub else scorer.seg_metrics([r for r in rows if "seg" in r]))
        line.append("%s %.3f (P %.3f R %.3f, %d empty)" %
                    (name, m["f1"], m["precision"], m["recall"], sum(r["empty"] for r in rows)))
    return "; ".join(line)


def outliers(pages, scores):
    """Pages whose hand-made truth has hardly anything in common with their text."""
    out = []
    for p in pages:
        if p.corpus in HAND_MADE:
            true, wrong, missed = scores[p.corpus, p.id]["sh"]
            if 2 * true < OUTLIER_F1 * (2 * true + wrong + missed):
                out.append(p)
    return out


def write_trees(path, model, notes):
    with open(path, "w") as out:
        for note in notes:
            out.write("# %s\n" % note)
        base = json.loads(model.save_config())["learner"]["learner_model_param"]["base_score"]
        base = float(base.strip("[]"))
        out.write("base %.9g\n" % np.log(base / (1 - base)))
        for tree in model.get_dump(dump_format="json"):
            out.write("tree\n")
            walk = [json.loads(tree)]
            nodes, index = [], {}
            while walk:  # breadth first, so that both children of a node are adjacent
                node = walk.pop(0)
                nodes.append(node)
                if "children" in node:
                    by = {c["nodeid"]: c for c in node["children"]}
                    walk += [by[node["yes"]], by[node["no"]]]
            for i, node in enumerate(nodes):
                index[node["nodeid"]] = i
            for node in nodes:
                if "children" in node:
                    out.write("%s %.9g %d\n" % (node["split"].lstrip("f"), node["split_condition"],
                                                index[node["yes"]]))
                else:
                    out.write("= %.5g\n" % node["leaf"])


def labels_of(pages, x):
    y = np.concatenate([p.label for p in pages])
    w = np.concatenate([p.weight * CORPORA[p.corpus] for p in pages])
    for p in pages:
        if p.corpus == WITH_COMMENTS:
            own = slice(p.start, p.start + len(p.blocks))
            w[own][x[own, COMMENT_COLUMN] > 0] = 0
    return y, w


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("corpora"), ap.add_argument("tool"), ap.add_argument("output")
    ap.add_argument("--check", action="store_true"), ap.add_argument("--folding", type=int, default=0)
    a = ap.parse_args()
    spec = importlib.util.spec_from_file_location("extraction", os.path.join(a.corpora, "..", "extraction.py"))
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    pages, x = read_pages(a.corpora, a.tool, a.folding)
    y, w = labels_of(pages, x)
    folds = np.concatenate([np.full(len(p.blocks), p.fold) for p in pages])
    print("%d pages, %d blocks" % (len(pages), len(y)), flush=True)
    best = page_scores(pages, lambda p: p.label > 0.5, scorer)
    print("ceiling of the blocks: " + report(best, scorer), flush=True)
    score = cross(x, y, w, folds)
    rows = page_scores(pages, lambda p: chosen(p, score), scorer)
    print("cross-validated, all pages learned from: " + report(rows, scorer), flush=True)
    left_out = outliers(pages, rows)
    for p in pages:
        if "text" not in p.row:
            settle_segments(p, score)
    y, w = labels_of(pages, x)
    for p in left_out:
        w[p.start:p.start + len(p.blocks)] = 0
    score = cross(x, y, w, folds)
    rows = page_scores(pages, lambda p: chosen(p, score), scorer)
    result = report(rows, scorer)
    print("cross-validated, %d outliers not learned from: %s" % (len(left_out), result), flush=True)
    if a.check:
        return
    write_trees(a.output, fit(x, y, w),
                ["Boosted trees that say how likely a block is the article's, as log odds. Made by",
                 "tests/quality/train_extract.py from %d pages, %d outliers left out." % (len(pages), len(left_out)),
                 "Cross-validated by site, which is what to expect of pages of other sites:"] +
                result.split("; ") +
                ["The sum of all leaves that a block falls into and the base are its log odds. A tree's line:",
                 "feature, threshold, index of the child for less (the other stands behind it); or = and a",
                 "leaf's value."])


if __name__ == "__main__":
    main()
