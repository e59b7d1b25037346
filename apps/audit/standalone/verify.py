"""Check an audit bundle with Python alone: python3 verify.py BUNDLE --vkey KEY [--prev CHECKPOINT]

BUNDLE is the folder or the zip. Exit 0: all of it was sealed under this key. 1: not so, and the position and the kind
are named. 2: there is no such file. After RFC 8032 (Ed25519), RFC 9162 (tree), C2SP signed-note and tlog-checkpoint."""
import argparse, base64, hashlib, json, pathlib, re, sys, zipfile, zlib
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, BASE = -121665 * pow(121666, P - 2, P) % P, bytes([0x58]) + bytes([0x66]) * 31
UNREADABLE = (OSError, ValueError, LookupError, AttributeError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)
class Failed(Exception): ...
def unless(held, said):
    if not held: raise Failed(said)
def add(a, b):
    x, y = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    z, t = 2 * a[2] * b[2], 2 * a[3] * b[3] * D
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(number, point):
    result = (0, 1, 1, 0)
    while number: result, point, number = add(result, point) if number & 1 else result, add(point, point), number >> 1
    return result
def point(raw):
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign): raise ValueError("a signature or a key that is none")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P
def signed(key, signature, text):
    number = int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    left, right = times(number, point(BASE)), add(point(signature[:32]), times(challenge, point(key)))
    equal = [left[i] * right[2] % P for i in (0, 1)] == [right[i] * left[2] % P for i in (0, 1)]
    return equal and len(signature) == 64 and number < ORDER
def opened(note, vkey):
    """Size and root of a checkpoint that this key signed."""
    name, hashed, encoded = vkey.strip().split("+", 2)
    key, (text, _blank, signatures) = base64.b64decode(encoded), note.partition("\n\n")
    unless(all(line[:2] in ("", "— ") for line in signatures.splitlines()), "position 0: inserted. More than signatures follows a checkpoint.")
    for line in signatures.splitlines():
        signer, raw = line[2:].rpartition(" ")[0], base64.b64decode(line.rpartition(" ")[2])
        ours = signer == name and raw[:4].hex() == hashed and key[:1] == b"\x01"
        if ours and signed(key[1:], raw[4:], (text + "\n").encode()):
            return int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2])
    raise Failed("position 0: re-signed. The checkpoint bears no signature of this key.")
def node(left, right): return hashlib.sha256(b"\x01" + left + right).digest()
def rooted(hashes):
    middle = 1 << (len(hashes) - 1).bit_length() - 1 if len(hashes) > 1 else 0
    lone = hashes[0] if hashes else hashlib.sha256(b"").digest()
    return node(rooted(hashes[:middle]), rooted(hashes[middle:])) if middle else lone
def climbed(index, last, path, first):
    """Both roots to which a path leads: RFC 9162, 2.1.3.2 (inclusion: `first` stays) and 2.1.4.2 (consistency)."""
    old = new = first
    for other in path:
        if index & 1 or index == last:
            old, new = node(other, old), node(other, new)
            while index and not index & 1: index, last = index >> 1, last >> 1
        else: new = node(new, other)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else (b"", b"")
def consistent(earlier, size, path):
    shift = (earlier & -earlier).bit_length() - 1
    return climbed(earlier - 1 >> shift, size - 1 >> shift, path[1:], path[0])
def whole(said, hashes, recorded, size):
    """The hash of every position. Each has its entry, but for those that the log itself says were pruned."""
    told = {entry["o"]: (entry["i"]["gone"], entry["s"]) for entry in said if entry.get("a") == 14 and entry["s"] < size}
    runs = [range(max(first, 0), min(last + 1, end)) for runs, end in told.values() for first, last in runs]
    unless(sum(map(len, runs)) <= size, "position 0: changed. More is said to be pruned than there was.")
    gone = {at for run in runs for at in run}
    places = sorted(set(range(size)) - gone | {entry["s"] for entry in said if entry["s"] in range(size)})
    for position, entry, hashed in zip([*places, size], said, hashes):
        if position == size or entry["s"] not in (position, None):
            kind = "reordered" if any(other["s"] == position for other in said) else "deleted"
            raise Failed(f"position {position}: {'inserted' if len(said) > len(places) else kind}. Entry {entry['s']} stands here.")
        unless(hashed == recorded[position * 32 : position * 32 + 32], f"position {position}: changed. The entry is not what was hashed.")
    for missing in places[len(said) :]: raise Failed(f"position {missing}: cut at the end. The checkpoint is over {size} entries.")
    return [recorded[place * 32 : place * 32 + 32] for place in range(size)]
def chosen(said, hashes, paths, size, root):
    """Some entries, each with its way to the root."""
    places = [-1, *(entry["s"] for entry in said)]
    for missing in sorted(paths.keys() - places):
        raise Failed(f"position {missing}: {'changed' if None in places else 'deleted'}. Its proof stands here alone.")
    for before, place, hashed in zip(places, places[1:], hashes):
        unless(place in paths, f"position {before + 1}: inserted. Here stands an entry without a proof.")
        unless(place > before, f"position {place}: reordered. It stands behind entry {before}.")
        same = climbed(place, size - 1, paths[place], hashed)[1] == root
        unless(same, f"position {place}: changed. The entry does not lead to the root that was signed.")
def parsed(line):
    try: return {"s": None, **json.loads(line)}
    except (ValueError, TypeError): return {"s": None}
def rows(raw, name):
    """Each position and what stands there; a line that says anything else, or anything twice, could be read in two ways."""
    for said in (json.loads(line, object_pairs_hook=list) for line in raw.splitlines()):
        place, value = (dict(said)[key] for key in ("s", name))
        unless(len(said) == 2 and type(place) is int, f"position 0: changed. A line holds more than a position and {name}.")
        yield place, value
def check(read, vkey, prev):
    for name in ("checkpoint", "disclosures.jsonl", "hashes" if read("proofs.jsonl") is None else "proofs.jsonl"):
        unless(read(name) is not None, f"position 0: deleted. The file {name} is missing.")
    plain, packed, proofs = read("entries.jsonl"), read("entries.jsonl.gz"), read("proofs.jsonl")
    unless((plain is None) != (packed is None), "position 0: deleted. There is not exactly one file of entries.")
    stream = zlib.decompressobj(31)
    lines = (stream.decompress(packed, 60 * len(packed) + 10**6) if plain is None else plain).splitlines()
    unless(stream.eof and not stream.unused_data or packed is None, "position 0: changed. The packed entries break off or hide more.")
    said, hashes = [*map(parsed, lines)], [hashlib.sha256(b"\0" + line).digest() for line in lines]
    size, root = opened(read("checkpoint").decode(), vkey)
    if proofs is None:
        hashes = whole(said, hashes, read("hashes"), size)
        unless(rooted(hashes) == root, f"position 0 to {size}: changed. The entries do not make the signed root.")
    else:
        paths = {place: [*map(base64.b64decode, path)] for place, path in rows(proofs, "h")}
        chosen(said, hashes, paths, size, root)
    if prev is not None:
        steps = dict(rows(read("consistency.jsonl") or b"", "h"))
        for kept, known in [opened(note, vkey) for note in re.split("\n\n+(?!— )", prev.strip())]:
            unless(proofs is None or kept in steps or not 0 < kept < size, f"position {kept}: deleted. Here is no proof for the checkpoint that you kept.")
            path = [known] * (kept & (kept - 1) == 0) + [*map(base64.b64decode, steps.get(kept, []))]
            same = rooted(hashes[:kept]) == known if proofs is None else kept == size and known == root
            same = kept <= size and (same or kept == 0 or (path and consistent(kept, size, path) == (known, root)))
            unless(same, f"position {min(kept, size)}: rolled back. The checkpoint that you kept is not its beginning.")
    committed = {(entry["s"], digest) for entry in said for digest in entry["d"].values()}
    shown = set(rows(read("disclosures.jsonl"), "v"))
    for place, value in sorted(shown):
        digest = base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()).rstrip(b"=").decode()
        unless((place, digest) in committed, f"position {place}: changed. A disclosed value is not the sealed one.")
    pruned = f", {len(hashes) - len(said)} pruned" if len(hashes) > len(said) else ""
    told = f"{len(shown)} personal values shown, {len(committed) - len(shown)} withheld"
    return f"OK: {len(said)} of {size} entries{pruned}; {told}."
def reader(place):
    """Reads a file by its name. A zip holds none twice, none elsewhere, and none that unpacks without end."""
    if place.is_dir():
        return lambda name: (place / name).read_bytes() if (place / name).is_file() else None
    archive = zipfile.ZipFile(place)
    plain = [info for info in archive.infolist() if not {*"/\\"} & {*info.filename}]
    found = {info.filename: info for info in plain if info.compress_type in (0, 8) and info.file_size <= 60 * info.compress_size + 10**6}
    unless(len(found) == len(archive.infolist()), "position 0: inserted. The zip hides a file or a bomb.")
    return lambda name: archive.read(name) if name in found else None
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--vkey", required=True, help="the verifier key, from a place that you trust")
    parser.add_argument("--prev", type=pathlib.Path, help="a file of one or more checkpoints that you kept")
    given = parser.parse_args()
    try:
        print(check(reader(given.bundle), given.vkey, given.prev.read_text() if given.prev else None))
    except (Failed, *UNREADABLE) as error:
        told = {Failed: "FAIL at ", FileNotFoundError: "Nothing was checked: "}.get(type(error), "FAIL at position 0: changed. Unreadable: ")
        sys.exit(print(f"{told}{error}") or 1 + isinstance(error, FileNotFoundError))
if __name__ == "__main__": main()
