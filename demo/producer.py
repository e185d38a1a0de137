"""A production step in small: writes real files to bronze and announces each in the manifest.

Usage: producer.py PREFIX
"""

import csv
import gzip
import io
import json
import os
import sys
import tarfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "deploy", "python"))

from staging_manifest import append_entry, manifest_path  # noqa: E402

CITIES = ["Lisbon", "Győr", "Kraków", "São Paulo", "Nairobi", "Osaka", "Tromsø"]


def orders(count):
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["order_id", "city", "amount", "placed_at", "note"])
    for i in range(count):
        note = 'said "thanks",\nthen left' if i % 7 == 3 else ""
        placed = "2026-01-%02dT%02d:%02d:00Z" % (i % 28 + 1, i % 24, i % 60)
        rows.writerow([100000 + i, CITIES[i % len(CITIES)], "%.2f" % (i * 3.7 % 900), placed, note])
    return text.getvalue().encode()


def events(count):
    lines = (
        {"id": i, "kind": ["click", "view", "buy"][i % 3], "email": "u%d@example.org" % (i % 500), "at": 1737200000 + i}
        for i in range(count)
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def stations(count):
    features = [
        {
            "type": "Feature",
            "properties": {"station": i, "city": CITIES[i % len(CITIES)]},
            "geometry": {"type": "Point", "coordinates": [i * 0.37 % 360 - 180, i * 0.11 % 180 - 90]},
        }
        for i in range(count)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, "crs": None}, ensure_ascii=False).encode()


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), 1737200000
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def log(count):
    return "".join("2026-01-18 14:30:%02d worker-%d done in %d ms\n" % (i % 60, i % 8, i % 900) for i in range(count)).encode()


def produce(prefix):
    files = {
        ("acme", "orders", "v1"): [
            ("orders.csv", orders(20000)),
            ("orders_2026-01.csv.gz", gzip.compress(orders(5000))),
            ("orders_export.zip", zipped([("q%d/orders.csv" % q, orders(2000)) for q in range(1, 5)])),
        ],
        ("acme", "events", "v2"): [
            ("events.jsonl", events(50000)),
            ("stations.json", stations(3000)),
            ("backup.tar.gz", tarred([("etc/hosts", b"127.0.0.1 localhost\n"), ("var/log/app.log", log(900))])),
        ],
        ("globex", "telemetry", "v1"): [
            ("worker.log", log(30000)),
            ("model.bin", bytes(range(256)) * 64),
            ("broken.zip", b"this is no zip"),
        ],
    }
    for (vendor, dataset, version), contents in files.items():
        manifest = manifest_path(prefix, vendor, dataset, version)
        for name, data in contents:
            bronze = os.path.join("bronze", "2026", "01", "18", "143000--" + name)
            path = os.path.join(prefix, vendor, dataset, version, bronze)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
            append_entry(manifest, "raw/env0/" + name, bronze, time.time(), strict=True)


if __name__ == "__main__":
    produce(sys.argv[1])
