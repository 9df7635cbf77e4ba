"""Weights are taken only when they are exactly the pinned ones."""

import hashlib
import re
from pathlib import Path

import pytest

from detection import models

from .faces import models_folder, needs_models


def test_no_folder_and_an_empty_folder_have_no_weights(tmp_path: Path) -> None:
    assert models.find("yunet", None) is None
    assert models.find("yunet", tmp_path) is None
    assert models.find("yunet", tmp_path / "nowhere") is None


def test_a_file_with_other_contents_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / models.by_name("yunet").file).write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(models.ModelMismatch, match="invigil models fetch") as caught:
        models.find("yunet", tmp_path)
    assert models.by_name("yunet").sha256 in str(caught.value)


@needs_models
def test_the_pinned_files_are_found() -> None:
    folder = models_folder()
    assert folder
    path = models.find("yunet", folder)
    assert path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == models.by_name("yunet").sha256


def test_an_unknown_name_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        models.find("other", tmp_path)


def test_the_table_is_well_formed() -> None:
    assert len({model.name for model in models.MODELS}) == len({model.file for model in models.MODELS})
    for model in models.MODELS:
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
        assert model.url.startswith("https://")
        assert model.url.endswith("/" + model.file)
