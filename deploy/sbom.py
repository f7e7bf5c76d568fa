#!/usr/bin/env python3
"""Says what a program has linked in: a bill of materials, and the notices of the licences.

    deploy/sbom.py PROGRAM OUT [--target TRIPLE]

OUT/PROGRAM.cdx.json is CycloneDX 1.5, for scanners; OUT/PROGRAM.third-party.txt has the text
of every licence and notice that lies in the sources of a crate, as those licences ask of
who passes the program on. Both depend on Cargo.lock and the commit's time alone.

Needs cargo and the sources of the crates (`cargo fetch --locked`).
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tomllib

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
NOTICES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("program")
    words.add_argument("out", type=pathlib.Path)
    words.add_argument("--target", default="x86_64-unknown-linux-gnu")
    args = words.parse_args()
    metadata = read_metadata(args.target)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    roots = [package["id"] for package in packages.values() if package["name"] == args.program]
    if len(roots) != 1:
        sys.exit(f"sbom.py: {args.program} is not a package of this workspace")
    linked = closure(roots[0], nodes)
    args.out.mkdir(parents=True, exist_ok=True)
    bill = bill_of_materials(roots[0], linked, packages, nodes)
    (args.out / f"{args.program}.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    notices = third_party([packages[found] for found in linked if found != roots[0]])
    (args.out / f"{args.program}.third-party.txt").write_text(notices)


def read_metadata(target):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE).stdout)


def normal(node):
    """The crates that a crate is linked with; those of its build script and tests are not."""
    return [found["pkg"] for found in node["deps"] if any(kind["kind"] is None for kind in found["dep_kinds"])]


def closure(root, nodes):
    seen = {root}
    open_ends = [root]
    while open_ends:
        for found in normal(nodes[open_ends.pop()]):
            if found not in seen:
                seen.add(found)
                open_ends.append(found)
    return seen


def bill_of_materials(root, linked, packages, nodes):
    lock = tomllib.loads((CHECKOUT / "Cargo.lock").read_text())
    sums = {(entry["name"], entry["version"]): entry.get("checksum") for entry in lock["package"]}
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": component(packages[root], sums, "application"),
        },
        "components": [
            component(packages[found], sums, "library") for found in sorted(linked, key=name_of(packages)) if found != root
        ],
        "dependencies": [
            {"ref": purl(packages[found]), "dependsOn": sorted({purl(packages[of]) for of in normal(nodes[found])})}
            for found in sorted(linked, key=name_of(packages))
        ],
    }


def name_of(packages):
    return lambda found: (packages[found]["name"], packages[found]["version"])


def component(package, sums, kind):
    told = {
        "type": kind,
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if package["license"]:
        # Old crates write "MIT/Apache-2.0" for what SPDX calls OR.
        told["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    digest = sums.get((package["name"], package["version"]))
    if digest:
        told["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return told


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def third_party(packages):
    told = []
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        if package["source"] is None:
            continue  # A crate of this workspace.
        head = f"{package['name']} {package['version']}: {package['license'] or 'see the text'}"
        authors = ", ".join(package["authors"])
        told.append("\n".join(["=" * 78, head, *([f"by {authors}"] if authors else [])]))
        told.extend(texts(pathlib.Path(package["manifest_path"]).parent))
    return "\n\n".join(told) + "\n"


def texts(folder):
    found = [place for place in folder.iterdir() if place.is_file() and place.name.upper().startswith(NOTICES)]
    for place in sorted(found):
        yield f"--- {place.name}\n\n{place.read_text(errors='replace').rstrip()}"


if __name__ == "__main__":
    main()
