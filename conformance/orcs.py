"""Judges samples of ORC with a reader that was written for it, from the specification alone."""
from orc_file import OrcFile, Unsupported, fields, one
from orc_runs import Short
from texts import exact, inexact, unjudged

ROWS = 100
# Types, the user's metadata, and who wrote it.
KEPT = (4, 5, 9, 11, 12)


def judge_orc(original, sample, receipt):
    try:
        before = OrcFile(original)
        few = receipt.get("cut") == "bytes" or receipt.get("warnings")
        count = receipt["rows"] if few else min(before.rows, ROWS)
        wanted = before.read(count)
    except (Short, Unsupported, ValueError, IndexError) as error:
        return unjudged(f"{type(error).__name__}: {error}")
    try:
        after = OrcFile(sample)
        found = after.read(after.rows)
    except Exception as error:
        return inexact(f"the sample is not read: {type(error).__name__}: {error}")
    if after.rows != count or found != wanted:
        return inexact(f"{after.rows} rows are not the first {count}")
    for field in KEPT:
        if after.footer.get(field) != before.footer.get(field):
            return inexact(f"another field {field} in its footer")
    if after.version != before.version or one(after.postscript, 2) != one(before.postscript, 2):
        return inexact("another version or codec")
    statistics = [fields(statistic) for statistic in after.footer.get(7, [])]
    if [one(statistic, 1) for statistic in statistics] != after.counts:
        return inexact("its statistics count other values")
    if before.rows != receipt.get("sourceRows", before.rows):
        return inexact(f"{before.rows} rows, not {receipt['sourceRows']}")
    return exact()
