"""What goes wrong with a text: typed, heard, scanned. Each function takes the text and numbers in [0, 1) that decide."""

from __future__ import annotations

from collections.abc import Callable

Slip = Callable[[str, float, float, float], str]

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: "".join(
        row[at]
        for number, row in enumerate(_KEYS)
        for at in range(len(row))
        if abs(number - line) <= 1 and abs(at - place) <= 1 and row[at] != letter
    )
    for line, keys in enumerate(_KEYS)
    for place, letter in enumerate(keys)
}
_HEARD = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("k", "c"), ("c", "k"), ("th", "t"), ("t", "th"), ("y", "i"), ("ie", "y"), ("ei", "ai"),
    ("ai", "ay"), ("ey", "y"), ("z", "s"), ("s", "z"), ("v", "w"), ("w", "v"), ("dt", "tt"), ("tt", "t"), ("ll", "l"), ("nn", "n"),
    ("n", "nn"), ("l", "ll"), ("ss", "s"), ("mm", "m"), ("ou", "u"), ("ow", "au"), ("sh", "sch"), ("sch", "sh"), ("gh", "g"),
    ("h", ""), ("son", "sen"), ("mann", "man"), ("er", "ar"), ("a", "e"), ("ea", "ee"), ("oo", "u"), ("x", "ks"), ("qu", "kw"),
    ("u", "oo"), ("j", "y"), ("eau", "o"), ("ç", "s"), ("ñ", "ny"), ("o", "au"), ("cz", "ch"), ("sz", "sh"), ("i", "ee"),
    ("mohammed", "muhammad"), ("mohamed", "mohammad"), ("youssef", "yusuf"), ("hussein", "husain"), ("ahmed", "ahmad"),
)  # fmt: skip
_SCANNED = (
    ("rn", "m"), ("m", "rn"), ("o", "0"), ("O", "0"), ("l", "1"), ("I", "l"), ("i", "l"), ("S", "5"), ("s", "5"), ("B", "8"),
    ("cl", "d"), ("d", "cl"), ("w", "vv"), ("e", "c"), ("h", "b"), ("G", "6"), ("Z", "2"), ("1", "l"), ("0", "O"), ("5", "S"),
    ("a", "o"), ("t", "f"), ("u", "ii"), ("g", "q"),
)  # fmt: skip


def _as_before(new: str, old: str) -> str:
    return new.upper() if old.isupper() else new


def typed(text: str, how: float, where: float, what: float) -> str:
    """One slip on the keyboard."""
    if len(text) < 2:
        return text
    at = int(where * len(text))
    letter = text[at]
    near = _NEIGHBOURS.get(letter.lower(), "aeinrst")
    other = _as_before(near[int(what * len(near))], letter)
    if how < 0.25:
        return text[:at] + text[at + 1 :]
    if how < 0.4:
        return text[: at + 1] + letter.lower() + text[at + 1 :]
    if how < 0.5:
        return text[:at] + other + text[at:]
    if how < 0.78:
        return text[:at] + other + text[at + 1 :]
    at = min(at, len(text) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _replaced(text: str, pairs: tuple[tuple[str, str], ...], which: float, where: float) -> str:
    found = [(old, new) for old, new in pairs if old in text]
    if not found:
        return text
    old, new = found[int(which * len(found))]
    places = [at for at in range(len(text)) if text.startswith(old, at)]
    at = places[int(where * len(places))]
    return text[:at] + new + text[at + len(old) :]


def heard(text: str, how: float, where: float, what: float) -> str:
    """As somebody writes it who only heard it."""
    low = text.lower()
    if len(low) < 3:
        return text
    result = _replaced(low, _HEARD, how, where)
    if text.isupper():
        return result.upper()
    return " ".join(word[:1].upper() + word[1:] for word in result.split(" ")) if text[0].isupper() else result


def scanned(text: str, how: float, where: float, what: float) -> str:
    """As a scanner misreads it."""
    result = _replaced(text, _SCANNED, how, where)
    return _replaced(result, _SCANNED, what, where) if what < 0.3 else result


def wrong_digit(text: str, how: float, where: float, what: float) -> str:
    """One digit wrong, missing, or in the place of its neighbour."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    if len(places) < 2:
        return text
    at = places[int(where * len(places))]
    if how < 0.55:
        return text[:at] + str((int(text[at]) + 1 + int(what * 9)) % 10) + text[at + 1 :]
    if how < 0.75:
        return text[:at] + text[at + 1 :]
    at = places[int(where * (len(places) - 1))]
    if at + 1 < len(text) and text[at + 1].isdigit() and text[at + 1] != text[at]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + str((int(text[at]) + 1 + int(what * 9)) % 10) + text[at + 1 :]


def another_date(text: str, how: float, where: float, what: float) -> str:
    """A date (year-month-day) with one thing wrong in it; not always one that exists."""
    year, month, day = text[:4], text[5:7], text[8:10]
    if how < 0.4:
        return wrong_digit(text, 0.0, where, what)
    if how < 0.6:
        return f"{int(year) + (1 if what < 0.5 else -1):04d}-{month}-{day}"
    if how < 0.75:
        return f"{year}-{(int(month) + (0 if what < 0.5 else -2)) % 12 + 1:02d}-{day}"
    if how < 0.88:
        return f"{year}-{month}-{max(1, min(28, int(day) + (1 if what < 0.5 else -1))):02d}"
    return (
        f"{year}-{month}-{day[::-1]}" if day[::-1] not in ("00", day) else f"{year[:2]}{year[3]}{year[2]}-{month}-{day}"
    )


_SHORTER = (
    (" Street", " St"), (" Street", " St."), (" Road", " Rd"), (" Avenue", " Ave"), (" Avenue", " Av."), (" Lane", " Ln"),
    (" Drive", " Dr"), (" Court", " Ct"), (" Close", " Cl"), (" Gardens", " Gdns"), ("straße", "str."), ("straße", "strasse"),
    ("Straße", "Str."), ("straat", "str."), ("Avenida", "Avda."), ("Avenida", "Av."), ("Calle", "C/"), ("Plaza", "Pza."), ("Paseo", "Pº"),
    ("Boulevard", "Bd"), ("Boulevard", "Blvd"), ("Avenue", "Av."), ("Rue", "R."), ("Place", "Pl."), ("Viale", "V.le"), ("Piazza", "P.za"),
    ("Via ", "V. "), ("ul. ", ""), ("al. ", ""), ("gatan", "g."), ("vägen", "v."), ("Rua", "R."), ("weg", "w."), ("Chemin", "Ch."), ("-", " "),
)  # fmt: skip


def shortened(text: str, how: float, where: float, what: float) -> str:
    """A street with one word shortened."""
    return _replaced(text, _SHORTER, how, where)


def can_be_shortened(text: str) -> bool:
    """Whether `shortened` would change it."""
    return any(old in text for old, _ in _SHORTER)
