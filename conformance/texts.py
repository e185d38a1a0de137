"""Judges samples of lines: a prefix of the original that ends where a line ends."""
import re

LINES = 100


def exact():
    return {"verdict": "exact"}


def inexact(why):
    return {"verdict": "inexact", "why": why}


def unjudged(why):
    return {"verdict": "unjudged", "why": why}


def decode(data):
    """The text, a character for each unit of its bytes, without a byte order mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data[2:].decode("utf-16-le" if data[0] == 0xFF else "utf-16-be", "surrogatepass")
    head = data[:4096]
    if len(head) > 8 and head[1::2].count(0) * 2 > len(head[1::2]) and head[::2].count(0) == 0:
        return data.decode("utf-16-le", "surrogatepass")
    if len(head) > 8 and head[::2].count(0) * 2 > len(head[::2]) and head[1::2].count(0) == 0:
        return data.decode("utf-16-be", "surrogatepass")
    return data[3 if data[:3] == b"\xef\xbb\xbf" else 0 :].decode("latin-1")


def prefix_fault(original, sample, receipt):
    """Why these bytes are no beginning of the original, or None."""
    if not original.startswith(sample):
        same = next((i for i, (a, b) in enumerate(zip(original, sample)) if a != b), len(original))
        return f"differs from the original at byte {same}"
    if receipt.get("complete") and len(original) != len(sample):
        return f"said to be complete, but has {len(sample)} of {len(original)} bytes"
    return None


def border_fault(text, sample):
    """Why a sample that is a beginning of a text does not end where a line ends, or None."""
    if len(sample) == len(text) or sample == "":
        return None
    if sample[-1] == "\r" and text[len(sample)] == "\n":
        return "ends between CR and LF"
    return None if sample[-1] in "\r\n" else "ends within a line"


def lines_of(text):
    lines = text.split("\n" if "\n" in text else "\r")
    return lines[:-1] if lines[-1] == "" else lines


def judge_lines(original, sample, receipt, counts_blank):
    fault = prefix_fault(original, sample, receipt)
    if fault:
        return inexact(fault)
    try:
        text = decode(sample)
        fault = border_fault(decode(original), text)
    except UnicodeDecodeError as error:
        return unjudged(str(error))
    if fault:
        return inexact(fault)
    count = sum(1 for line in lines_of(text) if counts_blank or re.search(r"[^ \t\r]", line))
    return count_fault(count, LINES, receipt) or exact()


def count_fault(count, most, receipt):
    """Whether the sample has as many records as it may, and as its receipt says."""
    if count > most:
        return inexact(f"has {count} records of at most {most}")
    if receipt.get("cut") == "rows" and count != most:
        return inexact(f"cut by rows, but has {count} records and not {most}")
    return None
