"""Settings from files: what containers mount as secrets."""

from pathlib import Path

import pytest

from assay.kit.settings import Settings


def test_secrets_are_read_from_files_named_as_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Kubernetes mounts each file as a link into a folder that it swaps.
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "assay_database_url").write_text("postgresql://a:s3cret@db/assay\n")
    (tmp_path / "assay_database_url").symlink_to("..data/assay_database_url")
    (tmp_path / "assay_redis_url").write_text("redis://:other@bus:6379/0")
    monkeypatch.setenv("ASSAY_SECRETS_FOLDER", str(tmp_path))
    monkeypatch.setenv("ASSAY_REDIS_URL", "redis://:first@bus:6379/0")
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://a:s3cret@db/assay"
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "redis://:first@bus:6379/0"
    assert "s3cret" not in repr(settings)


def test_a_missing_folder_is_an_error_not_an_empty_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_SECRETS_FOLDER", str(tmp_path / "gone"))
    with pytest.raises(NotADirectoryError, match="ASSAY_SECRETS_FOLDER"):
        Settings()
