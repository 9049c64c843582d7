//! What `status` says.

use std::time::Duration;

use super::support::{TODAY, World};
use seedbed::guard::Standing;

#[test]
fn status_tells_what_is_seeded_and_whether_tests_may_write() {
    let mut world = World::new();
    let wait = Duration::from_secs(1);
    let before = seedbed::status(&mut *world.database, wait, &mut |_| {}).unwrap();
    assert_eq!((before.standing, before.state.seeded.len()), (Standing::Empty, 0));
    world.seed().unwrap();
    let after = seedbed::status(&mut *world.database, wait, &mut |_| {}).unwrap();
    assert_eq!(after.standing, Standing::Marked);
    let names: Vec<&str> = after.state.seeded.iter().map(|seeded| seeded.scenario.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert_eq!(after.tables["pairs"], 4);
    assert_eq!(after.state.seeded[0].as_of, TODAY);
}
