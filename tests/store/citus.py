"""What Citus 13 cannot do with a table that is spread over nodes, found in a statement's text.

From Citus' list of limitations, as strict as a reading of the text allows: what might work is refused as well. A rule
that finds something says what; an empty list means that none of them is broken.
"""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

MESSAGES = dict.fromkeys(("messages", "feedback", "history", "review_queue", "search", "reviews", "outbox",
                          "dead_letters"), "message_id")
GROUPS = (  # tables whose rows stand on the same node when these columns are equal
    MESSAGES,
    {"conversations": "conversation_id"},
    {"visitors": "device_hash"},
    {"guest_devices": "user_hash"},
    {"links": "subject"},
    dict.fromkeys(("cells", "totals_hourly", "totals_daily"), "cell"),
    {"totals_changes": "id"},
)
BY = {table: column for group in GROUPS for table, column in group.items()}  # what a table is distributed by
LOCAL = {"readiness", "migrations", "totals_zones", "unknown_messages", "audit"}  # on the coordinator

# None of these is volatile, nor depends on a setting.
FUNCTIONS = (exp.And, exp.Or, exp.Any, exp.Array, exp.Cast, exp.Coalesce, exp.Count, exp.Exists, exp.Greatest,
             exp.Lower, exp.Max, exp.Min, exp.Unnest, exp.Substring, exp.Chr, exp.StringToArray, exp.MatchAgainst)
NAMES = ("ARRAY_TO_TSVECTOR", "REPLACE")  # of functions that sqlglot has no class for
ACROSS_NODES = {
    exp.Lock: "locks rows",
    exp.TableSample: "samples a table",
    exp.Window: "has a window function",
    exp.GroupingSets: "has grouping sets",
    exp.Lateral: "has a lateral join",
    exp.Command: "cannot be read",
}

Name = tuple[str, str]  # a table's alias and a column; a binding is ("", "$1")


def violations(sql: str) -> list[str]:
    """Of one statement or of a migration's many."""
    return [found for statement in sqlglot.parse(sql, dialect="postgres") if statement
            for rule in RULES for found in rule(statement)]


# ---------------------------------------------------------------- tables


def every_table_has_its_place(statement: exp.Expr) -> Iterator[str]:
    if isinstance(statement, exp.Create) and statement.kind == "TABLE":
        table = statement.this.find(exp.Table).name
        if table not in {*BY, *LOCAL}:
            yield f"{table} is neither distributed nor local"


def unique_keys_hold_the_distribution_column(statement: exp.Expr) -> Iterator[str]:
    """Rows on different nodes are not compared."""
    if not isinstance(statement, exp.Create | exp.Alter) or (table := _table(statement)) not in BY:
        return
    for columns in _unique_keys(statement):
        if BY[table] not in columns:
            yield f"{table} has a unique key without {BY[table]}"


def nothing_refers_or_fires(statement: exp.Expr) -> Iterator[str]:
    if statement.find(exp.ForeignKey, exp.Reference):
        yield "has a foreign key"
    if isinstance(statement, exp.Create) and statement.kind not in {"TABLE", "INDEX", "SEQUENCE"}:
        yield f"makes a {statement.kind.lower()}"


# ---------------------------------------------------------------- statements


def nothing_that_needs_one_node(statement: exp.Expr) -> Iterator[str]:
    for kind, what in ACROSS_NODES.items():
        if statement.find(kind):
            yield what


def functions_give_the_same_everywhere(statement: exp.Expr) -> Iterator[str]:
    """Also in DO UPDATE, where each node would ask its own clock."""
    if isinstance(statement, exp.Create) or not any(table.name in BY for table in statement.find_all(exp.Table)):
        return
    for function in statement.find_all(exp.Func):
        if not isinstance(function, FUNCTIONS) and function.sql("postgres").partition("(")[0] not in NAMES:
            yield f"calls {function.sql('postgres').partition('(')[0].lower()}"


def rows_say_where_they_go_and_stay_there(statement: exp.Expr) -> Iterator[str]:
    if not isinstance(statement, exp.Insert | exp.Update) or (table := _table(statement)) not in BY:
        return
    column = BY[table]
    if isinstance(statement, exp.Insert):
        if column not in {it.name for it in statement.this.expressions}:
            yield f"inserts into {table} without {column}"
        conflict = statement.args.get("conflict")
        if conflict and (keys := conflict.args.get("conflict_keys")) and column not in {it.name for it in keys}:
            yield f"looks for conflicts in {table} without {column}"
    for change in statement.find_all(exp.EQ):
        if change.arg_key == "expressions" and change.this.name == column:
            yield f"changes {column} of {table}"


def tables_meet_on_one_node(statement: exp.Expr) -> Iterator[str]:
    """Those that a SELECT joins have the same distribution column's value; those that it only looks up may not."""
    for select in statement.find_all(exp.Select):
        tables = _distributed(select)
        known = {table for _, table in tables.values()}
        if len({_group(table) for table in known}) > 1:
            yield f"joins {', '.join(sorted(known))}, which stand on different nodes"
        elif not _together(select, [(alias, BY[table]) for alias, table in tables.values()]):
            yield f"joins {', '.join(sorted(known))} on something else than where they stand"


def outer_joins_are_on_the_distribution_column(statement: exp.Expr) -> Iterator[str]:
    for join in statement.find_all(exp.Join):
        table = join.this
        if join.side and isinstance(table, exp.Table) and table.name in BY:
            others = _distributed(join.parent_select).values()
            wanted = {frozenset({(table.alias_or_name, BY[table.name]), (alias, BY[name])}) for alias, name in others
                      if alias != table.alias_or_name}
            if wanted.isdisjoint(frozenset(pair) for pair in _equalities(join.args.get("on"))):
                yield f"joins {table.name} from outside on something else than {BY[table.name]}"


def subqueries_stand_alone(statement: exp.Expr) -> Iterator[str]:
    """One that looks at the row outside must be about the same message, say; any other is read once, in advance."""
    for select in statement.find_all(exp.Select):
        outside = select.parent.find_ancestor(exp.Select) if select.parent else None
        inside = {table.alias_or_name for table in select.find_all(exp.Table, exp.Unnest)}
        names = {column.table for column in select.find_all(exp.Column)} - inside - {"", "excluded"}
        if not outside or not names or not (tables := _distributed(select)):
            continue
        wanted = [(alias, BY[table]) for alias, table in (tables | _distributed(outside)).values()]
        if not _together(select, wanted, and_in=outside):
            yield f"looks at {', '.join(sorted(names))} outside of a subquery"


def recursion_stays_on_one_node(statement: exp.Expr) -> Iterator[str]:
    if not any(clause.args.get("recursive") for clause in statement.find_all(exp.With)):
        return
    for select in statement.find_all(exp.Select):
        given = {one for pair in _all_equalities(select) if any(not alias for alias, _ in pair) for one in pair}
        for alias, table in _distributed(select).values():
            if (alias, BY[table]) not in given:
                yield f"goes through {table} again and again without being told {BY[table]}"


RULES = (
    every_table_has_its_place, unique_keys_hold_the_distribution_column, nothing_refers_or_fires,
    nothing_that_needs_one_node, functions_give_the_same_everywhere, rows_say_where_they_go_and_stay_there,
    tables_meet_on_one_node, outer_joins_are_on_the_distribution_column, subqueries_stand_alone,
    recursion_stays_on_one_node,
)


# ---------------------------------------------------------------- reading


def _table(statement: exp.Expr) -> str:
    index = statement.this.find(exp.Index) if isinstance(statement.this, exp.Expression) else None
    table = (index.args["table"] if index else statement.this).find(exp.Table)
    return table.name if table else ""


def _unique_keys(statement: exp.Expr) -> Iterator[set[str]]:
    for key in statement.find_all(exp.PrimaryKey, exp.UniqueColumnConstraint):
        yield {name.name for name in key.find_all(exp.Identifier)} or {key.find_ancestor(exp.ColumnDef).name}
    for key in statement.find_all(exp.PrimaryKeyColumnConstraint):
        yield {key.find_ancestor(exp.ColumnDef).name}
    if isinstance(statement, exp.Create) and statement.kind == "INDEX" and statement.args.get("unique"):
        yield {column.name for column in statement.this.args["params"].args["columns"] for column in
               column.find_all(exp.Column)}


def _group(table: str) -> int:
    return next(number for number, group in enumerate(GROUPS) if table in group)


def _distributed(select: exp.Select) -> dict[str, Name]:
    """Alias -> (alias, table) of the distributed tables that this SELECT itself goes through."""
    places = [select.args.get("from_"), *select.args.get("joins", [])]
    tables = [place.this for place in places if place and isinstance(place.this, exp.Table)]
    return {it.alias_or_name: (it.alias_or_name, it.name) for it in tables if it.name in BY}


def _together(select: exp.Select, names: list[Name], and_in: exp.Select | None = None) -> bool:
    """Whether all of these are equal, by what the statement demands."""
    left = [set(pair) for scope in (select, and_in) if scope for pair in _all_equalities(scope)]
    reached = {names[0]} if names else set()
    while joined := [pair for pair in left if pair & reached]:
        reached = reached.union(*joined)
        left = [pair for pair in left if not pair <= reached]
    return reached.issuperset(names)


def _all_equalities(select: exp.Select) -> Iterator[tuple[Name, Name]]:
    for clause in (select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins", []))):
        yield from _equalities(clause.this if isinstance(clause, exp.Where) else clause)


def _equalities(condition: exp.Expr | None) -> Iterator[tuple[Name, Name]]:
    """What must be equal for the condition to hold: `a = b AND …`, not within OR or NOT."""
    if isinstance(condition, exp.Paren):
        yield from _equalities(condition.this)
    elif isinstance(condition, exp.And):
        yield from _equalities(condition.left)
        yield from _equalities(condition.right)
    elif isinstance(condition, exp.EQ) and (left := _name(condition.left)) and (right := _name(condition.right)):
        yield left, right


def _name(operand: exp.Expr) -> Name | None:
    operand = operand.this if isinstance(operand, exp.Cast) else operand
    if isinstance(operand, exp.Column):
        return operand.table, operand.name
    return ("", operand.sql("postgres")) if isinstance(operand, exp.Parameter | exp.Placeholder) else None
