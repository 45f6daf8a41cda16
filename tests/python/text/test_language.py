"""Only what is plausibly English gets a tone; a text in another language, or too short to tell, gets none."""

from __future__ import annotations

import pytest

from intelligence.text.language import EMPTY, NOT_ENGLISH, UNCLEAR, judge_language
from intelligence.text.sentiment import Tone

ENGLISH = (
    "Great!", "Not bad at all", "Reports load slowly on Mondays", "Too expensive, too little use", "Terrible support", "Thanks", "Very happy",
    "Our jobs die every night and nobody tells us why", "We compared it in Paris with the product of Société Générale and it was good",
    "The café around the corner was better", "It is OK, setup took long", "I hate the new dashboard", "Works as it should", "Love it 😀", ":)",
)  # fmt: skip
OTHER = (
    "Die Berichte laden sehr langsam und niemand antwortet", "Der Support war super", "Das ist eine Katastrophe", "Wir sind sehr zufrieden mit dem Produkt",
    "In der Regel gut", "Les rapports sont très lents", "C'est une catastrophe pour nous", "Le support est excellent", "El informe es horrible", "Una experiencia terrible",
    "No funciona para nosotros", "Il prodotto non funziona", "Un servizio fantastico", "O produto é excelente mas caro", "Não funciona", "Het is een drama met de rapporten",
    "Wij zijn niet blij", "Det är en bra produkt men den är dyr", "To jest bardzo dobry produkt", "Bu ürün çok iyi ama pahalı", "Tämä on hyvä mutta kallis",
    "Отличный продукт", "价格太贵了", "サポートは素晴らしい", "المنتج رائع",
)  # fmt: skip


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_known(text: str, tone: Tone) -> None:
    assert judge_language(text, tone.lexicon).reason is None


@pytest.mark.parametrize("text", OTHER)
def test_other_languages_get_no_tone(text: str, tone: Tone) -> None:
    assert judge_language(text, tone.lexicon).reason in (NOT_ENGLISH, UNCLEAR)


def test_why_there_is_none(tone: Tone) -> None:
    assert judge_language("", tone.lexicon).reason == EMPTY
    assert judge_language("Rechnung 4711", tone.lexicon).reason == UNCLEAR
    german = judge_language("Wir sind mit dem Produkt sehr zufrieden, aber nicht mit dem Support", tone.lexicon)
    assert (german.language, german.reason) == ("de", NOT_ENGLISH)
    # An English phrase inside a long text of another language does not make it English.
    quoted = "Toimitus myöhässä viikolla kolmekymmentä asiakas odottaa tilausta toimittajalta edelleen puuttuu osia varasto tyhjä it is what it is"
    assert judge_language(quoted.replace("it is what it is", "the best"), tone.lexicon).reason is not None
