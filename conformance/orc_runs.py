"""Decodes the runs of ORC streams, as the specification (ORC v1, "Run Length Encoding") has them.

Each function takes an iterator of bytes, as numbers, and yields values as they are asked for.
"""
from itertools import islice


class Short(Exception):
    """A stream ends before the values that are asked for."""


def octets(data, count):
    found = bytes(islice(data, count))
    if len(found) < count:
        raise Short(f"{len(found)} of {count} bytes")
    return found


def byte_runs(data):
    for control in data:
        if control < 128:
            yield from octets(data, 1) * (control + 3)
        else:
            yield from octets(data, 256 - control)


def bit_runs(data):
    for byte in byte_runs(data):
        for bit in range(7, -1, -1):
            yield byte >> bit & 1


def varint(data):
    value = shift = 0
    while True:
        byte = octets(data, 1)[0]
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value


def varints(data):
    """Decimals: zigzag, of any length."""
    while True:
        yield unzigzag(varint(data))


def unzigzag(value):
    return -(value + 1 >> 1) if value & 1 else value >> 1


def integers(data, version, signed):
    return integers_1(data, signed) if version == 1 else integers_2(data, signed)


def integers_1(data, signed):
    def plain():
        value = varint(data)
        return unzigzag(value) if signed else value

    for control in data:
        if control < 128:
            step = int.from_bytes(octets(data, 1), "big", signed=True)
            first = plain()
            for i in range(control + 3):
                yield first + i * step
        else:
            for _ in range(256 - control):
                yield plain()


WIDTHS = [*range(1, 25), 26, 28, 30, 32, 40, 48, 56, 64]


def packed(data, count, width):
    """Whole bytes of values of so many bits, the highest bit first."""
    size = (count * width + 7) // 8
    bits = int.from_bytes(octets(data, size), "big") >> size * 8 - count * width
    return [bits >> width * (count - 1 - i) & (1 << width) - 1 for i in range(count)]


def integers_2(data, signed):
    for header in data:
        kind = header >> 6
        if kind == 0:
            value = int.from_bytes(octets(data, (header >> 3 & 7) + 1), "big")
            for _ in range((header & 7) + 3):
                yield unzigzag(value) if signed else value
            continue
        code = header >> 1 & 31
        count = ((header & 1) << 8 | octets(data, 1)[0]) + 1
        if kind == 1:
            for value in packed(data, count, WIDTHS[code]):
                yield unzigzag(value) if signed else value
        elif kind == 2:
            yield from patched_base(data, count, WIDTHS[code])
        else:
            yield from deltas(data, count, WIDTHS[code] if code else 0, signed)


def patched_base(data, count, width):
    third, fourth = octets(data, 2)
    size, patch_width = (third >> 5) + 1, WIDTHS[third & 31]
    gap_width, patches = (fourth >> 5) + 1, fourth & 31
    base = int.from_bytes(octets(data, size), "big")
    sign = 1 << size * 8 - 1
    if base & sign:
        base = -(base ^ sign)
    values = packed(data, count, width)
    # Entries are as wide as a code can say.
    entry_width = next(width for width in WIDTHS if width >= gap_width + patch_width)
    place = 0
    for entry in packed(data, patches, entry_width):
        place += entry >> patch_width
        patch = entry & (1 << patch_width) - 1
        if patch:
            values[place] |= patch << width
    return [base + value for value in values]


def deltas(data, count, width, signed):
    value = varint(data)
    value = unzigzag(value) if signed else value
    yield value
    step = unzigzag(varint(data))
    if width == 0:
        for i in range(1, count):
            yield value + i * step
        return
    value += step
    yield value
    for more in packed(data, count - 2, width):
        value += -more if step < 0 else more
        yield value
