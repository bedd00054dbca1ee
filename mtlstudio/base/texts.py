"""Translation of every text a user can read.

English is the source. A sentence is written once, where it belongs::

    tr("Opened {name}", name=path.name)          # translated now
    ntr("{n} image", "{n} images", count)        # plural forms, {n} is the count
    label = mark("Convolution")                  # declared now, translated later by tr(label)
    message = nmark("{n} image is missing", "{n} images are missing")  # both: tr(message, n=count)

Values are named and filled in after the translation, never before: an f-string inside the call can
never match a catalogue entry (a check forbids it).
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import cache

from mtlstudio.base.resources import resource

DOMAIN = "mtlstudio"
LANGUAGES: dict[str, str] = {"en": "English", "zh_CN": "简体中文"}

_language = "en"
_listeners: list[Callable[[], None]] = []


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, localedir=str(resource("i18n")), languages=[code], fallback=True)


def language() -> str:
    """Code of the language in use, one of `LANGUAGES`."""
    return _language


def set_language(code: str) -> None:
    """Uses another language from now on and tells the listeners; an unknown code means English."""
    global _language
    _language = code if code in LANGUAGES else "en"
    for listener in list(_listeners):
        listener()


def on_language_changed(listener: Callable[[], None]) -> Callable[[], None]:
    """Calls `listener` after each change of language. Returns a function that ends it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener) if listener in _listeners else None


def mark(message: str) -> str:
    """Marks a text for the catalogue and returns it untouched; `tr` translates it when it is shown."""
    return message


class Counted(str):
    """A marked sentence with two forms: itself is the plural.

    Attributes:
        singular: the form for one.
        counts: name of the value that is counted.
    """

    singular: str
    counts: str

    def __new__(cls, singular: str, plural: str, counts: str = "n") -> Counted:
        made = super().__new__(cls, plural)
        made.singular, made.counts = singular, counts
        return made

    def __reduce__(self) -> tuple[type[Counted], tuple[str, str, str]]:
        return Counted, (self.singular, str(self), self.counts)


def nmark(singular: str, plural: str, counts: str = "n") -> Counted:
    """Marks a sentence that depends on how many there are; `tr` chooses by the value named `counts`."""
    return Counted(singular, plural, counts)


def tr(message: str, /, **values: object) -> str:
    """The message in the user's language, its `{named}` places filled in."""
    if isinstance(message, Counted):
        counted = values.get(message.counts)
        number = counted if isinstance(counted, int) else 2
        text = _catalogue(_language).ngettext(message.singular, str(message), number)
        return _filled(text, message.singular if number == 1 else str(message), values)
    text = _catalogue(_language).gettext(message) if message else ""
    return _filled(text, message, values)


def ntr(singular: str, plural: str, n: int, /, **values: object) -> str:
    """The form that fits the count `n` (available to the text as `{n}`)."""
    text = _catalogue(_language).ngettext(singular, plural, n)
    return _filled(text, singular if n == 1 else plural, {"n": n, **values})


def _filled(text: str, source: str, values: dict[str, object]) -> str:
    if not values:
        return text
    try:
        return text.format(**values)
    except (KeyError, IndexError, ValueError):  # a faulty translation must not hide the message
        return source.format(**values)
