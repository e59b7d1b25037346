"""The tree of the log as it is stored: the hashes of 256 neighbours in one row, and the rest beside the leaves."""

from collections.abc import Iterator
from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS

from apps.audit import merkle
from apps.audit.models import AuditLeaf, AuditTile

HEIGHT = 8
WIDTH = 1 << HEIGHT
BYTES = 32


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + BYTES] for start in range(0, len(hashes), BYTES)]


def tiles(level: int, first: int, last: int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[tuple[int, bytes]]:
    """The stored ones among these neighbours, each with its index, by one query."""
    rows = AuditTile.objects.using(using).filter(level=level, index__gte=first, index__lte=last)
    return ((index, bytes(hashes)) for index, hashes in rows.values_list("index", "hashes"))


class StoredTree:
    """Hashes of complete subtrees of the log up to `size`, read a tile at a time."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._tile = lru_cache(maxsize=1024)(self._read)

    def complete(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, HEIGHT)
        first = index << rest
        tile = self._tile(level, first // WIDTH)
        start = first % WIDTH
        return merkle.joined(tile[start : start + (1 << rest)])

    def root(self) -> bytes:
        return merkle.root(self.size, self.complete)

    def inclusion(self, leaf: int) -> list[bytes]:
        return merkle.inclusion(leaf, self.size, self.complete)

    def consistency(self, earlier: int) -> list[bytes]:
        return merkle.consistency(earlier, self.size, self.complete)

    def _read(self, level: int, index: int) -> list[bytes]:
        """A tile that is not full yet is not stored: it is made of what lies below it."""
        for _index, stored in tiles(level, index, index):
            return _split(stored)
        start = index * WIDTH
        if level == 0:
            rows = AuditLeaf.objects.filter(sequence__gte=start, sequence__lt=min(start + WIDTH, self.size))
            return [bytes(found) for found in rows.order_by("sequence").values_list("hash", flat=True)]
        end = min(start + WIDTH, self.size >> HEIGHT * level)
        below = dict(tiles(level - 1, start, end - 1))
        return [
            merkle.joined(_split(below[position]) if position in below else self._tile(level - 1, position))
            for position in range(start, end)
        ]


def full_tiles(start: int, hashes: list[bytes], below: StoredTree) -> list[AuditTile]:
    """The tiles that become full when these leaf hashes follow the first `start` leaves."""
    tiles: list[AuditTile] = []
    level = 0
    while hashes:
        waiting = start % WIDTH
        before = below._tile(level, start // WIDTH)[:waiting] if waiting else []
        run = [*before, *hashes]
        index = start // WIDTH
        above = []
        for position in range(len(run) // WIDTH):
            block = run[position * WIDTH : (position + 1) * WIDTH]
            tiles.append(AuditTile(level=level, index=index + position, hashes=b"".join(block)))
            above.append(merkle.joined(block))
        start, hashes, level = index, above, level + 1
    return tiles
