"""Judges samples of delimited text: the records that Python's csv reads from them."""
import csv
import io
import itertools
import re

from texts import border_fault, count_fault, decode, exact, inexact, prefix_fault, unjudged

RECORDS = 101
csv.field_size_limit(2**31 - 1)


def judge_csv(original, sample, receipt, name, facts):
    fault = prefix_fault(original, sample, receipt)
    if fault:
        return inexact(fault)
    try:
        whole, text = decode(original), decode(sample)
    except UnicodeDecodeError as error:
        return unjudged(str(error))
    fault = border_fault(whole, text)
    if fault:
        return inexact(fault)
    # From the quote on that is not closed, lines are records.
    if any("quote is not closed" in warning for warning in receipt.get("warnings", [])):
        return exact()
    # Where there are quotes after backslashes, both ways to read them will do.
    escapes = [None, "\\"] if '\\"' in text else [None]
    judged = [
        judge_records(whole, text, receipt, {"delimiter": d, "escapechar": escape})
        for d in delimiters(name, facts)
        for escape in escapes
    ]
    return next((each for each in judged if each["verdict"] == "exact"), judged[0])


def judge_records(whole, text, receipt, dialect):
    try:
        rows = list(reader(text, dialect))
        wanted = list(itertools.islice(reader(whole, dialect), len(rows)))
    except csv.Error as error:
        return unjudged(f"csv: {error}")
    if rows != wanted:
        first = next((i for i, (a, b) in enumerate(zip(rows, wanted)) if a != b), len(wanted))
        return inexact(f"record {first + 1} is not the original's, {dialect}")
    # Lone returns in a file of line feeds end a record for Python and are content for others.
    if has_lone_returns(text):
        return exact()
    count = sum(1 for row in rows if row)
    counts = [count - above for above in records_above(rows, receipt)]
    return next(
        (exact() for each in counts if rows_fault(each, receipt, dialect) is None),
        rows_fault(count, receipt, dialect),
    )


def rows_fault(count, receipt, dialect):
    """Whether so many records, the header among them, are what the receipt says."""
    if count > 0 and receipt.get("rows", count - 1) != count - 1:
        return inexact(f"{receipt['rows']} rows by the receipt, {count - 1} by csv, {dialect}")
    return count_fault(count, RECORDS, receipt)


def records_above(rows, receipt):
    """How many records may be above the header: comments, the last of which can be it, and titles."""
    full = [row for row in rows if row]
    comments = len(list(itertools.takewhile(lambda row: row[0].startswith("#"), full)))
    warnings = " ".join(receipt.get("warnings", []))
    said = re.search("first (?:([0-9,]+) )?lines? (?:is|are) taken", warnings)
    titles = int((said[1] or "1").replace(",", "")) if said else 0
    return [comments + titles, max(0, comments - 1)]


def reader(text, dialect):
    return csv.reader(io.StringIO(text, newline=""), **dialect)


def delimiters(name, facts):
    """By the name, else what two other tools found; where they do not agree, any will do."""
    if ".tsv" in name.lower():
        return "\t"
    if ".psv" in name.lower():
        return "|"
    found = facts.get("delimiter") or ""
    return found if len(found) == 1 and facts.get("confidence") == "high" else ",;\t|"


def has_lone_returns(text):
    return "\n" in text and text.count("\r") > text.count("\r\n")
