"""Small files of every format that Python's standard library writes.

The tag is in every record, so that no two versions of a file are alike.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile


def content(kind, rows, tag):
    """Return the bytes of a file with so many records. kind: an extension without its dot."""
    if kind == "nothing":
        return b""
    if kind == "binary":
        return bytes(range(1, 8)) * 20 + tag.encode()
    if kind == "garbage":
        return ("this is no file of that format: %s" % tag).encode()
    if kind.endswith(".gz") and kind != "tar.gz":
        return gzip.compress(content(kind[:-3], rows, tag))
    if kind.endswith(".bz2"):
        return bz2.compress(content(kind[:-4], rows, tag))
    if kind.endswith(".xz"):
        return lzma.compress(content(kind[:-3], rows, tag))
    return _MAKERS[kind](rows, tag)


def _table(rows, tag, delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["id", "tag", "note"])
    for i in range(rows):
        writer.writerow([i, tag, 'a "quoted"\nnote, %d' % i if i % 7 == 3 else "plain"])
    return text.getvalue().encode()


def _lines(rows, tag):
    return "".join("%d %s: a line\n" % (i, tag) for i in range(rows)).encode()


def _json_lines(rows, tag):
    return "".join(json.dumps({"id": i, "tag": tag}) + "\n" for i in range(rows)).encode()


def _json(rows, tag):
    return json.dumps([{"id": i, "tag": tag, "deep": [i, {"x": None}]} for i in range(rows)]).encode()


def _members(rows, tag):
    for i in range(1 + rows % 6):
        yield "part/%d.csv" % i, _table(rows, "%s part %d" % (tag, i), ",")


def _zip(rows, tag):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _members(rows, tag):
            archive.writestr(name, data)
    return held.getvalue()


def _tar(rows, tag, mode):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for name, data in _members(rows, tag):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1737200000
            archive.addfile(info, io.BytesIO(data))
    return held.getvalue()


def _bin(rows, tag):
    return bytes(range(256)) * (1 + rows % 3) + tag.encode()


_MAKERS = {
    "csv": lambda rows, tag: _table(rows, tag, ","),
    "tsv": lambda rows, tag: _table(rows, tag, "\t"),
    "txt": _lines,
    "log": _lines,
    "jsonl": _json_lines,
    "json": _json,
    "zip": _zip,
    "tar": lambda rows, tag: _tar(rows, tag, "w"),
    "tar.gz": lambda rows, tag: _tar(rows, tag, "w:gz"),
    "bin": _bin,
}
