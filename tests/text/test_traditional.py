"""Both scripts meet; simplified texts are left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_tracker.text.fingerprint import fingerprint, is_reprint
from media_tracker.text.traditional import simplified
from tests.text.test_fingerprint import OTHER, STORY

IN_TRADITIONAL = (
    "雲川晚報3月23日訊 「垃圾都淌到馬路上了。」昨日，家住東嶺區柳橋街道晴嵐社區的一位居民撥打本報熱線反映，小區北門外"
    "三個垃圾桶滿了一個星期，一直沒有車來清運。\n上午10時許，記者在現場看到，垃圾桶蓋早已合不上，"
    "塑料袋、爛菜葉和廢紙箱在桶邊堆了一米多高，隔著二十米就能聞到酸臭味。"
)


def test_a_story_in_traditional_characters_is_a_reprint_of_the_same_in_simplified_ones() -> None:
    assert is_reprint(STORY, IN_TRADITIONAL)
    assert set(fingerprint(STORY).keys) & set(fingerprint(IN_TRADITIONAL).keys)
    assert not is_reprint(OTHER, IN_TRADITIONAL)


def test_characters_change_one_for_one() -> None:
    assert (
        simplified("淄博市張店區曝光臺：窨井蓋丟失、污水外溢，責任單位整改")
        == "淄博市张店区曝光台：窨井盖丢失、污水外溢，责任单位整改"
    )


def test_words_of_simplified_texts_stay() -> None:
    plain = "著名的乾隆年间石桥，后来改征为仓库，里面有只猫。Abc 123"

    assert simplified(plain) is plain


@given(st.text())
def test_the_length_stays_and_twice_is_as_good_as_once(text: str) -> None:
    once = simplified(text)

    assert len(once) == len(text)
    assert simplified(once) == once
