"""Files that somebody uploads for an import: plain CSV files of the profile, or a zip of them."""

import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from django.core.files.base import File

from apps.integrations.imports.profile import Profile
from apps.kernel.errors import BusinessError

MAX_FILE = 100 * 1024 * 1024
MAX_TOTAL = 300 * 1024 * 1024
MAX_ENTRIES = 100
MAX_RATIO = 200
"""A text that shrinks more than this was made to fill a disk."""
BLOCK = 64 * 1024


class BadUpload(BusinessError):
    """These files cannot be taken."""

    code = "bad_upload"


def unpack(profile: Profile, uploads: Sequence[File]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every CSV file, each of which the profile names exactly once."""
    wanted = {file.name for file in profile.files}
    seen: set[str] = set()
    total = 0
    for name, content in _files(uploads):
        if name not in wanted:
            raise BadUpload(f"The profile has no file {name}. It reads {', '.join(sorted(wanted))}.")
        if name in seen:
            raise BadUpload(f"{name} was sent twice.")
        total += len(content)
        if total > MAX_TOTAL:
            raise BadUpload(f"Together the files are larger than {MAX_TOTAL // 1024**2} MB.")
        seen.add(name)
        yield name, content
    if not seen:
        raise BadUpload("There is no file.")


def _files(uploads: Sequence[File]) -> Iterator[tuple[str, bytes]]:
    for upload in uploads:
        name = PurePosixPath((upload.name or "").replace("\\", "/")).name
        if name.lower().endswith(".zip"):
            yield from _zipped(upload)
        elif (upload.size or 0) > MAX_FILE:
            raise BadUpload(f"{name} is larger than {MAX_FILE // 1024**2} MB.")
        else:
            yield name, _plain(name, upload.read())


def _plain(name: str, content: bytes) -> bytes:
    if b"\x00" in content[:BLOCK]:
        raise BadUpload(f"{name} is not a text file.")
    return content


def _zipped(upload: File) -> Iterator[tuple[str, bytes]]:
    """Entries are read into memory, bounded, and never extracted to a path of their own choice."""
    try:
        with zipfile.ZipFile(upload) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise BadUpload(f"The zip holds more than {MAX_ENTRIES} files.")
            for entry in entries:
                _check_entry(entry)
                yield entry.filename, _plain(entry.filename, _bounded(archive, entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadUpload("The zip is damaged, encrypted or of a kind that is not read.") from error


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if PurePosixPath(entry.filename).name != entry.filename or "\\" in entry.filename:
        raise BadUpload("The zip holds folders. Put the files at its top.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadUpload("The zip holds a link.")
    if entry.file_size > MAX_FILE or entry.file_size > max(entry.compress_size, BLOCK) * MAX_RATIO:
        raise BadUpload(f"{entry.filename} unpacks to more than is taken.")


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The header's size is only said; what comes out is counted."""
    with archive.open(entry) as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise BadUpload(f"{entry.filename} unpacks to more than is taken.")
    return content
