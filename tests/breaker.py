#!/usr/bin/env python3
"""Shows what the circuit breaker does, second by second, on the built program:

    cargo build && python3 tests/breaker.py [target/debug/sumward]

An upstream works, fails, is flaky and hangs in turn. Clients ask for one stored file and for
new files all the time. Each line says what the upstream did, what the breaker's metric said,
and what the clients got. Exits with 1 when a stored file was not served, or when the
upstream was not asked again after it was well.
"""
import http.client
import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

# What the upstream does, for how many seconds, and what is to be seen in the end.
PHASES = [
    ("works", 4),
    ("fails", 30),
    ("works", 12),
    ("flaky 30 %", 12),
    ("flaky 70 %", 12),
    ("works", 12),
    ("hangs", 16),
    ("works", 16),
]
STATES = {"0": "closed", "1": "half-open", "2": "open"}
NEW_A_SECOND = 8


class Upstream(http.server.BaseHTTPRequestHandler):
    mode = "works"
    asked = 0

    def do_GET(self):
        Upstream.asked += 1
        number = Upstream.asked
        if Upstream.mode == "hangs":
            time.sleep(20)
        fails = Upstream.mode == "fails" or (
            Upstream.mode.startswith("flaky") and number * 7 % 10 < int(Upstream.mode.split()[1]) // 10
        )
        body = b"upstream is ill\n" if fails else b"module " + self.path[1:].split("/@v/")[0].encode() + b"\n"
        try:
            self.send_response(503 if fails else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


def get(port, path, timeout=60):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except OSError:
        return "cut"
    finally:
        connection.close()


def breaker(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    value = re.search(r'sumward_upstream_breaker\{host="127[^}]*\} (\d)', text)
    return STATES[value.group(1)] if value else "?"


def page_state(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    text = connection.getresponse().read().decode()
    connection.close()
    for words in ("left alone for a while", "being tried again"):
        if words in text:
            return words
    return "asked"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "target/debug/sumward"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as data:
        probe = http.server.HTTPServer(("127.0.0.1", 0), Upstream)
        port = probe.server_port
        probe.server_close()
        environment = {"PATH": os.environ["PATH"], "GOSUMDB": "off"}
        sets = ["upstream.attempts=2", "upstream.head_timeout=3s", "upstream.backoff_min=50ms",
                "upstream.breaker.open_min=2s", "upstream.breaker.open_max=8s", "cache.negative_ttl=0s"]
        arguments = [program, "--data", data, "--listen", f"127.0.0.1:{port}",
                     "--upstream", f"http://127.0.0.1:{server.server_port}"]
        for one in sets:
            arguments += ["--set", one]
        log = open(data + ".log", "wb")
        child = subprocess.Popen(arguments, env=environment, stderr=log)
        try:
            for _ in range(100):
                if get(port, "/healthz", 1) == 200:
                    break
                time.sleep(0.1)
            return watch(port, data + ".log")
        finally:
            child.terminate()
            child.wait()
            os.unlink(data + ".log")


def watch(port, log):
    stored = "/example.com/stored/@v/v1.0.0.mod"
    status = get(port, stored)
    if status != 200:
        with open(log, errors="replace") as lines:
            sys.exit(f"the first file is answered with {status}:\n{lines.read()}")
    got, lock, number, faults = {}, threading.Lock(), 0, 0

    def ask(path, what):
        status = get(port, path)
        with lock:
            key = f"{what} {status}"
            got[key] = got.get(key, 0) + 1

    print("second  upstream    asked  breaker    page                    clients got")
    second = 0
    for mode, seconds in PHASES:
        Upstream.mode = mode
        for _ in range(seconds):
            began, asked = time.time(), Upstream.asked
            for _ in range(NEW_A_SECOND):
                number += 1
                path = f"/example.com/new{number}/@v/v1.0.0.mod"
                threading.Thread(target=ask, args=(path, "new"), daemon=True).start()
            ask(stored, "stored")
            time.sleep(max(0, began + 1 - time.time()))
            with lock:
                said = ", ".join(f"{key}: {count}" for key, count in sorted(got.items(), key=str))
                faults += any(key.startswith("stored") and key != "stored 200" for key in got)
                got.clear()
            state, page = breaker(port), page_state(port)
            second += 1
            print(f"{second:6}  {mode:10}  {Upstream.asked - asked:5}  {state:9}  {page:22}  {said}", flush=True)
        if mode == "works" and state != "closed":
            print("the upstream works, and is not asked")
            faults += 1
    print("\nIn the log:")
    with open(log, errors="replace") as lines:
        told = [line for line in lines if "upstream::host" in line]
    print("".join(line if len(line) < 200 else line[:200] + "…\n" for line in told))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
