#!/usr/bin/env python3
"""Kills sumward while it logs, again and again, and checks the whole log afterwards.

    python3 tests/kills.py target/debug/sumward target/go/1.27.3/go [KILLS]

Private modules are looked up in a database of sumward's own from several clients at
once; after a random while the server is ended by SIGKILL and started again. At the end
every record that any client was told of is there under its number, no module version has
two, no head was gone back on, and golang.org/x/mod's own server, which ships in the Go
tree, makes the same head, lookups and tiles of the same records.
"""

import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "sum.corp.example"
CLIENTS = 8
HERE = Path(__file__).resolve().parent


class Quiet(SimpleHTTPRequestHandler):
    """An upstream of files that says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class Upstream(ThreadingHTTPServer):
    """Says nothing of clients that were killed either."""

    daemon_threads = True

    def handle_error(self, *_):
        pass


def write_modules(tree, count):
    for number in range(count):
        folder = tree / f"corp.example/m{number}/@v"
        folder.mkdir(parents=True)
        go_mod = f"module corp.example/m{number}\n\ngo 1.21\n"
        (folder / "v1.0.0.mod").write_text(go_mod)
        (folder / "v1.0.0.info").write_text('{"Version":"v1.0.0"}')
        with zipfile.ZipFile(folder / "v1.0.0.zip", "w") as archive:
            prefix = f"corp.example/m{number}@v1.0.0/"
            archive.writestr(prefix + "go.mod", go_mod)
            archive.writestr(prefix + "m.go", "package m\n")


def build_oracle(folder, goroot):
    shutil.copytree(goroot / "src/cmd/vendor/golang.org/x/mod", folder / "mod")
    (folder / "mod/go.mod").write_text("module golang.org/x/mod\n\ngo 1.25\n")
    (folder / "go.mod").write_text(
        "module oracle\n\ngo 1.25\n\nrequire golang.org/x/mod v0.0.0\n\n"
        "replace golang.org/x/mod => ./mod\n"
    )
    shutil.copy(HERE / "tests/own/oracle.go", folder / "main.go")
    environment = {
        "HOME": str(folder), "PATH": os.environ["PATH"], "GOPROXY": "off",
        "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-modcacherw",
    }
    command = [goroot / "bin/go", "build", "-o", "oracle", "."]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return folder / "oracle"


class Server:
    def __init__(self, program, root, upstream):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.root, self.process = root, None
        self.environment = {"HOME": str(root), "PATH": os.environ["PATH"]}
        self.program = program
        keygen = [program, "keygen", NAME, "--out", root / "key"]
        subprocess.run(keygen, env=self.environment, check=True, stdout=subprocess.DEVNULL)
        (root / "sumward.yaml").write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            "upstream:\n  list: 'off'\n"
            f"  private: [{{modules: corp.example, list: 'http://127.0.0.1:{upstream}'}}]\n"
            f"own: {{key: {root}/key}}\n"
        )

    def start(self):
        log = open(self.root / "log", "a")
        command = [self.program, "--config", self.root / "sumward.yaml"]
        command += ["--data", self.root / "data", "--log-level", "warn"]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=log
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit((self.root / "log").read_text())
                time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", f"/sumdb/{NAME}{path}")
        answer = connection.getresponse()
        return answer.status, answer.read()


class Told:
    """What clients were told."""

    def __init__(self):
        self.records, self.size, self.wrong = {}, 0, []

    def ask(self, server, module):
        before = self.size
        try:
            status, body = server.get(f"/lookup/{module}@v1.0.0")
        except (OSError, http.client.HTTPException):
            return
        if status == 200:
            record, note = body.split(b"\n\n")[:2]
            if self.records.setdefault(module, record) != record:
                self.wrong.append(f"{module} has another record now")
            size = int(note.split(b"\n")[1])
            if size < before:
                self.wrong.append(f"a head of {size} records after one of {before}")
            self.size = max(self.size, size)


def records_of(server, size):
    records = []
    for index in range(0, size, 256):
        width = min(256, size - index)
        part = "" if width == 256 else f".p/{width}"
        _, body = server.get(f"/tile/8/data/{index // 256:03}{part}")
        records += [record + b"\n" for record in body.split(b"\n\n") if record]
    return records


def tiles_of(size):
    for level in range(3):
        row = size >> (8 * level)
        for index in range(0, row, 256):
            width = min(256, row - index)
            part = "" if width == 256 else f".p/{width}"
            yield f"/tile/8/{level}/{index // 256:03}{part}"


def check(server, told, oracle, root):
    size = int(server.get("/latest")[1].split(b"\n")[1])
    assert size >= told.size, f"head of {size} records, {told.size} were told of"
    for module, record in told.records.items():
        _, body = server.get(f"/lookup/{module}@v1.0.0")
        assert body.split(b"\n\n")[0] == record, module
    folder = root / "records"
    folder.mkdir()
    names = []
    for record in records_of(server, size):
        names.append(record.split(b" ")[0].decode())
        (folder / f"{names[-1].replace('/', '_')}@v1.0.0").write_bytes(record)
    assert len(names) == len(set(names)) == size, "a module version has two records"
    paths = [f"/lookup/{name}@v1.0.0" for name in names] + ["/latest", *tiles_of(size)]
    made = subprocess.run(
        [oracle, root / "key", folder], input="\n".join(paths) + "\n",
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    # The head of the first lookups is older there: it logs as it is asked.
    for path, want in list(zip(paths, made))[size:]:
        status, body = server.get(path)
        assert want == f"{status} {body.hex()}", path
    return size


def main():
    program, goroot = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    chance = random.Random(kills)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "oracle").mkdir()
        oracle = build_oracle(root / "oracle", goroot)
        count = 4 * kills
        write_modules(root / "modules", count)
        handler = lambda *words: Quiet(*words, directory=str(root / "modules"))
        upstream = Upstream(("127.0.0.1", 0), handler)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        server, told = Server(program, root, upstream.server_port), Told()
        for _ in range(kills):
            server.start()
            modules = [f"corp.example/m{chance.randrange(count)}" for _ in range(CLIENTS)]
            clients = [
                threading.Thread(target=told.ask, args=(server, module)) for module in modules
            ]
            for client in clients:
                client.start()
            time.sleep(chance.random() * 0.1)
            server.kill()
            for client in clients:
                client.join()
        server.start()
        assert not told.wrong, told.wrong
        size = check(server, told, oracle, root)
        server.kill()
        print(f"{kills} kills: {len(told.records)} records told of, {size} in the log, all right")


if __name__ == "__main__":
    main()
