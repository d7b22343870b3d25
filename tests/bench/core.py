"""The core's benchmarks: stages, sizes, instructions, segmenting, extraction, peers."""
import json
import pathlib
import re
import shutil
import subprocess

import articles

STAGES = ("detect", "segment", "tokenize", "score", "select")
MEASURES = ("memcpy", "utf8proc", "jansson")
SIZES = {1_000: 20, 5_000: 20, 50_000: 4, 1_000_000: 1, 10_000_000: 1}  # bytes: how many articles
FUNCTIONS = {"language_detect": "detect", "segment_text": "segment", "tokenize_sentences": "tokenize",
             "score_sentences": "score", "select_sentences": "select"}
NPM = ("lexrank@1.0.5", "node-summarizer@1.0.7")


def output(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **more).stdout


def write_articles(folder, language, size, count):
    path = folder / f"{language}-{size}.txt"
    writer = articles.Writer(language)
    path.write_text("\f".join(writer.article(size) for _ in range(count)))
    return path


def stages(programs, folder):
    """{language: {size: what bench_core prints}}"""
    result = {}
    for language in articles.LANGUAGES:
        result[language] = {}
        for size, count in SIZES.items():
            path = write_articles(folder, language, size, count)
            result[language][size] = json.loads(output(programs / "bench_core", path, language))
    return result


def instructions(programs, folder):
    """{language: {stage: instructions a byte}} of 5 KB articles, counted by callgrind: no clock, no noise."""
    if shutil.which("valgrind") is None:
        return {}
    result = {}
    for language in articles.LANGUAGES:
        path = folder / f"{language}-5000.txt"
        out = folder / "callgrind.out"
        output("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
               programs / "bench_core", path, language, 1)
        listing = output("callgrind_annotate", "--inclusive=yes", "--threshold=100", out)
        result[language] = {}
        for line in listing.splitlines():
            found = re.match(r"\s*([\d,]+) .*?:(\w+)(?:'\d+)?\s", line)
            if found and found[2] in FUNCTIONS and FUNCTIONS[found[2]] not in result[language]:
                result[language][FUNCTIONS[found[2]]] = int(found[1].replace(",", "")) / path.stat().st_size
    return result


def segmenting(programs, folder):
    """{language: {"ours": MB/s, "icu_utf8": ratio, "icu_utf16": ratio}}"""
    result = {}
    for language in articles.LANGUAGES:
        text = output(programs / "bench_segment", folder / f"{language}-1000000.txt", language)
        ours = re.search(r"ours\s+([\d.]+)", text)
        ratios = re.findall(r"ratio ([\d.]+)", text)
        if ours and len(ratios) == 2:
            result[language] = {"ours": float(ours[1]), "icu_utf8": float(ratios[0]),
                                "icu_utf16": float(ratios[1])}
    return result


def extraction(programs, folder):
    """What bench_extract prints of pages around 5 KB articles."""
    paths = []
    for i, text in enumerate((folder / "en-5000.txt").read_text().split("\f")[:10]):
        paths.append(folder / f"page-{i}.html")
        paths[-1].write_text(articles.page(text))
    text = output(programs / "bench_extract", *paths)
    parse, whole, ratio = re.search(r"parse ([\d.]+) ms, parse \+ extract ([\d.]+) ms, ratio ([\d.]+)", text).groups()
    return {"parse_ms": float(parse) / len(paths), "extract_ms": float(whole) / len(paths), "ratio": float(ratio),
            "page_bytes": sum(p.stat().st_size for p in paths) // len(paths)}


def _node_peers(build, articles_file):
    folder = build / "bench-peers"
    if shutil.which("npm") is None:
        return {}
    if not (folder / "node_modules/lexrank").exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *NPM], cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not (folder / "node_modules/lexrank").exists():
        return {}
    return json.loads(output("node", pathlib.Path(__file__).parent / "peers.mjs", folder, articles_file))


def _python_peers(articles_file):
    for python in ("/usr/bin/python3", "python3"):
        try:
            return json.loads(output(python, pathlib.Path(__file__).parent / "peers.py", articles_file))
        except (OSError, subprocess.CalledProcessError):
            continue  # no numpy there
    return {}


def peers(build, programs, folder):
    """{name: [ms an article, a round]}; ours before, between and after them."""
    path = folder / "en-5000.txt"
    ours = []

    def ourselves():
        ours.append(json.loads(output(programs / "bench_core", path, "en"))["core"]["median"] / 1000)

    ourselves()
    others = _python_peers(path)
    ourselves()
    others.update(_node_peers(build, path))
    ourselves()
    return {"Précis": ours, **others}


def versions():
    found = {}
    for package in ("libots0", "libicu72", "libicu76", "python3-numpy", "python3-nltk", "libutf8proc2",
                    "libutf8proc3", "libjansson4", "liblexbor3", "libmicrohttpd12", "libmicrohttpd12t64", "nginx",
                    "wrk", "nodejs", "gcc"):
        answer = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout:
            found[package] = answer.stdout
    return found
