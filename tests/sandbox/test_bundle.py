"""CSV bundles: the three samples as they are, and small ones with one thing different each."""

import zipfile
from collections import Counter
from pathlib import Path

import pytest

from sandbox.bundle import BundleRefused, iter_bundle
from tests.sandbox_process import ROOT

DATA = ROOT / "tests" / "data"
BASE = "sourcedId,status,dateLastModified"
FILES = {
    "orgs": (
        f"{BASE},name,type,identifier,parentSourcedId",
        "D,,,Distrito Peña,district,1,",
        "S,active,2026-08-01T00:00:00.000Z,North,school,2,D",
    ),
    "classes": (
        f"{BASE},title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds,subjects,subjectCodes,periods",
        'C,,,Art,"06,07",K,A-1,scheduled,,S,"T1,T2",Art,,"1, 3"',
    ),
    "users": (
        f"{BASE},enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
        "identifier,email,sms,phone,agentSourcedIds,grades,password",
        'U,,,true,"S,D",student,zoe,"{FED:1:2},{SIS:9}",Zoë,"O, Brien",,7,,,,G,06,',
    ),
    "enrollments": (
        f"{BASE},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
        "E,,,C,S,nobody,student,FALSE,13/01/2026,",
    ),
    "results": (
        f"{BASE},lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment",
        "R,,,L,U,fully graded,17.5,2026-09-01,",
        "Q,,,L,U,fully graded,n/a,2026-09-01,",
    ),
}


@pytest.fixture
def bundle(tmp_path: Path):
    """A folder of FILES, some of them with other lines."""

    folder = tmp_path / "export"
    folder.mkdir()

    def write(**other: tuple[str, ...] | None) -> Path:
        files = {name: lines for name, lines in {**FILES, **other}.items() if lines is not None}
        modes = [f"file.{name},bulk" for name in {**FILES, **other} if name != "manifest"]
        manifest = ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.1", *modes]
        for name, lines in {"manifest": manifest, **files}.items():
            (folder / f"{name}.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
        return folder

    return write


def records(path: Path) -> dict[str, dict]:
    return {record["sourcedId"]: record for _, record in iter_bundle(path)}


@pytest.mark.parametrize(
    ("name", "users", "classes", "enrollments"),
    [
        ("school-small", 79, 42, 546),
        ("district-medium", 837, 364, 5_810),
        ("district-large", 4_441, 1_470, 31_045),
    ],
)
def test_each_sample_is_read_to_the_end(name, users, classes, enrollments):
    count = Counter(collection for collection, _ in iter_bundle(DATA / f"{name}.zip"))
    assert (count["users"], count["classes"], count["enrollments"]) == (users, classes, enrollments)


def test_references_become_what_rest_would_serve(bundle):
    class_ = records(bundle())["C"]
    assert class_["school"] == {"sourcedId": "S", "type": "org"}
    assert [term["sourcedId"] for term in class_["terms"]] == ["T1", "T2"]
    assert {term["type"] for term in class_["terms"]} == {"academicSession"}


def test_lists_user_ids_and_numbers_become_json(bundle):
    held = records(bundle())
    assert (held["C"]["grades"], held["C"]["periods"]) == (["06", "07"], ["1", "3"])
    assert held["U"]["userIds"] == [
        {"type": "FED", "identifier": "1:2"},
        {"type": "SIS", "identifier": "9"},
    ]
    assert held["R"]["score"] == 17.5


def test_parents_learn_of_their_children(bundle):
    assert records(bundle())["D"]["children"] == [{"sourcedId": "S", "type": "org"}]


def test_odd_content_is_kept_as_it_is(bundle):
    held = records(bundle())
    assert held["E"]["user"]["sourcedId"] == "nobody"
    assert (held["E"]["primary"], held["E"]["beginDate"]) == ("FALSE", "13/01/2026")
    assert held["Q"]["score"] == "n/a"


def test_a_blank_cell_is_a_field_left_out(bundle):
    assert {"status", "middleName", "password"}.isdisjoint(records(bundle())["U"])


def test_extension_columns_become_metadata(bundle):
    header, district, _ = FILES["orgs"]
    held = records(bundle(orgs=(f"{header},metadata.region,metadata.x", f"{district},West,")))
    assert held["D"]["metadata"] == {"region": "West"}


def test_resources_are_attached_to_their_class(bundle):
    resources = f"{BASE},vendorResourceId,title,roles,importance,vendorId,applicationId"
    held = records(
        bundle(
            resources=(resources, "B,,,v1,Book,,primary,,"),
            classResources=(f"{BASE},title,classSourcedId,resourceSourcedId", "X,,,,C,B"),
        )
    )
    assert held["C"]["resources"] == [{"sourcedId": "B", "type": "resource"}]


def test_a_byte_order_mark_is_no_part_of_the_header(bundle):
    file = bundle() / "orgs.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert "D" in records(file.parent)


def test_a_file_that_the_manifest_calls_absent_is_not_read(bundle):
    folder = bundle()
    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("file.results,bulk", "file.results,absent"))
    assert "R" not in records(folder)


def zipped(folder: Path, prefix: str) -> Path:
    path = folder / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../outside.csv", "not ours")
        archive.writestr("__MACOSX/manifest.csv", "not ours")
        for file in folder.glob("*.csv"):
            archive.write(file, prefix + file.name)
    return path


@pytest.mark.parametrize("prefix", ["", "export 2026/"])
def test_a_zip_may_hold_the_files_in_one_folder_and_nothing_is_unpacked(bundle, prefix):
    folder = bundle()
    before = set(folder.parent.rglob("*"))
    assert "E" in records(zipped(folder, prefix))
    assert set(folder.parent.rglob("*")) - before == {folder / "bundle.zip"}


def test_a_folder_may_hold_the_files_in_one_folder(bundle):
    assert "E" in records(bundle().parent)


HEADER = FILES["orgs"][0]
REFUSED = {
    "a column's name": ((HEADER.replace("name", "Name"),), "column 4: expected name, found Name"),
    "the order": (
        (HEADER.replace("name,type", "type,name"),),
        "orgs.csv, line 1, column 4: expected name, found type",
    ),
    "a missing column": ((HEADER.removesuffix(",parentSourcedId"),), "column 7: .* found nothing"),
    "a column too many": ((f"{HEADER},extra",), "column 8: expected metadata.… or nothing"),
    "an empty file": ((), "orgs.csv, line 1, column 1: expected sourcedId, found"),
    "too few cells": ((HEADER, "A,,"), "orgs.csv, line 2: expected 7 cells, found 3"),
    "too many cells": ((HEADER, "A,,,n,school,,,,"), "line 2: expected 7 cells, found 9"),
    "bad quoting": ((HEADER, 'A,,,"n"x,school,,'), "orgs.csv, line 2: expected quoting"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_built_otherwise_is_refused_with_its_place(bundle, what):
    lines, said = REFUSED[what]
    with pytest.raises(BundleRefused, match=said):
        records(bundle(orgs=lines))


def test_text_in_another_encoding_is_refused(bundle):
    file = bundle() / "orgs.csv"
    file.write_bytes(file.read_bytes().replace("ñ".encode(), "ñ".encode("latin-1")))
    with pytest.raises(BundleRefused, match=r"orgs\.csv, after line \d: expected UTF-8"):
        records(file.parent)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("oneroster.version,1.2", "line 2: expected version 1.1, not '1.2'"),
        ("file.orgs,some", "line 2: expected absent, bulk or delta, not 'some'"),
        ("file.courses,bulk", "expected courses.csv, which manifest.csv, line 2, announces"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(bundle, line, said):
    folder = bundle()
    (folder / "manifest.csv").write_text(f"propertyName,value\n{line}\n")
    with pytest.raises(BundleRefused, match=said):
        records(folder)


def test_what_is_no_bundle_is_refused(tmp_path):
    (tmp_path / "note.zip").write_text("hello")
    for path, said in (
        (tmp_path / "note.zip", "expected a folder or a zip file"),
        (tmp_path / "nowhere", "no such file or folder"),
        (tmp_path, "expected manifest.csv"),
    ):
        with pytest.raises(BundleRefused, match=said):
            records(path)


def test_a_damaged_zip_is_refused(tmp_path):
    whole = bytearray((DATA / "school-small.zip").read_bytes())
    for place in range(4_000, 12_000):
        whole[place] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(whole)
    with pytest.raises(BundleRefused, match="cannot be read from damaged"):
        records(tmp_path / "damaged.zip")
