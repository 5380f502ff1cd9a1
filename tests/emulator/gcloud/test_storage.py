"""`gcloud storage` over folders."""

from __future__ import annotations

from pathlib import Path

from tests.emulator.gcloud.conftest import BUCKET, Gcloud


def test_files_are_copied_listed_shown_synchronised_and_removed(gcloud: Gcloud, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "a.txt").write_text("one\n")
    (tree / "sub" / "ü b.txt").write_text("two\n")
    gcloud("storage", "rsync", "-r", str(tree), f"{BUCKET}/tree")
    assert (gcloud.buckets / "digits" / "tree" / "sub" / "ü b.txt").read_text() == "two\n"
    listed = gcloud("storage", "ls", "-r", f"{BUCKET}/tree/**").out.split("\n")
    assert listed == [f"{BUCKET}/tree/a.txt", f"{BUCKET}/tree/sub/ü b.txt", ""]

    (tree / "a.txt").unlink()
    mirrored = gcloud.meanwhile(
        "storage", "rsync", "-r", "--delete-unmatched-destination-objects", str(tree), f"{BUCKET}/tree"
    )
    copied = gcloud.meanwhile("storage", "cp", f"{BUCKET}/tree/sub/*", str(tmp_path))
    assert gcloud("storage", "cat", f"{BUCKET}/tree/sub/ü b.txt").out == "two\n"
    copied.result()
    assert (tmp_path / "ü b.txt").read_text() == "two\n"
    mirrored.result()
    assert not (gcloud.buckets / "digits" / "tree" / "a.txt").exists()

    gcloud("storage", "rm", "-r", f"{BUCKET}/tree")
    assert not (gcloud.buckets / "digits" / "tree").exists()
    assert "matched no objects" in gcloud("storage", "ls", f"{BUCKET}/tree", code=1).err
