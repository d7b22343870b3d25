"""Makes results.md and the plots of what tests/bench/run has recorded."""
import statistics

import core
import plot

KB = {1_000: "1 KB", 5_000: "5 KB", 50_000: "50 KB", 1_000_000: "1 MB", 10_000_000: "10 MB"}
NAMES = {"en": "English", "de": "German", "ru": "Russian", "zh": "Chinese", "ar": "Arabic"}
BEGIN, END = "<!-- made by tests/bench/run -->\n", "<!-- end of the budgets -->\n"


def table(head, rows):
    align = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(str(c) for c in row) + " |" for row in [head, align, *rows])


def spread(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def by_size(data):
    """JSON's keys are strings."""
    return {language: {int(size): row for size, row in sizes.items()} for language, sizes in data.items()}


def growth(sizes):
    """Time a byte at 10 MB over that at 1 KB, and the worst of all sizes over that at 1 KB."""
    per_byte = {size: row["core"]["median"] / row["bytes"] for size, row in sizes.items()}
    return per_byte[max(per_byte)] / per_byte[1000], max(per_byte.values()) / per_byte[1000]


def core_section(data):
    stages = by_size(data["stages"])
    parts = ["## Core\n\nMicroseconds per article, from bytes to chosen sentences, including language detection: the "
             "median of the rounds, each over different articles (in brackets the fastest round), and nanoseconds per "
             "byte.\n"]
    rows = []
    for language, sizes in stages.items():
        for size, row in sizes.items():
            us = row["core"]
            rows.append([f"{NAMES[language]}, {KB[size]}", f"{us['median']:,.1f} ({us['least']:,.1f})",
                         f"{us['median'] * 1000 / row['bytes']:.1f}",
                         *(f"{row[s]['median']:,.1f}" for s in core.STAGES),
                         *(f"{us['median'] / row[m]['median']:.1f}" for m in core.MEASURES)])
    parts.append(table(["article", "µs", "ns/B", *core.STAGES, *("/ " + m for m in core.MEASURES)], rows))
    parts.append("\nThe last three columns say how many times as long this takes as memcpy of the same bytes, utf8proc's "
                 "iteration over them, and jansson's parse of them as one string.\n")
    rows = [[NAMES[language], *(f"{figures.get(s, 0):.1f}" for s in core.STAGES), f"{sum(figures.values()):.1f}"]
            for language, figures in data["instructions"].items()]
    if rows:
        parts += ["Instructions per byte (callgrind; articles of 5 KB, stemmers cold):\n",
                  table(["", *core.STAGES, "all"], rows), ""]
    rows = [[NAMES[language], f"{row['ours']:.0f}", f"{row['icu_utf8']:.2f}", f"{row['icu_utf16']:.2f}"]
            for language, row in data["segmenting"].items()]
    if rows:
        parts += ["Segmenting 10 MB, in turn with ICU's sentence BreakIterator. The ratios are its time over ours: from the "
                  "UTF-8 that both get, and with the conversion to UTF-16 done beforehand.\n",
                  table(["", "MB/s", "ICU from UTF-8", "ICU, UTF-16 ready"], rows), ""]
    e = data["extraction"]
    parts += [f"Extraction of pages of {e['page_bytes'] / 1000:.0f} KB: {e['extract_ms'] * 1000:.0f} µs per page, "
              f"{e['ratio']:.2f} × lexbor's parse alone.\n"]
    ours = statistics.median(data["peers"]["Précis"])
    rows = [[name, spread(ms, ".3g"), f"{statistics.median(ms) / ours:,.0f} ×"] for name, ms in data["peers"].items()]
    parts += ["Peers on the same 5 KB English articles in the same run, milliseconds per article:\n",
              table(["", "ms (spread)", "of ours"], rows),
              "\nDebian has no package of sumy. \"As in sumy\" is written anew on NLTK's tokenizer and stemmer, which sumy "
              "uses (sumy itself was measured elsewhere: 10 to 45 ms per article); \"pair by pair\" is the same without "
              "these two.\n"]
    return "\n".join(parts)


CORES = 64


def on_many_cores(c):
    """The best split of CORES between I/O threads and workers: (requests a second, I/O threads)."""
    def rate(io):
        by_workers = (CORES - io) * 1e6 / c["worker_us"] if c["worker_us"] > 1 else float("inf")
        return min(io * 1e6 / c["io_us"], by_workers)
    return max((rate(io), io) for io in range(1, CORES + 1))


def contention_section(data):
    rows, estimates = [], []
    for kind, c in data.items():
        rows.append([kind, f"{c['io_us']:.0f}", f"{c['worker_us']:.0f}", f"{c['locks']:.1f}", f"{c['contended']:.3f}",
                     f"{c['waited_ns']:.0f}", f"{c['most_ns'] / 1000:.1f}"])
        rate, io = on_many_cores(c)
        estimates.append(f"{kind} {min(rate, 1e9 / c['most_ns']):,.0f} requests/s (threads: {rate:,.0f} with "
                         f"`--io-threads {io}`; the lock that is held longest: {1e9 / c['most_ns']:,.0f})")
    return "\n".join([
        "What a request takes of each kind of thread and of locks. Locks are all mutexes of the process, including "
        "libmicrohttpd's, counted by a preloaded library; a thread that loses its processor keeps the locks it holds.\n",
        table(["", "I/O µs", "worker µs", "locks", "contended", "waited ns", "longest held µs"], rows),
        f"\nOn paper, with {CORES} cores of this kind and the load generator elsewhere: {'; '.join(estimates)}. "
        "libmicrohttpd has one lock per I/O thread; ours (queue, cache, connections) are one per process.\n"])


def server_section(data):
    rates = data["rates"]
    base = statistics.median(turn["rate"] for turn in rates["empty libmicrohttpd handler"])

    def of(turns, key):
        return statistics.median(turn[key] for turn in turns)

    parts = ["## Server\n\nwrk with one thread and 64 connections kept alive, on the same cores, sending 64 different "
             "bodies.\n",
             table(["", "requests/s (spread)", "of empty", "p50 ms", "p99 ms", "CPU µs", "switches", "errors"],
                   [[name, spread([t["rate"] for t in turns], ",.0f"), f"{of(turns, 'rate') / base:.0%}",
                     f"{of(turns, 'p50'):.2f}", f"{of(turns, 'p99'):.2f}", f"{of(turns, 'cpu_us'):.0f}",
                     f"{of(turns, 'switches'):.2f}", f"{sum(t['errors'] for t in turns)}"]
                    for name, turns in rates.items()]),
             "\nCPU time and context switches are the server's, per request.\n",
             table(["connections", "empty", "text", "of empty", "cached", "of empty", "p99 text, ms"],
                   [[n, f"{r['empty']['rate']:,.0f}", f"{r['text']['rate']:,.0f}",
                     f"{r['text']['rate'] / r['empty']['rate']:.0%}", f"{r['cached']['rate']:,.0f}",
                     f"{r['cached']['rate'] / r['empty']['rate']:.0%}", f"{r['text']['p99']:.1f}"]
                    for n, r in data["connections"].items()]),
             "\nLatency in ms at a constant rate, counted from the moment that each request was due; of several turns, the "
             "one with the middle p99 is shown. The empty handler gets the rates of text: its tail is the machine's. Busy "
             "is the share of the cores that server and load generator took. Wherever both cores are at work, a thread "
             "that is woken waits for the time slice of the running one, 2.8 ms on this kernel.\n",
             table(["", "rate", "p50", "p99", "p99.9", "p99 / p50", "busy (load alone)", "errors"],
                   [[f"{kind}, {share}%", f"{r['rate']:,.0f}", f"{r['p50']:.2f}", f"{r['p99']:.2f}", f"{r['p999']:.2f}",
                     f"{r['p99'] / max(r['p50'], .001):.1f}", busy(r), r["errors"]]
                    for kind, points in data["load"].items() for share, r in points]), ""]
    if data["cost"]:
        parts += ["What a request costs (counted by valgrind; SHA-256 runs without the processor's instructions for it):\n",
                  table(["", "allocations", "instructions"],
                        [[kind, f"{c['allocations']:.1f}", f"{c['instructions']:,.0f}"]
                         for kind, c in data["cost"].items()]), ""]
    for kind, calls in data["system_calls"].items():
        parts.append(f"System calls per request, {kind}: {sum(calls.values()):.1f} ("
                     + ", ".join(f"{name} {n:.2f}" for name, n in sorted(calls.items(), key=lambda c: -c[1])) + ").\n")
    parts.append(table(["threads", "text/s", "cached/s"],
                       [[name, f"{r['text']:,.0f}", f"{r['cached']:,.0f}"] for name, r in data["scaling"].items()]))
    parts += ["", contention_section(data["contention"])]
    m, q, s = data["many"], data["queued"], data["starts"]
    idle = s["idle_mb"]
    parts.append(f"""
Ten thousand connections kept alive take {m['idle_kb']:.1f} KB each while idle, {m['used_kb']:.1f} KB at most when all are used.
With 500 requests/s beside them while they are idle: p50 {m['beside']['p50']:.2f} ms, p99 {m['beside']['p99']:.2f} ms. With
2,000/s over all of them in turn: p50 {m['over_all']['p50']:.2f} ms, p99 {m['over_all']['p99']:.2f} ms, {m['over_all']['errors']} errors. \
{q['depth']} requests waiting for one
worker took {q['kb']:.1f} KB each (bodies of 5 KB).

Start to ready: {spread(s['ready_ms'], '.1f')} ms. Resident memory when idle: {idle['VmRSS']:.1f} MB, of which {idle['RssFile']:.1f} MB are
mapped files (program and libraries, shared between processes) and {idle['RssAnon']:.1f} MB its own. Under the loads above:
{data['memory']['warm']:.1f} MB after the first {data['memory']['warm_requests']:,} requests, which were of every kind and from as
many connections, and {data['memory']['end']:.1f} MB after {data['memory']['requests']:,}.
""")
    return "\n".join(parts)


def busy(r):
    return f"{r['busy']:.0%} ({r['busy_load']:.0%})"


def budget_table(data):
    stages, rates = by_size(data["stages"]), data["rates"]
    base = statistics.median(t["rate"] for t in rates["empty libmicrohttpd handler"])

    def rate(name):
        return statistics.median(t["rate"] for t in rates[name]) / base

    text, cached = rate("text of 5 KB"), rate("the same, cached")
    half = {kind: dict((share, r) for share, r in points)[50] for kind, points in data["load"].items()}
    tail = half["text"]["p99"] / max(half["text"]["p50"], .001)
    beside = f" (cores {half['text']['busy']:.0%} busy, {half['text']['busy_load']:.0%} with sending the load)"
    english = stages["en"][5000]
    us = english["core"]
    ranking, ranking_least = (english["score"][which] + english["select"][which] for which in ("median", "least"))
    counted = data["instructions"].get("en", {"score": 0, "select": 0})
    ranking_counted = (counted["score"] + counted["select"]) * english["bytes"]
    segment = data["segmenting"].get("en", {"icu_utf8": 0, "icu_utf16": 0})
    worst = max((growth(sizes)[1], language) for language, sizes in stages.items())
    memory, idle, ready_ms = data["memory"], data["starts"]["idle_mb"], statistics.median(data["starts"]["ready_ms"])
    peers = {name: statistics.median(ms) for name, ms in data["peers"].items()}
    # A budget is met or missed by the figures themselves, not by the rounded ones.
    rows = [
        ["core, a 5 KB English article", "≤ 60 µs", f"{us['median']:.0f} µs (fastest round: {us['least']:.0f} µs)",
         us["median"] <= 60],
        ["of it ranking and choosing", "≤ 25 µs",
         f"{ranking:.1f} µs (fastest round: {ranking_least:.1f} µs; {ranking_counted:,.0f} instructions)", ranking <= 25],
        ["segmenting, times as fast as ICU on the same text", "≥ 1",
         f"{segment['icu_utf8']:.2f} (with ICU's UTF-16 ready: {segment['icu_utf16']:.2f})", segment["icu_utf8"] >= 1],
        ["requests/s with 5 KB articles, beside an empty handler's", "≥ 15%", f"{text:.0%}", text >= .15],
        ["the same, answered from the cache", "≥ 50%", f"{cached:.0%}", cached >= .5],
        ["p99 at half the saturating load", "≤ 3 × p50", f"{tail:.1f} ×{beside}", tail <= 3],
        ["resident memory, idle", "≤ 12 MB", f"{idle['VmRSS']:.1f} MB ({idle['RssAnon']:.1f} MB its own)",
         idle["VmRSS"] <= 12],
        ["growth of resident memory after the first 10,000 requests", "none",
         f"{memory['end'] - memory['warm']:.1f} MB of {memory['warm']:.0f} MB in "
         f"{memory['requests'] - memory['warm_requests']:,} requests, including the cache's {memory['cache']:.1f} MB",
         memory["end"] <= memory["warm"]],
        ["start to ready", "≤ 20 ms", f"{ready_ms:.0f} ms", ready_ms <= 20],
        ["growth of the time per byte, 1 KB to 10 MB", "< 1.5 ×", f"{worst[0]:.2f} × at worst ({NAMES[worst[1]]})",
         worst[0] < 1.5],
        ["extraction, beside the time of the HTML parse alone", "≤ 2 ×", f"{data['extraction']['ratio']:.2f} ×",
         data["extraction"]["ratio"] <= 2],
    ]
    for peer, bar in (("LexRank as in sumy (Python, NLTK)", 100), ("libots", 20)):
        if peer in peers:
            ratio = peers[peer] / peers["Précis"]
            rows.append([f"times as fast as {peer}", f"≥ {bar} ×", f"{ratio:,.0f} ×", ratio >= bar])
    return table(["what", "target", "measured", "result"],
                 [[*row, "met" if is_met else "missed"] for *row, is_met in rows])


def plots(data, folder):
    folder.mkdir(exist_ok=True)
    stages = by_size(data["stages"])
    plot.lines(folder / "size.svg", "Core: time against article size", "bytes of the article", "milliseconds",
               {NAMES[language]: [(row["bytes"], row["core"]["median"] / 1000) for row in sizes.values()]
                for language, sizes in stages.items()}, log_x=True, log_y=True)
    plot.stacks(folder / "stages.svg", "Core: where the time of a 5 KB article goes", "", "microseconds",
                {NAMES[language]: {s: sizes[5000][s]["median"] for s in core.STAGES}
                 for language, sizes in stages.items()})
    series, dashes = {}, {}
    for kind in ("text", "cached"):
        points = data["load"][kind]
        for name, percentile in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999")):
            series[f"{kind}, {name}"] = [(share, max(r[percentile], 0.01)) for share, r in points]
            dashes[f"{kind}, {name}"] = "6 4" if kind == "cached" else None
    plot.lines(folder / "load.svg", "Server: latency against offered load", "% of the saturating rate",
               "milliseconds since the request was due", series, log_y=True, dashes=dashes)
    peers = {name: statistics.median(ms) for name, ms in data["peers"].items()}
    plot.bars(folder / "peers.svg", "One English article of 5 KB", "milliseconds",
              {"Précis": peers.pop("Précis"), **dict(sorted(peers.items(), key=lambda p: p[1]))})


def renew(readme, block):
    """Put `block` between the marks that say what made it."""
    before, rest = readme.read_text().split(BEGIN)
    readme.write_text(before + BEGIN + block + END + rest.split(END)[1])


def write(data, folder, readme):
    plots(data, folder / "plots")
    head = f"""# Benchmark results

Made by `tests/bench/run` on {data['machine']['cores']} cores of {data['machine']['model']}, shared with the load generator.
What is compared takes turns within one run. Times vary from machine to machine, ratios less. Versions: \
{', '.join(f"{name} {version}" for name, version in data['versions'].items())}.

"""
    text = head + "\n".join([f"## Budgets\n\n{budget_table(data)}\n", core_section(data), server_section(data)])
    (folder / "results.md").write_text(text)
    renew(readme, f"\nOn {data['machine']['cores']} shared cores of {data['machine']['model']}, in one run:\n\n"
          f"{budget_table(data)}\n")
    return text
