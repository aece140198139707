"""Scalars: from the text of an argument, and from JSON."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.scalars import admit, read
from cursorkit.schema.types import Scalar
from cursorkit.wire import Bytes

STRING = Scalar("string")
BOOLEAN = Scalar("boolean")
INTEGER = Scalar("integer")
INT32 = Scalar("integer", "int32")
INT64 = Scalar("integer", "int64", quoted=True)
NUMBER = Scalar("number")
DOUBLE = Scalar("number", "double")
FLOAT = Scalar("number", "float")
CHOICE = Scalar("string", enum=("ON", "OFF"))
CODE = Scalar("string", pattern="^[a-z]{2}$")
TOKEN = Scalar("string", "token", synonyms=(("studies/", "studies"),))
BASE64 = Scalar("bytes")
RAW = Scalar("raw")
LARGE = "the number is larger than any that JSON can carry (up to about 1.8e308)"
HEADER = "an HTTP header takes printable ASCII only, and no blank at its ends"
DIGIT = Scalar("integer", "int32", minimum=1, maximum=9)


def refused(act: object, scalar: Scalar, value: object) -> Mismatch:
    with pytest.raises(Mismatch) as told:
        act(scalar, value)  # type: ignore[operator]
    return told.value


@pytest.mark.parametrize(
    ("scalar", "text", "value"),
    [
        (STRING, "", ""),
        (STRING, "NaN", "NaN"),
        (BOOLEAN, "true", True),
        (BOOLEAN, "false", False),
        (INTEGER, "-0", 0),
        (INTEGER, "+12", 12),
        (INTEGER, "0" * 300 + "7", 7),
        (INTEGER, "9" * 399, int("9" * 399)),
        (INT32, "-2147483648", -(2**31)),
        (INT64, "+9223372036854775807", "9223372036854775807"),
        (NUMBER, "1", 1.0),
        (NUMBER, "-.5e-3", -0.0005),
        (NUMBER, "5.", 5.0),
        (NUMBER, "1e-999", 0.0),
        (NUMBER, "1.7976931348623157e308", 1.7976931348623157e308),
        (DOUBLE, "NaN", "NaN"),
        (FLOAT, "-Infinity", "-Infinity"),
        (FLOAT, "Infinity", "Infinity"),
        (CHOICE, "ON", "ON"),
        (CODE, "ab", "ab"),
        (TOKEN, " studies/\t", "studies"),
        (BASE64, "AAEC", "AAEC"),
        (BASE64, "", ""),
    ],
)
def test_text(scalar: Scalar, text: str, value: object) -> None:
    found = read(scalar, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("scalar", "text", "kind", "message"),
    [
        (BOOLEAN, "True", "wrong-type", "a boolean is expected, true or false"),
        (BOOLEAN, "", "wrong-type", "a boolean is expected, true or false"),
        (INTEGER, "1.0", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, "1e3", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, "1_000", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, " 1", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, "1\n", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, "٣", "wrong-type", "a whole number is expected, such as 42"),
        (INTEGER, "9" * 401, "out-of-range", "the number has too many digits"),
        (INT32, "2147483648", "out-of-range", "the number is outside int32 (-2147483648 to 2147483647)"),
        (Scalar("integer", "uint32"), "-1", "out-of-range", "the number is outside uint32 (0 to 4294967295)"),
        (INT64, "text", "wrong-type", "a whole number is expected, such as 42"),
        (INT64, "9223372036854775808", "out-of-range", None),
        (Scalar("integer", minimum=1), "0", "out-of-range", "the number is outside the range (1 or more)"),
        (Scalar("integer", maximum=9), "10", "out-of-range", "the number is outside the range (9 or less)"),
        (DIGIT, "10", "out-of-range", "the number is outside the range (1 to 9)"),
        (NUMBER, "NaN", "wrong-type", "a number is expected, such as 2.5"),
        (NUMBER, "0x10", "wrong-type", "a number is expected, such as 2.5"),
        (NUMBER, ".", "wrong-type", "a number is expected, such as 2.5"),
        (NUMBER, "1e999", "out-of-range", LARGE),
        (DOUBLE, "-1e999", "out-of-range", LARGE),
        (DOUBLE, "inf", "wrong-type", "a number is expected, such as 2.5"),
        (CHOICE, "on", "not-in-enum", "the value is none of ON, OFF"),
        (CODE, "abc", "bad-format", "the value must match ^[a-z]{2}$"),
        (CODE, "ab\n", "bad-format", "the value must match ^[a-z]{2}$"),
        (BASE64, "?", "bad-format", "base64 is expected, such as AAEC"),
        (STRING, "a\udcff", "not-unicode", "the value is not UTF-8 text"),
        (RAW, "\ud800", "not-unicode", "the value holds half a character, which stands for no bytes"),
    ],
)  # fmt: skip
def test_text_that_is_refused(scalar: Scalar, text: str, kind: str, message: str | None) -> None:
    mismatch = refused(read, scalar, text)
    assert mismatch.kind == kind
    assert message in {None, mismatch.message}


@pytest.mark.parametrize(
    ("scalar", "text", "meant"),
    [
        (BOOLEAN, "True", "true"),
        (BOOLEAN, "FALSE", "false"),
        (DOUBLE, "nan", "NaN"),
        (DOUBLE, "inf", "Infinity"),
        (FLOAT, "-infinity", "-Infinity"),
        (CHOICE, "of", "OFF"),
    ],
)
def test_words_that_were_perhaps_meant(scalar: Scalar, text: str, meant: str) -> None:
    assert refused(read, scalar, text).hint == f"did you mean '{meant}'?"
    assert refused(read, NUMBER, "nan").hint == ""


def test_the_text_of_a_raw_body_is_its_bytes() -> None:
    source = read(RAW, "a\udcffé")
    assert isinstance(source, Bytes)
    assert source.content == b"a\xff\xc3\xa9"


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (STRING, ""),
        (BOOLEAN, True),
        (INTEGER, 0),
        (INTEGER, 2**5000),
        (INT64, "007"),
        (NUMBER, 1),
        (NUMBER, -0.5),
        (DOUBLE, "NaN"),
        (CHOICE, "OFF"),
        (TOKEN, "studies"),
        (BASE64, "-_8="),
    ],
)
def test_json_stays_what_it_is(scalar: Scalar, value: object) -> None:
    assert admit(scalar, value) is value


@pytest.mark.parametrize(
    ("scalar", "value", "kind", "message"),
    [
        (STRING, 1, "wrong-type", 'a string is expected, such as "text", not a number'),
        (BOOLEAN, 1, "wrong-type", "a boolean is expected, true or false, not a number"),
        (BOOLEAN, None, "wrong-type", "a boolean is expected, true or false, not null"),
        (INTEGER, True, "wrong-type", "a whole number is expected, such as 42, not a boolean"),
        (INTEGER, 1.0, "wrong-type", "a whole number is expected, such as 42, not a decimal number"),
        (INTEGER, "1", "wrong-type", "a whole number is expected, such as 42, not a string"),
        (INT32, 2**31, "out-of-range", "the number is outside int32 (-2147483648 to 2147483647)"),
        (INT64, 1, "wrong-type", 'a whole number in a string is expected, such as "42", not a number'),
        (INT64, "1.5", "wrong-type", "a whole number is expected, such as 42"),
        (INT64, str(2**63), "out-of-range", None),
        (NUMBER, False, "wrong-type", "a number is expected, such as 2.5, not a boolean"),
        (NUMBER, "NaN", "wrong-type", "a number is expected, such as 2.5, not a string"),
        (NUMBER, math.inf, "out-of-range", LARGE),
        (NUMBER, -(10**400), "out-of-range", LARGE),
        (DOUBLE, math.nan, "out-of-range", "NaN is no number that JSON can carry (up to about 1.8e308)"),
        (DOUBLE, "Inf", "wrong-type", "a number is expected, such as 2.5, not a string"),
        (CHOICE, {}, "wrong-type", "one of ON, OFF is expected, not a structure"),
        (CODE, [], "wrong-type", "a string is expected, not a list"),
        (TOKEN, " studies", "bad-format", HEADER),
        (BASE64, 1, "wrong-type", 'base64 is expected, such as "AAEC", not a number'),
        (BASE64, "A", "bad-format", "base64 is expected, such as AAEC"),
        (RAW, 1, "wrong-type", 'base64 is expected, such as "AAEC", not a number'),
        (RAW, "*", "bad-format", "base64 is expected, such as AAEC"),
        (STRING, object(), "wrong-type", 'a string is expected, such as "text", not a value of type object'),
        (STRING, "\ud800", "not-unicode", "the value is not UTF-8 text"),
    ],
)  # fmt: skip
def test_json_that_is_refused(scalar: Scalar, value: object, kind: str, message: str | None) -> None:
    mismatch = refused(admit, scalar, value)
    assert mismatch.kind == kind
    assert message in {None, mismatch.message}


def test_raw_bodies_are_sources_or_their_base64() -> None:
    source = Bytes(b"a")
    assert admit(RAW, source) is source
    found = admit(RAW, "AAEC")
    assert isinstance(found, Bytes)
    assert found.content == b"\0\1\2"


@given(st.integers())
def test_integers_are_exact(number: int) -> None:
    assert read(INTEGER, str(number)) == number
    assert admit(INTEGER, number) is number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_those_that_were_written(number: float) -> None:
    assert read(NUMBER, repr(number)) == number


@given(st.text())
def test_a_message_never_holds_a_value(text: str) -> None:
    value = f"CANARY*{text}"
    for scalar in (
        BOOLEAN,
        INTEGER,
        INT64,
        NUMBER,
        DOUBLE,
        CHOICE,
        CODE,
        BASE64,
        Scalar("string", "date-time"),
    ):
        mismatch = refused(read, scalar, value)
        assert "CANARY" not in mismatch.message + mismatch.hint + mismatch.beyond
