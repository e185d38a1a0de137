"""Makes one file of each format, and reads them and their samples, with nothing of ours.

    lake.py make DIRECTORY            writes the files
    lake.py read FILE...              prints {"FILE": its records}
"""
import csv
import gzip
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

ROWS = 250
NAMES = ["plain", 'with "quotes"', "two\nlines", "comma, inside", "\u00fcml\u00e4ut \u65e5\u672c"]


def rows():
    return [[str(i), NAMES[i % len(NAMES)], f"{i / 8:.4f}"] for i in range(ROWS)]


def objects():
    return [{"id": i, "big": 2**63 + i, "name": NAMES[i % len(NAMES)], "nested": {"at": [i, None]}} for i in range(ROWS)]


def delimited(delimiter):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["id", "name", "value"])
    writer.writerows(rows())
    return text.getvalue().encode()


def lines():
    return b"".join(json.dumps(o).encode() + b"\n" for o in objects())


def text():
    return b"".join(f"line {i}: {NAMES[i % 2]}\n".encode() for i in range(ROWS))


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/rows.csv", delimited(","))
        archive.writestr("b/lines.jsonl", lines())
        archive.writestr("c.txt", text())
        archive.writestr("d.txt", text())
    return out.getvalue()


def tarred(mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for i in range(ROWS):
            info = tarfile.TarInfo(f"logs/{i:04}.log")
            info.size = len(text())
            archive.addfile(info, io.BytesIO(text()))
    return out.getvalue()


def make(directory):
    files = {
        "rows.csv": delimited(","),
        "rows.tsv": delimited("\t"),
        "rows.psv": delimited("|"),
        "lines.jsonl": lines(),
        "lines.ndjson": lines(),
        "array.json": json.dumps(objects(), indent=1).encode(),
        "object.json": json.dumps({"kind": "page", "data": objects(), "last": True}).encode(),
        "notes.txt": text(),
        "server.log": text(),
        "rows.csv.gz": gzip.compress(delimited(",")),
        "lines.jsonl.gz": gzip.compress(lines()),
        "array.json.gz": gzip.compress(json.dumps(objects()).encode()),
        "notes.txt.gz": gzip.compress(text()),
        "parts.zip": zipped(),
        "logs.tar": tarred("w"),
        "more.tar.gz": tarred("w:gz"),
        "last.tgz": tarred("w:gz"),
        "model.bin": bytes(range(256)) * 64,
        "README": b"\x00\x01\x02 of no known type" * 20,
    }
    for name, content in files.items():
        (Path(directory) / name).write_bytes(content)
    print(json.dumps(sorted(files)))


def records(name, content):
    if name.endswith(".gz") and not name.endswith(".tar.gz"):
        return records(name[:-3], gzip.decompress(content))
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            return [[n, records(n, archive.read(n))] for n in archive.namelist()]
    if name.endswith((".tar", ".tar.gz", ".tgz")):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return [[m.name, str(m.size)] for m in archive.getmembers()]
    if name.endswith((".csv", ".tsv", ".psv")):
        delimiter = {"csv": ",", "tsv": "\t", "psv": "|"}[name[-3:]]
        return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))
    if name.endswith((".jsonl", ".ndjson")):
        return [json.loads(line) for line in content.decode().split("\n") if line]
    if name.endswith(".json"):
        return json.loads(content)
    return content.decode("utf-8").splitlines()


def read(paths):
    print(json.dumps({path: records(path, Path(path).read_bytes()) for path in paths}))


if __name__ == "__main__":
    make(sys.argv[2]) if sys.argv[1] == "make" else read(sys.argv[2:])
