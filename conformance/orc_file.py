"""Reads ORC files, as the specification (ORC v1) and orc_proto.proto have them: rows as Python values."""
import subprocess
import zlib
from itertools import islice

from orc_runs import Short, bit_runs, byte_runs, integers, octets, varints

KINDS = (
    "boolean byte short int long float double string binary timestamp list map struct union decimal"
    " date varchar char timestamp_instant"
).split()
PRESENT, DATA, LENGTH, DICTIONARY, SECONDARY = 0, 1, 2, 3, 5
NO_DATA = (4, 6, 7, 8)


class Unsupported(Exception):
    pass


def fields(message):
    """A message of Protocol Buffers: lists of numbers and bytes, by the number of their field."""
    found = {}
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 0:
            value = number()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or number()
            value = message[at : at + size]
            if key & 7 not in (1, 2, 5) or len(value) < size:
                raise ValueError(f"field {key}")
            at += size
        found.setdefault(key >> 3, []).append(value)
    return found


def one(message, field, otherwise=0):
    return message.get(field, [otherwise])[-1]


def packed_numbers(message, field):
    numbers = []
    for value in message.get(field, []):
        if isinstance(value, int):
            numbers.append(value)
            continue
        shift = last = 0
        for byte in value:
            last |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                numbers.append(last)
                shift = last = 0
    return numbers


def snappy(block):
    data, output = iter(block), bytearray()
    while next(data) >= 128:
        pass
    for tag in data:
        if tag & 3 == 0:
            size = tag >> 2
            if size >= 60:
                size = int.from_bytes(octets(data, size - 59), "little")
            output += octets(data, size + 1)
            continue
        if tag & 3 == 1:
            size, far = (tag >> 2 & 7) + 4, tag >> 5 << 8 | next(data)
        else:
            size, far = (tag >> 2) + 1, int.from_bytes(octets(data, 2 if tag & 3 == 2 else 4), "little")
        for _ in range(size):
            output.append(output[-far])
    return bytes(output)


def lz4(block):
    data, output = iter(block), bytearray()

    def length(short):
        while short >= 15:
            more = next(data)
            short += more
            if more < 255:
                break
        return short

    for token in data:
        output += octets(data, length(token >> 4))
        place = bytes(islice(data, 2))
        if not place:
            break
        far = int.from_bytes(place, "little")
        for _ in range(length(token & 15) + 4):
            output.append(output[-far])
    return bytes(output)


def zstd(block):
    return subprocess.run(["zstd", "-dcq"], input=block, capture_output=True, check=True).stdout


CODECS = {0: None, 1: lambda block: zlib.decompress(block, -15), 2: snappy, 4: lz4, 5: zstd}


class OrcFile:
    def __init__(self, data):
        if data[:3] != b"ORC":
            raise ValueError("no magic")
        end = len(data) - 1
        start = end - data[end]
        self.data = data
        self.postscript = fields(data[start:end])
        codec = one(self.postscript, 2)
        if codec not in CODECS:
            raise Unsupported(f"codec {codec}")
        self.codec = CODECS[codec]
        self.block = one(self.postscript, 3, 256 * 1024)
        self.version = packed_numbers(self.postscript, 4)
        self.footer_at = start - one(self.postscript, 1)
        self.footer = fields(bytes(self.stream(self.footer_at, start)))
        self.types = [fields(type) for type in self.footer.get(4, [])]
        self.stripes = [fields(stripe) for stripe in self.footer.get(3, [])]
        self.rows = sum(one(stripe, 5) for stripe in self.stripes)
        if one(self.footer, 6, self.rows) != self.rows:
            raise ValueError("the rows of its stripes are not its rows")
        # Values that are not null, by column: of the rows that were read.
        self.counts = [0] * len(self.types)

    def stream(self, start, end):
        """The bytes of a stream, one by one."""
        if not 0 <= start <= end < len(self.data):
            raise ValueError("a stream outside of the file")
        if self.codec is None:
            yield from self.data[start:end]
            return
        while start < end:
            header = int.from_bytes(self.data[start : start + 3], "little")
            start += 3 + (header >> 1)
            chunk = self.data[start - (header >> 1) : start]
            if start > end:
                raise ValueError("a chunk outside of its stream")
            if not header & 1:
                chunk = self.codec(chunk)
            if len(chunk) > self.block:
                raise ValueError("a chunk that is larger than a block")
            yield from chunk

    def read(self, most):
        """The first rows."""
        rows = []
        for stripe in self.stripes:
            count = min(one(stripe, 5), most - len(rows))
            if count > 0:
                rows += Stripe(self, stripe).column(0, count)
        return rows


class Stripe:
    def __init__(self, file, place):
        start, index, data, size = (one(place, field) for field in (1, 2, 3, 4))
        footer_at = start + index + data
        footer = fields(bytes(file.stream(footer_at, footer_at + size)))
        if 4 in footer or 10 in file.footer:
            raise Unsupported("encrypted")
        self.file = file
        self.zone = one(footer, 3, b"").decode()
        self.encodings = [fields(encoding) for encoding in footer.get(2, [])]
        self.places = {}
        at = start
        for stream in map(fields, footer.get(1, [])):
            end = at + one(stream, 3)
            kind = one(stream, 1)
            if kind not in NO_DATA:
                self.places[one(stream, 2), kind] = (at, end)
            at = end
        if at > footer_at:
            raise ValueError("streams that are longer than their stripe")

    def bytes_of(self, column, kind):
        return self.file.stream(*self.places.get((column, kind), (0, 0)))

    def integers(self, column, kind, signed, count):
        version = 1 if one(self.encodings[column], 1) < 2 else 2
        return taken(integers(self.bytes_of(column, kind), version, signed), count)

    def column(self, id, count):
        """So many values of a column; None for null."""
        present = [1] * count
        if (id, PRESENT) in self.places:
            present = taken(bit_runs(self.bytes_of(id, PRESENT)), count)
        there = sum(present)
        self.file.counts[id] += there
        values = iter(self.values(id, there))
        return [next(values) if is_there else None for is_there in present]

    def values(self, id, count):
        type = self.file.types[id]
        kind = KINDS[one(type, 1)]
        below = packed_numbers(type, 2)
        data = self.bytes_of(id, DATA)
        if kind == "boolean":
            return [bool(bit) for bit in taken(bit_runs(data), count)]
        if kind == "byte":
            return [byte - 256 if byte > 127 else byte for byte in taken(byte_runs(data), count)]
        if kind in ("short", "int", "long", "date"):
            return self.integers(id, DATA, True, count)
        if kind in ("float", "double"):
            # Bits, so that NaN is equal to itself.
            return [octets(data, 4 if kind == "float" else 8).hex() for _ in range(count)]
        if kind in ("string", "binary", "varchar", "char"):
            return self.texts(id, data, count)
        if kind in ("timestamp", "timestamp_instant"):
            nanoseconds = self.integers(id, SECONDARY, False, count)
            zone = self.zone if kind == "timestamp" else "UTC"
            return [
                (zone, second, (part >> 3) * (10 ** ((part & 7) + 1) if part & 7 else 1))
                for second, part in zip(self.integers(id, DATA, True, count), nanoseconds)
            ]
        if kind == "decimal":
            if self.file.version[:1] == [1] and one(type, 5) <= 18:
                return [(value, one(type, 6)) for value in taken(integers(data, 2, True), count)]
            scales = self.integers(id, SECONDARY, True, count)
            return list(zip(taken(varints(data), count), scales))
        if kind == "struct":
            columns = [self.column(child, count) for child in below]
            names = [name.decode() for name in type.get(3, [])]
            return [list(zip(names, row)) for row in zip(*columns)] if columns else [[]] * count
        if kind == "union":
            tags = taken(byte_runs(data), count)
            columns = [iter(self.column(child, tags.count(i))) for i, child in enumerate(below)]
            return [(tag, next(columns[tag])) for tag in tags]
        lengths = self.integers(id, LENGTH, False, count)
        columns = [iter(self.column(child, sum(lengths))) for child in below]
        entries = zip(*columns)
        return [list(islice(entries, length)) for length in lengths]

    def texts(self, id, data, count):
        encoding = self.encodings[id]
        if not one(encoding, 1) & 1:
            return [octets(data, length) for length in self.integers(id, LENGTH, False, count)]
        words = self.bytes_of(id, DICTIONARY)
        lengths = self.integers(id, LENGTH, False, one(encoding, 2))
        dictionary = [octets(words, length) for length in lengths]
        return [dictionary[word] for word in self.integers(id, DATA, False, count)]


def taken(values, count):
    found = list(islice(values, count))
    if len(found) < count:
        raise Short(f"{len(found)} of {count} values")
    return found
