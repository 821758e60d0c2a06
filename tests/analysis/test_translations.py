"""Translations: families of catalogues that differ in a language alone, and the source language that stays."""

from collections.abc import Mapping

import pytest

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.filetype import file_type
from loopflow.analysis.languages import find_language
from loopflow.analysis.translations import find_translations
from loopflow.model import CutReason, FileTokens

SAYS = {
    "po": "catalogue\tgettext",
    "xlf": "catalogue\tXLIFF",
    "json": "catalogue\tJSON",
    "yml": "catalogue\tYAML",
    "yaml": "catalogue\tYAML",
    "xml": "catalogue\tresources of Android",
    "ts": "catalogue\tQt",
}


def files(*paths: str, **facts: str) -> list[FileTokens]:
    """Return files whose content says that they are catalogues, where their suffix leaves that open."""
    return [
        FileTokens(path, file_type(path), 10, 40, path, facts=facts.get("facts", SAYS.get(path.rpartition(".")[2], "")))
        for path in paths
    ]


def translated(*paths: str) -> dict[str, str]:
    """Return what is translated, each with where it is listed."""
    return {path: cut.at for cut in find_translations(files(*paths))[0] for path in cut.paths}


@pytest.mark.parametrize(
    ("at", "translations", "stays"),
    [
        ("a/locale/*/", ["a/locale/de/LC/x.po", "a/locale/pt_BR/LC/x.po"], ["a/locale/en/LC/x.po"]),
        ("po/*.po", ["po/de.po", "po/zh_Hans.po", "po/sr@latin.po"], ["po/app.pot"]),
        ("po/*.po", ["po/de.po", "po/en_GB.po"], ["po/en.po"]),
        ("i18n/messages.*.xlf", ["i18n/messages.de.xlf", "i18n/messages.fr.xlf"], ["i18n/messages.xlf"]),
        ("App/*.lproj/", ["App/de.lproj/L.strings", "App/zh-Hans.lproj/L.strings"], ["App/Base.lproj/L.strings"]),
        ("App/*.lproj/", ["App/de.lproj/L.stringsdict"], ["App/en.lproj/L.stringsdict"]),
        ("lib/l10n/app_*.arb", ["lib/l10n/app_de.arb", "lib/l10n/app_es_419.arb"], ["lib/l10n/app_en.arb"]),
        ("R/Strings.*.resx", ["R/Strings.de.resx", "R/Strings.fr-CA.resx"], ["R/Strings.resx"]),
        ("res/values-*/", ["res/values-de/strings.xml", "res/values-pt-rBR/strings.xml"], ["res/values/strings.xml"]),
        ("r/msg_*.properties", ["r/msg_de.properties", "r/msg_de_AT.properties"], ["r/msg.properties"]),
        ("locales/*.json", ["locales/de.json", "locales/zh-TW.json"], ["locales/en.json"]),
        ("locales/*.json", ["locales/de.json"], ["locales/en-US.json"]),
        ("locales/*/", ["locales/de/a.json", "locales/de/b.json"], ["locales/en/a.json", "locales/en/b.json"]),
        ("_locales/*/", ["_locales/de/messages.json"], ["_locales/en/messages.json"]),
        ("package.nls.*.json", ["package.nls.de.json", "package.nls.fr.json"], ["package.nls.json"]),
        ("config/locales/devise.*.yml", ["config/locales/devise.de.yml"], ["config/locales/devise.en.yml"]),
        ("translations/messages.*.yaml", ["translations/messages.de.yaml"], ["translations/messages.en.yaml"]),
        ("tr/app_*.ts", ["tr/app_de.ts"], ["tr/app_en.ts"]),
        ("l10n/*/", ["l10n/de/main.ftl"], ["l10n/en-US/main.ftl"]),
    ],
)  # fmt: skip
def test_families(at: str, translations: list[str], stays: list[str]) -> None:
    """What is translated is one candidate a place; the source language, or what names none, stays."""
    assert translated(*translations, *stays) == dict.fromkeys(translations, at)


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(["data/de.json", "data/fr.json"], id="no source language beside them"),
        pytest.param(["locales/en.json", "locales/index.json"], id="no other language"),
        pytest.param(["tsconfig.json", "tsconfig.es.json"], id="a name that is no language here"),
        pytest.param(["config.json", "config.de.json", "config.fr.json", "config.it.json"], id="data by country"),
        pytest.param(["src/is.json", "src/to.json", "src/in.json", "src/en.json"], id="words of a language of its own"),
        pytest.param(
            ["docker-compose.yml", "docker-compose.it.yml", "docker-compose.tr.yml"], id="places to deploy to"
        ),
        pytest.param(["app-it.properties", "app.properties"], id="a profile"),
        pytest.param(["mail.ftl", "mail-to.ftl"], id="templates"),
        pytest.param(["docs/de/index.md", "docs/en/index.md"], id="documents are no catalogues"),
        pytest.param(["src/is/a.py", "src/en/a.py"], id="nor is code"),
        pytest.param(["values-v21/styles.xml", "values/styles.xml"], id="a version of Android"),
        pytest.param(["locale/en/LC_MESSAGES/x.po"], id="the source language alone"),
        pytest.param(["po/app.pot"], id="a template"),
        pytest.param(["R/Strings.resx", "R/Strings.Designer.resx"], id="a part of a name that is no language"),
    ],
)
def test_what_is_no_translation(paths: list[str]) -> None:
    """Without a source language, or another one, nothing is translated."""
    assert translated(*paths) == {}


def test_a_format_that_could_be_anything_must_look_like_a_catalogue() -> None:
    """Two data files that are called like languages are data."""
    plain = [FileTokens(path, ".json", 10, 40, path) for path in ("d/de.json", "d/en.json")]
    assert find_translations(plain) == ([], set())


def test_what_a_content_says_of_its_language_counts() -> None:
    """An XLIFF that names a target is translated, wherever it lies; one without is what it is made from."""
    said = files("x/a.xlf", facts="catalogue\tXLIFF fr") + files("x/b.xlf", facts="catalogue\tXLIFF")
    assert [cut.paths for cut in find_translations(said)[0]] == [("x/a.xlf",)]
    assert find_translations(files("po/english.po", facts="catalogue\tgettext en"))[0] == []


def test_evidence_and_lines() -> None:
    """Format, number of languages and what stays; patterns for the kind and for the place, with what they take back."""
    paths = [f"{place}/locale/{language}/x.po" for place in ("a", "b") for language in ("en", "de", "fr")]
    cuts, sources = find_translations(files(*paths))
    assert [(cut.at, cut.evidence, cut.tokens) for cut in cuts] == [
        ("a/locale/*/", "gettext in 2 languages; en stays", 20),
        ("b/locale/*/", "gettext in 2 languages; en stays", 20),
    ]
    assert sources == {"a/locale/en/x.po", "b/locale/en/x.po"}
    assert cuts[0].lines == (
        ("*.po", "!**/locale/en/**/*.po"),
        ("/a/locale/*/x.po", "!/a/locale/en/x.po"),
    )


def cuts_of(facts: Mapping[str, str]) -> dict[str, CutReason]:
    listed = [FileTokens(path, file_type(path), 10, 40, path, facts=said) for path, said in facts.items()]
    return {path: cut.reason for cut in find_cuts(listed, Attributes()) for path in cut.paths}


def test_a_catalogue_is_no_embedded_data() -> None:
    """The source language is own source however large it is, its translations are translations."""
    large = "data\ta large JSON document\ncatalogue\tJSON"
    found = cuts_of({"i18n/en.json": large, "i18n/de.json": large})
    assert found == {"i18n/de.json": CutReason.TRANSLATION}


def test_another_reason_stays() -> None:
    """What was generated, or belongs to others, is listed as that."""
    made = "generated\tsays 'auto-generated' in line 1\ncatalogue\tgettext"
    found = cuts_of(
        {"po/de.po": made, "po/fr.po": "catalogue\tgettext", "vendor/x/LICENSE": "", "vendor/x/de.po": SAYS["po"]}
    )
    assert found["po/de.po"] is CutReason.GENERATED
    assert found["po/fr.po"] is CutReason.TRANSLATION
    assert found["vendor/x/de.po"] is CutReason.VENDORED


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("de", "de"),
        ("pt_BR", "pt-br"),
        ("zh-Hans", "zh-hans"),
        ("sr@latin", "sr@latin"),
        ("es-419", "es-419"),
        ("b+sr+Latn", "b+sr+latn"),
        ("pt-rBR", "pt-rbr"),
        ("Base", "base"),
        ("zh_hant_TW", "zh-hant-tw"),
        ("DE", "de"),
        ("zh-CHS", "zh-chs"),
        ("de_DE_formal", "de-de-formal"),
        ("ca-valencia", "ca-valencia"),
        ("in-memory", ""),
        ("xx", ""),
        ("src", ""),
        ("index", ""),
        ("", ""),
        ("v21", ""),
        ("de.fr", ""),
        ("en_", ""),
        ("land", ""),
    ],
)
def test_names_of_languages(name: str, language: str) -> None:
    """Codes of ISO 639 with script and region, in the customs of gettext, browsers and Android."""
    assert find_language(name) == language


def test_of_two_languages_in_a_path_that_of_the_larger_family_counts() -> None:
    """A file called like a language, in a directory that is, belongs to the directories."""
    paths = [f"i18n/{directory}/{name}.json" for directory in ("en", "de", "fr") for name in ("en", "it")]
    assert translated(*paths)["i18n/de/it.json"] == "i18n/*/"
