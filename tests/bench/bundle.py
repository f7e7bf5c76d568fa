#!/usr/bin/env python3
"""Measures `sumward bundle create` and `bundle import`; see bundle.sh.

    python3 tests/bench/bundle.py target/release/sumward ROUNDS MIB...

For each size a server with a database of its own takes in so many modules of 10 MiB, or of
as many quarters of a MiB as the environment's QUARTERS says. The
bundle is then made of its store and taken in by an empty mirror, in turns with `tar | zstd`
and `zstd -d | tar` over the same files and SHA-256 of each of them.
"""

import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import http.client
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "sum.corp.example"
FILES = int(os.environ.get("QUARTERS", 40))
# 256 KiB when packed: the letters hold six bits each.
FILE_BYTES = int(os.environ.get("FILE_BYTES", 340_000))


def template():
    """A module zip without a go.mod; its name is all that differs from one to the next."""
    letters = bytes(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    table = bytes(letters[number % 64] for number in range(256))
    chance, whole = random.Random(1), io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(FILES):
            text = chance.randbytes(FILE_BYTES).translate(table)
            archive.writestr(f"corp.example/m00000@v1.0.0/f{number}.go", b"// " + text)
    return whole.getvalue()


ZIP = template()


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        module, _, file = self.path.strip("/").partition("/@v/")
        bodies = {
            "v1.0.0.info": b'{"Version":"v1.0.0"}',
            "v1.0.0.mod": f"module {module}\n".encode(),
            "v1.0.0.zip": None,
        }
        body = bodies.get(file, b"")
        if body is None:
            body = ZIP.replace(b"corp.example/m00000", module.encode())
        self.send_response(200 if file in bodies else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def timed(command, env=None, **words):
    """Runs a command; returns seconds and peak memory in MiB, mapped files included."""
    start, peak = time.monotonic(), 0
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, **words)
    # Not of wait4: that counts what this program had before it became the other.
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    peak = max(peak, int(line.split()[1]))
        time.sleep(0.02)
    seconds = time.monotonic() - start
    if process.returncode:
        sys.exit(f"{command} ends with {process.returncode}")
    return seconds, peak / 1024


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def fill(program, root, env, port, modules):
    """Has a server fetch, prove and log the modules."""
    log = open(root / "log", "w")
    command = [program, "--config", root / "online.yaml", "--data", root / "online"]
    server = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def fetch(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", path)
        answer = connection.getresponse()
        while answer.read(1 << 20):
            pass
        connection.close()
        assert answer.status == 200, (path, answer.status)

    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.02)
    try:
        with ThreadPoolExecutor(8) as pool:
            endings = ["mod", "info", "zip"]
            paths = [f"/{module}/@v/v1.0.0.{ending}" for module in modules for ending in endings]
            list(pool.map(fetch, paths))
            lookups = [f"/sumdb/{NAME}/lookup/{module}@v1.0.0" for module in modules]
            list(pool.map(fetch, lookups))
    finally:
        server.terminate()
        server.wait()


def shell(text, **words):
    return timed(["bash", "-c", "set -euo pipefail\n" + text], **words)[0]


def measure(program, root, mib, rounds, upstream):
    env = {"HOME": str(root), "PATH": os.environ["PATH"]}
    run = lambda *words: subprocess.run([program, *words], env=env, check=True, capture_output=True, text=True).stdout
    key = run("keygen", NAME, "--out", root / "key").splitlines()[0].removeprefix("GOSUMDB=")
    trust = run("bundle", "keygen", "bundles.example", "--out", root / "bundle-key").splitlines()[0]
    port = free_port()
    (root / "online.yaml").write_text(
        f"listen: 127.0.0.1:{port}\nupstream:\n  list: 'off'\n"
        f"  private: [{{modules: corp.example, list: 'http://127.0.0.1:{upstream}'}}]\n"
        f"own: {{key: {root}/key}}\n"
    )
    modules = [f"corp.example/m{number:05}" for number in range(max(1, mib * 4 // FILES))]
    (root / "list.txt").write_text("".join(f"{module}@v1.0.0\n" for module in modules))
    fill(program, root, env, port, modules)
    bundle = root / "bundle"
    create = [program, "bundle", "create", "--config", root / "online.yaml", "--data", root / "online"]
    create += ["--from", root / "list.txt", "--key", root / "bundle-key", "-o", bundle]
    take = [program, "bundle", "import", bundle, "--trust", trust, "--data", root / "mirror"]
    mirror = {**env, "GOPROXY": "off", "GOSUMDB": key}
    figures = {"create": [], "tar | zstd": [], "import": [], "zstd -d | tar": []}
    peaks = {"create": 0, "import": 0}
    for number in range(rounds):
        bundle.unlink(missing_ok=True)
        os.sync()
        seconds, peak = timed(create, env)
        figures["create"].append(seconds)
        peaks["create"] = max(peaks["create"], peak)
        if number == 0:
            shell("mkdir files; zstd -dc bundle | tar x -C files", cwd=root)
        os.sync()
        figures["tar | zstd"].append(shell(
            "find files -type f -print0 | xargs -0 sha256sum >sums; tar c files | zstd -q -f -o rival", cwd=root))
        shutil.rmtree(root / "mirror", ignore_errors=True)
        os.sync()
        seconds, peak = timed(take, mirror)
        figures["import"].append(seconds)
        peaks["import"] = max(peaks["import"], peak)
        shutil.rmtree(root / "mirror")
        os.sync()
        figures["zstd -d | tar"].append(shell(
            "mkdir rivals; zstd -dqc rival | tar x -C rivals; find rivals -type f -print0 | xargs -0 sha256sum >sums", cwd=root))
        shutil.rmtree(root / "rivals")
        (root / "rival").unlink()
    size = bundle.stat().st_size >> 20
    for ours, theirs in [("create", "tar | zstd"), ("import", "zstd -d | tar")]:
        mine, other = statistics.median(figures[ours]), statistics.median(figures[theirs])
        print(f"| {ours} | {size} | {mine:.1f} | {other:.1f} | {other / mine:.2f} | {peaks[ours]:.0f} |", flush=True)


def main():
    program, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("| what | MiB | seconds | seconds of the rival | rate of the rival's | peak memory MiB |")
    print("|---|---|---|---|---|---|")
    for mib in map(int, sys.argv[3:]):
        with tempfile.TemporaryDirectory(prefix="sumward-bundle.") as name:
            measure(program, Path(name), mib, rounds, server.server_port)


if __name__ == "__main__":
    main()
