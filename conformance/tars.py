"""Judges listings of tar archives."""
import io
import re
import subprocess
import tarfile

from listings import entries_of, listing_fault
from texts import exact, inexact, unjudged

REFUSALS = (tarfile.TarError, OSError, ValueError, OverflowError, EOFError)
COMMAND = ["tar", "-tvf", "-", "--numeric-owner", "--quoting-style=c", "--absolute-names"]
SURROUNDINGS = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LINE = re.compile(rb'^\S+ +\S+ +(\d+(?:,\d+)?) \S+ \S+ "((?:[^"\\]|\\.)*)"')
NAMED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def judge_tar(original, sample, receipt):
    """Exact where either of two readers lists the same."""
    found, fault = entries_of(sample)
    if fault:
        return inexact(fault)
    faults = []
    for read in (by_tarfile, by_gnu_tar):
        entries, refusal = read(original)
        if refusal and not entries:
            faults.append((read.__name__, None, refusal))
            continue
        fault = listing_fault(found, entries, receipt)
        if fault is None:
            return exact()
        faults.append((read.__name__, fault, refusal))
    judged = [f"{name}: {fault}" for name, fault, refusal in faults if fault and not refusal]
    if judged:
        return inexact("; ".join(judged))
    return unjudged("; ".join(f"{name}: {fault or refusal}" for name, fault, refusal in faults))


def by_tarfile(data):
    entries = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                size = member.size if member.isreg() else 0
                entries.append((member.name.encode("utf-8", "surrogateescape").rstrip(b"/"), size))
    except REFUSALS as error:
        return entries, str(error) or type(error).__name__
    return entries, None


def by_gnu_tar(data):
    done = subprocess.run(COMMAND, input=data, capture_output=True, timeout=20, env=SURROUNDINGS)
    entries = []
    for line in done.stdout.split(b"\n")[:-1]:
        match = LINE.match(line)
        if match is None:
            return entries, f"a line of tar that is not understood: {line[:100]!r}"
        size, name = match.groups()
        # A device has two numbers in place of a size.
        entries.append((unquoted(name).rstrip(b"/"), 0 if b"," in size else int(size)))
    refusal = done.stderr.decode("utf-8", "replace").strip() if done.returncode else None
    return entries, refusal


def unquoted(name):
    def character(found):
        code = found.group(1)
        return bytes([int(code, 8) & 255]) if code[:1].isdigit() else NAMED.get(code, code)

    return re.sub(rb"\\([0-7]{3}|.)", character, name)
