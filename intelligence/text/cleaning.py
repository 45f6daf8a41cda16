"""What somebody wrote themselves, out of a mail or a page: no markup, no quoted mail, no signature."""

from __future__ import annotations

import html
import re
import unicodedata

#: Longer texts are read up to here (characters): what a letter is about stands at its beginning, and logs are pasted at its end.
MOST_CHARACTERS = 20_000

_UNSEEN = re.compile(r"<(style|script|head|blockquote)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BREAK = re.compile(r"<\s*/?\s*(?:br|p|div|li|ul|ol|tr|td|h[1-6]|table|hr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,250}", re.IGNORECASE)
#: From here on a mail holds what others wrote before.
_OLDER_MAIL = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*(?:original message|forwarded message|urspr\w+ nachricht|message d'origine)\b.*|_{10,}"
    r"|(?:on|am|le) [^\n]{4,200}(?:wrote|schrieb|a [ée]crit)[^\n]{0,80}:"
    r"|from:[^\n]*\n[ \t]*(?:sent|date|to):[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^--[ \t]*$", re.MULTILINE)
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "\u00a0": " ", "\x00": " "})


def own_words(text: str | None) -> str:
    """What was written in a text itself, with its line breaks; empty if there is nothing.

    Markup, quoted mail (`>`, blockquote, 'On … wrote:'), what follows a signature mark, links and mail addresses are taken out. Never raises.
    """
    if not isinstance(text, str):
        return ""
    shown = text[:MOST_CHARACTERS].translate(_APOSTROPHES)
    if "<" in shown:
        shown = _COMMENT.sub(" ", _UNSEEN.sub(" ", shown))
        shown = _TAG.sub(" ", _BREAK.sub("\n", shown))
    shown = html.unescape(shown).translate(_APOSTROPHES).replace("\r\n", "\n").replace("\r", "\n")
    older = _OLDER_MAIL.search(shown)
    if older:
        shown = shown[: older.start()]
    signature = _SIGNATURE.search(shown)
    if signature:
        shown = shown[: signature.start()]
    shown = _ADDRESS.sub(" ", _QUOTED_LINE.sub("", shown))
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in shown.split("\n"))
    return "\n".join(line for line in lines if line)


def plain(text: str) -> str:
    """A text in lower case without accents, for comparing words."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def words_of(plain_text: str) -> list[str]:
    """The words of a text that `plain` gave, in order; an apostrophe inside a word belongs to it."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain_text)
