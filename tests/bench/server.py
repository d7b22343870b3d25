"""The server's benchmarks: rates, latencies, what a request costs, scaling, connections."""
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import threading
import time
import urllib.request

import articles

HERE = pathlib.Path(__file__).resolve().parent
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
BODIES = 64
CONNECTIONS = (1, 64, 1000)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.0002)


class Program:
    """A server, from start to end."""

    def __init__(self, command, port, path="/", environment=None):
        self.port, self.path = port, path
        began = time.perf_counter()
        self.process = subprocess.Popen([str(c) for c in command], stderr=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        wait_until_open(port)
        self.ready_ms = (time.perf_counter() - began) * 1000

    def _processes(self):
        """Its own id and those of its children, which nginx has."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu_us(self):
        total = 0
        for pid in self._processes():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total * TICK_US

    def thread_us(self):
        """{name: microseconds on a processor of all threads of that name}"""
        spent = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            spent[name] = spent.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1000
        return spent

    def switches(self):
        total = 0
        for pid in self._processes():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                status = (task / "status").read_text()
                total += sum(map(int, re.findall(r"voluntary_ctxt_switches:\s+(\d+)", status)))
        return total

    def memory_mb(self, what="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(what + r":\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Setting:
    """The servers and bodies to measure, in a folder of their own."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.load = build / "tests/bench/load"
        texts = [articles.Writer("en", seed).article(5000) for seed in range(BODIES)]
        self.pages = [articles.page(text) for text in texts]
        self.origin_port = free_port()
        urls = [f"http://127.0.0.1:{self.origin_port}/{i}.html" for i in range(BODIES)]
        self.bodies = {
            "text": self._bodies("text", [{"text": t, "cache": False} for t in texts]),
            "cached": self._bodies("cached", [{"text": t} for t in texts]),
            "html": self._bodies("html", [{"html": p, "cache": False} for p in self.pages]),
            "url": self._bodies("url", [{"url": u, "cache": False} for u in urls]),
        }

    def _bodies(self, name, values):
        path = self.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values))
        return path

    def precis(self, *options, environment=None):
        port = free_port()
        return Program([self.build / "server/precis", "--listen", f"127.0.0.1:{port}", "--log-level", "warn",
                        "--url-allow-nets", "127.0.0.0/8", "--connections", "12000", *options],
                       port, "/v1/summaries", environment)

    def empty(self):
        port = free_port()
        return Program([self.build / "tests/bench/empty_handler", port], port)

    def nginx(self):
        """Serves the pages, and a constant JSON of 2 KB; None where there is no nginx."""
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            return None
        files = self.folder / "www"
        files.mkdir()
        for i, page in enumerate(self.pages):
            (files / f"{i}.html").write_text(page)
        (files / "static.json").write_text(json.dumps({"summary": "x" * 1980}))
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off; master_process on; worker_processes auto; pid {self.folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; types {{ text/html html; application/json json; }}
  client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{self.origin_port}; root {files}; }}
}}""")
        return Program([program, "-c", config, "-e", "stderr"], self.origin_port, "/static.json")


def wrk(program, bodies, seconds, connections=64):
    """{"rate", "p50", "p99" in ms, "errors", "cpu_us" and "switches" a request}"""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if bodies is not None:
        command += ["-s", str(HERE / "post.lua")]
    cpu, switches = program.cpu_us(), program.switches()
    out = subprocess.run(command + [f"http://127.0.0.1:{program.port}{program.path}"], check=True, capture_output=True,
                         text=True, env={**os.environ, "BODIES": str(bodies)}).stdout
    requests = int(re.search(r"(\d+) requests in", out)[1])
    units = {"us": 0.001, "ms": 1, "s": 1000}

    def latency(percent):
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(number) * units[unit]

    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p50": latency(50), "p99": latency(99),
            "errors": int(errors[1]) if errors else 0, "requests": requests,
            "cpu_us": (program.cpu_us() - cpu) / max(requests, 1),
            "switches": (program.switches() - switches) / max(requests, 1)}


def median(turns, key="rate"):
    return statistics.median(turn[key] for turn in turns)


def rates(setting, empty, nginx, precis, seconds, turns):
    """{name: [what wrk() says, one a turn]}: all take turns."""
    rows = {"empty libmicrohttpd handler": (empty, "text"), "nginx, a static JSON of 2 KB": (nginx, None),
            "text of 5 KB": (precis, "text"), "the same, cached": (precis, "cached"),
            "HTML of 23 KB": (precis, "html"), "URL of such a page": (precis, "url")}
    result = {name: [] for name, (program, _) in rows.items() if program is not None}
    if nginx is None:
        del result["URL of such a page"]
    for _ in range(turns):
        for name in result:
            program, kind = rows[name]
            result[name].append(wrk(program, setting.bodies.get(kind), seconds))
    return result


def by_connections(setting, empty, precis, seconds):
    result = {}
    for count in CONNECTIONS:
        result[count] = {"empty": wrk(empty, setting.bodies["text"], seconds, count),
                         "text": wrk(precis, setting.bodies["text"], seconds, count),
                         "cached": wrk(precis, setting.bodies["cached"], seconds, count)}
    return result


def cpu_us_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e6


def constant(setting, program, kind, rate, seconds, connections=64):
    """What load says, and "busy" and "busy_load": the shares of all cores used by both, and by load alone."""
    served, loaded = program.cpu_us(), cpu_us_of_children()
    out = subprocess.run([str(a) for a in (setting.load, program.port, program.path, setting.bodies[kind],
                                           connections, max(int(rate), 1), seconds)],
                         check=True, capture_output=True, text=True).stdout
    served, loaded = program.cpu_us() - served, cpu_us_of_children() - loaded
    said = json.loads(out)
    whole = said["requests"] / max(said["rate"], 1) * 1e6 * os.cpu_count()
    return {**said, "busy": (served + loaded) / whole, "busy_load": loaded / whole}


def by_load(setting, empty, precis, saturation, seconds, turns):
    """{kind: [[share of saturation, what load says], …]}, of each point the turn with the middle p99: one tick of
    the scheduler, taken by another process, moves it from a fifth of a millisecond to four. The empty handler at the
    rates of "text" beside shows what of a tail is the machine's."""
    points = {kind: (precis, kind, rate) for kind, rate in saturation.items()}
    points["empty"] = (empty, "text", saturation["text"])
    result = {kind: [[share, []] for share in (10, 30, 50, 70, 90)] for kind in points}
    for _ in range(turns):
        for kind, (program, bodies, rate) in points.items():
            for share, said in result[kind]:
                said.append(constant(setting, program, bodies, rate * share / 100, seconds))
    return {kind: [[share, sorted(said, key=lambda turn: turn["p99"])[turns // 2]] for share, said in row]
            for kind, row in result.items()}


def scaling(setting, seconds):
    """Requests a second with 1 and 2 workers, 1 and 2 I/O threads, taking turns."""
    servers = {f"{w} workers, {i} I/O": setting.precis("--workers", w, "--io-threads", i)
               for w, i in ((1, 1), (2, 1), (2, 2))}
    result = {name: {"text": [], "cached": []} for name in servers}
    for _ in range(2):
        for name, server in servers.items():
            for kind in ("text", "cached"):
                result[name][kind].append(wrk(server, setting.bodies[kind], seconds)["rate"])
    for server in servers.values():
        server.stop()
    return {name: {kind: statistics.median(rates) for kind, rates in kinds.items()}
            for name, kinds in result.items()}


def contention(setting, seconds):
    """{kind: {"locks", "contended", "waited_ns", "held_ns" a request, "most_ns": held of the lock that is held
    longest, "io_us", "worker_us": of their threads}}: what stands in the way of more cores. The locks are counted in
    a run of their own, since that takes time."""
    result = {}
    for kind in ("text", "cached"):
        server = setting.precis()
        wrk(server, setting.bodies[kind], 1)
        before = server.thread_us()
        requests = wrk(server, setting.bodies[kind], seconds)["requests"]
        spent = {name: (us - before.get(name, 0)) / requests for name, us in server.thread_us().items()}
        server.stop()
        counts = setting.folder / "locks"
        server = setting.precis(environment={"LD_PRELOAD": setting.build / "tests/bench/liblocks.so",
                                             "LOCKS": counts})
        requests = wrk(server, setting.bodies[kind], seconds)["requests"]
        server.stop()
        locks = [[int(n) / requests for n in line.split()] for line in counts.read_text().splitlines()]
        result[kind] = {name: sum(lock[i] for lock in locks)
                        for i, name in enumerate(("locks", "contended", "waited_ns", "held_ns"))}
        result[kind].update({"most_ns": max(lock[3] for lock in locks), "worker_us": spent.get("worker", 0),
                             "io_us": sum(us for name, us in spent.items() if name.startswith("MHD"))})
    return result


def system_calls(setting):
    """{kind: {call: how many a request}}, counted by strace while a constant load runs."""
    if shutil.which("strace") is None:
        return {}
    result = {}
    for kind in ("text", "cached"):
        server = setting.precis()
        constant(setting, server, kind, 200, 1)
        out = setting.folder / "strace"
        tracer = subprocess.Popen(["strace", "-f", "-c", "-qq", "-o", str(out), "-p", str(server.process.pid)],
                                  stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        done = constant(setting, server, kind, 300, 2)["requests"]
        server.stop()
        tracer.wait()
        counts = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", out.read_text(), re.M)
        result[kind] = {name: int(n) / done for n, name in counts if name != "total" and int(n) >= done / 50}
    return result


def _under_valgrind(setting, kind, tool, requests):
    port = free_port()
    log = setting.folder / "valgrind"
    server = Program(["valgrind", f"--tool={tool}", f"--log-file={log}",
                      *([] if tool == "memcheck" else ["--callgrind-out-file=/dev/null"]),
                      setting.build / "server/precis", "--listen", f"127.0.0.1:{port}", "--log-level", "warn",
                      "--workers", "1", "--sandbox", "off"], port, "/v1/summaries")
    url = f"http://127.0.0.1:{port}/v1/summaries"
    bodies = setting.bodies[kind].read_bytes().splitlines()
    for i in range(requests):
        request = urllib.request.Request(url, bodies[i % 8], {"Content-Type": "application/json"})
        urllib.request.urlopen(request).read()
    server.stop()
    pattern = r"total heap usage: ([\d,]+) allocs" if tool == "memcheck" else r"Collected : (\d+)"
    return int(re.search(pattern, log.read_text())[1].replace(",", ""))


def cost(setting):
    """{kind: {"allocations", "instructions" a request}}: the difference of a long and a short run."""
    if shutil.which("valgrind") is None:
        return {}
    short, long = 16, 64
    return {kind: {name: (_under_valgrind(setting, kind, tool, long) - _under_valgrind(setting, kind, tool, short))
                   / (long - short)
                   for name, tool in (("allocations", "memcheck"), ("instructions", "callgrind"))}
            for kind in ("text", "cached")}


def many_connections(setting):
    """Memory of ten thousand connections kept alive, and a load over all of them."""
    server = setting.precis()
    constant(setting, server, "text", 500, 2)
    before = server.memory_mb()
    holder = subprocess.Popen([str(a) for a in (setting.load, server.port, server.path, "-", 10000, 0, 0)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    time.sleep(0.5)
    result = {"idle_kb": (server.memory_mb() - before) * 1024 / 10000}
    beside = constant(setting, server, "text", 500, 2)
    holder.stdin.close()
    holder.wait()
    over_all = constant(setting, server, "text", 2000, 8, 10000)
    result.update({"beside": beside, "over_all": over_all,
                   "used_kb": (server.memory_mb("VmHWM") - before) * 1024 / 10000})
    server.stop()
    return result


def queued(setting):
    """Memory of a request that waits: two thousand at once, one worker."""
    server = setting.precis("--workers", "1", "--queue", "4000")
    holder = constant(setting, server, "text", 2000, 1, 2000)  # allocates every connection's own memory first
    before, most = server.memory_mb(), [0, 0]

    def watch():
        while not done.is_set():
            figures = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics").read().decode()
            depth = int(re.search(r"^precis_queue_depth (\d+)", figures, re.M)[1])
            if depth > most[0]:
                most[:] = depth, server.memory_mb()
    done = threading.Event()
    watcher = threading.Thread(target=watch)
    watcher.start()
    burst = constant(setting, server, "text", 1e6, 0.002, 2000)
    done.set()
    watcher.join()
    server.stop()
    return {"depth": most[0], "kb": (most[1] - before) * 1024 / max(most[0], 1), "burst": burst,
            "errors": holder["errors"]}


def starts(setting, times=7):
    result = []
    for _ in range(times):
        server = setting.precis()
        result.append(server.ready_ms)
        time.sleep(0.2)
        idle = {what: server.memory_mb(what) for what in ("VmRSS", "RssAnon", "RssFile")}
        server.stop()
    return {"ready_ms": result, "idle_mb": idle}


def figures(server):
    """The service's own counters by name, without labels; the stage "total" of the histograms."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics").read().decode()
    found = {}
    for name, labels, value in re.findall(r"^(\w+)(\{.*\})? ([\d.e+]+)$", text, re.M):
        if not labels or labels == '{stage="total"}':
            found[name] = float(value)
    return found


def requests_answered(server):
    return int(figures(server)["precis_stage_seconds_count"])
