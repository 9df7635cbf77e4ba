"""The data folder: its keys are made once, for its owner alone."""

from pathlib import Path

from storage.folder import DataFolder


def test_the_keys_are_made_once_and_are_not_the_same(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    secret, key = folder.secret(), folder.signing_key()
    folder.release()
    again = DataFolder(tmp_path / "data")
    assert (again.secret(), again.signing_key()) == (secret, key)
    again.release()
    assert len(key) == 32
    assert bytes.fromhex(secret) != key
    assert all((tmp_path / "data" / name).stat().st_mode & 0o077 == 0 for name in ("secret", "signing-key"))


def test_a_start_that_was_cut_short_leaves_no_half_of_a_key(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    (folder.path / "signing-key.part").write_text("ab")
    assert len(folder.signing_key()) == 32
    folder.release()
