"""Whether a text is English, by the small words that every sentence of a language has; short texts are judged by the words of the lexicon as well."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from intelligence.text.cleaning import plain, words_of

ENGLISH = "en"
#: Why a text has no sentiment.
EMPTY, NOT_ENGLISH, UNCLEAR = "empty", "not_english", "language_unclear"

#: Letters of other scripts beyond this share (0-1) make a text foreign.
_OTHER_SCRIPT = 0.2
#: From so many words on, at least this share of them (0-1) are small English words; about four in ten are, in running text.
_LONG, _SMALL_WORDS = 10, 0.12
#: Without any small word, this share (0-1) of a short text has to be in the lexicon.
_IN_LEXICON = 1 / 3

#: The most frequent small words of some languages of business, without accents.
_SMALL = {
    ENGLISH: (
        "the of and to in is it that for with was on be by are this from at not have has had they you your we our us i my he she his her its an a "
        "or but which their there would could should will can do does did been were when what how who if all any some no so than then them these "
        "those about after again before because into out over only very more most other such just also still too please thank thanks every "
        "cannot can't don't doesn't didn't isn't wasn't won't i'm it's we're i've we've as up me am where why here now yet since while "
        "another need needs get gets got make makes"
    ),
    "de": (
        "der die das und ist nicht ein eine einen einem wir ich sie es mit auf fur von zu den dem des auch sich bei wie aber oder wenn dass kann "
        "haben hat sind war wird werden noch nur sehr schon mehr nach uns unser unsere bitte danke kein keine "
        "ihre ihr in an am so was im zum zur wurde immer seit aus"
    ),
    "fr": (
        "le la les des et est une un du que qui dans pour pas sur avec nous vous je il elle ce cette ces ne se sont mais ou par plus au aux nos "
        "notre votre vos merci tres bien aussi depuis c'est n'est j'ai l'application etre fait tout toujours chaque sans encore en a on"
    ),
    "es": (
        "el la los las de del y es una un que en por para con no se su sus nos lo le mas pero como esta este muy nuestro nuestra gracias cuando "
        "hay tenemos desde todo siempre porque tambien sin ya ha han son al a me"
    ),
    "it": (
        "il lo la gli le di e che non per con una un sono del della dei nel nella si ma anche piu come questo questa molto grazie abbiamo dal "
        "alla ogni sempre perche nostro nostra quando ci ha e' a no in"
    ),
    "pt": (
        "o os as da do das dos e que nao para com uma um em no na por mais mas como muito nosso nossa obrigado quando temos desde sempre ao "
        "este esta sao foi tem ja voces a me"
    ),
    "nl": (
        "de het een en van is niet dat op voor met wij we zijn ik je u ook maar als bij nog wel naar aan er om door heeft hebben wordt onze ons "
        "deze dit geen bedankt graag kan meer altijd sinds in was we"
    ),
    "sv": (
        "och att det som en ett ar inte vi jag in med for pa av har den till om men ni oss var vart tack kan mycket alltid sedan nar detta eller "
        "inga i"
    ),
    "da": "og at det som en et er ikke vi jeg med for pa af har den til om men os vores tak kan meget altid siden nar dette eller ingen der",
    "pl": "i w nie na z do sie jest to ze jak ale co od po za dla przez juz tylko czy tak bardzo mamy nasz dziekuje prosze ktory sa",
    "tr": "ve bir bu icin cok ile da de ne var yok mi ama gibi daha olarak biz siz tesekkurler lutfen degil her",
    "fi": "ja on ei se etta oli mutta kun niin myos kuin ovat olla me te han tama kiitos hyvin aina jos",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL.items()}
_FOREIGN = {language: words for language, words in _WORDS.items() if language != ENGLISH}


@dataclass(frozen=True)
class Judgement:
    """The language of a text (ISO 639-1; None: it is not known) and, unless it is English, why it has no sentiment."""

    language: str | None
    reason: str | None


def judge_language(text: str, lexicon: Collection[str]) -> Judgement:
    """Whether a text is plausibly English.

    Args:
        text: what `own_words` gives.
        lexicon: English words with a tone, lower case; they help with texts of a few words.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        # Signs alone, such as a smile, belong to no language.
        return Judgement(ENGLISH, None) if text.strip() else Judgement(None, EMPTY)
    latin = sum(letter.isascii() or "LATIN" in unicodedata.name(letter, "") for letter in letters)
    if latin < (1 - _OTHER_SCRIPT) * len(letters):
        return Judgement(None, NOT_ENGLISH)
    words = words_of(plain(text))
    english = sum(word in _WORDS[ENGLISH] for word in words)
    foreign = {language: sum(word in small for word in words) for language, small in _FOREIGN.items()}
    other = max(foreign, key=lambda language: foreign[language])
    if foreign[other] > english:
        return Judgement(other, NOT_ENGLISH)
    if english > foreign[other]:
        is_english = len(words) < _LONG or english >= _SMALL_WORDS * len(words)
        return Judgement(ENGLISH, None) if is_english else Judgement(None, UNCLEAR)
    known = sum(word in lexicon for word in words)
    if all(letter.isascii() for letter in letters) and known >= (1 if english else _IN_LEXICON * len(words)):
        return Judgement(ENGLISH, None)
    return Judgement(None, UNCLEAR)
