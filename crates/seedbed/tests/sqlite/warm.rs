//! A session that stays, and the file under it.

use std::fs;

use crate::contract::support::TODAY;
use crate::contract::warm::{Twins, project};

#[test]
fn a_database_file_that_is_removed_is_made_again() {
    let mut twins = Twins::new(&project());
    for twin in [&twins.warm, &twins.cold] {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(twin.folder.path().join(format!("test.db{end}")));
        }
    }
    twins.expect_alike_told("the file is gone", None, TODAY + 3600);
    twins.expect_alike_told("and is there again", None, TODAY + 3600);
    let made = rusqlite::Connection::open(twins.warm.folder.path().join("test.db")).unwrap();
    let users: i64 = made.query_row("SELECT count(*) FROM users_user", [], |row| row.get(0)).unwrap();
    assert!(users > 0);
}
