"""The region tree: paths, administering bodies, names; and the tables that are shipped."""

from pathlib import Path

import pytest

from media_tracker.errors import InvalidInput, NotFound
from media_tracker.places.regions import Region, RegionTree, read_regions


@pytest.fixture(scope="module")
def shipped() -> RegionTree:
    return read_regions()


@pytest.fixture
def tree() -> RegionTree:
    return RegionTree(
        [
            Region("99", "云川市", "city", None),
            Region("99A", "东岭区", "district", "99"),
            Region("99GX", "高新区", "district", "99"),
            Region("99A1", "柳桥街道", "subdistrict", "99A"),
            Region("99A2", "石湾街道", "subdistrict", "99A", administered_by="99GX"),
            Region("99A21", "晴岚社区", "community", "99A2"),
        ]
    )


def test_a_path_follows_the_codes_and_counting_follows_the_body(tree: RegionTree) -> None:
    assert tree.path("99A21") == ("99", "99A", "99A2", "99A21")
    assert tree.district_for_counting("99A21") == "99GX"
    assert tree.district_for_counting("99A1") == "99A"
    assert tree.district_for_counting("99GX") == "99GX"
    assert tree.district_for_counting("99") is None


def test_names_show_the_district_that_counts(tree: RegionTree) -> None:
    assert tree.names("99A21") == {
        "city": "云川市",
        "district": "高新区",
        "subdistrict": "石湾街道",
        "community": "晴岚社区",
    }
    assert tree.label("99A21") == "高新区石湾街道晴岚社区"
    assert tree.label("99") == "云川市"


def test_a_body_and_a_district_both_cover_what_they_share(tree: RegionTree) -> None:
    assert tree.covers("99A", "99A21")
    assert tree.covers("99GX", "99A21")
    assert not tree.covers("99GX", "99A1")


def test_children_are_by_code_and_the_top_has_no_parent(tree: RegionTree) -> None:
    assert [region.code for region in tree.children("99A")] == ["99A1", "99A2"]
    assert [region.code for region in tree.children(None)] == ["99"]
    assert tree.children("99A21") == ()


def test_a_code_that_is_none_is_not_found(tree: RegionTree) -> None:
    assert "98" not in tree
    with pytest.raises(NotFound):
        tree.path("98")


@pytest.mark.parametrize(
    "regions",
    [
        [Region("1", "甲", "district", "0")],
        [Region("1", "甲", "district", None, administered_by="0")],
        [Region("1", "甲", "district", "2"), Region("2", "乙", "district", "1")],
    ],
)
def test_a_tree_that_does_not_hang_together_is_refused(regions: list[Region]) -> None:
    with pytest.raises(InvalidInput):
        RegionTree(regions)


def test_shipped_regions_reach_from_two_cities_to_communities(shipped: RegionTree) -> None:
    assert [region.name for region in shipped.children(None)] == ["济南市", "淄博市"]
    assert {len(shipped.path(region.code)) for region in shipped if region.level == "community"} == {4}
    assert sum(region.level == "community" for region in shipped) > 3000
    assert all(region.name and "委员会" not in region.name for region in shipped)


def test_shipped_bodies_administer_across_codes(shipped: RegionTree) -> None:
    assert shipped.label("370303008") == "高新区四宝山街道"
    assert shipped.label("370303104") == "经开区傅家镇"
    assert shipped.label("370306103") == "文昌湖区萌水镇"
    assert shipped.path("370306103") == ("3703", "370306", "370306103")


def test_a_reissued_code_did_not_make_one_town_another_ones_alias(shipped: RegionTree) -> None:
    assert "洪山镇" not in shipped["370302102"].aliases
    assert "工人新村北村街道" in shipped["370105004"].aliases


def test_own_tables_are_read_from_a_folder_and_checked(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text(
        "code,name,level,parent,aliases\n99,云川市,city,,云川\n99A1,石湾街道,subdistrict,99,\n", encoding="utf-8"
    )
    bodies = tmp_path / "administering.csv"
    bodies.write_text("code,name,parent,aliases,subdistrict\n99GX,高新区,99,,99A1\n", encoding="utf-8")
    assert read_regions(tmp_path)["99A1"].administered_by == "99GX"
    bodies.write_text("code,name,parent,aliases,subdistrict\n99GX,高新区,99,,99A7\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="99A7"):
        read_regions(tmp_path)
    (tmp_path / "regions.csv").write_text("code,name,level,parent,aliases\n99,云川市,town,,\n", encoding="utf-8")
    with pytest.raises(InvalidInput):
        read_regions(tmp_path)
