"""Values that a verdict can quote: what a condition saw, and what the line that failed held."""

from __future__ import annotations

import pytest

from practice import RunLimits
from practice.events import Decided, Failed
from tests.practice.programs import end, printed, ran

pytestmark = pytest.mark.usefixtures("runtime")


def decided(code: str) -> dict[int, tuple[bool, dict[str, str]]]:
    """Return how the conditions of a program were decided, by their lines."""
    (found,) = [each for each in ran(code) if isinstance(each, Decided)]
    return {each.line: (each.held, each.values) for each in found.conditions}


def values(code: str) -> dict[str, str]:
    """Return the values in the line that ends a program."""
    (found,) = [each for each in ran(code) if isinstance(each, Failed)]
    return found.values


def test_the_parts_of_a_condition_are_told_as_they_were_last() -> None:
    code = (
        "prompt, tries = '  ', 0\n"
        "if prompt.strip() == ' ' or tries > 5:\n    pass\n"
        "elif not prompt:\n    pass\n"
        "for tries in range(4):\n    if tries < 3:\n        pass\n"
    )
    assert decided(code) == {
        2: (False, {"prompt": "'  '", "prompt.strip()": "''", "tries": "0"}),
        4: (False, {"prompt": "'  '"}),
        7: (False, {"tries": "3"}),
    }


def test_what_a_call_in_a_condition_was_given_is_told_too() -> None:
    code = "text, most = 'abc', 2\nif len(text) > most:\n    pass\n"
    assert decided(code) == {2: (True, {"text": "'abc'", "len(text)": "3", "most": "2"})}


def test_a_list_is_told_as_it_was_and_an_object_not_at_all() -> None:
    code = (
        "found, thing = [1], object()\nif found == [2] or thing == 3:\n    pass\nfound.append(2)\n"
    )
    assert decided(code) == {2: (False, {"found": "[1]"})}


def test_a_condition_is_looked_at_once_and_means_what_it_did() -> None:
    code = (
        "def told(value):\n    print(value)\n    return value\n"
        "class Odd:\n    def __bool__(self):\n        return told(False)\n"
        "if told(1) and not Odd() and told('a') < told('b'):\n    print('yes')\n"
    )
    assert printed(ran(code)) == "1\nFalse\na\nb\nyes\n"


def test_the_values_of_what_failed_are_told_and_no_others() -> None:
    code = "other, text, count = 1, 'ab', 5\nprint(other, text + count)"
    assert values(code) == {"text": "'ab'", "count": "5"}


def test_a_row_is_told_with_the_names_of_its_columns() -> None:
    code = "from snowflake.snowpark import Row\nrows = [Row(A=1)]\nrows[0]['B']"
    assert values(code) == {"rows": "[Row(A=1)]"}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("'x' * 100", f"'{'x' * 27}...{'x' * 28}'"),
        ("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5, ...]"),
        ("{'how': object, 'why': [[[1]]]}", "{'how': ..., 'why': [[...]]}"),
        ("('a',)", "('a',)"),
        ("['x' * 99] * 5", ("[" + f"'{'x' * 27}...{'x' * 28}', " * 2)[:120] + "..."),
    ],
)
def test_a_long_value_is_told_in_short(value: str, told: str) -> None:
    assert values(f"x = {value}\nx.nothing") == {"x": told}


def test_a_value_that_cannot_be_told_ends_no_program() -> None:
    name = "a" * 70
    many = "\n".join(f"if {number} == x:\n    pass" for number in range(60))
    code = f"class Bad(str):\n    def __repr__(self):\n        raise KeyError\n{name} = Bad()\n"
    code += f"x = 10**5000\n{many}\nif {name} == x:\n    pass\n"
    assert end(ran(code)) == "end"
    assert values(f"{code}{name}.nothing") == {}


def test_without_memory_for_values_an_error_is_still_told() -> None:
    code = "x = [0] * 10**6\nwhile x: x = x * 2"
    assert end(ran(code, limits=RunLimits(memory=64 << 20))) in ("no_memory@2", "memory")
