"""A bundle convinces a stranger who has Python and nothing else, and nothing that was altered in it does."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from apps.access.models import Unit
from apps.audit.bundle import write_bundle
from apps.audit.document import html, pdf
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent
from apps.audit.notes import Signer
from apps.kernel.trail import Action, because
from tests.audit.papers import text_of
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
PEOPLE = 9


@pytest.fixture(scope="module")
def person(company: Unit, django_db_blocker: DjangoDbBlocker) -> Person:
    """Somebody with three entries of his own in a sealed log of many."""
    with django_db_blocker.unblock():
        people = [Person.objects.create(unit=company, number=f"P-{n}", name=f"Person {n}") for n in range(PEOPLE)]
        seal_everything()
        with because("asked for it"):
            people[2].name = "Ada Lovelace"
            people[2].save()
        people[2].email = "ada@example.org"
        people[2].save()
        seal_everything()
    return people[2]


@pytest.fixture(scope="module")
def made(person: Person, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """The folder of two bundles: of the whole log, and of what happened to the person."""
    folder = tmp_path_factory.mktemp("bundles")
    with django_db_blocker.unblock():
        for name, wanted in (("whole", []), ("filtered", ["--object", str(person.pk)])):
            call_command("audit", "report", "--format", "bundle", "--output", str(folder / f"{name}.zip"), *wanted)
    return folder


@pytest.fixture
def whole(made: Path, tmp_path: Path) -> Path:
    return unpacked(shutil.copy(made / "whole.zip", tmp_path))


@pytest.fixture
def filtered(made: Path, tmp_path: Path) -> Path:
    return unpacked(shutil.copy(made / "filtered.zip", tmp_path))


def unpacked(archive: Path | str) -> Path:
    archive = Path(archive)
    folder = archive.with_suffix("")
    zipfile.ZipFile(archive).extractall(folder)
    return folder


def vkey() -> str:
    return str(keys().signers[0].verifier)


def checked(bundle: Path, *arguments: str, key: str = "") -> tuple[int, str]:
    program = (bundle if bundle.is_dir() else bundle.with_suffix("")) / "verify.py"
    typed = [sys.executable, "-I", str(program), str(bundle), "--vkey", key or vkey(), *arguments]
    done = subprocess.run(typed, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def lines(bundle: Path, name: str = "entries.jsonl") -> list[bytes]:
    return (bundle / name).read_bytes().splitlines(keepends=True)


def test_the_whole_log_verifies_as_folder_and_as_zip(whole: Path):
    size = AuditCheckpoint.objects.latest("id").size

    code, said = checked(whole)

    assert code == 0, said
    assert said.startswith(f"OK: {size} of {size} entries; ")
    assert said.endswith(", 0 withheld.")
    assert checked(whole.with_suffix(".zip"))[0] == 0


def test_one_record_verifies_without_the_others(filtered: Path, person: Person):
    code, said = checked(filtered)

    assert (code, said.split(";")[0].split(" of ")[0]) == (0, "OK: 3"), said
    assert {json.loads(line)["o"] for line in lines(filtered)} == {str(person.pk)}
    assert not (filtered / "hashes").exists()
    assert max(len(proof) for proof in lines(filtered, "proofs.jsonl")) < 1_000


def test_an_earlier_checkpoint_is_the_beginning_of_both(whole: Path, filtered: Path, tmp_path: Path):
    for number, note in enumerate(AuditCheckpoint.objects.values_list("note", flat=True)):
        kept = tmp_path / f"kept-{number}"
        kept.write_text(note)

        assert checked(whole, "--prev", str(kept))[0] == 0
        assert checked(filtered, "--prev", str(kept))[0] == 0


def test_a_value_is_shown_with_what_proves_it_and_not_in_the_entry(filtered: Path):
    entries = b"".join(lines(filtered))

    assert b"Ada" not in entries
    assert b"example.org" not in entries
    assert len(lines(filtered, "disclosures.jsonl")) == 5


def write(bundle: Path, name: str, changed: list[bytes]) -> None:
    (bundle / name).write_bytes(b"".join(changed))


def change_a_byte(bundle: Path) -> None:
    found = lines(bundle)
    write(bundle, "entries.jsonl", [*found[:1], found[1].replace(b'"a":1', b'"a":2'), *found[2:]])


def drop_a_line(bundle: Path) -> None:
    found = lines(bundle)
    write(bundle, "entries.jsonl", [*found[:1], *found[2:]])


def swap_two(bundle: Path) -> None:
    found = lines(bundle)
    write(bundle, "entries.jsonl", [found[0], found[2], found[1], *found[3:]])


def cut_the_tail(bundle: Path) -> None:
    write(bundle, "entries.jsonl", lines(bundle)[:-1])


def forge_a_value(bundle: Path) -> None:
    found = [json.loads(line) for line in lines(bundle, "disclosures.jsonl")]
    found[0]["v"] = found[0]["v"][:-4] + "AAAA"
    write(bundle, "disclosures.jsonl", [json.dumps(one).encode() + b"\n" for one in found])


def insert_one(bundle: Path) -> None:
    found = lines(bundle)
    forged = found[1].replace(b'"a":1', b'"a":2')
    write(bundle, "entries.jsonl", [found[0], forged, *found[1:]])


def spoil_a_line(bundle: Path) -> None:
    found = lines(bundle)
    write(bundle, "entries.jsonl", [found[0], b"\xff[[[" * 9_000 + b"\n", *found[2:]])


def copy_a_value_over_another(bundle: Path) -> None:
    found = lines(bundle, "disclosures.jsonl")
    write(bundle, "disclosures.jsonl", [found[0], found[0], *found[2:]])


@pytest.mark.parametrize(
    ("tamper", "kind", "which"),
    [
        (change_a_byte, "changed", 1),
        (spoil_a_line, "changed", 1),
        (drop_a_line, "deleted", 1),
        (swap_two, "reordered", 1),
        (cut_the_tail, "deleted", 2),
        (insert_one, "changed", 1),
        (forge_a_value, "changed", 0),
    ],
)
def test_what_was_altered_in_a_choice_is_named(filtered: Path, tamper: Callable[[Path], None], kind: str, which: int):
    place = json.loads(lines(filtered)[which])["s"]

    tamper(filtered)

    code, said = checked(filtered)
    assert code == 1
    assert said.startswith(f"FAIL at position {place}: {kind}."), said


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (change_a_byte, "changed"),
        (spoil_a_line, "changed"),
        (drop_a_line, "deleted"),
        (swap_two, "reordered"),
        (cut_the_tail, "cut at the end"),
    ],
)
def test_what_was_altered_in_the_whole_log_is_named(whole: Path, tamper: Callable[[Path], None], kind: str):
    place = len(lines(whole)) - 1 if tamper is cut_the_tail else 1
    if tamper is change_a_byte:
        found = lines(whole)
        write(whole, "entries.jsonl", [found[0], found[1].replace(b'"a":0', b'"a":1'), *found[2:]])
    else:
        tamper(whole)

    code, said = checked(whole)
    assert code == 1
    assert said.startswith(f"FAIL at position {place}: {kind}."), said


def test_an_entry_that_was_put_in_is_named(whole: Path, filtered: Path):
    found = lines(whole)
    write(whole, "entries.jsonl", [*found[:2], found[1], *found[2:]])
    chosen = lines(filtered)
    unproved = found[0] if found[0] not in chosen else found[1]
    write(filtered, "entries.jsonl", [unproved, *chosen])

    assert checked(whole)[1].startswith("FAIL at position 2: inserted.")
    assert checked(filtered)[1].startswith("FAIL at position 0: inserted.")


def put_an_entry_behind_the_last(bundle: Path) -> None:
    size = len(lines(bundle))
    forged = b'{"s":%d,"a":3,"o":"forged","d":{}}' % size
    write(bundle, "entries.jsonl", [*lines(bundle), forged + b"\n", b'{"s":0,"d":{}}\n'])
    write(bundle, "hashes", [(bundle / "hashes").read_bytes(), sha256(b"\0" + forged).digest()])


def say_that_more_was_pruned_than_there_was(bundle: Path) -> None:
    found = lines(bundle)
    runs = b",".join([b"[-1000000000000,%d]" % len(found)] * 9_000)
    write(bundle, "entries.jsonl", [*found[:-1], b'{"s":3,"a":14,"o":"2001-01","i":{"gone":[%s]},"d":{}}\n' % runs])


def hide_entries_behind_the_packed_ones(bundle: Path) -> None:
    packed = gzip.compress((bundle / "entries.jsonl").read_bytes()) + gzip.compress(b'{"s":1,"forged":true}\n')
    (bundle / "entries.jsonl").unlink()
    (bundle / "entries.jsonl.gz").write_bytes(packed)


def say_another_value_on_the_same_line(bundle: Path) -> None:
    first, *rest = lines(bundle, "disclosures.jsonl")
    write(bundle, "disclosures.jsonl", [b'{"v":"forged",' + first[1:], *rest])


def write_below_the_signatures(bundle: Path) -> None:
    write(bundle, "checkpoint", [*lines(bundle, "checkpoint"), b"Everything was in order.\n"])


def spoil_an_entry_with_something_else(bundle: Path) -> None:
    found = lines(bundle)
    write(bundle, "entries.jsonl", [found[0], b"[1]\n", *found[2:]])


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (put_an_entry_behind_the_last, "position {size}: inserted. Entry {size} stands here."),
        (say_that_more_was_pruned_than_there_was, "position 0: changed. More is said to be pruned than there was."),
        (hide_entries_behind_the_packed_ones, "position 0: changed. The packed entries break off or hide more."),
        (say_another_value_on_the_same_line, "position 0: changed. A line holds more than a position and v."),
        (write_below_the_signatures, "position 0: inserted. More than signatures follows a checkpoint."),
        (spoil_an_entry_with_something_else, "position 1: changed. The entry is not what was hashed."),
    ],
)
def test_what_another_reader_would_take_for_verified_is_refused(whole: Path, tamper: Callable[[Path], None], said: str):
    size = len(lines(whole))

    tamper(whole)

    assert checked(whole) == (1, f"FAIL at {said.format(size=size)}")


def test_a_kept_checkpoint_is_compared_or_its_proof_is_missed(whole: Path, filtered: Path, tmp_path: Path):
    kept = tmp_path / "kept"
    kept.write_text(AuditCheckpoint.objects.filter(size__gt=0).earliest("id").note)
    size = int(kept.read_text().split("\n")[1])
    write(filtered, "consistency.jsonl", [])

    assert checked(filtered, "--prev", str(kept)) == (
        1,
        f"FAIL at position {size}: deleted. Here is no proof for the checkpoint that you kept.",
    )
    kept.write_text("\n".join(AuditCheckpoint.objects.order_by("-size").values_list("note", flat=True)) + "\n\n")
    assert checked(whole, "--prev", str(kept))[0] == 0
    assert checked(filtered, "--prev", str(kept))[1].startswith("FAIL at position ")
    kept.write_text("")
    for bundle in (whole, filtered):
        assert checked(bundle, "--prev", str(kept))[1].startswith("FAIL at position 0: re-signed.")


def test_what_is_withheld_cannot_be_hidden_by_showing_another_value_twice(filtered: Path):
    copy_a_value_over_another(filtered)

    assert checked(filtered)[1].endswith("; 4 personal values shown, 1 withheld.")


@pytest.mark.parametrize("name", ["checkpoint", "entries.jsonl", "disclosures.jsonl", "hashes", "proofs.jsonl"])
def test_a_file_that_is_missing_is_missed(whole: Path, filtered: Path, name: str):
    bundle = filtered if name == "proofs.jsonl" else whole
    (bundle / name).unlink()

    code, said = checked(bundle)

    assert code == 1
    assert said.startswith("FAIL at position 0: deleted. "), said


@pytest.mark.parametrize("name", ["checkpoint", "entries.jsonl", "disclosures.jsonl", "hashes", "proofs.jsonl"])
@pytest.mark.parametrize(
    "garbage", [b"{", b"\x00\xff garbage \n{}\n[1]\nnull\n", b"[" * 100_000, b'{"s": -1, "h": 7}\n']
)
def test_garbage_is_a_failure_and_never_a_traceback(whole: Path, filtered: Path, name: str, garbage: bytes):
    bundle = filtered if name == "proofs.jsonl" else whole
    (bundle / name).write_bytes(garbage)

    code, said = checked(bundle)

    assert code == 1
    assert re.match(r"FAIL at position \d+( to \d+)?: (changed|deleted|re-signed|inserted|cut at the end)\. ", said), (
        said
    )


def zipped(bundle: Path, *more: tuple[str, bytes]) -> Path:
    archive = bundle.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in bundle.iterdir():
            target.write(file, file.name)
        for name, content in more:
            target.writestr(name, content)
    return archive


def test_a_zip_that_holds_what_it_should_not_is_refused(whole: Path):
    tricks = [("../verify.py", b""), ("a/hashes", b""), ("bomb", b"\0" * 20_000_000)]

    for trick in tricks:
        assert checked(zipped(whole, trick)) == (1, "FAIL at position 0: inserted. The zip hides a file or a bomb.")
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(whole, ("entries.jsonl", b""))
    assert checked(twice)[1].startswith("FAIL at position 0: inserted.")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_packed_in_another_way_is_refused(whole: Path, method: int):
    archive = whole.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", method) as target:
        for file in whole.iterdir():
            target.write(file, file.name)

    assert checked(archive) == (1, "FAIL at position 0: inserted. The zip hides a file or a bomb.")


def test_a_zip_that_breaks_off_or_is_none_is_a_failure(whole: Path):
    archive = zipped(whole)
    whole_file = archive.read_bytes()

    for content in (whole_file[:-40], whole_file[: len(whole_file) // 2], b"garbage", b""):
        archive.write_bytes(content)
        code, said = checked(archive)
        assert code == 1
        assert said.startswith("FAIL at position 0: changed. Unreadable: ")
    archive.unlink()
    code, said = checked(archive)
    assert (code, said.split(": ")[0]) == (2, "Nothing was checked")


def test_packed_entries_are_read_and_a_packed_bomb_is_not(whole: Path):
    entries = (whole / "entries.jsonl").read_bytes()
    (whole / "entries.jsonl.gz").write_bytes(gzip.compress(entries))

    assert checked(whole)[1].startswith("FAIL at position 0: deleted. There is not exactly one file of entries.")

    (whole / "entries.jsonl").unlink()
    assert checked(whole)[0] == 0
    (whole / "entries.jsonl.gz").write_bytes(gzip.compress(entries + b"\0" * 50_000_000))
    assert checked(whole)[0] == 1
    (whole / "entries.jsonl.gz").write_bytes(gzip.compress(entries)[:-200])
    code, said = checked(whole)
    assert code == 1
    assert re.match(r"FAIL at position \d+: (changed|cut at the end)\.", said)


def test_a_bundle_says_each_of_its_steps(person: Person):
    said = []
    entries = AuditEvent.objects.of(person)

    write_bundle(BytesIO(), keys().signers[0].verifier, entries, {}, progress=lambda *word: said.append(word))

    assert [word for word in said if word[2] in {"writing the page", "writing entries.jsonl"}] == [
        (3, 3, "writing the page"),
        (0, 3, "writing entries.jsonl"),
    ]
    assert list(dict.fromkeys(step for _done, _total, step in said)) == [
        "counting the entries",
        "writing the page",
        "binding the paper",
        *(
            f"writing {name}"
            for name in (
                "report.html",
                "report.pdf",
                "checkpoint",
                "vkey",
                "verify.py",
                "entries.jsonl",
                "disclosures.jsonl",
                "proofs.jsonl",
                "consistency.jsonl",
                "manifest-sha256.txt",
            )
        ),
    ]


def test_the_pages_tell_the_same_entries_and_their_digests_come_under_the_seal(filtered: Path, person: Person):
    page, paper = (filtered / "report.html").read_bytes(), (filtered / "report.pdf").read_bytes()

    digests = AuditEvent.objects.filter(action=Action.EXPORT).values_list("additional_data__pages", flat=True)

    places = re.findall(r"position (\d+)", page.decode().split('class="entries"')[1])
    assert [int(place) for place in places] == [json.loads(line)["s"] for line in lines(filtered)]
    assert "from Person 2 to Ada Lovelace — reason: asked for it" in text_of(paper)
    assert (filtered / "checkpoint").read_text().split("\n")[2] in text_of(paper)
    assert {"report.html": sha256(page).hexdigest(), "report.pdf": sha256(paper).hexdigest()} in list(digests)
    done = subprocess.run(["sha256sum", "-c", "--strict", "manifest-sha256.txt"], cwd=filtered, check=False)
    assert done.returncode == 0


def test_what_is_too_much_for_paper_is_told_on_the_page_alone(person: Person, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pdf, "ON_PAPER", 1)
    monkeypatch.setattr(html, "ON_PAPER", 1)
    call_command("audit", "report", "--format", "bundle", "--output", str(tmp_path / "one.zip"))

    bundle = unpacked(tmp_path / "one.zip")

    assert not (bundle / "report.pdf").exists()
    assert "On paper a report holds at most 1 entries, so there is none" in (bundle / "report.html").read_text()
    assert checked(bundle)[0] == 0


def test_another_key_and_another_log_are_refused(whole: Path, tmp_path: Path):
    stranger = Signer.generate("of the tests only")
    text = AuditCheckpoint.objects.earliest("id").note.partition("\n\n")[0].splitlines()
    other = "\n".join([*text[:2], "A" * 43 + "=", text[3]]) + "\n"
    kept = tmp_path / "kept"
    kept.write_text(f"{other}\n{keys().signers[0].signature(other)}")

    assert checked(whole, key=str(stranger.verifier))[1].startswith("FAIL at position 0: re-signed.")
    assert "rolled back" in checked(whole, "--prev", str(kept))[1]


def test_an_empty_choice_is_a_valid_bundle_of_nothing(person: Person, tmp_path: Path):
    archive = tmp_path / "none.zip"
    call_command("audit", "report", "--format", "bundle", "--output", str(archive), "--to", "2001-01-01")
    unpacked(archive)

    assert checked(archive)[1].startswith("OK: 0 of ")
    assert AuditEvent.objects.exists()


def test_the_program_is_short_and_needs_only_python():
    program = Path("apps/audit/standalone/verify.py").read_text()

    assert len(program.splitlines()) < 150
