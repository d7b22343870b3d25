#!/usr/bin/env python3
"""Train the scorer of blocks: train_extract.py CORPORA extract_jsonl OUTPUT.txt [--check]

CORPORA is the folder with NAME.dev.jsonl.gz and extraction.py's folder above it. Each page is cut
into blocks by `extract_jsonl --blocks`; a block is the article's as far as its four-word shingles
are in the page's truth (short ones: as far as their words stand between their neighbours' there),
or as the wanted and unwanted segments say. Boosted trees learn that from the block's features;
a second set of trees sees besides what the first said of the blocks around, from a cross-validation
by site, so that it learns how far to trust it. --check prints the cross-validated scores of both
and writes nothing. Needs numpy and xgboost. Deterministic.
"""
import argparse, collections, datetime, gzip, importlib.util, json, os, re, struct, subprocess, sys
import tempfile
import numpy as np
import xgboost as xgb

CORPORA = ["scrapinghub", "wcxb_article", "wcxb_other", "cleaneval", "trafilatura"]
FOLDS = 4
SECOND = 24
WORD = re.compile(r"\w+")
SPACE = re.compile(r"\s+")
ROUNDS = (90, 60)
PARAMS = {"objective": "binary:logistic", "eta": 0.12, "max_depth": 6, "min_child_weight": 0.5,
          "subsample": 0.7, "colsample_bytree": 0.5, "lambda": 2.0, "tree_method": "hist",
          "max_bin": 64, "nthread": 2, "seed": 1}


class Page:
    __slots__ = ("id", "corpus", "row", "fold", "blocks", "label", "weight", "start")


def site_of(row):
    url = row.get("url") or row["id"]
    host = re.sub(r"^(\w+:)?//|^hard::", "", url).split("/")[0].split(":")[0].lower()
    parts = host.split(".")
    return ".".join(parts[-2:]) if len(parts[-1]) > 2 or len(parts) < 3 else ".".join(parts[-3:])


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
                    continue  # a word of it, not what was meant
                label[i] = wanted
                weight[i] = 0.25 / len(found)
    return label, weight


def read_pages(corpora, tool, scores=None):
    """Pages and the matrix of their blocks' features; with `scores`, the second pass's filled in."""
    pages, rows, start = [], [], 0
    for name in CORPORA:
        path = os.path.join(corpora, name + ".dev.jsonl.gz")
        with gzip.open(path) as f:
            lines = f.read()
        command = [tool, "--blocks"]
        n_blocks = None
        if scores is not None:
            with tempfile.NamedTemporaryFile(delete=False) as s:
                s.write(scores[name].astype(np.float32).tobytes())
            command.append(s.name)
        out = subprocess.run(command, input=lines, stdout=subprocess.PIPE, check=True).stdout
        if scores is not None:
            os.unlink(s.name)
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
            row.pop("html", None), row.pop("html_b64", None)
            page.id, page.corpus, page.row, page.start = row["id"], name, row, start
            start += n
            page.fold = sum(site_of(row).encode()) % FOLDS
            if scores is None:
                page.label, page.weight = (shingle_labels(page.blocks, row["text"]) if "text" in row
                                           else segment_labels(page.blocks, row))
            pages.append(page)
    return pages, np.concatenate(rows)


def fit(x, y, w, rounds):
    easy = (y < 0.05) & (w < np.median(w[w > 0]))  # most of a page: a third of it is enough
    keep = (w > 0) & (~easy | (np.arange(len(y)) % 3 == 0))
    weight = np.where(easy, 3 * w, w)
    return xgb.train(PARAMS, xgb.DMatrix(x[keep], y[keep], weight=weight[keep]), rounds)


def margins(model, x):
    return model.predict(xgb.DMatrix(x), output_margin=True)


def cross(x, y, w, folds, rounds, columns):
    out = np.zeros(len(y), np.float32)
    for fold in range(FOLDS):
        model = fit(x[folds != fold][:, columns], y[folds != fold], w[folds != fold], rounds)
        out[folds == fold] = margins(model, x[folds == fold][:, columns])
    return out


def report(pages, score, scorer, threshold=0.0):
    line = []
    for name in CORPORA:
        mine = [p for p in pages if p.corpus == name]
        hyp = {}
        for p in mine:
            s = score[p.start:p.start + len(p.blocks)]
            hyp[p.id] = {"text": "\n\n".join(b for b, v in zip(p.blocks, s) if v > threshold)}
        rows = scorer.page_rows([p.row for p in mine], hyp)
        sub = [r for r in rows if "sh" in r]
        m = (scorer.text_metrics(sub) if sub else scorer.seg_metrics([r for r in rows if "seg" in r]))
        line.append("%s %.4f (P %.3f R %.3f, %d empty)" %
                    (name, m["f1"], m["precision"], m["recall"], sum(r["empty"] for r in rows)))
    return "; ".join(line)


def write_trees(path, models, notes):
    with open(path, "w") as out:
        for note in notes:
            out.write("# %s\n" % note)
        for number, model in enumerate(models):
            base = json.loads(model.save_config())["learner"]["learner_model_param"]["base_score"]
            base = float(base.strip("[]"))
            out.write("model %d %.9g\n" % (number + 1, np.log(base / (1 - base))))
            for tree in model.get_dump(dump_format="json"):
                out.write("tree\n")
                walk = [json.loads(tree)]
                nodes, index = [], {}
                while walk:  # breadth first: both children of a node stand together
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


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("corpora"), ap.add_argument("tool"), ap.add_argument("output")
    ap.add_argument("--check", action="store_true")
    a = ap.parse_args()
    spec = importlib.util.spec_from_file_location("extraction", os.path.join(a.corpora, "..", "extraction.py"))
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    pages, x = read_pages(a.corpora, a.tool)
    y = np.concatenate([p.label for p in pages])
    w = np.concatenate([p.weight for p in pages])
    folds = np.concatenate([np.full(len(p.blocks), p.fold) for p in pages])
    print("%d pages, %d blocks" % (len(pages), len(y)), flush=True)
    print("ceiling: " + report(pages, y - 0.5, scorer), flush=True)
    plain = np.arange(x.shape[1] - SECOND)
    first = cross(x, y, w, folds, ROUNDS[0], plain)
    print("first:   " + report(pages, first, scorer), flush=True)
    scores = {n: np.concatenate([first[p.start:p.start + len(p.blocks)] for p in pages if p.corpus == n])
              for n in CORPORA}
    _, x2 = read_pages(a.corpora, a.tool, scores)
    every = np.arange(x.shape[1])
    second = cross(x2, y, w, folds, ROUNDS[1], every)
    result = report(pages, second, scorer)
    print("second:  " + result, flush=True)
    for t in (-0.6, -0.3, 0.3, 0.6):
        print("  at %+.1f: %s" % (t, report(pages, second, scorer, t)), flush=True)
    if a.check:
        return
    models = [fit(x[:, plain], y, w, ROUNDS[0]), fit(x2, y, w, ROUNDS[1])]
    write_trees(a.output, models,
                ["Boosted trees that say how likely a block is the article's, as log odds.",
                 "Made by tests/quality/train_extract.py on %s from %d pages of %s;" %
                 (datetime.date.today().isoformat(), len(pages), ", ".join(CORPORA)),
                 "cross-validated by site: " + result,
                 "A model's base, then its trees: feature, threshold, index of the child for less (the",
                 "other stands behind it), or = and a leaf's value."])


if __name__ == "__main__":
    main()
