"""The ten papers as the acts of the office cause them, in both languages, with long names."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from fontTools.ttLib import TTFont

from accounts.roles import Role
from applications.models import Application, Correction
from documents import pdf, rooms, services
from documents.models import Paper, PaperKind
from documents.pdf import STATIC, Unprintable
from documents.templatetags.papers import chinese, said, tongue, yuan
from fees.paper import capitals
from tests.applications.factories import COMPANY, WANG, ZHAO
from tests.documents.factories import RARE, counter_case, papers_of
from tests.factories import person
from workflow import moves
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
NAME = f"江城{RARE}冷链物流（集团）有限责任公司临湖分公司"
STREET = "临湖经济技术开发区科技大道 1288 号国际冷链物流产业园三期"
PLACE = {
    "customer_name": NAME,
    "district": "江城市临湖区",
    "street": STREET,
    "room": "A 区 18 号库 2 层配电间",
}


def staff(role, **columns):
    return person(role, at="lh", **columns)


def receipt():
    return counter_case(
        business_type="separation",
        existing_supply="shared",
        shared_account="0312 0045 871",
        co_users="张建国（3-101）",
        disputed=True,
        dispute="电费分摊",
        **PLACE,
    )


def refusal():
    return moves.refuse(
        counter_case(**PLACE),
        by=staff(Role.SUPERVISOR, name="周卫东"),
        reason="现场查勘发现：\n1. 合表共用人不同意在原电源点（101 室表箱）搭火，拒绝签字；\n"
        "2. 500 米范围内没有其他有可开放容量的电源点。",
        options="与共用人协商：可请居委会调解，我公司派员到场说明；\n"
        "改由规划中的锦绣江南 5 号公变供电（预计 2027 年 3 月投运）。",
    )


def survey():
    from tests.surveys.factories import candidate, signed_survey

    case = counter_case(**PLACE)
    for label in "ABC":
        candidate(
            case,
            name=f"锦绣江南三期 {label} 号配电箱",
            works="敷设 YJV22-2×16 电缆 62 米，新装单相表箱 1 只，破路恢复 12 平方米",
            cost_yuan=Decimal("3860.50"),
            rated_kva=630,
            committed_kva=580,
        )
    signed_survey(
        Case.objects.get(pk=case.pk),
        safety_remarks="表箱上方有水管渗漏痕迹，施工前须由物业处理；楼道照明不足，带电作业须双人监护。",
    )
    return case


def consent():
    from tests.surveys.factories import asked, candidate

    case = counter_case(**PLACE)
    point = candidate(case, name="锦绣江南三期 C 号配电箱", works="敷设 YJV22-2×16 电缆 62 米")
    asked(point, party="临湖经济技术开发区南庄村村民委员会", asked_how="letter")
    return case


def plan():
    from tests.plans.factories import answered, company, line, surveyed, taken

    case = taken(company(1260, customer_class="hv_dual", sources_wanted=2, **PLACE))
    case = surveyed(case, line("开发 2# 环网柜", 1260), line("滨河 5# 开关站", 1260))
    answered(
        case,
        primary_wiring="单母线分段，两路电源一主一备，设机械及电气闭锁",
        property_boundary="110 千伏临湖变 10 千伏开发 123 线 2# 环网柜 903 间隔出线电缆终端头处",
        ct_ratio="100/5",
        pt_ratio="10000/100",
        power_factor=Decimal("0.90"),
        protection="真空断路器，过流、速断、零序保护；变压器瓦斯及温度保护",
        reserve_kva=Decimal(200),
        remarks="受电变压器须采用节能型；冲击负荷投运前应通过电能质量评估。",
    )
    return case


def bill():
    from tests.fees.factories import billed, hv_case, ready

    issued = billed(ready(hv_case(customer_name=NAME, address=STREET), reserve_kva=200))
    return issued.step.case


def payment():
    from tests.fees.factories import billed, hv_case, paid, ready

    return paid(billed(ready(hv_case(customer_name=NAME, address=STREET)))).bill.step.case


def contract():
    from plans import services as planning
    from tests.plans.factories import clerk, step_of, word

    case = plan()
    planning.accept(step_of(case), by=clerk(), signed_name="周敏", **word())
    return drawn_contract(case)


def drawn_contract(case):
    from contracts import services as contracting
    from contracts.content import kinds_for

    step = Case.objects.select_related("unit", "owner").get(pk=case.pk).step(Kind.CONTRACT)
    contracting.draw(
        step,
        by=staff(Role.CONTRACT_OFFICER),
        kind=kinds_for(step.case)[0],
        term_from=timezone.localdate(),
        remarks="本合同签订前已用电量按临时协议结算。",
    )
    return step.case


def signed_contract():
    """A household whose contract both have signed: the meter is next."""
    from contracts import services as contracting
    from contracts.models import Contract
    from tests.contracts.factories import page
    from tests.plans.factories import accepted_plan, household

    case = drawn_contract(accepted_plan(household(**PLACE)).step.case)
    contracting.sign_customer(
        Contract.of(case),
        by=staff(Role.CONTRACT_OFFICER),
        signed_name=NAME,
        signed_as="self",
        signed_how="hand",
        **page(),
    )
    contracting.sign_utility(Contract.of(case), by=staff(Role.CONTRACT_OFFICER))
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def work_order():
    from tests.metering.factories import meter, order

    case = signed_contract()
    order(case, meter(maker="宁波三星医疗电气股份有限公司"))
    return case


ACTS = {
    "receipt": receipt,
    "survey": survey,
    "plan": plan,
    "bill": bill,
    "payment": payment,
    "contract": contract,
    "work_order": work_order,
    "refusal": refusal,
    "deficiency": receipt,
    "consent": consent,
}
SAYS = {
    "receipt": [
        "2026-",
        "孙悦",
        "8800-2101",
        "95598",
        "12398",
        "0312 0045 871",
        "3201**********0423",
    ],
    "survey": ["锦绣江南三期 C 号配电箱", "带电作业须双人监护", "3,860.50"],
    "plan": ["1,260 kVA", "903 间隔", "滨河 5# 开关站", "0.9", "发改价格"],
    "bill": ["发改价格", "人民币", "-F", "400"],
    "payment": ["-R", "人民币", "发改价格"],
    "contract": ["GB/T 12325", COMPANY, "903 间隔", "本合同签订前"],
    "work_order": ["3200000001", "5(60) A", "宁波三星"],
    "refusal": ["拒绝签字", "锦绣江南 5 号公变", "95598", "12398"],
    "deficiency": ["95598"],
    "consent": ["292", "296", "南庄村村民委员会", "从原接户点 T 接", "95598"],
}


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


@pytest.mark.parametrize("kind", ACTS)
def test_every_paper_says_what_it_must_on_two_pages_in_both_languages(kind):
    case = ACTS[kind]()
    issued = papers_of(case, kind)
    assert set(issued) == {"zh-hans", "en"}

    for language, paper in issued.items():
        paper = Paper.objects.select_related("case__unit", "step").get(pk=paper.pk)
        with translation.override(language):
            text = pdf.html(paper)
        for word in [*SAYS[kind], paper.number, case.customer_name]:
            assert word in text, (language, word)
        assert WANG not in text
        assert f'lang="{"zh-CN" if language == "zh-hans" else "en"}"' in text
        assert "None" not in text.replace("<td>None</td>", "")  # no present supply
        content = pdf.to_pdf(text, uncompressed_pdf=True)
        assert 1 <= pages(content) <= 2, language
        fonts = set(re.findall(rb"/FontName /([\w+-]+)", content))
        assert fonts, language
        assert all(re.fullmatch(rb"[A-Z]{6}\+Noto-Sans-SC(-Bold)?", name) for name in fonts), fonts
        assert len(content) < 900_000


def test_a_sum_stands_once_however_long_the_table():
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(120))
    text = (
        '<html lang="en"><title>x</title><link rel="stylesheet" href="paper.css"><table>'
        f"<tbody>{rows}</tbody><tfoot><tr><td>SUM</td></tr></tfoot></table>"
    )

    content = pdf.to_pdf(text, uncompressed_pdf=True)

    assert pages(content) > 1
    assert content.count(b"/TFoot") == 1


def test_every_kind_has_its_room_and_template():
    assert set(rooms.ROOMS) == set(PaperKind) == set(ACTS)


def test_the_bytes_are_the_same_however_often_and_late_a_paper_is_made():
    case = receipt()
    paper = papers_of(case, "receipt")["zh-hans"]
    first = pdf.render(paper)
    for item in case.papers_owed.filter(state="owed"):
        services.receive(item, by=person(Role.CLERK))
    Case.objects.filter(pk=case.pk).update(owner=person(Role.CLERK, username="x", name="换人"))

    again = pdf.render(Paper.objects.select_related("case__unit", "step").get(pk=paper.pk))

    assert again == first


RIGHT = {"customer_name": "王晓明", "phone": "13800001234", "address": "解放路 9 号"}


def read_again(paper):
    """What the worker makes of it, however late."""
    paper = Paper.objects.select_related("case__unit", "step").get(pk=paper.pk)
    with translation.override(paper.language):
        return pdf.html(paper)


@pytest.mark.parametrize("kind", ACTS)
def test_a_paper_says_what_held_when_it_was_issued_however_late_it_is_made(kind):
    case = ACTS[kind]()
    issued = papers_of(case, kind).values()
    before = [read_again(paper) for paper in issued]

    correcting(case)

    assert [read_again(paper) for paper in issued] == before


def correcting(case):
    """The customer's data is put right, as a correction leaves it."""
    held = Application.of(case)
    if held and held.accepted_at:
        right = {"customer_name": RIGHT["customer_name"], "phone": RIGHT["phone"]}
        for column, value in {**right, "street": RIGHT["address"]}.items():
            setattr(held, column, value)
        made = Correction.of(Application.of(case), held.computed())
        for one in made:
            one.reason, one.by = "认错", staff(Role.CLERK)
        Correction.objects.bulk_create(made)
    Case.objects.filter(pk=case.pk).update(**RIGHT)


def test_a_paper_of_the_time_before_names_the_case_as_it_is():
    case = counter_case()
    paper = papers_of(case, "deficiency")["en"]
    del paper.data["applicant"]
    Paper.objects.filter(pk=paper.pk).update(data=paper.data)

    correcting(case)

    assert RIGHT["customer_name"] in read_again(paper)


def test_a_contract_paper_keeps_the_words_it_was_issued_with():
    case = contract()
    paper = Paper.objects.get(pk=papers_of(case, "contract")["zh-hans"].pk)
    case.step(Kind.CONTRACT).contract.__class__.objects.update(content={}, content_hash="other")

    text = pdf.html(paper)

    assert "903 间隔" in text
    assert "other" not in text


def test_rare_characters_of_names_are_in_the_font_and_in_the_text():
    for weight in ("Regular", "Bold"):
        with TTFont(STATIC / "fonts" / f"NotoSansSC-{weight}.ttf", lazy=True) as font:
            assert {ord(c) for c in RARE} <= set(font.getBestCmap())

    case = counter_case(customer_name=RARE)
    paper = papers_of(case, "deficiency")["zh-hans"]
    content = pdf.to_pdf(pdf.html(paper), uncompressed_pdf=True)
    for character in RARE:
        assert character.encode("utf-16-be").hex().encode() in content.lower()


def test_a_paper_tells_its_language_title_and_structure_to_those_who_do_not_see_it():
    paper = papers_of(counter_case(), "receipt")["en"]
    content = pdf.to_pdf(pdf.html(paper), uncompressed_pdf=True)

    for needed in (b"/MarkInfo", b"/Lang", b"/DisplayDocTitle true", b"/TH", b"/Figure", b"/Alt"):
        assert needed in content, needed
    assert b"pdfuaid" in content


@pytest.mark.parametrize(
    "reference",
    [
        "nothing.css",
        "../manage.py",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x.css",
        "data:text/css,body{color:red}",
    ],
)
def test_only_our_own_static_files_are_fetched_and_a_missing_one_is_an_error(reference):
    with pytest.raises(Unprintable):
        pdf.to_pdf(f'<html lang="en"><title>x</title><link rel="stylesheet" href="{reference}">x')


def test_what_customers_write_is_text_on_the_paper():
    case = counter_case(customer_name="<img src='file:///etc/passwd'> & 王")
    text = pdf.html(papers_of(case, "receipt")["en"])

    assert "<img" not in text
    assert "&lt;img" in text
    pdf.to_pdf(text)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "人民币零元整"),
        ("0.05", "人民币伍分"),
        ("10", "人民币壹拾元整"),
        ("100", "人民币壹佰元整"),
        ("1005.50", "人民币壹仟零伍元伍角整"),
        ("12080.06", "人民币壹万贰仟零捌拾元零陆分"),
        ("88000.00", "人民币捌万捌仟元整"),
        ("100000", "人民币壹拾万元整"),
        ("1000001", "人民币壹佰万零壹元整"),
        ("20300400.70", "人民币贰仟零叁拾万零肆佰元柒角整"),
        ("100000000", "人民币壹亿元整"),
        ("100000001.23", "人民币壹亿零壹元贰角叁分"),
        ("9999999999.99", "人民币玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_amounts_in_capital_figures(amount, words):
    assert capitals(Decimal(amount)) == words


def test_values_are_written_as_on_a_form():
    assert said(None) == said("") == "–"
    assert said(Decimal("8.50"), "kW") == "8.5 kW"
    assert said(Decimal("1260.00")) == "1,260"
    assert said(Decimal(100)) == "100"
    assert said(0, "kW") == "0 kW"
    assert said(True) == "Yes"
    assert said(timezone.localdate().replace(2026, 3, 1)) == "2026-03-01"
    assert yuan(Decimal("1234.5")) == "1,234.50"
    assert tongue({"en": "a", "zh-hans": "甲"}) == "a"
    assert chinese(RARE[2]) == ' lang="zh-CN"'
    assert chinese("plain") == ""
    with translation.override("zh-hans"):
        assert chinese(RARE) == ""


def test_a_refusal_speaks_of_the_site_only_when_a_survey_of_this_round_is_signed():
    from tests.surveys.factories import signed_survey

    unseen, seen, seen_before = (
        counter_case(street=f"人民路 {n} 号", phone=f"139000042{n}", id_number=number)
        for n, number in ((31, WANG), (32, ZHAO), (33, "320104198001010019"))
    )
    signed_survey(seen)
    signed_survey(seen_before)
    plan = Case.objects.get(pk=seen_before.pk).step(Kind.PLAN)
    moves.send_back(plan, by=staff(Role.PLANNER), reason="再查", to=Kind.SURVEY)

    letters = []
    for case in (unseen, seen, seen_before):
        case = moves.refuse(
            Case.objects.get(pk=case.pk), by=staff(Role.SUPERVISOR), reason="无容量"
        )
        with translation.override("en"):
            letters.append(pdf.html(papers_of(case, "refusal")["en"]))

    assert ["on site" in letter for letter in letters] == [False, True, False]
    assert "We have checked your request." in letters[0]
