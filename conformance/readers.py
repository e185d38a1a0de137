"""Judges samples with Python's standard library and command-line tools, none of it the product's.

A request a line on stdin: {"ask": "judge" | "accepts", "original", "sample", "receipt", "facts"},
facts being what the corpus says of it, its class too;
an answer a line on stdout: {"verdict": "exact" | "inexact" | "unjudged", "why"}.
"""
import json
import os
import re
import sys

from arrows import judge_arrow
from compressed import tool_for, unpack
from databases import judge_sqlite
from delimited import judge_csv
from markup import judge_xml
from objects import judge_json, judge_json_lines
from orcs import judge_orc
from packed import judge_packed
from spreadsheets import judge_xlsx
from tars import by_gnu_tar, judge_tar
from texts import exact, inexact, judge_lines, unjudged
from zips import judge_zip

INNER_WARNING = re.compile("JSON|quote|listing|listed only")
COMPRESSIONS = (".gz", ".zst", ".xz", ".bz2", ".lz4", ".lzma", ".Z", ".bgz", ".seekable-zst")


def judge(request):
    original, sample = read(request["original"]), read(request["sample"])
    name = os.path.basename(request["original"])
    return judge_bytes(original, sample, request["receipt"], name, request["facts"])


def judge_bytes(original, sample, receipt, name, facts):
    format = receipt["format"]
    if format.endswith(COMPRESSIONS):
        return judge_compressed(original, sample, receipt, name, facts)
    if format == "empty":
        return exact() if original == sample == b"" else inexact("not empty")
    if format == "csv":
        return judge_csv(original, sample, receipt, name, facts)
    if format == "jsonl":
        judged = judge_lines(original, sample, receipt, counts_blank=False)
        taken = judged["verdict"] == "exact" and name.endswith(".json")
        return judge_json_lines(sample, receipt) if taken else judged
    if format == "text":
        return judge_lines(original, sample, receipt, counts_blank=True)
    if format == "json":
        return judge_json(original, sample, receipt, name)
    if format == "xml":
        return judge_xml(original, sample, receipt)
    if format == "tar":
        return judge_tar(original, sample, receipt, judge_member)
    if format == "zip":
        return judge_zip(original, sample, receipt, judge_member)
    if format == "arrow":
        return judge_arrow(original, sample, receipt)
    if format in ("msgpack", "cbor"):
        return judge_packed(original, sample, receipt)
    if format == "orc":
        return judge_orc(original, sample, receipt)
    if format == "sqlite":
        return judge_sqlite(original, sample, receipt)
    if format == "xlsx":
        return judge_xlsx(original, sample, receipt)
    return unjudged(f"no judge of {format}")


def judge_compressed(original, sample, receipt, name, facts):
    """The original's inner bytes against the sample's."""
    outer = unpack(original)
    warnings = receipt.get("warnings", [])
    inner = {**receipt, "format": receipt["format"].rsplit(".", 1)[0]}
    # The others are about what is outside.
    inner["warnings"] = [warning for warning in warnings if INNER_WARNING.search(warning)]
    unpacked = unpack(sample)
    if unpacked.ok is not True:
        return inexact(f"the sample is refused: {unpacked.said}")
    sample = unpacked.data
    told = len(inner["warnings"]) < len(warnings)
    if outer.ok is False and (receipt.get("complete") or told):
        if not warnings and facts["class"] == "valid":
            return unjudged(f"its tool refuses what others accept: {outer.said}")
        if not warnings:
            return inexact(f"damaged, but no warning: {outer.said}")
        return judge_damaged(outer, sample, inner, facts)
    if outer.ok is not True:
        inner["complete"] = False
    return judge_bytes(outer.data, sample, inner, name.rsplit(".", 1)[0], facts)


def judge_damaged(outer, sample, inner, facts):
    """What arrived of a damaged file is kept whole; a tool may give more or less of its end."""
    if inner["format"] in ("tar", "json"):
        return judge_bytes(outer.data, sample, {**inner, "complete": False}, "", facts)
    if outer.data.startswith(sample):
        return exact()
    if sample.startswith(outer.data):
        return unjudged(f"its tool gives less: {outer.said}")
    return inexact(f"differs from what its tool gives: {outer.said}")


def judge_member(name, original, sample):
    """A member of a zip: how it was cut is not in the receipt."""
    if original.startswith(sample):
        return exact()
    if name.endswith(COMPRESSIONS):
        return judge_member(name.rsplit(".", 1)[0], unpack(original).data, unpack(sample).data)
    return judge_json(original, sample, {}, name)


def accepts(request):
    """Whether the original's tool takes it whole, and so should the product."""
    unpacked = unpack(read(request["original"]))
    if not unpacked.ok or request["facts"]["class"] == "corrupt":
        return unjudged("its tool refuses it, or others do")
    inner = os.path.splitext(os.path.basename(request["original"]))[0]
    is_other = inner.endswith(".tar") and by_gnu_tar(unpacked.data)[1] is not None
    if is_other or (inner.endswith(COMPRESSIONS) and tool_for(unpacked.data) is None):
        return unjudged(f"what it holds is named {inner} and is not that")
    return inexact("its tool accepts it")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"judge": judge, "accepts": accepts}[request["ask"]](request)
        except FileNotFoundError as error:
            answer = unjudged(f"not installed: {error.filename}")
        except Exception as error:  # A judge's own fault must not pass for the product's.
            answer = unjudged(f"the judge failed: {type(error).__name__}: {error}")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
