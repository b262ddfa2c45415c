"""The words as shipped: short, plain, and always the same five answers.

What happened, what we need of the customer, what comes next and by when, who looks after it with
the telephone, and where to look. Each act has its words once a language; SMS and e-mail are put
together from them, so that both say the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Words(NamedTuple):
    """`said` what happened, `need` what we want of the customer; `goes_on` names the next link."""

    subject: str
    said: str
    need: str = ""


class Told(NamedTuple):
    verbs: tuple[str, ...]
    en: Words
    zh: Words
    by_law: bool = False
    goes_on: bool = False


TOLD = (
    Told(
        ("application_accepted",),
        Words("Your application is accepted", "We have accepted your application."),
        Words("您的用电申请已受理", "您的用电申请已受理。"),
        goes_on=True,
    ),
    Told(
        ("survey_booked",),
        Words(
            "We come for the site survey",
            "Our surveyor comes on {on}.",
            "Please be there, or send somebody who can open.",
        ),
        Words("现场勘查时间已约定", "现场勘查时间：{on}。", "请您或委托人届时在场。"),
    ),
    Told(
        ("check_booked",),
        Words(
            "Appointment: {step}",
            "{step}: we come on {on}.",
            "Please be there together with your contractor.",
        ),
        Words("{step}时间已约定", "{step}时间：{on}。", "请您和施工单位届时到场。"),
    ),
    Told(
        ("plan_answered",),
        Words(
            "Your supply plan is ready",
            "Your supply plan is ready.",
            "Please confirm it or tell us what does not suit you. Until then no fee is due.",
        ),
        Words(
            "供电方案已答复",
            "您的供电方案已答复。",
            "请查阅后确认，或告诉我们您的异议。确认前不收取任何费用。",
        ),
    ),
    Told(
        ("plan_objected",),
        Words("Your objection is noted", "We have your objection and draw the plan anew."),
        Words("已记录您的异议", "已记录您对供电方案的异议，我们将重新编制方案。"),
        goes_on=True,
    ),
    Told(
        ("plan_closed_unanswered",),
        Words(
            "The supply plan is settled",
            "We could not reach you: the plan holds as sent.",
            "If you disagree, tell us.",
        ),
        Words(
            "供电方案已确定",
            "多次未能联系到您，我们将按已送达的供电方案继续办理。",
            "如有异议，请致电或在下方链接留言。",
        ),
        by_law=True,
        goes_on=True,
    ),
    Told(
        ("plan_expired",),
        Words("The plan has lapsed", "The plan is past its validity; we draw it anew."),
        Words("供电方案已过有效期", "供电方案已过有效期，我们将重新编制。"),
        goes_on=True,
    ),
    Told(
        ("paper_not_taken",),
        Words(
            "Please send the paper once more",
            "What you sent cannot be taken: {note}.",
            "Please send it once more.",
        ),
        Words("资料需重新提交", "您上传的资料不能采用：{note}。", "请重新提交。"),
    ),
    Told(
        ("papers_promised",),
        Words(
            "Papers are missing",
            "Still missing: {note}.",
            "Bring it to the counter or upload it below.",
        ),
        Words("尚缺申请材料", "尚缺材料：{note}。", "请交到营业厅或在下方链接上传。"),
        by_law=True,
    ),
    Told(
        ("file_incomplete",),
        Words(
            "{step}: papers are missing",
            "{step}: your file is not complete. Missing: {note}.",
            "Please hand it in; then we go on.",
        ),
        Words("{step}：资料不全", "{step}资料不全，缺少：{note}。", "请补齐，收到后继续办理。"),
        by_law=True,
    ),
    Told(
        (
            "designer_not_qualified",
            "drawings_returned",
            "contractor_not_qualified",
            "mid_check_failed",
            "acceptance_failed",
        ),
        Words(
            "{step}: not passed",
            "{step}: not passed. To be put right: {note}.",
            "Tell us when it is done; then we look again.",
        ),
        Words("{step}未通过", "{step}未通过，需整改：{note}。", "整改完成后请告知我们复查。"),
        by_law=True,
    ),
    Told(
        (
            "designer_qualified",
            "drawings_passed",
            "contractor_qualified",
            "mid_check_passed",
            "works_accepted",
        ),
        Words("{step}: passed", "{step}: passed."),
        Words("{step}已通过", "{step}已通过。"),
        goes_on=True,
    ),
    Told(
        ("quote_kept",),
        Words(
            "Your fee stays as quoted",
            "The published rates have changed since our answer; your fee stays as quoted.",
        ),
        Words("费用仍按答复执行", "收费标准在答复之后有调整，您的费用仍按供电方案答复单执行。"),
        by_law=True,
    ),
    Told(
        ("bill_issued",),
        Words(
            "Your bill",
            "Your bill {note}.",
            "Pay as the bill says, never to a private person.",
        ),
        Words("缴费通知", "账单 {note}。", "请按账单缴纳，切勿私下付款给任何个人。"),
        by_law=True,
    ),
    Told(
        ("bill_settled",),
        Words(
            "Your bill was corrected",
            "Your bill was corrected: {note}.",
            "You need not pay anything.",
        ),
        Words("账单已更正", "账单已更正：{note}。", "您无需再缴费。"),
        by_law=True,
    ),
    Told(
        ("bill_cancelled",),
        Words(
            "Your bill is cancelled",
            "Your bill is cancelled: {note}.",
            "Do not pay it; what was paid is paid back.",
        ),
        Words("账单已作废", "账单已作废：{note}。", "请勿再缴纳，已缴款项将退还。"),
        by_law=True,
    ),
    Told(
        ("bill_waived",),
        Words(
            "You need not pay your bill",
            "Your bill is waived: {note}.",
            "Do not pay it; what was paid on it is paid back.",
        ),
        Words("账单已减免", "账单已减免：{note}。", "无需再缴纳，已缴款项将退还。"),
        by_law=True,
    ),
    Told(
        ("bill_withdrawn",),
        Words(
            "Your bill is withdrawn",
            "Your bill is withdrawn: {note}.",
            "Do not pay it; we compute it anew.",
        ),
        Words(
            "账单已收回更正",
            "账单已收回：{note}。",
            "请勿再缴纳，我们将重新计算。",
        ),
        by_law=True,
    ),
    Told(
        ("contract_drawn",),
        Words(
            "Your supply contract is ready",
            "Your supply contract is ready to be signed.",
            "Please sign it at the counter or as agreed with us.",
        ),
        Words("供用电合同待签订", "供用电合同已拟定，等待签订。", "请到营业厅或按约定方式签订。"),
    ),
    Told(
        ("energized",),
        Words(
            "The power is on",
            "Your power is on.",
            "We call you within two working days to hear whether all is well.",
        ),
        Words("已通电", "您已正式通电。", "我们将在两个工作日内回访，听取您的意见。"),
    ),
    Told(
        ("not_energized",),
        Words("Power could not be switched on", "Power could not be switched on: {note}."),
        Words("未能送电", "本次未能送电：{note}。"),
        goes_on=True,
    ),
    Told(
        ("stopped",),
        Words(
            "{step} stands still",
            "{step} stands still: {note}. It goes on by {new} at the latest.",
        ),
        Words("{step}已暂停", "{step}已暂停：{note}。最迟 {new} 恢复办理。"),
    ),
    Told(
        ("resumed",),
        Words("{step} goes on", "{step} goes on. Now expected by {new}."),
        Words("{step}已恢复办理", "{step}已恢复办理，预计 {new} 前完成。"),
    ),
    Told(
        ("due_changed",),
        Words("A new date: {step}", "{step}: expected by {new} instead of {old}."),
        Words("{step}预计日期有变", "{step}预计完成日期由 {old} 改为 {new}。"),
    ),
    Told(
        ("sent_back",),
        Words("{step} is done once more", "{step} has to be done once more."),
        Words("{step}需重新办理", "{step}需重新办理。"),
        goes_on=True,
    ),
    Told(
        ("refused",),
        Words(
            "We cannot supply as you asked",
            "We cannot supply as you asked: {note}.",
            "You may object, or ask for another way; our letter says how. {options}",
        ),
        Words(
            "无法按您的申请供电",
            "很抱歉，无法按您的申请供电：{note}。",
            "您可以提出异议或申请其他方式，详见书面通知。{options}",
        ),
        by_law=True,
    ),
    Told(
        ("consent_refused",),
        Words(
            "Another party does not consent",
            "Another party whose consent is needed does not give it.",
            "We look for another way with you; our letter says which. {options}",
        ),
        Words(
            "相关方未同意",
            "需征得同意的相关方未同意。",
            "我们将与您商量其他方案，详见书面通知。{options}",
        ),
        by_law=True,
    ),
    Told(
        ("consent_expired",),
        Words(
            "Another party's consent has ended",
            "A consent that we need has ended.",
            "Our letter says what can be done.",
        ),
        Words(
            "相关方的同意已到期",
            "相关方的同意在送电前已到期。",
            "我们将与您商量其他方案，详见书面通知。",
        ),
        by_law=True,
    ),
    Told(
        ("withdrawn",),
        Words(
            "Your application is withdrawn",
            "Your application is closed, as you wished.",
            "If you did not ask for this, call us at once.",
        ),
        Words("用电申请已撤回", "您的申请已按您的要求撤回。", "如非本人要求，请立即联系我们。"),
        by_law=True,
    ),
)


def sms(told: Told, language: str) -> str:
    """At most three parts (news.wording.parts); what can be done instead is left to the letter."""
    if language == "en":
        said = " ".join(part for part in (told.en.said, told.en.need) if part)
        said = said.removesuffix(" {options}")
        goes_on = " Next: {next}." if told.goes_on else ""
        return f"Case {{number}}: {said}{goes_on} {{who}} {{phone}} {{link}}"
    said = f"{told.zh.said}{told.zh.need}".removesuffix("{options}")
    goes_on = "下一步：{next}。" if told.goes_on else ""
    return f"【接电】{{number}}：{said}{goes_on}{{who}} {{phone}} {{link}}"


def mail(told: Told, language: str) -> str:
    english = language == "en"
    words = told.en if english else told.zh
    goes_on = ("What comes next: {next}." if english else "下一步：{next}。") * told.goes_on
    return "\n\n".join(
        part
        for part in (
            "Dear {customer}," if english else "尊敬的{customer}：",
            words.said,
            words.need,
            goes_on,
            "Your case is looked after by {who}, {office}, telephone {phone}."
            if english
            else "经办人：{who}（{office}），电话 {phone}。",
            "All about your case, without an account: {link}"
            if english
            else "无需注册即可查询办理进度：{link}",
            "Case {number}. Nobody reads answers to this address; call us. "
            "Complaints: 95598, or the regulator 12398."
            if english
            else "业务编号 {number}。请勿直接回复本邮件，如有疑问请致电。投诉 95598，监管 12398。",
        )
        if part
    )


def rows() -> list[dict[str, Any]]:
    """Every template as shipped, as columns."""
    return [
        {
            "verb": verb,
            "language": language,
            "channel": channel,
            "by_law": told.by_law,
            "subject": (told.en if language == "en" else told.zh).subject
            if channel == "email"
            else "",
            "body": (mail if channel == "email" else sms)(told, language),
        }
        for told in TOLD
        for verb in told.verbs
        for language in ("zh-hans", "en")
        for channel in ("sms", "email")
    ]


def load(apps: Any) -> None:
    """Put in the words as shipped of every act that has none yet."""
    template = apps.get_model("news", "Template")
    known = set(template.objects.values_list("verb", flat=True))
    template.objects.bulk_create(template(**row) for row in rows() if row["verb"] not in known)
