"""Check an audit bundle with Python alone: python3 verify.py BUNDLE --vkey KEY [--prev CHECKPOINT]

BUNDLE is the folder or the zip. Exit 0: all of it was sealed under this key. 1: not so, and the position and the kind
are named. 2: unreadable. After RFC 8032 (Ed25519), RFC 9162 (tree), C2SP signed-note and tlog-checkpoint.
"""

import argparse, base64, hashlib, json, pathlib, sys, zipfile

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE = bytes([0x58]) + bytes([0x66]) * 31

class Failed(Exception): ...

def add(a, b):
    x, y = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    z, t = 2 * a[2] * b[2], 2 * a[3] * b[3] * D
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        result, point, number = add(result, point) if number & 1 else result, add(point, point), number >> 1
    return result

def point(raw):
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("a signature or a key that is none")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P

def signed(key, signature, text):
    number = int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    left, right = times(number, point(BASE)), add(point(signature[:32]), times(challenge, point(key)))
    equal = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return equal and len(signature) == 64 and number < ORDER

def opened(note, vkey):
    """Size and root of a checkpoint that this key signed."""
    name, hashed, encoded = vkey.strip().split("+", 2)
    key, (text, _blank, signatures) = base64.b64decode(encoded), note.partition("\n\n")
    for line in signatures.splitlines():
        signer, _space, raw = line.removeprefix("— ").rpartition(" ")
        raw = base64.b64decode(raw)
        ours = signer == name and raw[:4].hex() == hashed and key[:1] == b"\x01"
        if ours and signed(key[1:], raw[4:], (text + "\n").encode()):
            return int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2])
    raise Failed("position 0: re-signed. The checkpoint bears no signature of this key.")

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()

def rooted(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return node(rooted(hashes[:middle]), rooted(hashes[middle:]))

def climbed(index, last, path, first):
    """Both roots to which a path leads: RFC 9162, 2.1.3.2 (inclusion: `first` stays) and 2.1.4.2 (consistency)."""
    old = new = first
    for other in path:
        if index & 1 or index == last:
            old, new = node(other, old), node(other, new)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new = node(new, other)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else (b"", b"")

def consistent(earlier, size, path):
    index, last = earlier - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return climbed(index, last, path[1:], path[0])

def whole(said, hashes, recorded, size):
    """Every entry from the first to the last."""
    for position, entry in enumerate(said):
        if entry["s"] != position:
            kind = "reordered" if any(other["s"] == position for other in said[position:]) else "deleted"
            raise Failed(f"position {position}: {kind}. Entry {entry['s']} stands here.")
        if hashes[position] != recorded[position * 32 : position * 32 + 32]:
            raise Failed(f"position {position}: changed. The entry is not what was hashed.")
    if len(said) < size:
        raise Failed(f"position {len(said)}: cut at the end. The checkpoint is over {size} entries.")

def chosen(said, hashes, paths, size, root):
    """Some entries, each with its way to the root."""
    for missing in sorted(paths.keys() - {entry["s"] for entry in said}):
        raise Failed(f"position {missing}: deleted. Its proof is here and the entry is not.")
    for before, entry, hashed in zip([-1, *(entry["s"] for entry in said)], said, hashes):
        if entry["s"] <= before:
            raise Failed(f"position {entry['s']}: reordered. It stands behind entry {before}.")
        if climbed(entry["s"], size - 1, paths.get(entry["s"], []), hashed)[1] != root:
            raise Failed(f"position {entry['s']}: changed. The entry does not lead to the root that was signed.")

def check(read, vkey, prev):
    (size, root), lines, proofs = opened(read("checkpoint").decode(), vkey), read("entries.jsonl"), read("proofs.jsonl")
    said = [*map(json.loads, lines.splitlines())]
    hashes = [hashlib.sha256(b"\0" + line).digest() for line in lines.splitlines()]
    if proofs is None:
        whole(said, hashes, read("hashes"), size)
    else:
        paths = {row["s"]: [*map(base64.b64decode, row["h"])] for row in map(json.loads, proofs.splitlines())}
        chosen(said, hashes, paths, size, root)
    if proofs is None and rooted(hashes) != root:
        raise Failed(f"position 0 to {size}: changed. The entries do not make the root that was signed.")
    if prev:
        kept, known = opened(prev, vkey)
        steps = {row["s"]: row["h"] for row in map(json.loads, (read("consistency.jsonl") or b"").splitlines())}
        path = [known] * (kept & (kept - 1) == 0) + [*map(base64.b64decode, steps.get(kept, []))]
        same = rooted(hashes[:kept]) == known if proofs is None else kept == size and known == root
        if kept > size or not (same or kept == 0 or (path and consistent(kept, size, path) == (known, root))):
            raise Failed(f"position {min(kept, size)}: rolled back. The checkpoint that you kept is not its beginning.")
    committed = {(entry["s"], digest) for entry in said for digest in entry["d"].values()}
    for row in (shown := [*map(json.loads, read("disclosures.jsonl").splitlines())]):
        digest = base64.urlsafe_b64encode(hashlib.sha256(row["v"].encode()).digest()).rstrip(b"=").decode()
        if (row["s"], digest) not in committed:
            raise Failed(f"position {row['s']}: changed. A disclosed value is not the one that was sealed.")
    withheld = len(committed) - len(shown)
    return f"OK: {len(said)} of {size} entries; {len(shown)} personal values shown, {withheld} withheld."

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--vkey", required=True, help="the verifier key, from a place that you trust")
    parser.add_argument("--prev", type=pathlib.Path, help="a checkpoint that you kept")
    given = parser.parse_args()
    try:
        place = given.bundle if given.bundle.is_dir() else zipfile.Path(given.bundle)
        read = lambda name: (place / name).read_bytes() if (place / name).exists() else None
        print(check(read, given.vkey, given.prev.read_text() if given.prev else ""))
    except Failed as failure:
        sys.exit(print(f"FAIL at {failure}") or 1)
    except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        sys.exit(print(f"This bundle cannot be read: {error!r}") or 2)

if __name__ == "__main__":
    main()
