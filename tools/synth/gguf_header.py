"""Reads and writes the header of a GGUF v3 file: keys as raw entries, tensors as (name, dims, type
number, offset). Standard library alone."""

import struct

U32, F32, BOOL, STRING, ARRAY, U64 = 4, 6, 7, 8, 9, 10
WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, U32: 4, 5: 4, F32: 4, BOOL: 1, U64: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(key, value, kind=None):
    """One key as the file holds it. The kind follows from the Python value unless given."""
    if isinstance(value, str):
        return text(key) + struct.pack("<I", STRING) + text(value)
    if isinstance(value, bool):
        return text(key) + struct.pack("<I?", BOOL, value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", F32, value)
    kind = U32 if kind is None else kind
    return text(key) + struct.pack("<I", kind) + value.to_bytes(WIDTHS[kind], "little")


def aligned(size, alignment=ALIGNMENT):
    return -(-size // alignment) * alignment


def header(entries, tensors, alignment=ALIGNMENT):
    """`entries`: from entry(); `tensors`: (name, dims, type number, offset in the data). Padded to
    where the data begins."""
    out = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(entries)), *entries]
    for name, dims, number, offset in tensors:
        out.append(text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, number, offset))
    raw = b"".join(out)
    return raw + bytes(aligned(len(raw), alignment) - len(raw))


class Header:
    """A file's header: `entries` [(key, raw entry)], `values` {key: value} except arrays, `tensors`,
    `data_begin`."""

    def __init__(self, file):
        self.file = file
        if file.read(4) != b"GGUF" or self.take("<I") != 3:
            raise ValueError(f"{file.name} is no GGUF v3 file")
        n_tensors, n_entries = self.take("<QQ")
        self.entries, self.values = [], {}
        for _ in range(n_entries):
            begin = file.tell()
            key = self.text()
            value = self.value(self.take("<I"))
            end = file.tell()
            file.seek(begin)
            self.entries.append((key, file.read(end - begin)))
            self.values[key] = value
        self.tensors = []
        for _ in range(n_tensors):
            name, n_dims = self.text(), self.take("<I")
            dims = [self.take("<Q") for _ in range(n_dims)]
            self.tensors.append((name, dims, *self.take("<IQ")))
        self.alignment = self.values.get("general.alignment", ALIGNMENT)
        self.data_begin = aligned(file.tell(), self.alignment)

    def take(self, layout):
        values = struct.unpack(layout, self.file.read(struct.calcsize(layout)))
        return values[0] if len(values) == 1 else values

    def text(self):
        return self.file.read(self.take("<Q")).decode()

    def value(self, kind):
        """A number, text or truth; None for an array, which is passed over."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            element, count = self.take("<IQ")
            if element in WIDTHS:
                self.file.seek(WIDTHS[element] * count, 1)
            else:
                for _ in range(count):
                    self.value(element)
            return None
        raw = self.file.read(WIDTHS[kind])
        if kind == F32:
            return struct.unpack("<f", raw)[0]
        return bool(raw[0]) if kind == BOOL else int.from_bytes(raw, "little")
