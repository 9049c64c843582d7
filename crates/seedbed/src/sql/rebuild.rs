//! What hangs on tables and can be dropped and made anew: statements for `rebuild`.
//!
//! The server itself writes down what it drops and makes, and quotes every name in it.

use super::{Dialect, Sql, Writer, postgres};

/// The tables asked about: a list in JSON.
const NAMED: &str = "AND c.relname IN (SELECT json_array_elements_text(?::text::json))";

/// The constraints that are dropped: foreign keys, and unique ones that no foreign key leads to.
const CONSTRAINTS: &str = "k.conrelid = c.oid AND (k.contype = 'f' OR (k.contype = 'u' AND NOT EXISTS \
     (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conindid = k.conindid)))";

/// The indexes that are dropped, by themselves or with their constraint: all but the primary key's and
/// those that a foreign key leads to.
const INDEXES: &str = "i.indrelid = c.oid AND NOT i.indisprimary AND NOT EXISTS \
     (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conindid = i.indexrelid)";

/// Reads what PostgreSQL has to drop: table, step, name, how to drop it, how to make it, and what to do
/// then to have it all as it was: three statements or less.
///
/// A unique constraint is made of an index, so that it keeps what its own text leaves out.
pub(crate) fn select_parts() -> Sql {
    postgres::of_relations(
        "c.relname::text, p.step::int8, p.name::text, p.dropped, p.made, p.joined, p.remark, p.index_remark",
        &format!(
            "CROSS JOIN LATERAL (\
             SELECT CASE k.contype WHEN 'f' THEN 1 ELSE 2 END AS step, k.conname AS name, \
             format('ALTER TABLE %s DROP CONSTRAINT %I', c.oid::regclass, k.conname) AS dropped, \
             CASE k.contype WHEN 'u' THEN pg_get_indexdef(k.conindid) ELSE \
             format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) \
             END AS made, \
             CASE k.contype WHEN 'u' THEN format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE USING INDEX %I%s', \
             c.oid::regclass, k.conname, x.relname, CASE WHEN k.condeferred THEN ' DEFERRABLE INITIALLY DEFERRED' \
             WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END) END AS joined, \
             CASE WHEN obj_description(k.oid, 'pg_constraint') IS NOT NULL THEN \
             format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, c.oid::regclass, \
             obj_description(k.oid, 'pg_constraint')) END AS remark, \
             CASE WHEN k.contype = 'u' AND obj_description(x.oid, 'pg_class') IS NOT NULL THEN \
             format('COMMENT ON INDEX %s IS %L', x.oid::regclass, obj_description(x.oid, 'pg_class')) END AS index_remark \
             FROM pg_constraint AS k LEFT JOIN pg_class AS x ON x.oid = k.conindid WHERE {CONSTRAINTS} \
             UNION ALL SELECT 3, x.relname, format('DROP INDEX %s', x.oid::regclass), pg_get_indexdef(x.oid), NULL, NULL, \
             CASE WHEN obj_description(x.oid, 'pg_class') IS NOT NULL THEN \
             format('COMMENT ON INDEX %s IS %L', x.oid::regclass, obj_description(x.oid, 'pg_class')) END \
             FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE {INDEXES} \
             AND NOT EXISTS (SELECT FROM pg_constraint AS o WHERE o.conindid = i.indexrelid AND o.contype IN ('u', 'x'))\
             ) AS p"
        ),
        NAMED,
        "2, 1, 3",
    )
}

/// Reads why PostgreSQL's tables stay as they are: table, reason, what it is about.
pub(crate) fn select_refusals() -> Sql {
    let dropped = format!(
        "(SELECT 'pg_constraint'::regclass AS class, k.oid AS id FROM pg_constraint AS k WHERE {CONSTRAINTS} \
         UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index AS i WHERE {INDEXES})"
    );
    let index = |reason: &str, holds: &str| {
        format!(
            "SELECT '{reason}', x.relname::text FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid \
             WHERE i.indrelid = c.oid AND ({holds})"
        )
    };
    let constraint = |reason: &str, holds: &str| {
        format!(
            "SELECT '{reason}', k.conname::text FROM pg_constraint AS k LEFT JOIN pg_class AS x ON x.oid = k.conindid \
             WHERE k.conrelid = c.oid AND {holds}"
        )
    };
    let reasons = [
        "SELECT 'parted' AS reason, '' AS about WHERE c.relkind <> 'r' OR EXISTS (SELECT FROM pg_inherits AS h \
         WHERE c.oid IN (h.inhrelid, h.inhparent))"
            .to_owned(),
        "SELECT 'rights', c.relname::text WHERE NOT pg_has_role(c.relowner, 'USAGE') \
         OR NOT has_schema_privilege(c.relnamespace, 'CREATE')"
            .to_owned(),
        "SELECT 'rights', f.confrelid::regclass::text FROM pg_constraint AS f WHERE f.conrelid = c.oid \
         AND f.contype = 'f' AND NOT has_table_privilege(f.confrelid, 'REFERENCES')"
            .to_owned(),
        "SELECT 'replica-identity', '' WHERE c.relreplident = 'i'".to_owned(),
        "SELECT 'published', p.pubname::text FROM pg_publication_tables AS p WHERE p.schemaname = n.nspname \
         AND p.tablename = c.relname"
            .to_owned(),
        index("clustered", "i.indisclustered"),
        index("invalid-index", "NOT (i.indisvalid AND i.indisready AND i.indislive)"),
        index("tablespace", "x.reltablespace <> 0"),
        index(
            "statistics",
            "EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = x.oid AND coalesce(a.attstattarget, -1) >= 0)",
        ),
        constraint(
            "exclusion",
            "(k.contype = 'x' OR (k.contype = 'u' AND x.relam <> (SELECT oid FROM pg_am WHERE amname = 'btree')))",
        ),
        constraint("not-valid", "k.contype = 'f' AND NOT k.convalidated"),
        "SELECT 'disabled-trigger', coalesce((SELECT k.conname FROM pg_constraint AS k WHERE k.oid = t.tgconstraint), \
         t.tgname)::text FROM pg_trigger AS t WHERE t.tgenabled <> 'O' AND (t.tgrelid = c.oid OR t.tgconstraint IN \
         (SELECT k.oid FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'f'))"
            .to_owned(),
        format!(
            "SELECT 'extension', e.extname::text FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid \
             WHERE d.refclassid = 'pg_extension'::regclass AND ((d.classid = 'pg_class'::regclass AND d.objid = c.oid) \
             OR (d.classid, d.objid) IN {dropped})"
        ),
        format!(
            "SELECT 'dependent', pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend AS d \
             WHERE d.deptype NOT IN ('i', 'P', 'S') AND (d.refclassid, d.refobjid) IN {dropped}"
        ),
    ];
    postgres::of_relations(
        "DISTINCT c.relname::text, r.reason, r.about",
        &format!("CROSS JOIN LATERAL ({}) AS r", reasons.join(" UNION ALL ")),
        NAMED,
        "1, 2, 3",
    )
}

/// Reads what PostgreSQL's catalogue says of tables, of what hangs on them and of what checks their
/// references, numbers of objects left out: table, text.
pub(crate) fn select_catalogue() -> Sql {
    postgres::of_relations(
        "c.relname::text, s.line",
        "CROSS JOIN LATERAL (\
         SELECT ROW('table', c.relkind, c.relpersistence, c.relreplident, c.reloptions, c.reltablespace)::text AS line \
         UNION ALL SELECT ROW('constraint', k.conname, k.contype, k.condeferrable, k.condeferred, k.convalidated, \
         k.conislocal, k.coninhcount, k.connoinherit, pg_get_constraintdef(k.oid), \
         obj_description(k.oid, 'pg_constraint'))::text FROM pg_constraint AS k WHERE k.conrelid = c.oid \
         UNION ALL SELECT ROW('index', x.relname, x.relowner, x.relam, x.relpersistence, x.reloptions, x.reltablespace, \
         i.indisunique, i.indisprimary, i.indisexclusion, i.indimmediate, i.indisclustered, i.indisvalid, i.indisready, \
         i.indislive, i.indisreplident, i.indnkeyatts, pg_get_indexdef(x.oid), obj_description(x.oid, 'pg_class'))::text \
         FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid \
         UNION ALL SELECT ROW('trigger', CASE WHEN NOT t.tgisinternal THEN t.tgname END, k.conname, \
         t.tgrelid::regclass::text, t.tgconstrrelid::regclass::text, t.tgtype, t.tgenabled, t.tgfoid::regproc::text, \
         t.tgdeferrable, t.tginitdeferred)::text FROM pg_trigger AS t LEFT JOIN pg_constraint AS k \
         ON k.oid = t.tgconstraint WHERE t.tgrelid = c.oid OR (k.conrelid = c.oid AND k.contype = 'f')\
         ) AS s",
        NAMED,
        "1, 2",
    )
}

/// Reads SQLite's indexes that were made by a statement, in the order they were made in: table, name, that
/// statement. The tables are a list in JSON.
pub(crate) fn select_indexes() -> Sql {
    Sql::fixed(
        Dialect::Sqlite,
        "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
         AND tbl_name IN (SELECT value FROM json_each(?)) ORDER BY rowid",
    )
}

/// Reads which of SQLite's indexes have statistics, which go with them: table, index. The tables are a
/// list in JSON.
pub(crate) fn select_statistics() -> Sql {
    Sql::fixed(
        Dialect::Sqlite,
        "SELECT tbl, idx FROM sqlite_stat1 WHERE idx IS NOT NULL AND tbl IN (SELECT value FROM json_each(?))",
    )
}

/// Drops one of SQLite's indexes.
pub(crate) fn drop_index(name: &str) -> Sql {
    let mut writer = Writer::new(Dialect::Sqlite);
    writer.push("DROP INDEX main.");
    writer.name(name);
    writer.finish().sql
}

/// Returns a statement that the catalogue has written down.
pub(crate) fn of_catalogue(dialect: Dialect, text: &str) -> Sql {
    let mut writer = Writer::new(dialect);
    writer.text.push_str(text);
    if dialect == Dialect::Sqlite && text.ends_with(char::is_whitespace) {
        // It is kept to its last byte, which a driver would cut off with the blanks before it.
        writer.push(";");
    }
    writer.finish().sql
}
