"""Judges samples that are compressed: what is inside, by the command-line tools."""
import collections
import subprocess
import threading

MOST_BYTES = 64 * 2**20
SECONDS = 20

TOOLS = [
    (b"\x1f\x8b", ["gzip", "-dc"]),
    (b"\x28\xb5\x2f\xfd", ["zstd", "-dc", "-q", "--memory=2048MB"]),
    (b"\xfd7zXZ\x00", ["xz", "-dc", "-q"]),
    (b"BZh", ["bzip2", "-dc", "-q"]),
    (b"\x04\x22\x4d\x18", ["lz4", "-dc", "-q"]),
    (b"\x02\x21\x4c\x18", ["lz4", "-dc", "-q"]),
    (b"\x1f\x9d", ["gzip", "-dc"]),
    (b"\x5d\x00\x00", ["xz", "--format=lzma", "-dc", "-q"]),
]


def tool_for(data):
    """The command that decompresses these bytes, by the first of them; None for other bytes."""
    if data[1:4] == b"\x2a\x4d\x18" and 0x50 <= data[0] <= 0x5F:
        return tool_for_skippable(data)
    return next((command for magic, command in TOOLS if data.startswith(magic)), None)


def tool_for_skippable(data):
    """A skippable frame may begin zstd and lz4 alike: what follows it decides."""
    end = 8 + int.from_bytes(data[4:8], "little")
    rest = data[end:]
    return (tool_for(rest) if rest else None) or TOOLS[1][1]


# `ok` is None where there is more than is read.
Unpacked = collections.namedtuple("Unpacked", "data ok said")


def unpack(data):
    """Decompresses, up to 64 MiB. @raises FileNotFoundError where the tool is absent"""
    command = tool_for(data)
    if command is None:
        raise ValueError("not compressed in a way that is known")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as tool:
        feeder = threading.Thread(target=feed, args=(tool.stdin, data), daemon=True)
        killer = threading.Timer(SECONDS, tool.kill)
        feeder.start()
        killer.start()
        try:
            out = tool.stdout.read(MOST_BYTES + 1)
            if len(out) > MOST_BYTES:
                tool.kill()
                return Unpacked(out[:MOST_BYTES], None, "")
            said = tool.stderr.read().decode("utf-8", "replace").strip()
            # 2 is gzip's and xz's warning, such as of rubbish at the end, and zstd's refusal.
            code = tool.wait()
            ok = code == 0 or (code == 2 and command[0] in ("gzip", "xz"))
            return Unpacked(out, ok, said)
        finally:
            killer.cancel()
            tool.kill()
            feeder.join()


def feed(stdin, data):
    try:
        with stdin:
            stdin.write(data)
    except OSError:
        pass  # It has read enough.
