"""Reads the listings that stand for archives: a line per entry, name, size and time."""
import re

LISTED = 10_000
LINE = re.compile(rb"([^\t]*)\t(\d+)\t([-:.TZ\d]*)", re.DOTALL)
ESCAPES = {b"\\t": b"\t", b"\\n": b"\n", b"\\r": b"\r", b"\\\\": b"\\"}


def entries_of(listing):
    """Names as bytes, without the slash of a directory, and sizes; and why it is no listing."""
    entries = []
    for line in listing.split(b"\n")[:-1]:
        match = LINE.fullmatch(line)
        if match is None:
            return entries, f"a line that is not name, size and time: {line[:200]!r}"
        name = re.sub(rb"\\[tnr\\]", lambda found: ESCAPES[found.group()], match.group(1))
        entries.append((name.rstrip(b"/"), int(match.group(2))))
    return entries, None


def listing_fault(found, wanted, receipt):
    """Why a listing is not that of the wanted entries, or None."""
    for i, (entry, wanted_entry) in enumerate(zip(found, wanted)):
        if entry != wanted_entry:
            return f"entry {i + 1} is {entry}, not {wanted_entry}"
    if any("listing ends early" in warning for warning in receipt.get("warnings", [])):
        return None
    most = LISTED if receipt.get("cut") == "rows" else len(wanted)
    if len(found) == min(most, len(wanted)) or (receipt.get("cut") == "bytes" and found):
        return None
    return f"lists {len(found)} entries of {len(wanted)}"
