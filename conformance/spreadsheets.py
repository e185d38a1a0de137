"""Judges samples of spreadsheets with openpyxl, where it is installed (pip install openpyxl)."""
import io
import warnings

from texts import exact, inexact, unjudged

ROWS = 100


def judge_xlsx(original, sample, receipt):
    if receipt.get("complete"):
        return exact() if original == sample else inexact("complete, but other bytes")
    try:
        import openpyxl
    except ImportError:
        return unjudged("openpyxl is not installed")
    warnings.simplefilter("ignore")
    try:
        before = openpyxl.load_workbook(io.BytesIO(original))
    except Exception as error:
        return unjudged(f"openpyxl: {error}")
    try:
        after = openpyxl.load_workbook(io.BytesIO(sample))
    except Exception as error:
        return inexact(f"openpyxl does not read the sample: {error}")
    fault = fault_of(before, after, 0 if receipt.get("cut") == "bytes" else ROWS)
    return inexact(fault) if fault else exact()


def fault_of(before, after, most):
    """The first difference of two workbooks, but for rows and what follows them, or None."""
    if before.sheetnames != after.sheetnames:
        return f"sheets {after.sheetnames}, not {before.sheetnames}"
    for name in before.sheetnames:
        wanted, found = rows_of(before[name]), rows_of(after[name])
        if len(found) < min(len(wanted), most):
            return f"{name}: {len(found)} rows, not {min(len(wanted), most)}"
        for number, row in found.items():
            if row != wanted.get(number):
                return f"{name}: row {number} is {row}, not {wanted.get(number)}"
    return None


def rows_of(sheet):
    """Values and formats of the cells that are not empty, by row; none of a sheet of charts."""
    rows = {}
    for row in getattr(sheet, "iter_rows", tuple)():
        cells = [(c.coordinate, c.value, c.number_format) for c in row if c.value is not None]
        if cells:
            rows[row[0].row] = [tuple(map(spelled, cell)) for cell in cells]
    return rows


def spelled(value):
    """A value as text; formulas of arrays and tables are objects."""
    text = getattr(value, "text", None)
    return str(value) if text is None else str(text)
