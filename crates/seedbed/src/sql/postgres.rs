//! PostgreSQL's own statements: its catalogue, its counters, its locks; and what its types are read
//! and written through.

use std::borrow::Cow;
use std::fmt::Write;

use seedbed_core::plan::Cell;
use seedbed_core::schema::{Column, ColumnKind, Table};

use super::{Dialect, Sql, Statement, Writer};

/// The schema that holds the tables of ours, where no migration made them among the application's.
const OWN_SCHEMA: &str = "seedbed";

fn fixed(text: &str) -> Sql {
    Sql::fixed(Dialect::Postgres, text)
}

/// Returns the type that a text is cast to when it is written to a column or compared with it; none
/// where a text will do.
///
/// Lengths and places are left out: a cast to `varchar(5)` cuts a text off in silence, an assignment
/// to such a column says that it is too long.
pub(super) fn cast(column: &Column) -> Option<String> {
    let declared = column.declared.as_str();
    let texts = ["text", "character varying", "character", "name"];
    let (before, after) = match (declared.find('('), declared.find(')')) {
        (Some(open), Some(close)) if open < close => (&declared[..open], &declared[close + 1..]),
        _ => (declared, ""),
    };
    let plain = matches!(column.kind, ColumnKind::Text { .. })
        && (texts.contains(&before.trim()) || declared.starts_with("text COLLATE") || after.starts_with(" COLLATE"));
    (!plain && !declared.is_empty()).then(|| format!("{before}{after}"))
}

/// Returns the text that a value is sent as; none for NULL.
pub(crate) fn text(cell: &Cell) -> Option<Cow<'_, str>> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Integer(n) => n.to_string().into(),
        Cell::Real(x) => x.to_string().into(),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Blob(bytes) => {
            let mut text = String::with_capacity(2 + 2 * bytes.len());
            text.push_str("\\x");
            bytes.iter().for_each(|byte| write!(text, "{byte:02x}").expect("a string takes all"));
            text.into()
        }
    })
}

/// Returns the statement that copies rows into these columns of a table, and the rows as it reads
/// them.
pub(super) fn copy(table: &Table, columns: &[String], rows: &[&[Cell]]) -> (Sql, String) {
    let mut lines = String::new();
    for row in rows {
        for (position, cell) in row.iter().enumerate() {
            lines.push_str(if position == 0 { "" } else { "\t" });
            push_copied(&mut lines, text(cell).as_deref());
        }
        lines.push('\n');
    }
    (copy_lines(table, columns), lines)
}

/// Returns the statement that reads the rows of a table from the client: a line each, tabs between the
/// values of these columns, as [`push_copied`] writes them.
pub(crate) fn copy_lines(table: &Table, columns: &[String]) -> Sql {
    copy_from(table, columns, ") FROM STDIN")
}

/// Returns the statement that reads the rows of a table from the client in the binary form of its types.
pub(crate) fn copy_binary(table: &Table, columns: &[String]) -> Sql {
    copy_from(table, columns, ") FROM STDIN (FORMAT binary)")
}

fn copy_from(table: &Table, columns: &[String], form: &'static str) -> Sql {
    let mut writer = Writer::new(Dialect::Postgres);
    writer.push("COPY ");
    writer.name(&table.name);
    writer.push(" (");
    writer.names(columns);
    writer.push(form);
    writer.finish().sql
}

/// Appends a value of a line that is copied: `\N` for NULL.
pub(crate) fn push_copied(line: &mut String, text: Option<&str>) {
    let Some(text) = text else { return line.push_str("\\N") };
    for part in text.split_inclusive(['\\', '\t', '\n', '\r']) {
        let special = match part.as_bytes().last() {
            Some(b'\\') => "\\\\",
            Some(b'\t') => "\\t",
            Some(b'\n') => "\\n",
            Some(b'\r') => "\\r",
            _ => "",
        };
        line.push_str(&part[..part.len() - usize::from(!special.is_empty())]);
        line.push_str(special);
    }
}

/// Whether texts that differ in bytes may compare as equal in this column.
pub(super) fn compares_loosely(column: &Column) -> bool {
    let plain = column.declared == "text"
        || (column.declared.starts_with("character varying") && !column.declared.contains(" COLLATE "));
    matches!(column.kind, ColumnKind::Text { .. }) && !plain
}

/// Returns a pattern in which `*` stands for any run of characters as one of LIKE.
pub(super) fn like(pattern: &str) -> String {
    pattern.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_").replace('*', "%")
}

impl Writer {
    /// Writes a column so that the driver hands over the cell that any engine gives for its value.
    pub(super) fn as_cell(&mut self, column: &Column, name: impl Fn(&mut Self)) {
        match &column.kind {
            ColumnKind::Integer { .. } | ColumnKind::Bytes => name(self),
            ColumnKind::Real if column.declared == "real" => {
                // By way of its text, 0.1 is 0.1 and not 0.10000000149.
                name(self);
                self.push("::text::float8");
            }
            ColumnKind::Real => name(self),
            ColumnKind::Boolean => {
                name(self);
                self.push("::int");
            }
            ColumnKind::Timestamp => {
                // In UTC, without zone, and with six digits or none after the second. What is no
                // moment, as `infinity`, is read as it is written.
                self.push("coalesce(replace(to_char(");
                name(self);
                if column.declared.ends_with("with time zone") {
                    self.push(" AT TIME ZONE 'UTC'");
                }
                self.push(", 'YYYY-MM-DD HH24:MI:SS.US'), '.000000', ''), ");
                name(self);
                self.push("::text)");
            }
            ColumnKind::Decimal { .. }
            | ColumnKind::Text { .. }
            | ColumnKind::Date
            | ColumnKind::Uuid
            | ColumnKind::Json
            | ColumnKind::Other => {
                name(self);
                self.push("::text");
            }
        }
    }
}

/// Opens a transaction that sees one state of the database, in a session where [`set_session`] was run; `wait` is
/// how many milliseconds a statement waits for a lock, and `soon` lets the commit not wait for the disk.
pub(crate) fn begin(write: bool, wait: u128, soon: bool) -> Sql {
    let access = if write { "" } else { ", READ ONLY" };
    let deferred = if write { "; SET CONSTRAINTS ALL DEFERRED" } else { "" };
    let soon = if soon { format!("; {COMMIT_SOON}") } else { String::new() };
    fixed(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ{access}; SET LOCAL lock_timeout = {wait}{deferred}{soon}"))
}

/// Makes a transaction that was just opened one that sees one state of the database: the first of its
/// statements.
pub(crate) fn set_transaction(write: bool) -> Sql {
    let access = if write { "" } else { ", READ ONLY" };
    fixed(&format!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ{access}"))
}

/// Sets what our reads and writes rely on until the transaction ends.
pub(crate) fn set_settings(wait: u128) -> Sql {
    fixed(&format!("SELECT set_config('lock_timeout', '{wait}', true), {}", settings(true)))
}

/// Sets for all of a session of ours what our reads and writes rely on.
pub(crate) fn set_session() -> Sql {
    fixed(&format!("SELECT {}", settings(false)))
}

/// Puts off what can be checked later to the end of the transaction.
pub(crate) fn defer_constraints() -> Sql {
    fixed("SET CONSTRAINTS ALL DEFERRED")
}

/// What our reads and writes rely on, beside a limit for waiting and a path that finds our tables.
const SETTINGS: [(&str, &str); 7] = [
    ("row_security", "off"),
    ("timezone", "UTC"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "postgres"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("standard_conforming_strings", "on"),
];

/// The tables of Seedbed may lie in a schema of their own, which is looked into last.
fn settings(of_transaction: bool) -> String {
    let set = |(name, value)| format!("set_config('{name}', '{value}', {of_transaction})");
    let path = format!("concat_ws(', ', nullif(current_setting('search_path'), ''), '{OWN_SCHEMA}')");
    let path = format!("set_config('search_path', {path}, {of_transaction})");
    SETTINGS.into_iter().map(set).chain([path]).collect::<Vec<_>>().join(", ")
}

fn setting_names() -> impl Iterator<Item = &'static str> {
    SETTINGS.into_iter().map(|(name, _)| name).chain(["lock_timeout", "search_path"])
}

/// Reads what [`set_settings`] sets.
pub(crate) fn select_settings() -> Sql {
    let read: Vec<String> = setting_names().map(|name| format!("current_setting('{name}')")).collect();
    fixed(&format!("SELECT {}", read.join(", ")))
}

/// Sets what [`select_settings`] has read.
pub(crate) fn restore_settings() -> Sql {
    let set: Vec<String> = setting_names().map(|name| format!("set_config('{name}', ?, true)")).collect();
    fixed(&format!("SELECT {}", set.join(", ")))
}

/// Lets the commit of the open transaction not wait for the disk.
pub(crate) fn commit_soon() -> Sql {
    fixed(COMMIT_SOON)
}

const COMMIT_SOON: &str = "SET LOCAL synchronous_commit = off";

/// Ends a transaction for good.
pub(crate) fn commit() -> Sql {
    fixed("COMMIT")
}

/// Undoes a transaction.
pub(crate) fn rollback() -> Sql {
    fixed("ROLLBACK")
}

/// Checks now what is otherwise checked by the commit.
pub(crate) fn check_constraints() -> Sql {
    fixed("SET CONSTRAINTS ALL IMMEDIATE")
}

/// Reads the foreign keys of tables that are checked when somebody says so: schema, name, whether that
/// is at the end unless said otherwise. The tables are a list in JSON.
pub(crate) fn select_deferrable() -> Sql {
    of_relations(
        "n.nspname::text, f.conname::text, f.condeferred::int",
        "JOIN pg_constraint AS f ON f.conrelid = c.oid AND f.contype = 'f' AND f.condeferrable",
        "AND c.relname IN (SELECT json_array_elements_text(?::text::json))",
        "1, 2",
    )
}

/// Checks foreign keys now and from now on, or at the end of the transaction: schema and name of each.
pub(crate) fn set_constraints<'a>(names: impl Iterator<Item = (&'a str, &'a str)>, deferred: bool) -> Sql {
    let mut writer = Writer::new(Dialect::Postgres);
    for (index, (schema, name)) in names.enumerate() {
        writer.push(if index == 0 { "SET CONSTRAINTS " } else { ", " });
        writer.name(schema);
        writer.push(".");
        writer.name(name);
    }
    writer.push(if deferred { " DEFERRED" } else { " IMMEDIATE" });
    writer.finish().sql
}

/// Takes locks if nobody has them: each is shared with others or not. They are the session's, or those of the
/// transaction, at whose end they are given back. Two numbers are bound for each; the answer is how many
/// were taken, from the first on.
pub(crate) fn try_locks(shared: &[bool], of_transaction: bool) -> Sql {
    let take = |shared: &bool| match (shared, of_transaction) {
        (true, false) => "pg_try_advisory_lock_shared(?, ?)",
        (false, false) => "pg_try_advisory_lock(?, ?)",
        (true, true) => "pg_try_advisory_xact_lock_shared(?, ?)",
        (false, true) => "pg_try_advisory_xact_lock(?, ?)",
    };
    let steps = shared.iter().enumerate().map(|(taken, shared)| format!("WHEN NOT {} THEN {taken}", take(shared)));
    fixed(&format!("SELECT CASE {} ELSE {} END", steps.collect::<Vec<_>>().join(" "), shared.len()))
}

/// Gives locks of the session back: the two numbers of each.
pub(crate) fn unlock(shared: &[bool]) -> Sql {
    let give = |shared: &bool| match shared {
        true => "pg_advisory_unlock_shared(?, ?)::int",
        false => "pg_advisory_unlock(?, ?)::int",
    };
    fixed(&format!("SELECT {}", shared.iter().map(give).collect::<Vec<_>>().join(", ")))
}

/// Ends a transaction for good and, in the same go, gives locks of the session back: the two numbers of each.
pub(crate) fn commit_and_unlock(locks: impl Iterator<Item = (bool, [i64; 2])>) -> Sql {
    let give = |(shared, [kind, number]): (bool, [i64; 2])| {
        let give = if shared { "pg_advisory_unlock_shared" } else { "pg_advisory_unlock" };
        format!("{give}({kind}, {number})")
    };
    fixed(&format!("COMMIT; SELECT {}", locks.map(give).collect::<Vec<_>>().join(", ")))
}

/// Reads the version of the server as a number, and as a person writes it.
pub(crate) fn select_version() -> Sql {
    fixed("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
}

/// Reads what tells this database from others: server and number.
pub(crate) fn select_identity() -> Sql {
    fixed(
        "SELECT system_identifier::text, (SELECT oid::int8 FROM pg_database WHERE datname = current_database()) \
         FROM pg_control_system()",
    )
}

/// Reads which transaction wrote each row of ours; the marker is the row without a scenario.
pub(crate) fn select_versions() -> Sql {
    fixed(
        "SELECT scenario, worker::int8, xmin::text FROM seedbed_state \
         UNION ALL SELECT '', 0, xmin::text FROM seedbed_marker",
    )
}

/// Has the server look now and then, while a statement runs, whether we are still there: a killed run
/// holds its locks no longer than that.
pub(crate) fn set_check_interval() -> Sql {
    fixed("SET client_connection_check_interval = '500ms'")
}

/// Reads what tells this session from others: the number of its process, and since when it is there.
pub(crate) fn select_session() -> Sql {
    fixed(
        "SELECT pid::int8, extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    )
}

/// Reads whether the server is a copy that follows another one, which may know of a commit before it does.
pub(crate) fn select_follows() -> Sql {
    fixed("SELECT pg_is_in_recovery()::int")
}

/// Ends a session that is still there: its process, since when; a row as long as it is.
pub(crate) fn end_session() -> Sql {
    fixed(
        "SELECT pg_terminate_backend(pid)::int FROM pg_stat_activity \
         WHERE pid = ?::text::int AND extract(epoch FROM backend_start)::text = ?::text",
    )
}

/// Reads whether a sequence may be moved, and how far: its name as it is quoted.
pub(crate) fn select_reach() -> Sql {
    fixed(
        "SELECT has_sequence_privilege(seqrelid, 'UPDATE')::int, seqmax FROM pg_sequence \
         WHERE seqrelid = ?::text::regclass",
    )
}

/// The relations that are read: those of the schema that the application's names mean, and ours, unless
/// a migration has made them there. Partitions are seen through their table.
const RELATIONS: &str = "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE NOT c.relispartition AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
     AND (n.nspname = current_schema() OR (n.nspname = 'seedbed' AND c.relname IN ('seedbed_marker', 'seedbed_state') \
     AND NOT EXISTS (SELECT FROM pg_class AS o JOIN pg_namespace AS m ON m.oid = o.relnamespace \
     WHERE o.relname = c.relname AND m.nspname = current_schema() AND m.oid <> n.oid)))";

pub(super) fn of_relations(columns: &str, joins: &str, conditions: &str, order: &str) -> Sql {
    let relations = RELATIONS.replacen(" WHERE ", &format!(" {joins} WHERE "), 1);
    fixed(&format!("SELECT {columns} {relations} {conditions} ORDER BY {order}"))
}

/// Reads tables and views: name, kind of relation, whether it is part of an inheritance, whether a
/// table of another schema refers to it.
pub(crate) fn select_tables() -> Sql {
    of_relations(
        "c.relname::text, c.relkind::text, EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS child \
         ON child.oid = i.inhrelid WHERE (i.inhparent = c.oid AND NOT child.relispartition) OR i.inhrelid = c.oid)::int, \
         EXISTS (SELECT FROM pg_constraint AS f JOIN pg_class AS other ON other.oid = f.conrelid \
         WHERE f.contype = 'f' AND f.confrelid = c.oid AND other.relnamespace <> c.relnamespace)::int",
        "",
        "",
        "1",
    )
}

/// Reads columns: table, name, type, collation that is not by bytes, type that the type is made of,
/// kind of type, modifier, not null, default, generated, values of an enum as a list in JSON.
pub(crate) fn select_columns() -> Sql {
    of_relations(
        "c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), \
         CASE WHEN NOT l.collisdeterministic THEN quote_ident(l.collname) END, \
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) ELSE format_type(a.atttypid, NULL) END, \
         t.typtype::text, (CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)::int8, \
         a.attnotnull::int, coalesce(pg_get_expr(d.adbin, d.adrelid), CASE a.attidentity \
         WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END), \
         (a.attgenerated <> '')::int, (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_enum AS e \
         WHERE e.enumtypid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END)",
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_collation AS l ON l.oid = a.attcollation \
         LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum",
        "",
        "c.relname, a.attnum",
    )
}

/// Reads the columns of unique indexes: table, index, primary, partial, column, which is none for an
/// expression, DDL.
pub(crate) fn select_uniques() -> Sql {
    of_relations(
        "c.relname::text, x.relname::text, i.indisprimary::int, (i.indpred IS NOT NULL)::int, a.attname::text, \
         pg_get_indexdef(i.indexrelid)",
        "JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisunique AND i.indislive \
         JOIN pg_class AS x ON x.oid = i.indexrelid \
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) \
         LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0",
        "AND k.place <= i.indnkeyatts",
        "c.relname, x.relname, k.place",
    )
}

/// Reads the columns of foreign keys: table, constraint, table referred to, whether that is in the
/// same schema, column, column referred to, what a delete does.
pub(crate) fn select_foreign_keys() -> Sql {
    of_relations(
        "c.relname::text, f.conname::text, p.relname::text, (p.relnamespace = c.relnamespace)::int, a.attname::text, \
         b.attname::text, f.confdeltype::text",
        "JOIN pg_constraint AS f ON f.conrelid = c.oid AND f.contype = 'f' JOIN pg_class AS p ON p.oid = f.confrelid \
         CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(attnum, to_attnum, place) \
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum \
         JOIN pg_attribute AS b ON b.attrelid = p.oid AND b.attnum = k.to_attnum",
        "",
        // In the order of the columns, as they are declared.
        "c.relname, f.conkey, f.conname, k.place",
    )
}

/// Reads enabled triggers and rules: table, name.
pub(crate) fn select_triggers() -> Sql {
    of_relations(
        "c.relname::text, g.name",
        "CROSS JOIN LATERAL (SELECT tgname::text AS name FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal \
         AND tgenabled <> 'D' UNION ALL SELECT rulename::text FROM pg_rewrite WHERE ev_class = c.oid \
         AND rulename <> '_RETURN' AND ev_enabled <> 'D') AS g",
        "",
        "1, 2",
    )
}

/// Reads what changes with every commit: the session, since when the server runs, and what of all
/// transactions it sees.
pub(crate) fn select_snapshot() -> Sql {
    fixed(
        "SELECT concat_ws(' ', pg_backend_pid()::text, extract(epoch FROM pg_postmaster_start_time())::text, \
         pg_current_snapshot()::text)",
    )
}

/// Reads a mark of the catalogue: for every part that is read of it, how many rows there are, and a sum over
/// the transactions that wrote them.
///
/// What the server itself brings has a number below 16384, and is left out by way of an index.
pub(crate) fn select_catalogue_mark() -> Sql {
    let part = |key: &str, from: &str| {
        format!(
            "(SELECT count(*) || ':' || coalesce(sum(hashint8extended({key}::int8, x.xmin::text::int8)), 0) FROM {from})"
        )
    };
    let parts = [
        part("x.oid", "relations AS x"),
        part(
            "x.attrelid",
            "pg_attribute AS x WHERE x.attnum > 0 \
             AND x.attrelid = ANY (ARRAY(SELECT oid FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f')))",
        ),
        part("x.oid", "pg_attrdef AS x"),
        part("x.oid", "pg_constraint AS x WHERE x.oid >= 16384"),
        part("x.indexrelid", "pg_index AS x WHERE x.indexrelid >= 16384"),
        part("x.oid", "pg_trigger AS x WHERE NOT x.tgisinternal"),
        part("x.oid", "pg_rewrite AS x WHERE x.oid >= 16384"),
        part("x.inhrelid", "pg_inherits AS x"),
        part("x.seqrelid", "pg_sequence AS x"),
        part(
            "x.objid",
            "pg_depend AS x WHERE x.classid = 'pg_class'::regclass AND x.deptype IN ('a', 'i') \
             AND x.objid = ANY (ARRAY(SELECT seqrelid FROM pg_sequence))",
        ),
        part("x.oid", "pg_type AS x WHERE x.oid >= 16384"),
        part("x.oid", "pg_enum AS x"),
    ];
    // Sequences may lie in any schema.
    fixed(&format!(
        "WITH relations AS MATERIALIZED (SELECT oid, xmin, relkind FROM pg_class WHERE oid >= 16384 AND (relkind = 'S' \
         OR relnamespace = ANY (ARRAY(SELECT oid FROM pg_namespace WHERE nspname IN (current_schema(), \
         '{OWN_SCHEMA}'))))) SELECT concat_ws(' ', current_schema(), {})",
        parts.join(", ")
    ))
}

/// Reads the sequences that hand out the values of key columns: table, sequence as it is quoted with its
/// schema, where it starts.
pub(crate) fn select_counters() -> Sql {
    of_relations(
        "c.relname::text, format('%I.%I', e.nspname, o.relname), s.seqstart",
        "JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1 \
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
         CROSS JOIN LATERAL (SELECT d.objid AS seq FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass \
         AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum \
         AND d.deptype IN ('a', 'i') UNION SELECT d.refobjid FROM pg_attrdef AS f JOIN pg_depend AS d \
         ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass \
         WHERE f.adrelid = c.oid AND f.adnum = a.attnum) AS q JOIN pg_sequence AS s ON s.seqrelid = q.seq \
         JOIN pg_class AS o ON o.oid = q.seq JOIN pg_namespace AS e ON e.oid = o.relnamespace",
        "",
        "1",
    )
}

/// Reads where sequences stand, in their order: last value, whether it was handed out.
///
/// The server's own function for this waits for somebody who gives a sequence new storage.
pub(crate) fn select_last_values<'a>(sequences: impl Iterator<Item = &'a str>) -> Sql {
    let mut writer = Writer::new(Dialect::Postgres);
    for (index, sequence) in sequences.enumerate() {
        writer.push(if index == 0 { "" } else { " UNION ALL " });
        writer.push("SELECT ");
        writer.number(index);
        writer.push(", last_value, is_called::int FROM ");
        // The server itself has quoted the name.
        writer.text.push_str(sequence);
    }
    writer.push(" ORDER BY 1");
    writer.finish().sql
}

/// Moves a sequence: its name as it is quoted, value, whether that was handed out.
pub(crate) fn set_counter() -> Sql {
    fixed("SELECT setval(?::text::regclass, ?::text::int8, ?::text::bool)")
}

/// Gives a sequence new storage, so that what moves it from now on is undone with the transaction.
/// Whoever else draws from it waits until that ends.
pub(crate) fn renew_counter(sequence: &str) -> Sql {
    let mut writer = Writer::new(Dialect::Postgres);
    writer.push("ALTER SEQUENCE ");
    // The server itself has quoted the name.
    writer.text.push_str(sequence);
    writer.push(" RESTART");
    writer.finish().sql
}

/// Moves a sequence back unless somebody has drawn from it: value, whether that was handed out, name
/// as it is quoted, the value it must still stand at.
pub(crate) fn restore_counter() -> Sql {
    fixed(
        "SELECT setval(q.seq, ?::text::int8, ?::text::bool) FROM (SELECT ?::text::regclass AS seq) AS q \
         WHERE pg_sequence_last_value(q.seq) = ?::text::int8",
    )
}

/// Reads the rows whose reference leads nowhere: the number of each, where its key is one.
pub(crate) fn select_dangling(
    table: &str,
    number: Option<&str>,
    columns: &[String],
    to: &str,
    to_columns: &[String],
) -> Statement {
    let mut writer = Writer::new(Dialect::Postgres);
    writer.push("SELECT ");
    match number {
        Some(number) => {
            writer.push("a.");
            writer.name(number);
        }
        None => writer.push("NULL::int8"),
    }
    writer.push(" FROM ");
    writer.name(table);
    writer.push(" AS a WHERE NOT EXISTS (SELECT FROM ");
    writer.name(to);
    writer.push(" AS b WHERE ");
    for (index, (column, to_column)) in columns.iter().zip(to_columns).enumerate() {
        writer.push(if index == 0 { "a." } else { " AND a." });
        writer.name(column);
        writer.push(" = b.");
        writer.name(to_column);
    }
    writer.push(")");
    for column in columns {
        writer.push(" AND a.");
        writer.name(column);
        writer.push(" IS NOT NULL");
    }
    writer.finish()
}

/// The schema and the tables of ours.
pub(crate) fn create_bookkeeping() -> [Sql; 3] {
    [
        fixed("CREATE SCHEMA IF NOT EXISTS seedbed"),
        fixed(
            "CREATE TABLE IF NOT EXISTS seedbed.seedbed_marker (id smallint PRIMARY KEY, \
             identity text, how text NOT NULL, marked_at bigint NOT NULL, tool text NOT NULL, \
             counters text NOT NULL, stale_files text NOT NULL, CONSTRAINT seedbed_one_marker CHECK (id = 1))",
        ),
        fixed(
            "CREATE TABLE IF NOT EXISTS seedbed.seedbed_state (scenario text NOT NULL, worker smallint NOT NULL, \
             layer smallint NOT NULL, seed text NOT NULL, as_of bigint NOT NULL, pinned smallint NOT NULL, \
             holds_for bigint NOT NULL, digest text NOT NULL, variant text, keys text NOT NULL, \
             files text NOT NULL, passwords text NOT NULL, tool text NOT NULL, seeded_at bigint NOT NULL, \
             PRIMARY KEY (scenario, worker), CONSTRAINT seedbed_one_layer UNIQUE (layer, worker))",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(declared: &str, kind: ColumnKind) -> Column {
        Column { name: "c".into(), declared: declared.into(), kind, nullable: true, default: None, generated: false }
    }

    #[test]
    fn a_cast_keeps_no_length_and_a_text_needs_none() {
        let text = || ColumnKind::Text { limit: None };
        for (declared, kind, wanted) in [
            ("text", text(), None),
            ("character varying(5)", text(), None),
            ("character(32)", text(), None),
            ("public.mood", text(), Some("public.mood")),
            ("citext", text(), Some("citext")),
            ("numeric(9,6)", ColumnKind::Decimal { scale: Some(6) }, Some("numeric")),
            ("timestamp(3) with time zone", ColumnKind::Timestamp, Some("timestamp with time zone")),
            ("integer[]", ColumnKind::Other, Some("integer[]")),
        ] {
            assert_eq!(cast(&column(declared, kind)).as_deref(), wanted, "{declared}");
        }
        assert!(!compares_loosely(&column("character varying(5)", text())));
        assert!(compares_loosely(&column("citext", text())) && compares_loosely(&column("character(3)", text())));
    }

    #[test]
    fn only_a_star_is_special_in_a_pattern() {
        assert_eq!(like(r"50%*_\x"), r"50\%%\_\\x");
    }
}
