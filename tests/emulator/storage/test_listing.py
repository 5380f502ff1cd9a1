from __future__ import annotations

from urllib.parse import quote

import pytest

from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.fields import only, parse_fields
from submit.emulator.storage.globs import compiled
from submit.emulator.storage.listing import Entry, page, parse
from submit.emulator.storage.paging import position, token
from submit.emulator.storage.patch import merge
from submit.emulator.storage.ranges import asked
from tests.emulator.storage.serving import Service

NAMES = ["a", "l/a/1", "l/a/2", "l/b", "l/c/", "l/c/d/e", "m", "é", "\U0001f600"]
ENTRIES: list[Entry] = [(name, 1, "{}") for name in NAMES]


def all_pages(**query: str) -> list[list[str]]:
    """What each page holds: names of objects, and common prefixes in brackets."""
    pages: list[list[str]] = []
    wanted = dict(query)
    while True:
        found = page(ENTRIES, parse(wanted))
        pages.append([name for name, _, _ in found.entries] + [f"[{prefix}]" for prefix in found.prefixes])
        if not found.next:
            return pages
        wanted["pageToken"] = found.next


def test_a_list_has_every_name_once() -> None:
    assert all_pages() == [NAMES]


@pytest.mark.parametrize("size", range(1, 10))
def test_pages_of_every_size_have_every_name_once(size: int) -> None:
    pages = all_pages(maxResults=str(size))
    assert [name for names in pages for name in names] == NAMES
    assert [len(names) for names in pages[:-1]] == [size] * (len(pages) - 1)


def test_a_delimiter_folds_names_into_prefixes() -> None:
    assert all_pages(prefix="l/", delimiter="/") == [["l/b", "[l/a/]", "[l/c/]"]]


def test_a_prefix_is_on_one_page_only() -> None:
    assert all_pages(prefix="l/", delimiter="/", maxResults="1") == [["[l/a/]"], ["l/b"], ["[l/c/]"]]


def test_a_folder_s_own_object_is_listed_on_request() -> None:
    found = all_pages(prefix="l/", delimiter="/", includeTrailingDelimiter="True")
    assert found == [["l/b", "l/c/", "[l/a/]", "[l/c/]"]]


def test_offsets_cut_at_both_ends() -> None:
    assert all_pages(startOffset="l/a/2", endOffset="l/c/d") == [["l/a/2", "l/b", "l/c/"]]


@pytest.mark.parametrize("query", [{"maxResults": "0"}, {"maxResults": "-1"}, {"maxResults": "x"}, {"pageToken": "x"}])
def test_what_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(StorageError):
        parse(query)


def test_tokens_lead_back_to_where_they_were_made() -> None:
    assert position(token("é/日本", None)) == ("é/日本", None)
    assert position(token("x", 7)) == ("x", 7)


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("l/*", ["l/b"]),
        ("l/**", ["l/a/1", "l/a/2", "l/b", "l/c/", "l/c/d/e"]),
        ("?", ["a", "m", "é", "\U0001f600"]),
        ("[!a-l]", ["m", "é", "\U0001f600"]),
        ("{a,l/b}", ["a", "l/b"]),
        ("l/a/[12]", ["l/a/1", "l/a/2"]),
    ],
)
def test_globs(glob: str, names: list[str]) -> None:
    assert [name for name in NAMES if compiled(glob).fullmatch(name)] == names


def test_fields_keep_what_is_named() -> None:
    value = {"items": [{"name": "x", "size": "1", "acl": [{"entity": "e", "role": "r"}]}], "kind": "k"}
    assert only(value, parse_fields("items(name,acl/role),none")) == {"items": [{"name": "x", "acl": [{"role": "r"}]}]}
    assert only(value, parse_fields("items/name")) == {"items": [{"name": "x"}]}
    assert only(value, parse_fields("*")) == value
    assert only(value, parse_fields("")) == value
    assert only(value, parse_fields("))((,kind")) == {"kind": "k"}


def test_a_merge_patch_removes_replaces_and_descends() -> None:
    target = {"a": 1, "b": {"c": 2, "d": 3}}
    assert merge(target, {"a": None, "b": {"c": None, "e": 4}, "f": {"g": None, "h": 5}}) == {
        "b": {"d": 3, "e": 4},
        "f": {"h": 5},
    }
    assert target == {"a": 1, "b": {"c": 2, "d": 3}}


def test_ranges_of_ten_bytes() -> None:
    assert asked("bytes=2-4", 10) == (2, 5)
    assert asked("bytes=8-99", 10) == (8, 10)
    assert asked("bytes=8-", 10) == (8, 10)
    assert asked("bytes=-3", 10) == (7, 10)
    assert asked("bytes=-99", 10) == (0, 10)
    for everything in ("", "bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=5-2"):
        assert asked(everything, 10) is None, everything
    assert asked("bytes=0-", 0) is None
    with pytest.raises(StorageError) as caught:
        asked("bytes=10-", 10)
    assert (caught.value.code, caught.value.headers) == (416, {"content-range": "bytes */10"})


def test_generations_are_listed_and_kept_in_a_versioned_bucket(service: Service) -> None:
    bucket = service.make_bucket("versioned", versioning={"enabled": True})
    first, second = (service.put(bucket, "x", content).json["generation"] for content in (b"1", b"22"))
    service.call("DELETE", f"/storage/v1/b/{bucket}/o/x")
    assert "items" not in service.call("GET", f"/storage/v1/b/{bucket}/o").json
    items = service.call("GET", f"/storage/v1/b/{bucket}/o?versions=true").json["items"]
    assert [(item["generation"], item["size"], "timeDeleted" in item) for item in items] == [
        (first, "1", True),
        (second, "2", True),
    ]
    pages = service.call("GET", f"/storage/v1/b/{bucket}/o?versions=true&maxResults=1").json
    rest = service.call("GET", f"/storage/v1/b/{bucket}/o?versions=true&pageToken={quote(pages['nextPageToken'])}")
    assert [item["generation"] for item in rest.json["items"]] == [second]
    assert service.call("DELETE", f"/storage/v1/b/{bucket}").status == 409
    for generation in (first, second):
        assert service.call("DELETE", f"/storage/v1/b/{bucket}/o/x?generation={generation}").status == 204
    assert service.call("DELETE", f"/storage/v1/b/{bucket}").status == 204
    assert list((service.buckets / ".storage" / "aside").iterdir()) == []
