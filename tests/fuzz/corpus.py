#!/usr/bin/env python3
"""Writes the seeds of corpus/: one file each, named by what is odd about it.

    python3 tests/fuzz/corpus.py

It only adds and overwrites: what a fuzzer found and was kept stays. Hashes,
keys, heads and the lookup are real ones of sum.golang.org; the note of
example.com/log is signed with the seed that src/fuzz/database.rs names.
"""

import base64
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import tarfile
import tempfile
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"

H1 = "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y="
GO_MOD_H1 = "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0="
PUBLIC_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
PUBLIC_NOTE = """go.sum database tree
51929436
mQw+jf8Ko94JweSoG8190LvpV8myM/RNeAJ9TYKnia8=

— sum.golang.org Az3grkpNqcZOcvUPGEii+HGw4Omo/J/g+pjjn1+rGRhg6mVhwZBlloAIY+YYfBmHnOZbau4dxH0uzFPHVnZnnD3Sfg4=
"""
TEST_NOTE = """go.sum database tree
3
O2zM1+PgI/85MAbwMDFe562esRGwIrQfun5bejlz9og=

— example.com/log cC88cL+alB+P7fopy1xOyJNRztenkWbkgAofpboBA2/KfdSibZu9UG4lq8St2LkwMDSl/dSrLjnMy/JGVs7aTpbmfQQ=
"""
ONE_RECORD = """example.com/log
1
PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=

— example.com/log cC88cFbGncTusJALG7IqPiCQcVoOs3YhrwEvVwdc+5xNS59g8pQJIqrV9uhIOjSBPiBYRv6KqxVuq2JVUoBRUP8DpAw=
"""
COSIGNED = "— example.com/w X171hwAAAABrB3aA61PSJ/bNPsELuaRZawCvGQyrHlo1izvm/gVUJ8TRP/ZgGwmjPTqv1GtNgkPP5FaU4h2Wsl1fLAx8rn8sANLyDg==\n"
PSEUDO = "v0.0.0-20161208181325-20d25e280405"


def seed(target, **files):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if isinstance(data, str):
            data = data.encode()
        (folder / name).write_bytes(data)


def attest():
    """Signed with the seed of 32 ones that src/fuzz/attest.rs names."""
    signature = "Em2FR/JKWWA0O5wk0PDZNUOMjRcxen+2s14DUpadcDz9G+YmVSGiWpZbiPXGKeb/RiJiYj0OfAhk1aHEj+fvAw=="
    keyid = "fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2"
    signed = '{"payload":"aGVsbG8=","payloadType":"text/plain","signatures":[{"keyid":"%s","sig":"%s"}]}' % (keyid, signature)
    hello = hashlib.sha256(b"hello\n").hexdigest()
    statement = '{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://example.com/v1","subject":[{"digest":{"sha256":"%s"},"name":"a.bin"}]}' % hello
    observation = (CORPUS.parent.parent.parent / "proto/testdata/observation-v1.json").read_text().split("\n")[0]
    closure = f"{'01' * 32} {'02' * 32} {'A' * 20} fmt\n{'03' * 32} {'04' * 32} {'B' * 20} example.com/tool\n"
    keys = (
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
    )
    quorum = (
        f"version: 1\nlevel: L3+T\ninputs: {'ab' * 32}\nhosts:\n"
        f"- {{name: a, key: {keys[0]}, org: x, image: i1, cache: c1, until: 2027-01-31T00:00:00Z}}\n"
        f"- {{name: b, key: {keys[1]}, org: y, image: i2, cache: c1, compromised_since: 2026-01-01T00:00:00Z}}\n"
        "quorum: {k: 1, of: [image, cache]}\nmax_age: 30d\n"
    )
    seed(
        "attest_envelope",
        signed=signed,
        unsigned='{"payload":"aGVsbG8=","payloadType":"text/plain","signatures":[]}',
        url_safe='{"payload":"-__-AA","payloadType":"t","signatures":[{"sig":""}]}',
        name_twice=signed.replace("{", '{"Payload":"",', 1),
    )
    seed("attest_statement", statement=statement, observation=observation, closure=closure)
    seed("quorum", two_hosts=quorum, name_twice=quorum + "version: 2\n")
    seed(
        "certificate",
        envelope_alone=signed + "\n",
        every_line=signed
        + "\n"
        + json.dumps({"kind": "observation", "name": "a", "envelope": signed, "proof": None})
        + "\n"
        + json.dumps({"kind": "closure", "list": closure})
        + "\n"
        + json.dumps({"kind": "record", "module": "m", "version": "v1.0.0", "answer": "", "tiles": ["AA=="]})
        + "\n",
    )


def claims():
    """Scripts: tests/src/fuzz/claims.rs reads them choice by choice."""
    cache, installation, program = b"\0", b"\1", b"\2"
    elf, stripped, pe, mach_o = (bytes([base]) for base in range(4))
    kept, sealed = b"\0", b"\1"
    code, entry, literal, payload, numbers, executable, anywhere = (bytes([kind]) for kind in range(7))
    seed(
        "claims",
        code=program + elf + kept + code + struct.pack("<I", 300) + b"\0\1",
        code_sealed=program + elf + sealed + code + struct.pack("<I", 301) + b"\0\1",
        code_stripped=program + stripped + sealed + code + struct.pack("<I", 302) + b"\0\1",
        code_pe=program + pe + sealed + code + struct.pack("<I", 303) + b"\0\1",
        code_mach_o=program + mach_o + sealed + code + struct.pack("<I", 304) + b"\0\1",
        entry=program + stripped + kept + entry + b"\x10",
        entry_pe=program + pe + sealed + entry + b"\x10",
        entry_mach_o=program + mach_o + sealed + entry + b"\x10",
        literal=program + elf + sealed + literal + b"\x0f\1",
        literal_pe=program + pe + kept + literal + b"\x0f\1",
        numbers=program + elf + sealed + numbers,
        numbers_stripped=program + stripped + sealed + numbers,
        payload=program + stripped + kept + payload + b"\x90" + b"payload " * 20,
        payload_sealed=program + stripped + sealed + payload + b"\x90" + b"payload " * 20,
        executable=program + stripped + sealed + executable + b"\0",
        executable_pe=program + pe + sealed + executable + b"\1",
        anywhere=program + stripped + sealed + anywhere + b"\1" + struct.pack("<I", 5000) + b"\1",
        cache_edited=cache + b"\0\0" + struct.pack("<I", 700) + b"\1",
        cache_renamed=cache + b"\0\1" + struct.pack("<I", 700) + b"\1",
        cache_disowned=cache + b"\0\2" + struct.pack("<I", 700) + b"\1",
        cache_exchanged=cache + b"\0\3\1",
        file_edited=installation + b"\5\0\0\3\1",
        file_added=installation + b"\0\2\1zz\xff",
        file_added_new=installation + b"\0\3\1zz",
        file_removed=installation + b"\3\0\2",
        file_in_a_crowd=installation + b"\0\2\3",
        file_linked=installation + b"\0\1\4zz",
        file_longer=installation + b"\2\0\5evil",
    )


def toolchains():
    module = "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64"
    line = lambda fill, name: f"{fill * 64}  {module}/{name}\n"
    seed(
        "toolchain",
        list=line("0", "LICENSE") + line("1", "VERSION") + line("a", "src/_go.mod"),
        unsorted=line("1", "VERSION") + line("0", "LICENSE"),
        other_module=line("1", "VERSION") + line("0", "x").replace("1.27.3", "1.27.2"),
        carriage=line("1", "VERSION").replace("\n", "\r\n"),
        tree="go1.27.3\nlinux/amd64\nsrc/go.mod\nbin/go\npkg/tool/linux_amd64/pack\ntest/x.go\n.git/HEAD",
        old_tree="go1.21.13\nwindows/arm64\nbin/go.exe\npkg/tool/windows_arm64/pack.exe",
        devel="devel go1.28-ab12\nlinux/amd64\nVERSION",
    )


def line_table(magic, word, order, functions, text_start):
    """A line table of functions (name, start, size), as pclntab/header.rs reads it."""
    number = lambda value, size: value.to_bytes(size, order)
    oldest, older = magic == 0xFFFFFFFB, magic in (0xFFFFFFFA, 0xFFFFFFFB)
    unit = word if older else 4
    base = text_start if older else 0
    names, offsets = b"", []
    for name, _, _ in functions:
        offsets.append(len(names))
        names += name.encode() + b"\0"
    files = b"m/main.go\0"
    # File 0 for eight bytes, then its line, then the end.
    lines = b"\0" + b"\x02\x08\0" + b"\x14\x08\0"
    head = 8 + word * (1 if oldest else 7 + (not older))
    entries_len = unit * (2 * len(functions) + 1)
    record_len = unit + 4 * 10
    if oldest:
        entries_at = head
        records_at = head + entries_len + 4
        names_at = records_at + record_len * len(functions)
        files_at = names_at + len(names)
        index_at = files_at + len(files)
        lines_at = index_at + 8
        name_of = lambda at: names_at + at
        line_of = lambda at: lines_at + at
        relative = 0
    else:
        names_at = head
        units_at = names_at + len(names)
        files_at = units_at + 4
        lines_at = files_at + len(files)
        entries_at = lines_at + len(lines)
        records_at = entries_at + entries_len
        name_of = line_of = lambda at: at
        relative = entries_at
    out = number(magic, 4) + b"\0\0\x01" + number(word, 1) + number(len(functions), word)
    if not oldest:
        out += number(1, word)
        if not older:
            out += number(text_start if magic == 0xFFFFFFF0 else 0, word)
        for at in (names_at, units_at, files_at, lines_at, entries_at):
            out += number(at, word)
    entries = b""
    for index, (_, start, size) in enumerate(functions):
        entries += number(base + start, unit) + number(records_at - relative + index * record_len, unit)
    entries += number(base + functions[-1][1] + functions[-1][2], unit)
    records = b""
    for index, (_, start, _) in enumerate(functions):
        fields = [name_of(offsets[index]), 0, 0, 0, line_of(1), line_of(4), 0, 0, 7 + index, 0]
        records += number(base + start, unit) + b"".join(number(field, 4) for field in fields)
    if oldest:
        index = number(2, 4) + number(files_at, 4)
        return out + entries + number(index_at, 4) + records + names + files + index + lines
    return out + names + number(0, 4) + files + lines + entries + records


def elf(magic, wide, order, machine, bodies):
    """An ELF program: code, its line table, text, data and symbols."""
    half = lambda value: value.to_bytes(2, order)
    four = lambda value: value.to_bytes(4, order)
    word = 8 if wide else 4
    number = lambda value: value.to_bytes(word, order)
    header, entry = (64, 64) if wide else (52, 40)
    base, code_at = 0x400000, 0x80
    functions, code = [], b""
    for name, body in bodies:
        body += b"\xcc" * (-len(body) % 16)
        functions.append((name, len(code), len(body)))
        code += body
    table_at = code_at + len(code)
    table = line_table(magic, word, order, functions, base + code_at)
    table += b"\0" * (-len(table) % 8)
    text_at = table_at + len(table)
    text = b"some text: 2026-01-02T03:04:05Z\0"
    text += b"\0" * (-len(text) % 8)
    data_at = text_at + len(text)
    data = number(base + text_at + 11) + number(20) + b"".join(number(value) for value in (5, 9, 1, 7))
    names = b"\0.text\0.gopclntab\0.rodata\0.data\0.shstrtab\0.symtab\0.strtab\0"
    symbol_names = b"\0main.table\0main.stamp\0"
    symbols_at = data_at + len(data)
    def symbol(name, address, size):
        if wide:
            return four(name) + b"\x11\0" + half(4) + number(address) + number(size)
        return four(name) + number(address) + number(size) + b"\x11\0" + half(4)
    symbols = symbol(0, 0, 0) + symbol(1, base + data_at + 2 * word, 4 * word) + symbol(12, base + data_at, 2 * word)
    names_at = symbols_at + len(symbols)
    strings_at = names_at + len(names)
    sections_at = strings_at + len(symbol_names)
    def section(name, kind, flags, at, size, loaded=True, link=0, each=0):
        address = base + at if loaded else 0
        tail = four(link) + four(1) + number(1) + number(each)
        return four(names.index(name)) + four(kind) + number(flags) + number(address) + number(at) + number(size) + tail
    sections = b"\0" * entry
    sections += section(b".text\0", 1, 6, code_at, len(code))
    sections += section(b".gopclntab\0", 1, 2, table_at, len(table))
    sections += section(b".rodata\0", 1, 2, text_at, len(text))
    sections += section(b".data\0", 1, 3, data_at, len(data))
    sections += section(b".symtab\0", 2, 0, symbols_at, len(symbols), False, 7, len(symbols) // 3)
    sections += section(b".shstrtab\0", 3, 0, names_at, len(names), False)
    sections += section(b".strtab\0", 3, 0, strings_at, len(symbol_names), False)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "little" else 2, 1]) + b"\0" * 9
    out = ident + half(2) + half(machine) + four(1) + number(base + code_at) + number(header)
    program = 56 if wide else 32
    out += number(sections_at) + four(0) + half(header) + half(program) + half(1) + half(entry) + half(8) + half(6)
    end = sections_at
    if wide:
        out += four(1) + four(7) + number(0) + number(base) + number(base) + number(end) + number(end) + number(8)
    else:
        out += four(1) + number(0) + number(base) + number(base) + number(end) + number(end) + four(7) + number(8)
    out += b"\0" * (code_at - len(out))
    return out + code + table + text + data + symbols + names + symbol_names + sections


def wasm():
    """A WebAssembly module of two functions, its line table among the data."""
    section = lambda kind, body: bytes([kind, len(body) & 0x7F | 0x80, len(body) >> 7]) + body
    table = line_table(0xFFFFFFF1, 8, "little", [("main.a", 0x1000, 1), ("main.b", 0x1001, 1)], 0)
    size = bytes([len(table) & 0x7F | 0x80, len(table) >> 7])
    data = b"\x01\x00\x41\x10\x0b" + size + table
    bodies = b"\x02" + b"\x04\x00\x41\x07\x0b" + b"\x04\x00\x10\x00\x0b"
    return b"\0asm\1\0\0\0" + section(10, bodies) + section(11, data)


def images():
    # A call of the next function, an address of data, a value.
    x86 = [
        ("main.main", b"\xe8\x0b\0\0\0\x48\x8d\x05\x00\x02\0\0\xc3"),
        ("example.com/a%2eb.(*T[...]).F", b"\xb8\x2a\0\0\0\xc3"),
        ("type:.eq.[2]main.T", b"\xc3"),
    ]
    arm64 = [
        ("main.main", bytes.fromhex("04000094 00000090 00100091 c0035fd6")),
        ("main.twice", bytes.fromhex("00000010 00fcff97 c0035fd6")),
    ]
    seed(
        "images",
        amd64=elf(0xFFFFFFF1, True, "little", 62, x86),
        amd64_go118=elf(0xFFFFFFF0, True, "little", 62, x86),
        x86_go116=elf(0xFFFFFFFA, False, "little", 3, x86),
        x86_go12=elf(0xFFFFFFFB, False, "little", 3, x86),
        arm64=elf(0xFFFFFFF1, True, "little", 183, arm64),
        arm=elf(0xFFFFFFF1, False, "little", 40, [("main.main", bytes.fromhex("000000eb 10004000")), ("main.b", b"\1\2\3\4")]),
        s390x=elf(0xFFFFFFF1, True, "big", 22, arm64),
        mips=elf(0xFFFFFFF1, False, "big", 8, arm64),
        wasm=wasm(),
        empty=b"",
    )


def texts():
    seed(
        "semver",
        ladder="v1.0.0-alpha\nv1.0.0-alpha.1\nv1.0.0",
        short="v1\nv1.2\nv1.2.0",
        build="v1.0.0-rc.1+meta\nv1.0.0-rc.1\nv1.0.0+incompatible",
        long_numbers="v18446744073709551616.0.0\nv1.99999999999999999999.0\nv1.0.0-99999999999999999999",
        broken="v01.0.0\nv1.0.0-01\nv1.0.0-a..b",
    )
    seed(
        "module_path",
        plain="golang.org/x/text",
        capitals="github.com/BurntSushi/toml@v1.5.0",
        escaped="github.com/!burnt!sushi/toml",
        major="rsc.io/quote/v3@v3.1.0",
        gopkg="gopkg.in/yaml.v2-unstable@v2.4.0",
        incompatible="github.com/dgrijalva/jwt-go@v3.2.0+incompatible",
        toolchain="golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64",
        windows="x.y/con.go",
        short_name="x.y/longna~1",
        dots="x.y/../z",
        unicode="x.y/é\u0301",
        bangs="x.y/!!z!",
        capital_version="v1.0.0-!r!c1",
    )
    seed(
        "pseudo",
        first=PSEUDO,
        after_release="v1.2.3-0.20060102150405-abcdef123456",
        after_prerelease="v1.2.3-pre.0.20060102150405-abcdef123456+incompatible",
        carry="v1.2.1000-0.20060102150405-abcdef123456",
        none_before="v1.2.0-0.20060102150405-abcdef123456",
        no_such_day="v1.0.0-20060230150405-abcdef123456",
    )
    seed(
        "patterns",
        plain="*.corp.example.com,rsc.io/private\nrsc.io/private/x\ngit.corp.example.com",
        classes="rsc.io/[a-q]*,x.y/[^\\]]?\nrsc.io/quote/v3\nx.y/zz",
        stars="a*b*c*d*e*/f\naxbxcxdxexxx/f\naxbxcxdxe/xxx/f",
        broken="rsc.io/[a-\nrsc.io/a",
        empty=",,/,\nx",
        slash_class="[/]*x\n/x\na/x",
    )
    seed(
        "goproxy_request",
        list="/golang.org/x/text/@v/list",
        latest="/golang.org/x/text/@latest",
        info="/golang.org/x/text/@v/master.info",
        mod=f"/gopkg.in/check.v1/@v/{PSEUDO}.mod",
        zip="/github.com/%21burnt%21sushi/toml/@v/v1.5.0.zip",
        incompatible="/github.com/dgrijalva/jwt-go/@v/v3.2.0%2Bincompatible.zip",
        traversal="/golang.org/x/%2e%2e/text/@v/list",
        slash="/golang.org%2fx/text/@v/list",
        twice="/golang.org/x/text/@v/%252e%252e.info",
        nul="/golang.org/x/text/@v/v1.0.0%00.info",
        option="/golang.org/x/text/@v/-x.info",
        raw_capital="/github.com/BurntSushi/toml/@v/list",
        two_marks="/golang.org/@v/x/@v/list",
        supported="supported",
        lookup="lookup/rsc.io/quote@v1.5.2",
        tile="tile/8/0/x001/067.p/1",
        tile_data="tile/8/data/000",
    )
    seed(
        "modcache",
        tree="github.com/!burnt!sushi/toml/@v/v1.5.0.zip",
        info="golang.org/x/text/@v/v0.3.0.info",
        branch="golang.org/x/text/@v/master.info",
        lock="golang.org/x/text/@v/v0.3.0.lock",
        athens="github.com/BurntSushi/toml/v1.5.0/source.zip",
        athens_mod="golang.org/x/text/v0.3.0/go.mod",
        athens_info="golang.org/x/text/v0.3.0/v0.3.0.info",
        athens_escaped="github.com/!burnt!sushi/toml/v1.5.0/go.mod",
        traversal="golang.org/x/../text/v0.3.0/go.mod",
        sumdb="sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2",
    )
    signature = b"\r\n\r\n\0\r\nQUIT\n"
    four = bytes([192, 0, 2, 7, 192, 0, 2, 1, 220, 4, 1, 187])
    seed(
        "proxy_header",
        tcp4="PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n",
        tcp6="PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n",
        unknown="PROXY UNKNOWN\r\n",
        endless="PROXY UNKNOWN " + "x" * 120,
        http="GET / HTTP/1.1\r\n",
        binary_tcp4=signature + b"\x21\x11\0\x0c" + four,
        binary_extension=signature + b"\x21\x11\0\x11" + four + b"\4\0\2\t\t",
        binary_local=signature + b"\x20\0\0\0",
        binary_short=signature + b"\x21\x21\0\x0c" + four,
        binary_long=signature + b"\x21\x11\xff\xff" + four,
    )
    seed(
        "proxy_list",
        default="https://proxy.example,direct",
        both="https://a.example/x/|b.example,,off,http://c.example",
        file="file:///srv/go mod/|localhost:8080",
        password="https://user:secret@a.example/x|direct",
        broken="ftp://a.example",
        host="https://u@/",
        query="https://a.example?x#y",
    )
    seed(
        "info",
        plain='{"Version":"v1.5.0","Time":"2025-03-11T08:04:05Z"}',
        origin='{"Version":"v0.43.0","Time":"2025-03-11T08:04:05.123+01:00","Origin":{"VCS":"git","URL":"https://x.y","Hash":"ab"}}',
        twice='{"Version":"v1.0.0","version":"v2.0.0"}',
        long_s='{"Ver\u017fion":"v1.0.0"}',
        null='{"Version":"v1.0.0","Time":null}',
        deep='{"x":' + "[" * 200,
        escaped='{"\\u0056ersion":"\\u00761.0.0"}',
    )
    seed(
        "version_list",
        plain="v1.0.0\nv1.1.0\nv1.2.0-rc.1\n",
        times="v1.0.0 2025-03-11T08:04:05Z\r\nv1.1.0 yesterday\n",
        odd=f"master\nv2\n{PSEUDO}\nv3.0.0+incompatible",
        page="<!DOCTYPE html>",
    )
    seed(
        "gosum",
        plain=f"rsc.io/quote v1.5.2 {H1}\nrsc.io/quote v1.5.2/go.mod {GO_MOD_H1}\n",
        line=f"rsc.io/quote v1.5.2 {H1}",
        other="rsc.io/quote v1.5.2 h9:x\n\n",
        broken="rsc.io/quote v1.5.2",
    )


def databases():
    record = f"rsc.io/quote v1.5.2 {H1}\nrsc.io/quote v1.5.2/go.mod {GO_MOD_H1}\n"
    injected = PUBLIC_NOTE.replace("\n\n", f"\nx.y/z v1.0.0 {H1}\n\n")
    seed(
        "note",
        public=PUBLIC_NOTE,
        test=TEST_NOTE,
        key=PUBLIC_KEY,
        secret="PRIVATE+KEY+example.com/log+702f3c70+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
        unsigned="text\n\n",
        two_signers=PUBLIC_NOTE + TEST_NOTE.split("\n\n")[1],
        carriage="text\r\n\n— x AAAA\n",
        to_sign="some text\n",
    )
    seed(
        "lookup_answer",
        public=f"942\n{record}\n{PUBLIC_NOTE}",
        injected=f"942\n{record}\n{injected}",
        record=record,
        records=f"{record}\n{record}",
        no_record=f"942\n\n{PUBLIC_NOTE}",
        leading_zero=f"0942\n{record}\n{PUBLIC_NOTE}",
        huge_number=f"99999999999999999999\n{record}\n{PUBLIC_NOTE}",
    )
    head = PUBLIC_NOTE.split("\n\n")[0] + "\n"
    seed(
        "checkpoint",
        public=head,
        extended=head + "more\n",
        empty="go.sum database tree\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        leading_zero=head.replace("\n", "\n0", 1),
        huge="go.sum database tree\n18446744073709551615\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    )
    seed(
        "gosumdb",
        name="sum.golang.org",
        alias="sum.golang.google.cn",
        key=PUBLIC_KEY,
        url=f"{PUBLIC_KEY} https://sum.example/x/",
        off="off",
        unknown="sum.example",
    )
    seed(
        "tile_path",
        partial="tile/8/0/x001/x234/067.p/5",
        data="tile/8/data/000",
        high="tile/30/63/999",
        short="tile/8/0/1",
        superfluous="tile/8/0/x000/001",
        wide="tile/8/0/001.p/256",
        entries="tile/entries/x123/456.p/7",
        bare="tile/5/x001/234",
    )
    seed(
        "tile_plan",
        good=bytes([200, 3, 0, 150]),
        one_flip=bytes([200, 3, 0, 150, 1, 40, 1]),
        cut=bytes([255, 2, 1, 60, 3, 255, 0]),
        longer=bytes([13, 1, 2, 1, 0, 254, 7]),
        empty=bytes([0, 1, 0, 0]),
        child=bytes([255, 5, 0, 7, 200, 32, 128]),
    )


def witnesses():
    """ONE_RECORD is the head of a log with the record "x"; src/fuzz/witness.rs has
    the seeds of both keys."""
    root = ONE_RECORD.split("\n")[2]
    seed(
        "add_checkpoint",
        first=f"old 0\n\n{ONE_RECORD}",
        cosigned=f"old 0\n\n{ONE_RECORD}{COSIGNED}",
        with_proof=f"old 1\n{root}\n{root}\n\n{ONE_RECORD}",
        many=f"old 0\n{(root + chr(10)) * 64}\n{ONE_RECORD}",
        zero_in_front=f"old 00\n\n{ONE_RECORD}",
        other_origin=f"old 0\n\n{TEST_NOTE}",
        no_checkpoint=f"old 0\n\n{PUBLIC_NOTE.replace('51929436', 'x')}",
        answer=COSIGNED,
        answers=COSIGNED * 2,
        size="71909756\n",
    )
    first = "c2sp.org/tlog-proof@v1\n"
    seed(
        "tlog_proof",
        good=f"{first}index 0\n\n{ONE_RECORD}",
        cosigned=f"{first}index 0\n\n{ONE_RECORD}{COSIGNED}",
        extra=f"{first}extra AAECAw==\nindex 0\n\n{ONE_RECORD}",
        no_extra=f"{first}extra \nindex 0\n\n{ONE_RECORD}",
        other_index=f"{first}index 1\n{root}\n\n{ONE_RECORD}",
        many=f"{first}index 0\n{(root + chr(10)) * 63}\n{ONE_RECORD}",
        other_log=f"{first}index 0\n\n{PUBLIC_NOTE}",
    )


def configurations():
    """Signed with the seed that src/fuzz/manifest.rs names."""
    text = """sumward configuration v1
serial 7
not-before 2026-11-27T00:00:00Z
not-after 2027-02-28T23:59:59Z
for eu-west
base 3f314dfddfc3fd2576c009406ee3bc272d70e54afa73f842a76d7a9de2e00f66 sumward.yaml
feature f9914153d3c75664e10fc6145daacee18b7c6599d9590ddc64f096cf39e4cc67 conf.d/10-busy.yaml
"""
    signature = "— config.example VyBYy76KEnxd6a9CwxTgSL3yW7HPJFjuhoeflvxxt6a6UIAQe3e+mqM8OvvMq5jNvL4cj3PA+r4pqRpZyG7m1swUYgU=\n"
    seed(
        "manifest",
        text=text,
        signed=f"{text}\n{signature}",
        changed=f"{text.replace('serial 7', 'serial 8')}\n{signature}",
        short="\n".join(line for line in text.split("\n") if line[:3] not in ("not", "for"))
        .replace("base", "not-after 2096-10-02T07:06:40Z\nbase"),
        zero_in_front=text.replace("serial 7", "serial 07"),
        parent=text.replace("conf.d", ".."),
        wrong_order=text.replace("base", "feature", 1),
        accepted="sumward configuration accepted v1\nserial 7\nsha256 " + "ab" * 32 + "\n",
    )


def tables():
    """Files of proto/src/sumdb/table.rs, whose format they follow."""

    def entry(shared, rest, value):
        return bytes([shared, len(rest)]) + rest + value

    def footer(entries, offset, root):
        summed = b"sumward table 1\n" + struct.pack(">QQII", entries, offset, len(root), root[0])
        summed += hashlib.sha256(root).digest()
        return summed + hashlib.sha256(summed).digest()

    low = b"\0" + entry(0, b"rsc.io/quote@v1.5.2", b"\x05") + entry(18, b"3", b"\x80\x01")
    high = b"\0" + entry(0, b"rsc.io/sampler@v1.3.0", b"\xff\x7f")
    hashes = [hashlib.sha256(block).digest() for block in (low, high)]
    root = b"\1" + entry(0, b"", b"\0" + bytes([len(low)]) + hashes[0])
    root += entry(0, b"rsc.io/s", bytes([len(low), len(high)]) + hashes[1])
    seed(
        "table",
        two_levels=low + high + root + footer(3, len(low + high), root),
        one_level=low + footer(2, 0, low),
        empty=b"\0" + footer(0, 0, b"\0"),
        other_count=low + footer(3, 0, low),
        block=low,
        above=root,
        descends=b"\0" + entry(0, b"b", b"\1") + entry(0, b"a", b"\2"),
        keys="rsc.io/quote@v1.5.2\nrsc.io/quote@v1.5.3\n\nrsc.io/quote\n",
        long_keys=("a" * 5000 + "\n") * 2 + "a" * 4096,
    )


def builds():
    part = "THKeCuuOK6mnQhbTbvvH"
    program = "/".join([part, part[::-1], "AAAAAAAAAAAAAAAAAAAA", part])
    embedded = b"\xff Go build ID: \"" + program.encode() + b"\"\n \xff"

    def note(order, name, kind, description):
        head = struct.pack(order + "III", len(name), len(description), kind)
        return head + name + description + bytes(-len(description) % 4)

    seed(
        "buildid",
        program=program,
        package=f"{part}/{part}",
        redacted="redacted",
        custom="anything at all",
        embedded=b"\x7fELF" + bytes(60) + embedded + bytes(20),
        no_end=embedded[:60],
        escaped=b"\xff Go build ID: \"a\\x2f\\u00e9\"\n \xff",
        notes=note("<", b"Go\0\0", 4, program.encode()) + note("<", b"GNU\0", 3, bytes(range(20))),
        big_endian=note(">", b"GNU\0", 3, bytes(20)) + note(">", b"Go\0\0", 4, b"redacted"),
        lying_note=struct.pack("<III", 4, 0xFFFFFFFF, 4) + b"Go\0\0",
        hash=bytes([20, 30, 8, 7]) + program.encode() * 3,
    )
    modules = (
        "path\texample.com/hello\nmod\texample.com/hello\t(devel)\t\n"
        f"dep\trsc.io/quote\tv1.5.2\t{H1}\n"
        "dep\tx.y/z\tv1.0.0\n=>\t../z\t(devel)\t\n\n"
        'build\t-ldflags="-s -w"\nbuild\tGOOS=linux\nbuild\t"a=b"=`c d`\nnew\tline\n'
    )
    start = bytes.fromhex("3077af0c92740802 41e1c107e6d618e6")
    stop = bytes.fromhex("f932433186182072 008242104116d8f2")
    framed = start + modules.encode() + stop

    def varint(number):
        return bytes([number & 0x7F | 0x80, number >> 7]) if number > 0x7F else bytes([number])

    magic = b"\xff Go buildinf:"
    inline = magic + bytes([8, 2]) + bytes(16) + varint(8) + b"go1.27.3" + varint(len(framed)) + framed
    pointers = magic + bytes([8, 0]) + struct.pack("<QQQQQQ", 32, 48, 64, 8, 72, len(framed)) + b"go1.17.1" + framed
    seed(
        "buildinfo",
        text=modules,
        broken="=>\tx\ty\n",
        literal='"\\x41\\u00e9\\U0001f600\\377\\n"',
        backquoted="`a b`",
        inline=bytes(32) + inline,
        pointers=pointers,
        unaligned=b"x" + inline,
        huge=magic + bytes([8, 2]) + bytes(16) + b"\xff" * 9 + b"\x01",
        far=magic + bytes([4, 1]) + b"\xff" * 32,
    )


def zips():
    plain = make_zip(zipfile.ZIP_DEFLATED, [("go.mod", b"module rsc.io/x\n"), ("x.go", b"package x\n")])
    stored = make_zip(zipfile.ZIP_STORED, [("go.mod", b"module rsc.io/x\n"), ("sub/", b""), ("sub/y.go", b"")])
    streamed = make_zip(zipfile.ZIP_DEFLATED, [("x.go", b"package x\n" * 50), ("LICENSE", b"x")], seekable=False)
    zip64 = make_zip(zipfile.ZIP_DEFLATED, [("x.go", b"package x\n")], force_zip64=True)
    end = plain[-22:]
    seed(
        "modzip",
        plain=plain,
        stored=stored,
        streamed=streamed,
        zip64=zip64,
        end64=with_end64(plain),
        comment=plain[:-2] + b"\x05\0hello",
        two_ends=plain + end,
        empty=end[:4] + bytes(18),
        prefixed=b"#!/bin/sh\n" + plain,
        symlink=make_zip(zipfile.ZIP_STORED, [("x.go", b"/etc/passwd")], mode=0o120777),
        cut=plain[: len(plain) // 2],
        bomb=make_zip(zipfile.ZIP_DEFLATED, [("zeros", bytes(5 << 20))]),
    )
    seed(
        "modzip_names",
        plain="go.mod\nx.go\nsub/y.go",
        folders="\nsub/\nsub/x\nsub/deep/",
        case="README\nreadme",
        folds="K\n\u212a\nσ\nς\nſ\ns",
        go_mod="sub/go.mod\nGO.MOD",
        both="a\na/b",
        traversal="../x\na//b\na/./b",
        odd="é\n日本語.go\na b\n!#$%&()+,-.=@[]^_{}~\ncon",
    )


def make_zip(method, files, seekable=True, force_zip64=False, mode=None):
    class Stream(io.BytesIO):
        def seekable(self):
            return seekable

        def seek(self, *where):
            if not seekable:
                raise io.UnsupportedOperation
            return super().seek(*where)

    out = Stream()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo("rsc.io/x@v1.0.0/" + name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name.endswith("/") else method
            entry.create_system = 0 if mode is None else 3
            entry.external_attr = (mode or 0) << 16
            with archive.open(entry, "w", force_zip64=force_zip64) as file:
                file.write(content)
    return out.getvalue()


def with_end64(plain):
    """The same zip with a zip64 end record that agrees with the plain one."""
    body, end = plain[:-22], plain[-22:]
    entries, length, start = struct.unpack("<HII", end[10:20])
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, entries, entries, length, start)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(body), 1)
    return body + record + locator + end


def containers():
    """Made by the machine's own tools, except for the image's outline."""
    with tempfile.TemporaryDirectory() as top:
        def shell(line):
            line = "set -e; " + line
            return subprocess.run(["bash", "-c", line], cwd=top, check=True, stdout=subprocess.PIPE).stdout

        shell("mkdir -p t/bin; echo tool > t/bin/tool; echo x > t/x; ln t/x t/y; ln -s x t/z; : > t/.wh.gone")
        pack = "tar --sort=name --mtime=@1 --owner=0 --group=0 -C t -cf - ."
        old = "find t -exec touch -h -d @1000000000 {} +"
        long = "a" * 150
        files = {
            "tar_ustar": shell(f"tar --format=ustar {pack[4:]}"),
            "tar_gnu_long": shell(f"mkdir -p l/{long}; echo x > l/{long}/x; tar --format=gnu --mtime=@1 -C l -cf - ."),
            "tar_pax": shell(f"tar --format=pax --pax-option=delete=atime,delete=ctime --mtime=@1.5 -C l -cf - ."),
            "tar_gz": shell(f"{pack} | gzip -n"),
            "tar_xz": shell(f"{pack} | xz --lzma2=dict=4KiB"),
            "tar_zst": shell(f"{pack} | zstd -q"),
            "tar_twice": shell(f"{pack} | gzip -n | gzip -n"),
            "stream_gz_name": shell("touch -d @5 t/x; gzip -c t/x"),
            "zip": shell(f"{old}; cd t; TZ=UTC zip -qrXy ../z.zip .; cat ../z.zip"),
            "zip_extra": shell(f"{old}; cd t; TZ=UTC zip -qryD ../e.zip . -x x; cat ../e.zip"),
            "ar": shell("cd t; ar rcD ../a.a bin/tool x; cat ../a.a"),
            "deb": shell("mkdir -p t/DEBIAN; printf 'Package: t\\nVersion: 1\\nArchitecture: all\\n"
                         "Maintainer: x <x@x>\\nDescription: x\\n' > t/DEBIAN/control; "
                         "SOURCE_DATE_EPOCH=1 dpkg-deb -Zgzip --root-owner-group -b t t.deb >/dev/null; rm -r t/DEBIAN; cat t.deb"),
            "rpm": shell("printf 'Name: t\\nVersion: 1\\nRelease: 1\\nSummary: x\\nLicense: x\\n%%description\\nx\\n"
                         "%%install\\nmkdir -p %%{buildroot}/b\\necho x > %%{buildroot}/b/x\\ntouch -d @1 %%{buildroot}/b/x\\n%%files\\n/b/x\\n' > t.spec; "
                         "SOURCE_DATE_EPOCH=1 HOME=$PWD rpmbuild -bb --quiet --target noarch --define \"_topdir $PWD/r\" "
                         "--define \"_tmppath $PWD\" --define '_buildhost x' --define 'use_source_date_epoch_as_buildtime 1' --define '_binary_payload w6.gzdio' t.spec >&2; cat r/RPMS/*/*.rpm"),
        }
        files["cpio"] = shell("rpm2cpio r/RPMS/*/*.rpm")
        layer = files["tar_gz"]
        blobs = {}

        def blob(data):
            name = hashlib.sha256(data).hexdigest()
            blobs["blobs/sha256/" + name] = data
            return {"digest": "sha256:" + name, "size": len(data)}

        config = blob(json.dumps({"created": "2020-01-01T00:00:00Z", "config": {"Env": ["A=1"]}}).encode())
        manifest = blob(json.dumps({"config": config, "layers": [blob(layer)]}).encode())
        blobs["index.json"] = json.dumps({"manifests": [manifest]}).encode()
        blobs["oci-layout"] = b"{}"
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name, data in blobs.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        files["image_tar"] = out.getvalue()
        part = bytes.fromhex("cffaedfe07000001")
        files["universal"] = struct.pack(">7I", 0xCAFEBABE, 1, 0x01000007, 3, 64, len(part), 3).ljust(64, b"\0") + part
        seed("containers", **files)


if __name__ == "__main__":
    containers()
    texts()
    images()
    claims()
    attest()
    toolchains()
    databases()
    witnesses()
    configurations()
    tables()
    builds()
    zips()


def block(name, *payloads):
    """An action as the go command logs it."""
    text = "".join(payloads).encode()
    lines = [f"HASH[{name}]"]
    lines += [f"HASH[{name}]: {json.dumps(payload)}" for payload in payloads]
    return lines + [f"HASH[{name}]: {hashlib.sha256(text).hexdigest()}"]


P = block("build p", "go1.27.3", "compile\n", "file p.go AA0PIcFZIYsCePPUvynJ\n")
LINK = block("link m", "go1.27.3", "link\n", 'linkflags ["-s"]\n', "packagefile p=XkGNi04cHoZ_yQej5zSh\n")
seed(
    "logs",
    whole="\n".join(P + LINK) + "\n",
    woven="\n".join(line for pair in zip(P, LINK) for line in pair) + "\n",
    same_name="\n".join(line for pair in zip(P, P) for line in pair) + "\n",
    cut="\n".join(P[:-1]),
    other_lines="# p\nHASH /p.go: 00\n" + "\n".join(P) + "\nHASH subkey 00 \"x\" = 11\n",
    changed="\n".join(P).replace("p.go", "q.go"),
    bytes='HASH[build p]\nHASH[build p]: "\\xff\\n"\n'
    f"HASH[build p]: {hashlib.sha256(bytes([255, 10])).hexdigest()}\n",
)

ACTION = base64.b64encode(bytes(32)).decode()
HELLO = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()


def put(size, name="OutputID"):
    return f'{{"ID":2,"Command":"put","ActionID":"{ACTION}","{name}":"{HELLO}","BodySize":{size}}}\n\n'


seed(
    "cacheprog",
    get=f'{{"ID":1,"Command":"get","ActionID":"{ACTION}"}}\n\n',
    put=put(5) + '"aGVsbG8="\n',
    old_name=put(5, "ObjectID") + '"aGVsbG8="\n',
    close='{"ID":3,"Command":"close"}\n\n',
    too_long=put(4) + '"aGVsbG8="\n{"ID":3}',
    huge=put(2**63 - 1) + '"aGVsbG8="',
    negative=put(-1),
    cut=put(5) + '"aGVs',
    unknown='{"ID":4,"Command":"get2","BodySize":3}\n\n"AAAA"',
    array='[1,"get"]\n',
)


def manifest(**changed):
    member = {"place": "", "sha256": hashlib.sha256(b"").hexdigest(), "size": 0}
    places = [
        "bundle/sbom.cdx.json",
        "sumdb/sum.golang.org/latest",
        "sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2",
        "sumdb/sum.golang.org/tile/8/0/x001/234.p/5",
        "rsc.io/quote/@v/list",
        "rsc.io/quote/@v/v1.5.2.mod",
        "rsc.io/quote/@v/v1.5.2.zip",
    ]
    whole = {
        "format": 1,
        "asked": ["go.sum"],
        "remarks": [],
        "base": None,
        "databases": [{"key": PUBLIC_KEY, "size": 51929436, "root": "x", "since": 0}],
        "modules": [{"module": "rsc.io/quote@v1.5.2", "zip": True, "licence": "MIT"}],
        "members": [member | {"place": place} for place in sorted(places[1:4]) + places[4:]],
    }
    whole["members"].insert(0, member | {"place": places[0]})
    return json.dumps(whole | changed, sort_keys=True, separators=(",", ":"))


seed(
    "bundle",
    whole=manifest(),
    empty=manifest(databases=[], modules=[], members=[]),
    base=manifest(base={"sha256": "0" * 64}),
    newer=manifest(format=2),
    escape=manifest().replace("rsc.io/quote/@v/list", "rsc.io/../@v/list"),
    spaces=json.dumps(json.loads(manifest()), sort_keys=True),
    note=b"\x00" + PUBLIC_NOTE.encode(),
    members=b"\x04a\x00\x01b\x00\x02c\x00\x07",
)
seed(
    "graph",
    whole="module example.com/m // m\n\ngo 1.21\n\nrequire (\n\trsc.io/quote v1.5.2 // indirect\n"
    "\tgithub.com/BurntSushi/toml v1.5.0\n)\n\nreplace rsc.io/quote => ../quote\n"
    "exclude rsc.io/sampler v1.3.0\nretract [v1.0.0, v1.1.0]\n",
    old="module example.com/m\nrequire rsc.io/quote v1.5.2\nrequire rsc.io/quote v1.5.1\n",
    work="go 1.21\n\nuse (\n\t./a\n\t\"./b c\"\n)\nreplace rsc.io/quote v1.5.2 => rsc.io/quote v1.5.1\n",
    open="require (\n\trsc.io/quote v1.5.2\n",
    quotes="module `example.com/m`\nrequire \"rsc.io/quote\" v1.5.2\n",
    itself="module rsc.io/quote\ngo 1.17\nrequire rsc.io/quote v1.5.2\n",
)
