"""A cursor comes back as it went out, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.kit.errors import BadInput

cursors = st.builds(Cursor, st.text(max_size=60), st.integers(-(2**60), 2**60))


@given(cursors, st.text(max_size=12))
def test_a_cursor_survives_its_journey(cursor: Cursor, scope: str) -> None:
    text = format_cursor(cursor, scope)
    assert parse_cursor(text, scope) == cursor
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")


@given(cursors, st.data())
def test_a_mangled_cursor_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = format_cursor(cursor, "list")
    place = data.draw(st.integers(0, len(text) - 2))
    letter = data.draw(st.sampled_from("ABCabc012-_"))
    mangled = text[:place] + letter + text[place + 1 :]
    if mangled != text:
        with pytest.raises(BadInput, match="not one of ours"):
            parse_cursor(mangled, "list")


@given(st.text(max_size=100))
def test_arbitrary_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not one of ours"):
        parse_cursor(text, "list")


def test_a_cursor_of_another_list_is_refused() -> None:
    text = format_cursor(Cursor("p", 5), fingerprint("grades", "trader"))
    with pytest.raises(BadInput, match="another list"):
        parse_cursor(text, fingerprint("grades", "investor"))
