"""The language of controls: what it refuses and why, and what it makes of values that are not known."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import ControlError
from scanner.evaluate.language import FUNCTIONS, MAX_BRACKETS, MAX_LENGTH, parse_expression

NULL_HINT = "NULL means not known"
RELATED = "use `related` to speak of other rows"
FUNCTION = "is not allowed in a control"
SYNTAX = "not an expression"

REFUSED: tuple[tuple[str, str, str], ...] = (
    # what hides that something is not known
    ("a IS NULL", "IS NULL is not allowed", NULL_HINT),
    ("a IS NOT NULL", "IS NOT NULL is not allowed", "use the column that says so"),
    ("a ISNULL", "IS NULL is not allowed", NULL_HINT),
    ("a NOTNULL", "IS NOT NULL is not allowed", "use the column that says so"),
    ("a IS UNKNOWN", "IS NULL is not allowed", NULL_HINT),
    ("a IS TRUE", "IS NOT DISTINCT FROM is not allowed", "compare with = or !="),
    ("a IS NOT FALSE", "IS DISTINCT FROM is not allowed", "compare with = or !="),
    ("a IS DISTINCT FROM b", "IS DISTINCT FROM is not allowed", "compare with = or !="),
    ("a IS NOT DISTINCT FROM NULL", "IS NOT DISTINCT FROM is not allowed", "compare with = or !="),
    ("NOT (a IS DISTINCT FROM b)", "IS DISTINCT FROM is not allowed", "compare with = or !="),
    ("a = NULL", "NULL is not allowed", NULL_HINT),
    ("a IN ('x', NULL)", "NULL is not allowed", NULL_HINT),
    ("COALESCE(a, true)", "COALESCE is not allowed", "a guess"),
    ("IFNULL(a, true)", "COALESCE is not allowed", "a guess"),
    ("NULLIF(a, b)", "'nullif'", "nothing that is known may become NULL"),
    ("CASE WHEN a THEN b ELSE true END", "CASE is not allowed", "state `pass` and `fail`"),
    ("CASE a WHEN 1 THEN true END", "CASE is not allowed", "state `pass` and `fail`"),
    ("IF(a, b, c)", "'if'", "state `pass` and `fail`"),
    ("greatest(a, 1) > 0", "'greatest'", "allowed: abs"),
    ("least(a, b) > 0", "'least'", "allowed: abs"),
    ("concat(a, 'x') = 'x'", "'concat'", "allowed: abs"),
    ("concat_ws('', a, b) = ''", "'concat_ws'", "allowed: abs"),
    ("a || b = 'x'", "'||'", "allowed: abs"),
    ("TRY(a)", "TRY is not allowed", "is UNKNOWN without it"),
    ("TRY_CAST(a AS INTEGER) > 1", "CAST is not allowed", "columns have types already"),
    ("CAST(a AS VARCHAR) = ''", "CAST is not allowed", "columns have types already"),
    ("a::BOOLEAN", "CAST is not allowed", "columns have types already"),
    ("a > DATE '2031-01-01'", "CAST is not allowed", "text such as '2031-01-01'"),
    ("a > TIMESTAMP '2031-01-01'", "CAST is not allowed", "text such as '2031-01-01'"),
    ("a + INTERVAL 1 DAY > b", "'to_days'", "allowed: abs"),
    ("isnan(a)", "'isnan'", "allowed: abs"),
    ("a / b > 0.5", "'/'", "multiply the other side"),
    ("error('x')", "'error'", "allowed: abs"),
    ("constant_or_null(true, a)", "'constant_or_null'", "allowed: abs"),
    ("(a, b) = (1, 2)", "'row'", "one by one"),
    ("row(a) = row(b)", "'row'", "one by one"),
    ("{'x': a} = {'x': b}", "'struct_pack'", "allowed: abs"),
    ("struct_extract(a, 'x')", "'struct_extract'", "allowed: abs"),
    ("MAP {'x': a} = MAP {'x': b}", "'map'", "allowed: abs"),
    ("map_contains(a, 'x')", "'map_contains'", "allowed: abs"),
    ("[a, b] = [1, 2]", "'list_value'", "declare the list as a parameter"),
    ("list_contains([a], 'x')", "'list_value'", "declare the list as a parameter"),
    ("len([x FOR x IN a IF x = 'y']) = 0", "not allowed", "allowed: abs"),
    ("list_filter(a, x -> x = 'y') = b", "'list_filter'", "allowed: abs"),
    ("list_transform(a, lambda x: true) = b", "'list_transform'", "allowed: abs"),
    ("(x -> x)", "LAMBDA is not allowed", "use list_contains"),
    ("list_aggregate(a, 'count') = 0", "'list_aggregate'", "allowed: abs"),
    ("a[1] = 'x'", "ARRAY EXTRACT is not allowed", "use list_contains"),
    ("a[1:2] = b", "ARRAY SLICE is not allowed", "use list_contains"),
    ("a COLLATE NOCASE = 'x'", "COLLATE is not allowed", "use lower()"),
    # what reaches outside the row
    ("(SELECT true)", "SUBQUERY is not allowed", RELATED),
    ("EXISTS (SELECT 1 FROM keys)", "SUBQUERY is not allowed", RELATED),
    ("a IN (SELECT key_id FROM keys)", "SUBQUERY is not allowed", RELATED),
    ("a = ANY (SELECT 1)", "SUBQUERY is not allowed", RELATED),
    ("a = ALL (b)", "SUBQUERY is not allowed", RELATED),
    ("(WITH x AS (SELECT 1) SELECT true FROM x)", "SUBQUERY is not allowed", RELATED),
    ("count(*) > 0", "'count_star'", "allowed: abs"),
    ("sum(a) OVER () > 0", "WINDOW AGGREGATE is not allowed", RELATED),
    ("row_number() OVER (ORDER BY a) = 1", "not allowed", RELATED),
    ("bool_or(a) FILTER (WHERE b)", "'bool_or'", "allowed: abs"),
    ("now() > a", "'now'", "use $as_of"),
    ("random() > 0.5", "'random'", "allowed: abs"),
    ("getenv('HOME') = 'x'", "'getenv'", "allowed: abs"),
    ("current_setting('threads') = '1'", "'current_setting'", "allowed: abs"),
    ("read_text('/etc/passwd') = ''", "'read_text'", "allowed: abs"),
    ("glob('*') = ''", "'glob'", "allowed: abs"),
    ("repeat('x', 1000000000) = a", "'repeat'", "allowed: abs"),
    ("nextval('x') > 0", "'nextval'", "allowed: abs"),
    ("setseed(0.5)", "'setseed'", "allowed: abs"),
    ("query('SELECT 1') = a", "'query'", "allowed: abs"),
    ("regexp_matches(a, '(a*)*b')", "'regexp_matches'", "their time is bounded"),
    ("a ~ '(x+x+)+y'", "'regexp_matches'", "their time is bounded"),
    ("a SIMILAR TO '(x+)+'", "'regexp_full_match'", "their time is bounded"),
    ("* ", "STAR is not allowed", "name the columns"),
    ("COLUMNS('k.*') = 'x'", "STAR is not allowed", "name the columns"),
    ("#1 = 'x'", "POSITIONAL REFERENCE is not allowed", "allowed: AND, OR"),
    ("DEFAULT", "VALUE DEFAULT is not allowed", "allowed: AND, OR"),
    ("keys.a = 'x'", "keys.a is not a plain column name", "write the column alone"),
    ("main.keys.a = 'x'", "main.keys.a is not a plain column name", "write the column alone"),
    # what is a function of the list in another dress
    ("main.abs(a) > 1", "'abs'", "allowed: abs"),
    ("system.main.abs(a) > 1", "'abs'", "allowed: abs"),
    ("a.abs() > 1", "'abs'", "allowed: abs"),
    ("a OPERATOR(pg_catalog.+) 1 > 2", "'+'", "allowed: abs"),
    ("abs(DISTINCT a) > 1", "'abs'", "allowed: abs"),
    ("abs(a ORDER BY b) > 1", "'abs'", "allowed: abs"),
    ("abs(x := a) > 1", "'abs'", "allowed: abs"),
    ("date_diff(a, b, c) > 1", "date_diff must name its unit", "one of: day"),
    ("date_diff('eon', b, c) > 1", "date_diff must name its unit", "one of: day"),
    ("datediff($unit, b, c) > 1", "datediff must name its unit", "one of: day"),
    ("$1 = a", "a parameter needs a name", "$kek_max_days"),
    ("? = a", "a parameter needs a name", "$kek_max_days"),
    # what is not one expression
    ("", SYNTAX, "one condition"),
    ("a = ", SYNTAX, "one condition"),
    ("a, b", "'row'", "one by one"),
    ("a AS b", SYNTAX, "one condition"),
    ("true FROM keys", SYNTAX, "one condition"),
    ("true WHERE false", SYNTAX, "one condition"),
    ("true UNION SELECT true", SYNTAX, "one condition"),
    ("true ORDER BY 1", SYNTAX, "one condition"),
    ("a) OR (b", SYNTAX, "one condition"),
    ("true), (SELECT 1", SYNTAX, "one condition"),
    ("true) FROM read_csv('/etc/passwd') WHERE (true", SYNTAX, "one condition"),
    ("true; DROP TABLE keys", "comments and `;`", "rationale"),
    ("true -- a comment", "comments and `;`", "rationale"),
    ("true /* a comment */", "comments and `;`", "rationale"),
    ("a = 'x\x00y'", "comments and `;`", "rationale"),
    ("COPY keys TO 'x'", SYNTAX, "one condition"),
    ("DROP TABLE keys", SYNTAX, "one condition"),
    ("PRAGMA database_list", SYNTAX, "one condition"),
    ("a = 'x", "unterminated", "one condition"),
    ("a ＝ b", SYNTAX, "one condition"),  # noqa: RUF001 - a full-width equals sign
    # what would take too long or too much
    ("(" * 4000, "more than 100 brackets", "split the control"),
    ("a" + "[1]" * 1000, "more than 100 brackets", "split the control"),
    ("x" * (MAX_LENGTH + 1), "longer than 4000 characters", "split the control"),
    ("NOT " * 90 + "a", "nested too deeply", "split the control"),
    ("abs(" * 60 + "a" + ")" * 60, "nested too deeply", "split the control"),
    ("+".join(["a"] * 200) + " > 1", "nested too deeply", "split the control"),
    ("NOT " * 900 + "a", "nested too deeply", "one condition"),
    ("- " * 1900 + "a", "depth limit", "one condition"),
    ("(SELECT " * 99 + "a" + ")" * 99, "nested too deeply", "split the control"),
)


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_in_the_language_is_refused_with_advice(text: str, message: str, hint: str) -> None:
    with pytest.raises(ControlError) as caught:
        parse_expression(text, "pass")
    assert str(caught.value).startswith("pass: ")
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_every_refusal_is_short_and_gives_advice() -> None:
    assert len(REFUSED) >= 80
    for text, _, _ in REFUSED:
        with pytest.raises(ControlError) as caught:
            parse_expression(text, "pass")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200
        assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "columns", "parameters"),
    [
        ("true", set(), set()),
        ("NOT a AND (b OR c)", {"a", "b", "c"}, set()),
        ("a IN ('x', 'y') AND b NOT IN (1, 2)", {"a", "b"}, set()),
        ("a BETWEEN 1 AND $most", {"a"}, {"most"}),
        ("a NOT BETWEEN 1 AND 2", {"a"}, set()),
        ("a LIKE 'x%' OR b NOT ILIKE '%y'", {"a", "b"}, set()),
        ("list_has_any(a, $tags) AND len(b) = 0", {"a", "b"}, {"tags"}),
        ("a IN $approved", {"a"}, {"approved"}),
        ("date_diff('day', a, $as_of) <= $days", {"a"}, {"as_of", "days"}),
        ("abs(a - b) * 2 + c % 3 // 1 > -1.5", {"a", "b", "c"}, set()),
        ("\"select\" = 'it''s' AND é = $é", {"select", "é"}, {"é"}),
        ("\n  a\n  AND b\n", {"a", "b"}, set()),
        (" AND ".join(["a"] * 500), {"a"}, set()),
        ('"abs"(a) > 1', {"a"}, set()),
        ("a = ‘x’", {"a", "‘x’"}, set()),  # noqa: RUF001 - typographic quotes make a name, and no column has it
        ("NOT " * 60 + "a", {"a"}, set()),
        ("a IN (" + ",".join(["1"] * 1900) + ")", {"a"}, set()),
    ],
)
def test_what_is_in_the_language_is_read(text: str, columns: set[str], parameters: set[str]) -> None:
    expression = parse_expression(text, "pass")
    assert expression.columns == columns
    assert expression.parameters == parameters
    assert expression.text == text.strip()


def test_the_sql_of_an_expression_keeps_its_shape_under_other_names() -> None:
    expression = parse_expression("NOT found OR a AND \"b c\" = 'it''s'", "pass")
    assert expression.sql({"found": "related_0"}) == "((NOT related_0) OR (a AND (\"b c\" = 'it''s')))"


def test_the_brackets_of_the_limit_are_allowed() -> None:
    assert parse_expression("(" * MAX_BRACKETS + "a" + ")" * MAX_BRACKETS, "pass").columns == {"a"}


ARGUMENTS: dict[str, tuple[str, ...]] = {
    "abs": ("1",),
    "array_length": ("['a']", "1"),
    "contains": ("'abc'", "'b'"),
    "date_diff": ("'day'", "TIMESTAMP '2020-01-01'", "TIMESTAMP '2021-01-01'"),
    "datediff": ("'day'", "TIMESTAMP '2020-01-01'", "TIMESTAMP '2021-01-01'"),
    "ends_with": ("'abc'", "'c'"),
    "len": ("'abc'",),
    "length": ("['a']",),
    "list_contains": ("['a', 'b']", "'a'"),
    "list_has_all": ("['a', 'b']", "['a']"),
    "list_has_any": ("['a', 'b']", "['a']"),
    "lower": ("'A'",),
    "starts_with": ("'abc'", "'a'"),
    "suffix": ("'abc'", "'c'"),
    "upper": ("'a'",),
}
"""Sample arguments of each function; operators take two numbers or two texts."""


def sample(name: str) -> tuple[str, ...]:
    return ARGUMENTS.get(name) or (("'a'", "'a%'") if "~~" in name else ("7", "2"))


def called(name: str, arguments: tuple[str, ...]) -> str:
    return f"{name}({', '.join(arguments)})" if name[0].isalpha() else f" {name} ".join(arguments)


def value(sql: str, **values: Any) -> Any:  # noqa: ANN401 - any SQL value
    with duckdb.connect(config={"threads": 1}) as db:
        ((found,),) = db.execute(f"SELECT {sql}", values).fetchall()
    return found


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_of_a_value_that_is_not_known_is_not_known(name: str) -> None:
    arguments = sample(name)
    assert value(called(name, arguments)) is not None
    for place in range(1 if name.startswith("date") else 0, len(arguments)):
        typed = value(f"typeof({arguments[place]})").replace("INTEGER_LITERAL", "INTEGER")
        holed = list(arguments)
        holed[place] = f"CAST(NULL AS {typed})"
        assert value(called(name, tuple(holed))) is None


@pytest.mark.parametrize("name", ["contains", "list_contains"])
def test_only_membership_in_an_empty_list_is_known_whatever_the_element(name: str) -> None:
    assert value(f"{name}([]::VARCHAR[], NULL)") is False
    assert value(f"{name}([]::VARCHAR[], 'a')") is False  # and so it is for every element


def test_the_sample_arguments_cover_every_function() -> None:
    assert {name for name in FUNCTIONS if name[0].isalpha()} == set(ARGUMENTS)


# A property: what is known of an expression stays so, whatever the values that are not known turn out to be.

TEXTS = st.sampled_from([None, "", "a", "b", "ab"])
NUMBERS = st.sampled_from([None, -1, 0, 1, 2])
TRUTHS = st.sampled_from([None, True, False])
LISTS = st.sampled_from([None, [], ["a"], ["a", "b"]])
KINDS = {"t": "VARCHAR", "n": "BIGINT", "b": "BOOLEAN", "l": "VARCHAR[]"}

ATOMS = st.sampled_from(
    [
        "b1",
        "b2",
        "t1 = t2",
        "t1 != 'a'",
        "t1 LIKE t2",
        "t1 IN ('a', t2)",
        "t1 NOT IN ('b', t2)",
        "contains(t1, t2)",
        "starts_with(t1, 'a')",
        "n1 < n2",
        "n1 * 0 = n2",
        "n1 - n1 = 0",
        "n1 = n1",
        "n1 BETWEEN n2 AND 2",
        "n1 NOT BETWEEN 0 AND n2",
        "list_contains(l1, t1)",
        "t1 IN l1",
        "list_has_all(l1, l2)",
        "list_has_any(l1, l2)",
        "len(l1) = 0",
        "l1 = l2",
        "true",
        "false",
        "b1 = b2",
        "b1 >= b2",
    ]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT ({one})"),
        st.tuples(inner, st.sampled_from(["AND", "OR", "=", "!="]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=5,
)
ROWS = st.fixed_dictionaries(
    {"t1": TEXTS, "t2": TEXTS, "n1": NUMBERS, "n2": NUMBERS, "b1": TRUTHS, "b2": TRUTHS, "l1": LISTS, "l2": LISTS}
)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, ROWS, st.sets(st.sampled_from(["t1", "t2", "n1", "n2", "b1", "b2", "l1", "l2"])))
def test_forgetting_a_value_never_changes_an_answer_into_another(
    text: str, row: dict[str, Any], forgotten: set[str]
) -> None:
    expression = parse_expression(text, "pass")
    less = {name: None if name in forgotten else given for name, given in row.items()}
    columns = ", ".join(f"${name}::{KINDS[name[0]]} AS {name}" for name in row)
    known, now = (value(f"{expression.sql({})} FROM (SELECT {columns})", **values) for values in (row, less))
    assert now is None or now == known


def test_and_and_or_follow_kleene() -> None:
    order = {False: 0, None: 1, True: 2}
    for a, b in itertools.product(order, order):
        for text, expected in (("a AND b", min), ("a OR b", max)):
            found = value(
                f"{parse_expression(text, 'pass').sql({})} FROM (SELECT $a::BOOLEAN a, $b::BOOLEAN b)", a=a, b=b
            )
            assert found is expected(a, b, key=order.__getitem__)
