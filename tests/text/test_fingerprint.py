"""Near-duplicates: what an editor does to a reprint must not hide it; another story on the same matter is not one."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.boilerplate import blank_source_lines
from media_tracker.text.fingerprint import fingerprint, is_reprint, story_text

STORY = (
    "云川晚报3月23日讯 “垃圾都淌到马路上了。”昨日，家住东岭区柳桥街道晴岚社区的一位居民拨打本报热线反映，小区北门外"
    "三个垃圾桶满了一个星期，一直没有车来清运。\n上午10时许，记者在现场看到，垃圾桶盖早已合不上，"
    "塑料袋、烂菜叶和废纸箱在桶边堆了一米多高，隔着"
    "二十米就能闻到酸臭味。门口的摊主说，过去每天早晚各收一次，最近换了车，这个点位像是被漏掉了。\n街道办事处工作人员记录后表示，"
    "会与环卫部门核对路线。\n邻居自己动手，用三轮车往别处的垃圾箱倒了两趟，说这事总得有人管。"
)
FOLLOW_UP = (
    "云川晚报3月25日讯 3月24日本报曝光的东岭区晴岚社区北门垃圾桶满溢一事有了结果。"
    "25日上午，记者再次来到现场，三个桶已经清空，地面用水"
    "冲过，旁边还新添了一个桶。\n"
    "街道办事处介绍，因路线调整漏掉了该点位，已重新编入线路，每天早6时、晚7时各收一次。居民说，当天下午车就来了。"
)
OTHER = (
    "云川晚报5月16日讯 一栋居民楼从一楼到十一楼的楼梯口都停着电动车，有的就在防火门后面充电，鞋柜、纸箱把过道挤得只容侧身。"
    "住户说，"
    "前几天看了起火的视频，一宿没睡。物业表示，业主对加装设备的费用有分歧，居委会将入户劝导。"
)


def _share_a_key(one: str, other: str) -> bool:
    return bool(set(fingerprint(one).keys) & set(fingerprint(other).keys))


@pytest.mark.parametrize(
    "reprint",
    [
        STORY.replace("云川晚报3月23日讯 ", ""),
        STORY + "\n来源：云川晚报\n编辑：某某 审核：某某",
        "【来源：云川晚报】\n" + STORY + "\n长按二维码，关注我们",
        "\n".join(STORY.split("\n")[:2]),
        STORY.replace("，", ",").replace("1", "１").replace("\n", "\n\n　　"),
        STORY.replace("一个星期", "七天").replace("摊主", "水果摊主").replace("昨日", "22日"),
    ],
    ids=["no dateline", "source line", "head and tail", "cut", "other punctuation", "edited words"],
)
def test_a_reprint_is_found_by_a_key_and_confirmed(reprint: str) -> None:
    assert _share_a_key(STORY, reprint)
    assert is_reprint(STORY, reprint)
    assert is_reprint(reprint, STORY)


@pytest.mark.parametrize("other", [FOLLOW_UP, OTHER])
def test_a_follow_up_or_another_story_is_no_reprint(other: str) -> None:
    assert not is_reprint(STORY, other)
    assert not is_reprint(other, STORY)


def test_source_lines_and_punctuation_are_no_part_of_what_is_compared() -> None:
    dressed = STORY.replace("，", ",") + "\n来源：云川晚报"
    assert story_text(dressed) == story_text(STORY)
    assert fingerprint(dressed) == fingerprint(STORY)


def test_texts_too_short_to_compare_meet_only_if_equal() -> None:
    assert fingerprint("").keys == fingerprint("路灯不亮").keys == ()
    assert is_reprint("路灯不亮了", "路灯不亮了。")
    assert not is_reprint("路灯不亮了", "路灯不亮了又亮")
    assert not is_reprint("", "")


def test_keys_fit_the_database_and_are_the_same_in_another_process() -> None:
    keys = fingerprint(STORY).keys
    assert len(keys) == len(set(keys)) == 32
    assert all(-(2**63) <= key < 2**63 for key in keys)
    script = f"from media_tracker.text.fingerprint import fingerprint; print(fingerprint({STORY!r}).keys)"
    again = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == str(keys)


def test_source_lines_are_blanked_in_place_and_reporting_is_kept() -> None:
    text = "记者在现场看到,桶满了\n来源:云川晚报\n责任编辑:某某\n热线电话很忙"
    blanked = blank_source_lines(text)
    assert len(blanked) == len(text)
    assert blanked.split() == ["记者在现场看到,桶满了", "热线电话很忙"]


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_has_a_fingerprint_and_is_its_own_copy(text: str) -> None:
    print_ = fingerprint(text)
    assert len(print_.keys) in (0, 32)
    if print_.keys:
        assert print_ == fingerprint(text)
        assert is_reprint(text, text)


@given(st.integers(min_value=120, max_value=len(STORY)), st.text(alphabet="关注我们更多精彩编辑", max_size=20))
def test_a_cut_tail_and_an_added_line_stay_the_same_story(cut: int, line: str) -> None:
    reprint = f"{STORY[:cut]}\n编辑：{line}"
    assert _share_a_key(STORY, reprint)
    assert is_reprint(STORY, reprint)


def test_a_megabyte_is_cut_not_choked_on() -> None:
    assert len(fingerprint(STORY * 3_000).keys) == 32


def test_a_story_in_a_digest_is_not_the_digest_but_one_that_a_page_begins_with_is_cut_from_it() -> None:
    digest = (
        f"{OTHER}\n{FOLLOW_UP}\n{OTHER.replace('电动车', '旧家具')}\n{FOLLOW_UP.replace('垃圾桶', '路灯')}\n{STORY}"
    )
    short = STORY[:140]

    assert not is_reprint(short, digest)
    assert is_reprint(short, f"{STORY}{digest}")


def test_full_width_forms_are_the_same_text() -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in STORY)

    assert wide != STORY
    assert fingerprint(wide) == fingerprint(STORY)
