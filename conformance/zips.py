"""Judges samples of zip archives: the listing, and the members they hold."""
import io
import re
import zipfile
import zlib

from listings import entries_of, listing_fault
from texts import exact, inexact, unjudged

MEMBERS = 3
BY_SYSTEM = re.compile(r"(^|/)(__MACOSX/.*|\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini)$", re.I)
MANIFEST = "_manifest.txt"
ZIP64 = 0xFFFF
MEMBER_BYTES = 64 * 2**20


def zip_name(info):
    """The name as people see it: UTF-8 where the bytes are, else code page 437."""
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def judge_zip(original, sample, receipt, judge_member):
    """`judge_member(name, original, sample)` is asked about each member that was sampled."""
    try:
        with zipfile.ZipFile(io.BytesIO(sample)) as ours:
            broken = ours.testzip()
            if broken is not None:
                return inexact(f"{broken} of the sample is broken")
            members = {name: ours.read(name) for name in ours.namelist()}
    except (zipfile.BadZipFile, ValueError) as error:
        return inexact(f"the sample does not open: {error}")
    found, fault = entries_of(members.pop(MANIFEST))
    if fault:
        return inexact(fault)
    try:
        archive = zipfile.ZipFile(io.BytesIO(original))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeError) as error:
        return unjudged(f"zipfile: {error}")
    with archive:
        infos = archive.infolist()
        if counted(original) not in (len(infos), ZIP64):
            return unjudged(f"zipfile lists {len(infos)} entries of {counted(original)}")
        wanted = [(zip_name(info).encode().rstrip(b"/"), info.file_size) for info in infos]
        fault = listing_fault(found, wanted, receipt)
        if fault:
            return inexact(fault)
        return judge_members(archive, members, receipt, judge_member)


def counted(data):
    """Entries by the record at the end, -1 where there is none."""
    end = data.rfind(b"PK\5\6")
    return int.from_bytes(data[end + 10 : end + 12], "little") if end >= 0 else -1


def judge_members(archive, members, receipt, judge_member):
    files = [info for info in archive.infolist() if not zip_name(info).endswith("/")]
    # What a system puts beside files comes after them, as src/formats/archive/found.ts has it.
    files = sorted(files, key=lambda info: bool(BY_SYSTEM.search(zip_name(info))))[:MEMBERS]
    listed_only = sum("listed only" in warning for warning in receipt.get("warnings", []))
    if len(members) + listed_only < len(files):
        return inexact(f"{len(members)} members sampled and {listed_only} listed only, of {len(files)}")
    originals = {safe_name(zip_name(info)): info for info in reversed(files)}
    for name, sample in members.items():
        info = originals.get(name) or originals.get(re.sub(r"(\.txt|\.meta\.json|~\d+)$", "", name))
        if info is None:
            return inexact(f"{name} is none of the first members")
        if info.compress_type == zipfile.ZIP_DEFLATED:
            # What is deflated ends by itself; the directory's size may be wrong.
            info.file_size = MEMBER_BYTES
        try:
            with archive.open(info) as member:
                original = member.read(MEMBER_BYTES)
        except (zlib.error, EOFError, zipfile.BadZipFile) as error:
            is_damage = "differ" not in str(error)
            if is_damage and receipt.get("complete") and not receipt.get("warnings"):
                return inexact(f"{name} is damaged, but no warning: {error}")
            return unjudged(f"{name}: {error}")
        except (NotImplementedError, RuntimeError, OSError) as error:
            return unjudged(f"{name}: {error}")
        if name not in originals and name.endswith((".txt", ".meta.json")):
            continue
        judged = judge_member(name, original, sample)
        if judged["verdict"] == "inexact":
            return inexact(f"{name}: {judged['why']}")
    return exact()


def safe_name(name):
    parts = re.sub(r"^[a-zA-Z]:", "", name.replace("\\", "/")).split("/")
    safe = ["_" if part == ".." else part.replace("\0", "_") for part in parts]
    return "/".join(part for part in safe if part not in ("", ".")) or "_"
