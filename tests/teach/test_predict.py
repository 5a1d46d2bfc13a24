import numpy as np
import pytest

from course_lib.teach import predict
from course_lib.teach.predict import NotAnOption

OPTIONS = {"a": "it falls", "b": "it stands"}


def test_a_question_shows_its_options_and_how_to_answer(capsys):
    prediction = predict("What happens?", options=OPTIONS)
    assert prediction.answer is None
    assert capsys.readouterr().out == (
        "What happens?\n  a) it falls\n  b) it stands\n"
        "Write your answer in place of the dots, as in answer='a', and run this again.\n"
    )


def test_a_question_for_a_number_says_so(capsys):
    predict("How long?")
    assert "as in answer=42, and" in capsys.readouterr().out


def test_an_answer_is_noted(capsys):
    assert predict("What happens?", options=OPTIONS, answer="b").answer == "b"
    assert capsys.readouterr().out.endswith("Noted: b.\n")


@pytest.mark.parametrize("answer", [0, -3, 2.5, np.float64(7), 0.0])
def test_a_number_is_noted(answer, capsys):
    assert predict("How long?", answer=answer).answer == answer
    assert f"Noted: {answer}." in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["c", "A", "it falls", "", 1, None])
def test_an_answer_that_was_not_offered_is_refused_in_one_line(answer, capsys):
    with pytest.raises(NotAnOption) as caught:
        predict("What happens?", options=OPTIONS, answer=answer)
    assert str(caught.value) == f"{answer!r} is not an option here; answer with one of ['a', 'b']"
    assert caught.value._render_traceback_() == [str(caught.value)]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("answer", ["ten", "10", None, [10]])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(NotAnOption, match="is not a number; this question asks for one"):
        predict("How long?", answer=answer)


def revealed(prediction, truth, capsys):
    capsys.readouterr()
    prediction.reveal(truth)
    return capsys.readouterr().out


def test_a_right_prediction_is_praised(capsys):
    prediction = predict("What happens?", options=OPTIONS, answer="a")
    assert revealed(prediction, "a", capsys) == (
        "What happens?\n  You predicted: a) it falls\n  It turned out: a) it falls\n"
        "  Well predicted.\n"
    )


def test_a_wrong_prediction_is_a_reason_to_look(capsys):
    prediction = predict("What happens?", options=OPTIONS, answer="b")
    assert revealed(prediction, "a", capsys) == (
        "What happens?\n  You predicted: b) it stands\n  It turned out: a) it falls\n"
        "  Now find out why.\n"
    )


def test_without_a_prediction_the_lesson_goes_on(capsys):
    said = revealed(predict("What happens?", options=OPTIONS), "a", capsys)
    assert said == "What happens?\n  You predicted: nothing yet\n  It turned out: a) it falls\n"


def test_numbers_are_shown_side_by_side(capsys):
    said = revealed(predict("How long?", answer=0), np.float64(123.456), capsys)
    assert said == "How long?\n  You predicted: 0\n  It turned out: 123.5\n"


def test_a_truth_that_was_not_offered_is_a_mistake_of_the_author():
    with pytest.raises(ValueError, match="the truth 'c' is not one of a, b"):
        predict("What happens?", options=OPTIONS).reveal("c")
