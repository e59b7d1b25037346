"""The hash tree of RFC 6962 (section 2.1): roots, and proofs that a leaf or an earlier tree is contained."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

EMPTY = sha256(b"").digest()

Complete = Callable[[int, int], bytes]
"""`(height, index)` → hash of the complete subtree over the leaves `index << height` and the next `1 << height`."""


def leaf_hash(line: bytes) -> bytes:
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def joined(hashes: list[bytes]) -> bytes:
    """The hash over a power of two of neighbours."""
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that make up the leaves from `start`, from the left to the right."""
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _folded(hashes: Iterable[bytes]) -> bytes:
    *rest, last = hashes
    for left in reversed(rest):
        last = node_hash(left, last)
    return last


def root(size: int, complete: Complete) -> bytes:
    return _range(0, size, complete) if size else EMPTY


def _range(start: int, end: int, complete: Complete) -> bytes:
    return _folded(complete(height, index) for height, index in _pieces(start, end))


def inclusion(leaf: int, size: int, complete: Complete) -> list[bytes]:
    """`PATH(leaf, D[size])`: the hashes that lead from a leaf to the root."""
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if leaf < middle:
            path.append(_range(middle, end, complete))
            end = middle
        else:
            path.append(_range(start, middle, complete))
            start = middle
    return path[::-1]


def consistency(earlier: int, size: int, complete: Complete) -> list[bytes]:
    """`PROOF(earlier, D[size])`: that the tree of `earlier` leaves is the beginning of this one."""
    path, start, end, known = [], 0, size, True
    while earlier < end:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if earlier <= middle:
            path.append(_range(middle, end, complete))
            end = middle
        else:
            path.append(_range(start, middle, complete))
            start, known = middle, False
    return path[::-1] if known else [_range(start, end, complete), *path[::-1]]


class Growing:
    """A tree that only grows: the hashes of its complete subtrees, the largest first."""

    def __init__(self, size: int = 0, complete: Complete | None = None) -> None:
        self.size = size
        self._hashes = [complete(*piece) for piece in _pieces(0, size)] if complete else []

    def add(self, leaf: bytes) -> list[bytes]:
        """Returns the hashes of all subtrees that end with this leaf and are complete, the leaf's own first."""
        self.size += 1
        completed = [leaf]
        rest = self.size
        while not rest & 1:
            completed.append(node_hash(self._hashes.pop(), completed[-1]))
            rest >>= 1
        self._hashes.append(completed[-1])
        return completed

    def root(self) -> bytes:
        return _folded(self._hashes) if self._hashes else EMPTY
