"""Clients of the tests under systemd.

    clients.py load FILE   asks for a list over new TLS connections until FILE is there;
                           prints how many answers came and each that did not
    clients.py slow PORT   an upstream that answers after a while; touches /t/slow-asked
    clients.py sandbox     tries what the unit forbids; prints one line for each
"""

import ctypes
import errno
import http.server
import os
import socket
import ssl
import sys
import threading
import time
import urllib.request

URL = "https://127.0.0.1/example.com/greet/@v/list"


def load(until):
    context = ssl._create_unverified_context()
    answers, failures = [], []

    def ask():
        while not os.path.exists(until):
            try:
                with urllib.request.urlopen(URL, context=context, timeout=20) as answer:
                    answers.append(answer.read() == b"v1.0.0\n")
            except OSError as error:
                failures.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(answers), "answers,", answers.count(False), "wrong,", len(failures), "failed", failures[:3])
    sys.exit(0 if all(answers) and len(answers) >= 20 and not failures else 1)


class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open("/t/slow-asked", "w").close()
        time.sleep(1.5)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"v1.0.0\n")

    def log_message(self, *_):
        pass


def tried(name, what):
    try:
        what()
        print(name, "allowed", flush=True)
    except OSError as error:
        print(name, errno.errorcode[error.errno], flush=True)


def syscall(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


def map_to_write_and_run():
    import mmap

    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def sandbox():
    tried("write-etc", lambda: open("/etc/sumward/x", "w"))
    tried("write-usr", lambda: open("/usr/bin/x", "w"))
    tried("write-data", lambda: open("/var/lib/sumward/probe", "w"))
    tried("read-home", lambda: os.listdir("/root"))
    tried("mount", lambda: syscall(165, 0, b"/tmp", b"tmpfs", 0, 0))
    tried("unshare", lambda: syscall(272, 0x10000000))
    tried("setuid", lambda: syscall(105, 0))
    tried("packet-socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    tried("write-and-run", map_to_write_and_run)
    tried("exec", lambda: os.execv("/bin/true", ["true"]))


if sys.argv[1] == "load":
    load(sys.argv[2])
elif sys.argv[1] == "slow":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Slow).serve_forever()
else:
    sandbox()
