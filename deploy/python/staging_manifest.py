"""Tell Staging Sampler about new files, from a Python pipeline.

Copy this one file into the pipeline: standard library only, Python 3.8 or newer, POSIX.

    import os
    from staging_manifest import append_entry, manifest_path

    manifest = manifest_path("/data", "acme", "orders", "v1")
    append_entry(manifest, "raw/env0/data.csv",
                 "bronze/2026/01/18/143000--data.csv", os.stat("/incoming/data.csv").st_mtime)

Append after the bronze file is complete. Relative paths start at the dataset's directory.
Any number of threads and processes may append to one manifest at once on a local file
system. NFS has no atomic append: let one host write each manifest there.
"""

import errno
import json
import logging
import math
import os
from typing import Set, Union

__all__ = ["MAX_LINE_BYTES", "MAX_MTIME", "append_entry", "manifest_path"]

#: Longest line that is written, newline included. The sampler rejects lines over 1 MiB.
MAX_LINE_BYTES = 1024 * 1024

#: Largest mtime in seconds (the year 5138). Milliseconds of any date since 1973 lie beyond it.
MAX_MTIME = 1e11

_Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_FILE_MODE = 0o640  # the umask may take more away; the sampler's group has to read it
_DIRECTORY_MODE = 0o750

_quote = json.JSONEncoder().encode  # a str as JSON in ASCII, surrogates escaped

_log = logging.getLogger(__name__)

# Manifests in which this process left half a line that it could not close.
_torn: Set[_Path] = set()


def manifest_path(prefix: _Path, vendor: str, dataset: str, version: str) -> str:
    """Return the path of a dataset's manifest. Touches no file.

    prefix:  the lake's root directory (the service's FP_PREFIX).
    vendor, dataset, version:  one directory name each.

    Raises TypeError for a name that is not a str, ValueError for one that is not a single
    path component (empty, ".", "..", or with "/" or NUL in it) and for an empty prefix.
    These are mistakes in a pipeline's set-up: call this once, when it starts.
    """
    root = os.fsdecode(prefix)
    if not root:
        raise ValueError("prefix is empty")
    for field, name in (("vendor", vendor), ("dataset", dataset), ("version", version)):
        if not isinstance(name, str):
            raise TypeError("%s must be a str, not %s" % (field, type(name).__name__))
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError("%s must be a single path component, not %a" % (field, name))
    return os.path.join(root, vendor, dataset, version, "manifests", "processed.jsonl")


def append_entry(
    manifest_path: _Path, raw: _Path, bronze: _Path, mtime: float, *, strict: bool = False
) -> bool:
    """Append one entry to a manifest with a single write. Return whether it was written.

    manifest_path:  the manifest, as manifest_path() gives it. It and its directories are
        made when missing (modes 0640 and 0750, less the umask).
    raw:  path of the file as it arrived; what identifies the entry.
    bronze:  path of its persistent copy; what is sampled.
        Both are a str, bytes or os.PathLike. Names that are not UTF-8 keep their bytes.
    mtime:  modification time of the raw file, seconds since the epoch, int or float.
    strict:  raise instead of returning False.

    Without strict nothing is raised: a failure is logged as a warning to the logger
    "staging_manifest" and the answer is False. It is safe to append the same entry again.

    With strict, raises TypeError or ValueError for an argument that is refused (wrong type,
    empty path, mtime that is not finite or beyond 1e11, line over 1 MiB) and OSError when
    the line could not be written whole.
    """
    try:
        _append(os.fspath(manifest_path), _line(raw, bronze, mtime))
    except Exception as error:  # whatever it is, it must not stop production
        if strict:
            raise
        _log.warning(
            "no entry written to %a: %s: %s", manifest_path, type(error).__name__, error
        )
        return False
    return True


def _line(raw: _Path, bronze: _Path, mtime: float) -> bytes:
    # The line is put together by hand: json.dumps of a dict takes as long as opening the file.
    # And not with repr(mtime): that of NumPy's float64, a float, is no JSON.
    if isinstance(mtime, float):
        seconds = float.__repr__(mtime)
    elif isinstance(mtime, int) and not isinstance(mtime, bool):
        seconds = int.__repr__(mtime)
    else:
        raise TypeError("mtime must be an int or a float, not %s" % type(mtime).__name__)
    if not abs(mtime) <= MAX_MTIME:  # "not <=", so that NaN ends here too
        if abs(mtime) < math.inf:
            raise ValueError("mtime must be in seconds; this looks like milliseconds")
        raise ValueError("mtime must be finite, not %s" % seconds)
    text = '{"raw": %s, "bronze": %s, "mtime": %s}\n' % (
        _quote(_text("raw", raw)),
        _quote(_text("bronze", bronze)),
        seconds,
    )
    line = text.encode("ascii")
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("the line has %d bytes, over %d" % (len(line), MAX_LINE_BYTES))
    return line


def _text(field: str, path: _Path) -> str:
    if isinstance(path, str) and path.isascii():
        name = path  # nearly all are, and need nothing more
    elif isinstance(path, (str, bytes, os.PathLike)):
        # The sampler reads names as UTF-8 with surrogate escapes (PEP 383). Going through the
        # bytes gives that under any locale, and refuses a str that cannot be a file name.
        name = os.fsencode(path).decode("utf-8", "surrogateescape")
    else:
        raise TypeError(
            "%s must be a str, bytes or os.PathLike, not %s" % (field, type(path).__name__)
        )
    if not name or "\0" in name:
        raise ValueError("%s is empty or has a NUL in it" % field)
    return name


def _append(path: _Path, line: bytes) -> None:
    try:
        descriptor = os.open(path, _FLAGS, _FILE_MODE)
    except FileNotFoundError:  # tried first, as looking each time would cost every append
        _make_directories(os.path.dirname(path))
        descriptor = os.open(path, _FLAGS, _FILE_MODE)
    try:
        if path in _torn:
            line = b"\n" + line  # ends our half line; a blank line does no harm
        written = os.write(descriptor, line)
        if written == len(line):
            _torn.discard(path)
        else:
            _close_half_line(descriptor, path, written, len(line))
    finally:
        os.close(descriptor)


def _close_half_line(descriptor: int, path: _Path, written: int, wanted: int) -> None:
    # An append is whole or nothing, but for a disk that fills up on the way. Writing the
    # rest could land behind another process's line, so the half line is only closed. If
    # even that fails (it tells why), this process's next append begins with the newline.
    cause = None
    try:
        os.write(descriptor, b"\n")
        _torn.discard(path)
    except OSError as error:
        cause = error
        _torn.add(path)
    code = errno.ENOSPC if cause is None else cause.errno
    message = "only %d of %d bytes were written: %s" % (written, wanted, os.strerror(code))
    raise OSError(code, message, path) from cause


def _make_directories(directory: _Path) -> None:
    # Not os.makedirs: its mode holds for the last directory only.
    try:
        os.mkdir(directory, _DIRECTORY_MODE)
    except FileExistsError:
        pass  # another process was first
    except FileNotFoundError:
        parent = os.path.dirname(directory)
        if parent == directory or not parent:
            raise
        _make_directories(parent)
        _make_directories(directory)
