"""The catalogues of translations: brings them up to date, fills them, or verifies them.

    python packaging/translations.py update           sources -> .po -> .mo
    python packaging/translations.py missing          untranslated texts of every language, as JSON
    python packaging/translations.py fill FILE.json   {"Open": "打开", "{n} image": ["{n} 张图像"]} -> .po -> .mo
    python packaging/translations.py verify           exit code 1, and every fault, if something is wrong

The catalogues hold no dates, no line numbers and nothing about the tools, so that a change shows only itself.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import string
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "mtlstudio"
CATALOGUES = ROOT / "resources" / "i18n"
LANGUAGES = ("zh_CN",)
DOMAIN = "mtlstudio"
TEXTS_OF = {"tr": 1, "mark": 1, "ntr": 2, "nmark": 2}  # how many of the first arguments are texts

Text = str | tuple[str, ...] | list[str]


class PlainCatalog(Catalog):
    """A catalogue whose header tells only what gettext needs."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header's lines."""
        return [
            ("Language", str(self.locale_identifier)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit\n"),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """What a file's header says is known already."""


@dataclass
class Extracted:
    """What the sources hold.

    Attributes:
        texts: every text to translate: a sentence, or its singular and plural.
        faults: `file:line: what is wrong` for calls that can never be translated.
    """

    texts: set[Text] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Extracted) -> None:
        """Takes in what another file holds."""
        self.texts |= other.texts
        self.faults += other.faults


def extract(source: str, name: str) -> Extracted:
    """The texts of one Python file, and the calls in it that hide theirs."""
    found = Extracted()
    for call in ast.walk(ast.parse(source, name)):
        if not isinstance(call, ast.Call) or (called := _called(call)) is None:
            continue
        texts = call.args[: TEXTS_OF[called]]
        fault = _fault(called, call, texts)
        if fault:
            found.faults.append(f"{name}:{call.lineno}: {fault}")
        elif TEXTS_OF[called] == 2:
            found.texts.add((ast.literal_eval(texts[0]), ast.literal_eval(texts[1])))
        else:
            found.texts.update(_literals(texts[0]))
    return found


def extract_all() -> Extracted:
    """The texts of the whole package."""
    found = Extracted()
    for path in sorted(SOURCES.rglob("*.py")):
        found.add(extract(path.read_text(encoding="utf-8"), path.relative_to(SOURCES.parent).as_posix()))
    singulars = [text[0] for text in found.texts if isinstance(text, tuple)]
    twice = {text for text in singulars if singulars.count(text) > 1}
    found.faults += [f"{text!r} has two plurals; gettext knows one" for text in sorted(twice)]
    found.texts -= set(singulars)  # gettext finds the singular in the plural's entry
    return found


def _called(call: ast.Call) -> str | None:
    name = call.func.id if isinstance(call.func, ast.Name) else None
    if isinstance(call.func, ast.Attribute):
        of_texts = isinstance(call.func.value, ast.Name) and call.func.value.id == "texts"
        name = call.func.attr if of_texts or call.func.attr == "tr" else None
    return name if name in TEXTS_OF else None


def _fault(called: str, call: ast.Call, texts: list[ast.expr]) -> str:
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) != "texts":
        return f"{ast.unparse(call.func)}() is Qt's own; call tr() of mtlstudio.base.texts"
    if len(texts) < TEXTS_OF[called] or any(isinstance(text, ast.Starred) for text in texts):
        return f"{called}() without its text"
    for text in texts:
        if any(isinstance(part, ast.JoinedStr) for part in ast.walk(text)):
            return f"{called}() of an f-string never matches the catalogue"
        if not _literals(text) and (called != "tr" or _computes(text)):
            return f"{called}() of a computed text never matches the catalogue"
    if TEXTS_OF[called] == 2 and not all(isinstance(text, ast.Constant) for text in texts):
        return f"{called}() wants its two texts written out"
    return ""


def _literals(text: ast.expr) -> set[str]:
    """The texts that an argument can be, where it is written out: `"a"`, or `"a" if x else "b"`."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return {text.value} - {""}
    if isinstance(text, ast.IfExp):
        return _literals(text.body) | _literals(text.orelse)
    return set()


def _computes(text: ast.expr) -> bool:
    """Whether it makes a text out of others (a variable, or what a call returns, may hold a marked text)."""
    formats = isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute) and text.func.attr == "format"
    return isinstance(text, ast.BinOp) or formats


def po_file(language: str) -> Path:
    """The editable catalogue of a language."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The catalogue as it lies on the disk; an empty one where there is none."""
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, ignore_obsolete=True, abort_invalid=True)


def merged(old: Catalog, texts: Iterable[Text], language: str) -> PlainCatalog:
    """A catalogue of exactly these texts, with the translations that the old one has for them."""
    known = {message.id: message for message in old if message.id}
    new = PlainCatalog(locale=language, charset="utf-8", fuzzy=False)
    new.header_comment = f"# {language} texts of MTL Studio. Made by packaging/translations.py from the sources."
    for text in sorted(texts, key=_first):
        before = known.get(text)
        message = new.add(text, before.string if before else None)
        message.flags = {"fuzzy"} if before and before.fuzzy else set()
    return new


def po_text(catalog: Catalog) -> bytes:
    """The editable form."""
    content = io.BytesIO()
    write_po(content, catalog, width=0, no_location=True, ignore_obsolete=True, sort_output=True)
    return content.getvalue()


def mo_text(catalog: Catalog) -> bytes:
    """The compiled form, the same for the same texts."""
    content = io.BytesIO()
    write_mo(content, catalog)
    return content.getvalue()


def write(catalog: Catalog, language: str) -> None:
    """Writes both forms."""
    path = po_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po_text(catalog))
    path.with_suffix(".mo").write_bytes(mo_text(catalog))


def forms(message: Message) -> list[str]:
    """The translations of a message: one, or one per plural form."""
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return [text or "" for text in strings]


def is_translated(message: Message) -> bool:
    """Whether every form is filled."""
    return all(forms(message)) and not message.fuzzy


def places(text: str) -> set[str]:
    """The `{named:format}` places of a text.

    Raises:
        ValueError: its braces do not match.
    """
    parts = string.Formatter().parse(text)
    return {f"{name}!{convert or ''}:{spec}" for _, name, spec, convert in parts if name is not None}


def place_fault(text: Text, translations: Iterable[str]) -> str:
    """How the places of a text and of its translations differ; "" if they agree."""
    sources = (text,) if isinstance(text, str) else text
    try:
        allowed = set().union(*(places(source) for source in sources))
        wanted = places(sources[-1])
    except ValueError:  # shown as it is, never filled in
        return ""
    for translation in filter(None, translations):
        try:
            found = places(translation)
        except ValueError as error:
            return f"{translation!r}: {error}"
        if found - allowed or wanted - found:
            return f"{translation!r} has other places than {sources[-1]!r}"
    return ""


def verify() -> list[str]:
    """Everything that is wrong with calls and catalogues."""
    extracted = extract_all()
    faults = list(extracted.faults)
    for language in LANGUAGES:
        faults += [f"{language}: {fault}" for fault in _verify(language, extracted.texts)]
    return faults


def _verify(language: str, texts: set[Text]) -> Iterator[str]:
    path, old = po_file(language), read(language)
    catalog = merged(old, texts, language)
    if not path.exists() or path.read_bytes() != po_text(catalog):
        yield f"{path.name} does not fit the sources: run packaging/translations.py update"
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != mo_text(catalog):
        yield f"{compiled.name} does not fit: run packaging/translations.py update"
    for message in catalog:
        if not message.id:
            continue
        if not is_translated(message):
            yield f"{'fuzzy' if message.fuzzy else 'untranslated'}: {_first(message.id)!r}"
        elif fault := place_fault(message.id, forms(message)):
            yield fault


def update() -> list[str]:
    """Brings every catalogue up to date with the sources; returns the faults of the sources."""
    extracted = extract_all()
    for language in LANGUAGES:
        write(merged(read(language), extracted.texts, language), language)
    return extracted.faults


def missing(language: str) -> dict[str, str | list[str]]:
    """The untranslated texts of a language in the shape that `fill` takes (plurals with their English plural)."""
    catalog = merged(read(language), extract_all().texts, language)
    messages = [message for message in catalog if message.id and not is_translated(message)]
    return {_first(message.id): "" if isinstance(message.id, str) else [message.id[1]] for message in messages}


def fill(language: str, given: dict[str, str | list[str]]) -> list[str]:
    """Puts translations into a catalogue; what does not fit is left out and returned."""
    extracted = extract_all()
    catalog = merged(read(language), extracted.texts, language)
    by_source = {_first(message.id): message for message in catalog if message.id}
    faults = []
    for source, translation in given.items():
        message = by_source.get(source)
        if message is None:
            faults.append(f"not in the sources: {source!r}")
            continue
        strings = [translation] if isinstance(translation, str) else list(translation)
        wanted = catalog.num_plurals if message.pluralizable else 1
        if len(strings) != wanted:
            faults.append(f"{source!r} wants {wanted} form(s), not {len(strings)}")
        elif fault := place_fault(message.id, strings):
            faults.append(fault)
        else:
            message.string = tuple(strings) if message.pluralizable else strings[0]
            message.flags.discard("fuzzy")
    write(catalog, language)
    return faults


def _first(text: Text) -> str:
    return text if isinstance(text, str) else text[0]


def main(arguments: list[str] | None = None) -> int:
    """Runs one of the commands; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("update", "missing", "fill", "verify"))
    parser.add_argument("file", nargs="?", type=Path, help="for fill: the translations as JSON")
    parser.add_argument("--language", default="zh_CN", choices=LANGUAGES)
    options = parser.parse_args(arguments)
    if (options.command == "fill") != (options.file is not None):
        parser.error("fill, and only fill, wants a file")
    if options.command == "missing":
        print(json.dumps(missing(options.language), indent=1, ensure_ascii=False))
        return 0
    if options.command == "fill":
        faults = fill(options.language, json.loads(options.file.read_text(encoding="utf-8")))
    else:
        faults = update() if options.command == "update" else verify()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
