"""Makes the archive that `docker load` reads of an image in a folder (OCI).

    docker_archive.py FOLDER NAME:TAG ARCHIVE

The OCI format has no health check; Docker's has. What is written depends on the image alone:
buildah's own archive names the container that the image was made in.
"""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

SECOND = 1_000_000_000  # Docker counts in nanoseconds.
HEALTH = {
    "Test": ["CMD", "/usr/bin/sumward", "healthcheck"],
    "Interval": 30 * SECOND,
    "Timeout": 5 * SECOND,
    "StartPeriod": 60 * SECOND,
    "Retries": 3,
}


def main(folder, name, archive):
    blob = lambda entry: (pathlib.Path(folder) / "blobs" / entry["digest"].replace(":", "/")).read_bytes()
    index = json.loads((pathlib.Path(folder) / "index.json").read_bytes())
    manifest = json.loads(blob(index["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    config["config"]["Healthcheck"] = HEALTH
    files = {}
    layers = []
    for layer, expected in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        content = gzip.decompress(blob(layer)) if layer["mediaType"].endswith("gzip") else blob(layer)
        digest = hashlib.sha256(content).hexdigest()
        if expected != f"sha256:{digest}":
            sys.exit(f"{folder}: a layer is {digest}, and its image says {expected}")
        layers.append(f"{digest}.tar")
        files[layers[-1]] = content
    text = json.dumps(config, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(text).hexdigest()}.json"
    files[config_name] = text
    listing = [{"Config": config_name, "RepoTags": [name], "Layers": layers}]
    files["manifest.json"] = json.dumps(listing).encode()
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as out:
        for place in sorted(files):
            entry = tarfile.TarInfo(place)
            entry.size = len(files[place])
            entry.mode = 0o644
            out.addfile(entry, io.BytesIO(files[place]))


if __name__ == "__main__":
    main(*sys.argv[1:])
