"""The tree is the one of RFC 6962: another implementation computes the same roots and accepts our proofs."""

import random
from dataclasses import dataclass

import pytest
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from apps.audit import merkle

SIZE = 1_500


@dataclass(frozen=True)
class Log:
    """The same lines in our tree and in theirs."""

    hashes: list[bytes]
    theirs: InmemoryTree

    def complete(self, height: int, index: int) -> bytes:
        return merkle.joined(self.hashes[index << height : (index + 1) << height])

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.complete)


@pytest.fixture(scope="module")
def log() -> Log:
    lines = [b'{"s":%d}' % number for number in range(SIZE)]
    theirs = InmemoryTree(algorithm="sha256")
    theirs.append_entries(lines)
    return Log([merkle.leaf_hash(line) for line in lines], theirs)


def test_both_compute_the_same_root_at_every_size(log: Log):
    growing = merkle.Growing()

    for size in range(1, SIZE + 1):
        growing.add(log.hashes[size - 1])
        assert growing.root() == log.theirs.get_root(size)


def test_a_tree_goes_on_growing_where_it_was_left(log: Log):
    for size in (0, 1, 255, 256, 257, 1_000):
        growing = merkle.Growing(size, log.complete)
        for hashed in log.hashes[size:]:
            growing.add(hashed)

        assert growing.root() == log.theirs.get_root(SIZE)


def test_they_verify_a_thousand_of_our_inclusion_proofs(log: Log):
    chosen = random.Random(1)  # noqa: S311

    for _ in range(1_000):
        size = chosen.randint(1, SIZE)
        leaf = chosen.randrange(size)
        proof = log.theirs.prove_inclusion(leaf + 1, size)
        proof.path = [log.hashes[leaf], *merkle.inclusion(leaf, size, log.complete)]

        verify_inclusion(log.hashes[leaf], log.root(size), proof, index=leaf + 1, size=size)


def consistent(earlier: int, size: int, first: bytes, last: bytes, proof: list[bytes]) -> bool:
    """The verification of RFC 9162, section 2.1.4.2, word by word."""
    path = [first, *proof] if earlier & (earlier - 1) == 0 else list(proof)
    node, end = earlier - 1, size - 1
    while node & 1:
        node, end = node >> 1, end >> 1
    old = new = path[0]
    for hashed in path[1:]:
        if end == 0:
            return False
        if node & 1 or node == end:
            old, new = merkle.node_hash(hashed, old), merkle.node_hash(hashed, new)
            while node & 1 == 0 and node:
                node, end = node >> 1, end >> 1
        else:
            new = merkle.node_hash(new, hashed)
        node, end = node >> 1, end >> 1
    return (old, new, end) == (first, last, 0)


def test_our_consistency_proofs_hold_and_their_proofs_fit_our_roots(log: Log):
    chosen = random.Random(2)  # noqa: S311

    for _ in range(1_000):
        size = chosen.randint(2, SIZE)
        earlier = chosen.randrange(1, size)
        first, last = log.root(earlier), log.root(size)
        ours = merkle.consistency(earlier, size, log.complete)

        assert consistent(earlier, size, first, last, ours)
        assert not consistent(earlier, size, last, first, ours)
        theirs = log.theirs.prove_consistency(earlier, size)
        verify_consistency(first, last, theirs, prior_size=earlier, later_size=size)


def test_an_empty_log_has_the_hash_of_nothing(log: Log):
    assert merkle.root(0, log.complete) == merkle.Growing().root() == merkle.EMPTY
