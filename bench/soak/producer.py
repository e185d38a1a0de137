"""A production process: does what stdin says, one JSON object a line, and answers each.

Its manifest lines are written by the module that production is given.
"""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../deploy/python"))

from contents import content  # noqa: E402
from staging_manifest import append_entry  # noqa: E402


def write(bronze, kind=None, rows=0, tag="", source=None):
    """Write a whole file, in place of an older one if there is one."""
    os.makedirs(os.path.dirname(bronze), exist_ok=True)
    beside = "%s.part" % bronze
    if source is not None:
        shutil.copyfile(source, beside)
    else:
        with open(beside, "wb") as file:
            file.write(content(kind, rows, tag))
    os.rename(beside, bronze)
    return seen(bronze)


def append(manifest, raw, bronze, mtime):
    """Announce a file."""
    append_entry(manifest, raw, bronze, mtime, strict=True)


def text(manifest, line):
    """Append a line that is no entry, as whoever does not use the module might."""
    with open(manifest, "ab", buffering=0) as file:
        file.write(line.encode())


def hide(bronze, aside):
    """Take a file away for a while."""
    os.makedirs(os.path.dirname(aside), exist_ok=True)
    os.rename(bronze, aside)


def reveal(bronze, aside):
    """Bring it back."""
    os.rename(aside, bronze)
    return seen(bronze)


def seen(bronze):
    """Return what changes when anybody changes the file."""
    found = os.stat(bronze)
    return "%d %d %d %d" % (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


VERBS = {verb.__name__: verb for verb in (write, append, text, hide, reveal)}

for order in sys.stdin:
    verb, arguments = json.loads(order)
    print(json.dumps(VERBS[verb](**arguments)), flush=True)
