"""Reads archives with Python's own modules: {name: facts} as JSON for a folder of files."""

import gzip, json, os, sys, tarfile, zipfile

LATIN1 = {"encoding": "latin-1", "errors": "strict"}


def facts(path):
    if path.endswith(".gz"):
        with gzip.open(path) as file:
            return {"text": file.read().decode("latin-1")}
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return {
                "bad": archive.testzip(),
                "members": {n: archive.read(n).decode("latin-1") for n in archive.namelist()},
            }
    with tarfile.open(path, "r:", ignore_zeros=False, **LATIN1) as archive:
        return {"entries": [[name(m), m.size if m.isreg() else 0, m.mtime] for m in archive]}


def name(member):
    """The name's bytes, one character each: in a pax header they are UTF-8."""
    is_pax = "path" in member.pax_headers or "GNU.sparse.name" in member.pax_headers
    return member.name.encode("utf-8").decode("latin-1") if is_pax else member.name


def guarded(path):
    try:
        return facts(path)
    except Exception as error:
        return {"error": repr(error)}


folder = sys.argv[1]
print(json.dumps({name: guarded(os.path.join(folder, name)) for name in os.listdir(folder)}))
