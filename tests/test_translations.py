"""The Chinese catalogue: whole, read by somebody, and with every placeholder of the English."""

import re
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.contrib import admin
from django.utils import translation

from accounts.roles import Role
from tests import factories

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "script"))
check_translations = import_module("check_translations")
compile_translations = import_module("compile_translations")

PO = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[-+.\d]*)?[sdf%]|\{\w*\}")
TAG = re.compile(r"</?\w+[^>]*>")
HANZI = "[\u4e00-\u9fff]"
UNITS_AND_NAMES = {"kV", "kVA", "kW", "kWh", "App", "GPS", "SHA"}


def singular(message):
    return message.id if isinstance(message.id, str) else message.id[0]


def chinese(message):
    return message.string if isinstance(message.string, str) else message.string[0]


def catalogue():
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


@pytest.fixture(scope="module")
def messages():
    return [message for message in catalogue() if message.id]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The catalogue compiled as set-up compiles it."""
    folder = tmp_path_factory.mktemp("locale") / "zh_Hans/LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    source.write_bytes(PO.read_bytes())
    with compile_translations.compile_catalogue(source).open("rb") as file:
        return read_mo(file)


def test_every_string_of_the_program_is_translated(capsys):
    failed = check_translations.main(update=False)

    assert not failed, capsys.readouterr().out


def test_nothing_is_left_to_a_guess(messages):
    assert not [singular(message) for message in messages if message.fuzzy]


def test_both_sides_have_the_same_placeholders(messages):
    wrong = {}
    for message in messages:
        # A count may be told by either form of the English.
        forms = [message.id] if isinstance(message.id, str) else message.id
        found = Counter(PLACEHOLDER.findall(chinese(message)))
        if found not in [Counter(PLACEHOLDER.findall(form)) for form in forms]:
            wrong[singular(message)] = chinese(message)

    assert not wrong


def test_both_sides_have_the_same_markup(messages):
    assert not {
        singular(message): chinese(message)
        for message in messages
        if sorted(TAG.findall(singular(message))) != sorted(TAG.findall(chinese(message)))
    }


def test_chinese_sentences_have_full_width_punctuation(messages):
    half_width = re.compile(rf"{HANZI}\s*[,;:?!]|[,;:?!]\s*{HANZI}|{HANZI}\.(?!\w)|{HANZI} *\(")

    assert not {
        singular(message): chinese(message)
        for message in messages
        if half_width.search(chinese(message))
    }


def test_no_template_joins_words_by_a_half_width_colon():
    words_of_their_own = re.compile(
        r"\{% (blocktranslate|comment)\b.*?\{% end\1 %\}|content='.*?'", re.DOTALL
    )
    joined = re.compile(r"(?:\}\}|%\}|</(?:span|b|a)>|\"sr\">|\x00):[ <{]")

    assert not [
        template
        for template in (ROOT / "templates").rglob("*.html")
        if joined.search(words_of_their_own.sub("\0", template.read_text(encoding="utf-8")))
    ]


def test_the_words_of_the_office_are_one_throughout(messages):
    shunned = {"转办": "改派", "待商定": "待填写"}
    bare = re.compile("^(受理|签署|此决定)必填")

    assert not [
        chinese(message)
        for message in messages
        if any(word in chinese(message) for word in shunned) or bare.search(chinese(message))
    ]


def test_the_admin_names_every_room_in_chinese():
    with translation.override("zh-hans"):
        names = {
            model._meta.app_label: str(apps.get_app_config(model._meta.app_label).verbose_name)
            for model in admin.site._registry
            if model._meta.app_label != "axes"
        }
    assert {room: name for room, name in names.items() if not re.search(HANZI, name)} == {}


def test_what_is_told_by_its_count_is_never_told_without(messages):
    # The catalogue keeps one entry for both, and finds it by its count only.
    counted = {
        form for message in messages if not isinstance(message.id, str) for form in message.id
    }
    for place in {name for message in messages for name, _line in message.locations}:
        text = (ROOT / place).read_text(encoding="utf-8")
        plain = re.findall(r'(?<![\w])(?:_|gettext|gettext_lazy)\(\s*"([^"]*)"', text)
        plain += re.findall(r'\{% translate "([^"]*)"', text)

        assert not counted & set(plain), place


def test_a_word_is_not_left_in_english(messages):
    left = [
        singular(message)
        for message in messages
        if not re.search(HANZI, chinese(message))
        and set(re.findall("[A-Za-z]{2,}", PLACEHOLDER.sub("", chinese(message)))) - UNITS_AND_NAMES
    ]

    assert left == ["English"]


def test_the_catalogue_compiles_whole(messages, compiled):
    assert len([message for message in compiled if message.id]) == len(messages)
    assert compiled.get("Overdue").string == "超期"


def page(client, url, language):
    return client.get(url, headers={"accept-language": language}).content.decode()


def test_the_login_page_speaks_both_languages(client, db):
    assert "登录" in page(client, "/login/", "zh-hans")
    assert "登录" not in page(client, "/login/", "en")
    assert "Log in" in page(client, "/login/", "en")


@pytest.mark.parametrize(
    ("language", "word", "other"), [("zh-hans", "工作台", "Desk"), ("en", "Desk", "工作台")]
)
def test_the_desk_speaks_the_language_of_its_reader(client, db, language, word, other):
    client.force_login(factories.person(Role.CLERK, language=language))

    shown = client.get("/", follow=True).content.decode()

    assert word in shown
    assert other not in shown
