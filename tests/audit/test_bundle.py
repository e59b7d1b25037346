"""A bundle convinces a stranger who has Python and nothing else, and nothing that was altered in it does."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.access.models import Unit
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent
from apps.audit.notes import Signer
from apps.kernel.trail import because
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
PEOPLE = 9


@pytest.fixture(scope="module")
def person(django_db_setup: None, django_db_blocker) -> Iterator[Person]:
    """Somebody with three entries of his own in a sealed log of many."""
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)
        unit = Unit.objects.create(name="Company", slug="company", path="/company/")
        people = [Person.objects.create(unit=unit, number=f"P-{n}", name=f"Person {n}") for n in range(PEOPLE)]
        seal_everything()
        with because("asked for it"):
            people[2].name = "Ada Lovelace"
            people[2].save()
        people[2].email = "ada@example.org"
        people[2].save()
        seal_everything()
    yield people[2]
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def whole(person: Person, tmp_path: Path) -> Path:
    call_command("audit", "report", "--format", "bundle", "--output", str(tmp_path / "whole.zip"), stderr=sys.stderr)
    return unpacked(tmp_path / "whole.zip")


@pytest.fixture
def filtered(person: Person, tmp_path: Path) -> Path:
    wanted = ["--object", str(person.pk)]
    call_command("audit", "report", "--format", "bundle", "--output", str(tmp_path / "one.zip"), *wanted)
    return unpacked(tmp_path / "one.zip")


def unpacked(archive: Path) -> Path:
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


@pytest.mark.parametrize(
    ("tamper", "kind", "which"),
    [
        (change_a_byte, "changed", 1),
        (drop_a_line, "deleted", 1),
        (swap_two, "reordered", 1),
        (cut_the_tail, "deleted", 2),
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
    [(drop_a_line, "deleted"), (swap_two, "reordered"), (cut_the_tail, "cut at the end")],
)
def test_what_was_altered_in_the_whole_log_is_named(whole: Path, tamper: Callable[[Path], None], kind: str):
    place = len(lines(whole)) - 1 if tamper is cut_the_tail else 1

    tamper(whole)

    code, said = checked(whole)
    assert code == 1
    assert said.startswith(f"FAIL at position {place}: {kind}."), said


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
