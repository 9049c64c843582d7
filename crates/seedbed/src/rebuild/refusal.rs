//! Refusals: why a table keeps its indexes while rows are loaded.

use std::fmt;

/// A table that keeps its indexes while rows are loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The table.
    pub table: String,
    /// Why.
    pub reason: Reason,
}

/// Why a table keeps its indexes while rows are loaded. What it is about is a name as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// So many rows that are not ours stand in it, and its application works with them.
    RowsOfOthers(u64),
    /// The transaction is somebody else's.
    InsideATransaction,
    /// It is no table of its own: it has partitions or heirs, or is one.
    Parted,
    /// We may not drop and make what is needed: about a table.
    Rights(String),
    /// An index tells its rows apart for replication.
    ReplicaIdentity,
    /// It is published: about a publication.
    Published(String),
    /// Its rows were put in the order of an index: about that.
    Clustered(String),
    /// An index is not valid: about that.
    InvalidIndex(String),
    /// An index lies in a tablespace of its own: about that.
    Tablespace(String),
    /// Statistics are kept of an index in a way of its own, or would go with it: about that.
    Statistics(String),
    /// It has an exclusion constraint: about that.
    Exclusion(String),
    /// A foreign key was never checked: about that.
    NotValid(String),
    /// A trigger is not enabled as usual: about it, or the constraint that it checks.
    DisabledTrigger(String),
    /// It, or an index or a constraint, belongs to an extension: about that.
    Extension(String),
    /// Something else hangs on an index or a constraint: about that.
    Dependent(String),
}

impl Reason {
    /// Returns the reason of this code, with what it is about.
    pub(crate) fn of(code: &str, about: String) -> Option<Self> {
        Some(match code {
            "parted" => Self::Parted,
            "rights" => Self::Rights(about),
            "replica-identity" => Self::ReplicaIdentity,
            "published" => Self::Published(about),
            "clustered" => Self::Clustered(about),
            "invalid-index" => Self::InvalidIndex(about),
            "tablespace" => Self::Tablespace(about),
            "statistics" => Self::Statistics(about),
            "exclusion" => Self::Exclusion(about),
            "not-valid" => Self::NotValid(about),
            "disabled-trigger" => Self::DisabledTrigger(about),
            "extension" => Self::Extension(about),
            "dependent" => Self::Dependent(about),
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    /// Writes a sentence without a stop: ``the indexes of `items` stay: 3 rows of others stand in it``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the indexes of `{}` stay: {}", self.table, self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowsOfOthers(1) => f.write_str("a row of others stands in it"),
            Self::RowsOfOthers(rows) => write!(f, "{rows} rows of others stand in it"),
            Self::InsideATransaction => f.write_str("the transaction is somebody else's"),
            Self::Parted => f.write_str("it has partitions or heirs, or is one"),
            Self::Rights(table) => write!(f, "this user has not the rights on `{table}` that making them takes"),
            Self::ReplicaIdentity => f.write_str("an index tells its rows apart for replication"),
            Self::Published(name) => write!(f, "publication `{name}` publishes it"),
            Self::Clustered(name) => write!(f, "its rows are in the order of index `{name}`"),
            Self::InvalidIndex(name) => write!(f, "index `{name}` is not valid"),
            Self::Tablespace(name) => write!(f, "index `{name}` lies in a tablespace of its own"),
            Self::Statistics(name) => write!(f, "the statistics of index `{name}` would be lost"),
            Self::Exclusion(name) => write!(f, "it has the exclusion constraint `{name}`"),
            Self::NotValid(name) => write!(f, "foreign key `{name}` was never checked for all rows"),
            Self::DisabledTrigger(name) => write!(f, "trigger `{name}` is not enabled as usual"),
            Self::Extension(name) => write!(f, "it belongs to extension `{name}`"),
            Self::Dependent(name) => write!(f, "{name} hangs on one of them"),
        }
    }
}
