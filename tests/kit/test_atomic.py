"""A file is the old one or the new one, whatever happens in between."""

import errno
from pathlib import Path

import pytest

from assay.kit.atomic import publish_directory, storage_errors, write_atomic
from assay.kit.errors import StorageFull


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.json"
    write_atomic(target, b"old, and longer than the new one")
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"
    assert [path.name for path in target.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_says_what_to_do(number: int) -> None:
    with pytest.raises(StorageFull, match="Free some space"), storage_errors("the table"):
        raise OSError(number, "no space")


def test_other_disk_errors_pass_through() -> None:
    with pytest.raises(PermissionError), storage_errors("the table"):
        raise PermissionError(errno.EACCES, "denied")


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    (staged / "inner").mkdir(parents=True)
    (staged / "inner" / "a.bin").write_bytes(b"1")
    publish_directory(staged, tmp_path / "generations" / "1")
    assert (tmp_path / "generations" / "1" / "inner" / "a.bin").read_bytes() == b"1"
    assert not staged.exists()
