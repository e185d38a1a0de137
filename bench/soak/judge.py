"""Compares samples with the files they were taken from, in Python's own way of reading them.

stdin: a JSON array of {"kind", "sample", "bronze", "raw"}, the last two left out where only the
sample is to be looked at; stdout: one of null or what is wrong.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile

ROWS = 100
MEMBERS = 3

_PACKED = ((".gz", gzip), (".bz2", bz2), (".xz", lzma))


def judge(kind, sample, bronze=None, raw=None):
    """Return what is wrong with a sample, or None. Without bronze: whether it is a whole one."""
    if bronze is None:
        return _whole(sample, _read(sample))
    original, taken = _read(bronze), _read(sample)
    if kind == "nothing":
        return None if taken == b"" else "not empty"
    if kind in ("binary", "bin"):
        said = json.loads(taken)
        expected = (raw.rsplit("/", 1)[-1], len(original))
        return None if (said["original"], said["size"]) == expected else "of another file"
    if kind == "zip":
        return _zip(original, taken)
    if kind in ("tar", "tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(original)) as archive:
            names = archive.getnames()
        listed = [line.split("\t")[0] for line in taken.decode().splitlines()]
        return None if listed == names else "lists %r instead of %r" % (listed, names)
    for ending, unpack in _PACKED:
        if kind.endswith(ending):
            original, taken = unpack.decompress(original), unpack.decompress(taken)
            kind = kind[: -len(ending)]
    return _plain(kind, original, taken)


def _whole(name, taken):
    for ending, unpack in _PACKED:
        if name.endswith(ending):
            return _whole(name[: -len(ending)], unpack.decompress(taken))
    if name.endswith(".zip"):
        return zipfile.ZipFile(io.BytesIO(taken)).testzip()
    if name.endswith(".parquet"):
        return None if taken[:4] == taken[-4:] == b"PAR1" else "no end of a Parquet file"
    if name.endswith(".json"):
        if taken:
            json.loads(taken)
        return None
    if name.endswith(".zst"):
        return None
    return None if taken in (b"", taken.rstrip(b"\n") + b"\n") else "ends within a line"


def _plain(kind, original, taken):
    if kind == "json":
        first = json.loads(original)[:ROWS]
        return None if json.loads(taken) == first else "not the first elements"
    if not original.startswith(taken):
        return "no prefix of the file"
    whole, kept = _records(kind, original), _records(kind, taken)
    if kept != min(whole, ROWS):
        return "%d of %d records" % (kept, whole)
    return None if kept < whole or taken == original else "not all of the file"


def _records(kind, data):
    if kind not in ("csv", "tsv"):
        return len(data.splitlines())
    text = io.StringIO(data.decode(), newline="")
    return sum(1 for _ in csv.reader(text, delimiter="\t" if kind == "tsv" else ",")) - 1


def _zip(original, taken):
    whole, part = zipfile.ZipFile(io.BytesIO(original)), zipfile.ZipFile(io.BytesIO(taken))
    names = whole.namelist()
    listed = [line.split("\t")[0] for line in part.read("_manifest.txt").decode().splitlines()]
    if listed != names or part.namelist() != ["_manifest.txt"] + names[:MEMBERS]:
        return "holds %r instead of %r" % (part.namelist(), names)
    wrong = (_plain("csv", whole.read(name), part.read(name)) for name in names[:MEMBERS])
    return next((why for why in wrong if why is not None), None)


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _judged(pair):
    try:
        return judge(**pair)
    except Exception as error:  # whatever a half-written sample leads to
        return "%s: %s" % (type(error).__name__, error)


print(json.dumps([_judged(pair) for pair in json.load(sys.stdin)]))
