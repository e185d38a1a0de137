"""Judges samples of tar archives: the listing, and the members they hold."""
import io
import re
import subprocess
import tarfile

from listings import entries_of, listing_fault
from texts import exact, inexact, unjudged
from zips import BY_SYSTEM, MANIFEST, MEMBER_BYTES, MEMBERS, safe_name

REFUSALS = (tarfile.TarError, OSError, ValueError, OverflowError, EOFError)
COMMAND = ["tar", "-tvf", "-", "--numeric-owner", "--quoting-style=c", "--absolute-names"]
SURROUNDINGS = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LINE = re.compile(rb'^\S+ +\S+ +(\d+(?:,\d+)?) \S+ \S+ "((?:[^"\\]|\\.)*)"')
NAMED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def judge_tar(original, sample, receipt, judge_member):
    """`judge_member(name, original, sample)` is asked about each member that was sampled."""
    _, refusal = by_gnu_tar(sample)
    if refusal:
        return inexact(f"GNU tar refuses the sample: {refusal}")
    with tarfile.open(fileobj=io.BytesIO(sample), mode="r:") as ours:
        members = {member.name: ours.extractfile(member).read() for member in ours}
    judged = judge_listing(original, members.pop(MANIFEST), receipt)
    if judged["verdict"] != "exact":
        return judged
    return judge_members(original, members, receipt, judge_member)


def judge_members(original, members, receipt, judge_member):
    try:
        originals = first_files(original)
    except REFUSALS as error:
        return unjudged(f"tarfile: {error}") if members else exact()
    listed_only = sum("listed only" in warning for warning in receipt.get("warnings", []))
    if len(members) + listed_only < len(originals):
        return inexact(f"{len(members)} members sampled of {len(originals)}")
    # Tarfile takes times of GNU tar for a part of the name.
    listed = {safe_name(name.decode("utf-8", "replace")) for name, _ in by_gnu_tar(original)[0]}
    for name, sample in members.items():
        content = originals.get(name)
        if content is None:
            # A listing of what is inside, one of several files of a name, or a name that was cut.
            known = [*originals, *listed]
            if any(name.startswith(one) or one.startswith(name) for one in known):
                continue
            return inexact(f"{name[:200]} is none of the first members")
        judged = judge_member(name, content, sample)
        if judged["verdict"] == "inexact":
            return inexact(f"{name}: {judged['why']}")
    return exact()


def first_files(original):
    """Content of the first files by the names that a sample has for them."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(original), mode="r:") as archive:
        for member in archive:
            if len(files) == MEMBERS:
                break
            if not member.isreg() or BY_SYSTEM.search(member.name):
                continue
            name = member.name.encode("utf-8", "surrogateescape")
            try:
                text = name.decode("utf-8")
            except UnicodeDecodeError:
                text = name.decode("latin-1")
            if not text.endswith("/"):
                files.setdefault(safe_name(text), archive.extractfile(member).read(MEMBER_BYTES))
    return files


def judge_listing(original, listing, receipt):
    """Exact where either of two readers lists the same."""
    found, fault = entries_of(listing)
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
