"""Judges samples of delimited text: the records that Python's csv reads from them."""
import csv
import io
import itertools

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
    judged = [judge_records(whole, text, receipt, d) for d in delimiters(name, facts)]
    return next((each for each in judged if each["verdict"] == "exact"), judged[0])


def judge_records(whole, text, receipt, delimiter):
    try:
        rows = list(reader(text, delimiter))
        wanted = list(itertools.islice(reader(whole, delimiter), len(rows)))
    except csv.Error as error:
        return unjudged(f"csv: {error}")
    if rows != wanted:
        first = next((i for i, (a, b) in enumerate(zip(rows, wanted)) if a != b), len(wanted))
        return inexact(f"record {first + 1} is not the original's, delimiter {delimiter!r}")
    count = sum(1 for row in rows if row)
    # Lone returns in a file of line feeds end a record for Python and are content for others.
    if has_lone_returns(text):
        return exact()
    if count > 0 and receipt.get("rows", count - 1) != count - 1:
        return inexact(f"{receipt['rows']} rows by the receipt, {count - 1} by csv, {delimiter!r}")
    return count_fault(count, RECORDS, receipt) or exact()


def reader(text, delimiter):
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


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
