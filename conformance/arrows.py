"""Judges samples of Arrow that Apache Arrow's JavaScript does not read, with pyarrow (pip install pyarrow)."""
from texts import exact, inexact, unjudged

ROWS = 100


def judge_arrow(original, sample, receipt):
    try:
        import pyarrow
    except ImportError:
        return unjudged("pyarrow is not installed")
    try:
        before = read(pyarrow, original)
        before.validate(full=True)
    except Exception as error:
        return unjudged(f"pyarrow: {error}")
    try:
        after = read(pyarrow, sample)
        after.validate(full=True)
    except Exception as error:
        return inexact(f"pyarrow does not read the sample: {error}")
    if not after.schema.equals(before.schema, check_metadata=True):
        return inexact(f"schema {after.schema}, not {before.schema}")
    few = receipt.get("cut") == "bytes" or receipt.get("warnings")
    rows = after.num_rows if few else min(before.num_rows, ROWS)
    wanted = before.slice(0, rows)
    if after.equals(wanted):
        return exact()
    # NaN is equal to nothing, but is spelled alike.
    if after.num_rows == rows and str(after.to_pylist()) == str(wanted.to_pylist()):
        return exact()
    return inexact(f"{after.num_rows} rows are not the first {rows}")


def read(pyarrow, data):
    opened = pyarrow.ipc.open_file if data.startswith(b"ARROW1") else pyarrow.ipc.open_stream
    return opened(pyarrow.py_buffer(data)).read_all()
