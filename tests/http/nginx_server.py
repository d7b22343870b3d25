"""A real nginx with deploy/nginx.conf; only addresses, rate and folder are changed."""

import json
import os
import re
import shutil
import subprocess
import time

import service as running

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def replace_once(pattern, replacement, text):
    changed, count = re.subn(pattern, replacement, text, flags=re.M)
    assert count == 1, f"{pattern} stands {count} times in deploy/nginx.conf"
    return changed


class Nginx:
    """A real nginx with the example configuration on a free port."""

    def __init__(self, folder, instances, rate):
        self.folder = folder
        self.port = running.free_port()
        site = (running.ROOT / "deploy/nginx.conf").read_text()
        site = replace_once(r"listen 80;", f"listen 127.0.0.1:{self.port};", site)
        servers = "".join(f"server 127.0.0.1:{i.port}\\1;" for i in instances)
        site = replace_once(r"server 127\.0\.0\.1:8080( [^;]*);", servers, site)
        site = replace_once(r"rate=10r/s", f"rate={rate}r/s", site)
        site = replace_once(r"/var/lib/nginx/precis", f"{folder}/answers", site)
        (folder / "site.conf").write_text(site)
        user = "user root;" if os.getuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/nginx.pid; worker_processes 2;\n"
            f"events {{ worker_connections 1024; }}\n"
            f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n")
        self.command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"),
                        "-c", str(folder / "nginx.conf")]
        self.process = subprocess.Popen(self.command)
        while self.process.poll() is None:
            try:
                running.exchange(self.port, "GET", "/")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((folder / "error.log").read_text())

    def request(self, method, path, body=None, headers=None):
        return running.exchange(self.port, method, path, body, headers)

    def summarize(self, **fields):
        return self.request("POST", "/v1/summaries", json.dumps(fields).encode(),
                            {"Content-Type": "application/json"})

    def stop(self):
        self.process.terminate()
        self.process.wait()
