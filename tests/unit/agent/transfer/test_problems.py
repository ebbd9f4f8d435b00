"""Problems are said in both languages."""

import pytest

from plausch.agent.transfer.problems import CODES, NOT_POSSIBLE, Problem


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_problem_is_one_sentence_in_both_languages(code: str) -> None:
    problem = Problem(7, code, "Uhrzeit", "25:00")
    german, english = problem.sentence("de"), problem.sentence("en")
    assert german.startswith("Zeile 7: ") and english.startswith("Line 7: ")
    assert german.endswith(".") and english.endswith(".")
    assert german.removeprefix("Zeile") != english.removeprefix("Line")
    assert "{" not in german + english


def test_what_was_written_is_shown_shortened() -> None:
    said = Problem(2, "date", "Datum", "x" * 500 + "\n").sentence("de")
    assert "'" + "x" * 40 + "'" in said and "\n" not in said


def test_there_is_a_word_for_all_else() -> None:
    assert NOT_POSSIBLE in CODES
