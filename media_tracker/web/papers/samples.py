"""What a template is tried with: an order, a dossier and a bulletin that have one of everything. Nothing in them is real."""

from __future__ import annotations

import io
from dataclasses import replace

from media_tracker.papers.bulletin_charts import with_charts
from media_tracker.papers.bulletin_content import (
    BulletinContent,
    CaseLine,
    DeedLine,
    FigureLine,
    PlaceLine,
    Said,
    TrendLine,
    UnitCases,
)
from media_tracker.papers.chain import START, digest
from media_tracker.papers.shipped import Paper
from media_tracker.papers.word import Picture
from media_tracker.web.papers.dossier_reports import FollowUpView, ReportView
from media_tracker.web.papers.dossier_rounds import CheckView, ClaimView, LookBackView, PairView, RoundView
from media_tracker.web.papers.dossier_view import CaseView, DispatchView, DossierView, EventView, FileView
from media_tracker.web.papers.order_view import OrderLineView, OrderView
from media_tracker.web.papers.wording import PhotoView

MOMENT, DAY, UNIT, NUMBER = "2026-03-02 10:30", "2026-03-02", "示例单位", "2026-00012"
RECORD = '{"id":"000000000000000000000001","seq":1,"type":"registered"}'
HEAD = digest(START, RECORD)
TEXT = "第一行，<b>不是</b>标签 & 不是实体\n第二行"
"""With what a template must not trip over."""


def samples(paper: Paper) -> list[tuple[dict[str, object], tuple[str, ...]]]:
    """Contexts for ``paper``, and which texts a document made of each has to show."""
    if paper is Paper.ORDER:
        one = _order()
        several = replace(one, several=True, lines=[replace(one.line, index=index) for index in range(1, 4)])
        return [({"order": each}, (each.number, each.line.number, each.line.deadline)) for each in (one, several)]
    if paper is Paper.BULLETIN:
        bulletin = _bulletin()
        bare = replace(bulletin, resolved=[], overdue=[], relapsed=[], deeds=[], remarks=[], outlook=[], lead=[])
        must_show = (bulletin.title, bulletin.number, bulletin.figures[0].name)
        return [({"bulletin": with_charts(each)}, must_show) for each in (bulletin, bare)]
    dossier = _dossier()
    return [({"dossier": dossier}, (NUMBER, HEAD))]


def _order() -> OrderView:
    line = OrderLineView(
        index=1,
        number=NUMBER,
        title="示例：市场北门外垃圾无人清理",
        place="示例路 1 号",
        region="示例区示例街道",
        category="生活环境卫生 · 卫生死角",
        severity="一般",
        deadline="2026年3月5日24时",
        exposures=["示例晚报，2026年3月1日：“示例标题”"],
        basis=TEXT,
        photos=[_photo()],
    )
    return OrderView(
        id="000000000000000000000001",
        number="交办〔2026〕12号",
        year=2026,
        serial=12,
        office="示例办公室",
        issued_on=DAY,
        lead=UNIT,
        co_units=UNIT,
        several=False,
        line=line,
        lines=[line],
        demands=["示例要求一", "示例要求二"],
    )


def _bulletin() -> BulletinContent:
    line = CaseLine(1, NUMBER, "示例：市场北门外垃圾无人清理", "示例路 1 号", UNIT, "示例晚报", "3月1日", "3月6日")
    return BulletinContent(
        office="示例办公室",
        title="示例工作通报",
        number="〔2026〕第12期",
        date="2026年3月6日",
        period="2026年2月27日至3月5日",
        before="2026年2月20日至2月26日",
        lead=[TEXT],
        figures=[FigureLine("媒体推动解决问题", "12", "10", "+2")],
        rates=[Said("应结案件结案率", "8/10（80%）")],
        times=[Said("曝光至核验", "中位数 3.5天")],
        trend_heads=("曝光", "解决"),
        trend=[
            TrendLine("2月27日–3月5日", ("12", "0"), (1.0, 0.0), (12, 0)),
            TrendLine("3月6日", ("3", "4"), (0.25, 0.3), (3, 4)),
        ],
        place_heads=("曝光", "问题", "解决", "待核验", "超期"),
        districts=[PlaceLine(name, ("1", "2", "3", "4", "5"), (1, 2, 3, 4, 5)) for name in ("示例区", "另一区")],
        outlets=[PlaceLine("示例晚报", ("1", "2", "3", "4", "5"))],
        adding="示例",
        resolved=[line],
        resolved_more="示例",
        overdue=[UnitCases(UNIT, [line])],
        overdue_more="",
        relapsed=[line],
        relapsed_more="",
        deeds=[DeedLine("示例标题", TEXT, "示例晚报，3月1日")],
        remarks=[TEXT],
        outlook=["示例"],
        definitions=[Said("媒体推动解决问题", "示例口径")],
        counted="示例",
        signer="示例",
    )


def _dossier() -> DossierView:
    case = _case()
    return DossierView(
        office="示例办公室",
        made_at=MOMENT,
        made_by="示例",
        several=False,
        count=1,
        counted=1,
        recipe="SHA-256",
        case=case,
        cases=[case],
    )


def _case() -> CaseView:
    story = {
        "title": "示例标题",
        "url": "https://example.org/1",
        "published": MOMENT,
        "text_sha256": HEAD,
        "note": "示例",
    }
    return CaseView(
        index=1,
        number=NUMBER,
        title="示例：市场北门外垃圾无人清理",
        place="示例路 1 号",
        region="示例区",
        category="卫生死角",
        severity="一般",
        state="销号",
        unit=UNIT,
        co_units=UNIT,
        registered=MOMENT,
        deadline=MOMENT,
        original_deadline=MOMENT,
        verified=MOMENT,
        closed=MOMENT,
        verdict="示例",
        counted=True,
        remarks=["示例"],
        reports=[
            ReportView(
                channel="曝光", source="示例晚报", column="示例栏目", received=MOMENT, photos=[_photo()], **story
            )
        ],
        dispatches=[DispatchView(MOMENT, "交办", "示例", UNIT, UNIT, MOMENT, "交办〔2026〕12号", TEXT)],
        rounds=[_round()],
        look_backs=[LookBackView(MOMENT, "示例", "回头看", "示例", "示例", "示例", TEXT, [_photo()])],
        follow_ups=[FollowUpView(outlet="示例晚报", **story)],
        events=[EventView(1, "登记", MOMENT, MOMENT, "示例", TEXT, "000000000000000000000001", RECORD, HEAD)],
        files=[FileView("000000000000000000000001", "照片", "12 KB", HEAD, HEAD)],
        head=HEAD,
    )


def _round() -> RoundView:
    return RoundView(
        number=1,
        unit=UNIT,
        co_units=UNIT,
        started=MOMENT,
        plan=TEXT,
        notes=["示例"],
        claim=ClaimView("已解决", MOMENT, MOMENT, "示例", TEXT),
        pairs=[PairView(_photo(), _photo()), PairView(None, _photo())],
        documents=["示例.pdf"],
        check=CheckView("已解决", MOMENT, "示例", "示例", "示例", "示例", TEXT, [_photo()]),
    )


def _photo() -> PhotoView:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 48), "silver").save(out, "JPEG")
    picture = Picture(out.getvalue(), 64, 48, 46, 36)
    return PhotoView("000000000000000000000001", "/files/000000000000000000000001", "示例", HEAD, picture)
