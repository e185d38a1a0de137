"""Judges samples of MessagePack and CBOR with the modules that Debian packages (python3-msgpack, python3-cbor2)."""
import io

from texts import count_fault, exact, inexact, unjudged

VALUES = 100


def judge_packed(original, sample, receipt):
    try:
        read = {"msgpack": read_msgpack, "cbor": read_cbor}[receipt["format"]]
        before, damage = values_in(read, original)
    except ImportError as error:
        return unjudged(f"not installed: {error.name}")
    after, fault = values_in(read, sample)
    if fault and damage:
        return unjudged(f"its reader refuses it: {damage}")
    if fault:
        return inexact(f"the sample is refused: {fault}")
    cut = not before or receipt["rows"] != 1
    if cut and len(after) == 1 and isinstance(after[0], list):
        # One array is cut between its elements; of one that is cut off, a reader tells nothing.
        after, before = after[0], before[0] if before else after[0]
    if repr(after) != repr(before[: len(after)]):
        return inexact("its values are not the first ones")
    if receipt["rows"] != len(after):
        return inexact(f"has {len(after)} values, not {receipt['rows']}")
    fault = count_fault(len(after), VALUES, receipt)
    return inexact(fault) if fault else exact()


def values_in(read, data):
    """The values of a file, and what ended them but its end."""
    values = []
    file = io.BytesIO(data)
    try:
        while file.tell() < len(data):
            values.append(read(file))
    except ImportError:
        raise
    except Exception as error:
        return values, f"{type(error).__name__}: {error}"
    return values, None


def read_msgpack(file):
    import msgpack

    start = file.tell()
    unpacker = msgpack.Unpacker(file, raw=False, strict_map_key=False, unicode_errors="surrogateescape")
    value = unpacker.unpack()
    file.seek(start + unpacker.tell())
    return value


def read_cbor(file):
    import cbor2

    return cbor2.CBORDecoder(file).decode()
