//! The connection of a session that stays is lost at any moment of a reset: the next reset ends in the
//! dataset, over a connection of its own.

use crate::contract::support::{COUNTERS, Own, TODAY};
use crate::contract::warm::{Twin, project};
use crate::proxy::{Cut, Next, Proxy};

const DAMAGE: &str = "
    UPDATE flyers_flyer SET title = 'x' WHERE id IN (SELECT id FROM flyers_flyer ORDER BY id LIMIT 3);
    DELETE FROM flyers_favorite WHERE id IN (SELECT id FROM flyers_favorite ORDER BY id LIMIT 3);
    INSERT INTO auth_group (id, name) VALUES (7, 'readers') ON CONFLICT DO NOTHING;
    INSERT INTO users_user_groups (user_id, group_id) SELECT min(id), 7 FROM users_user;";

#[test]
fn a_session_whose_connection_is_cut_anywhere_ends_in_the_dataset_with_the_next_reset() {
    let twin = Twin::new(&project());
    let now = TODAY + 3600;
    twin.warm(now).reset(None, now, &mut |_| {}).unwrap();
    let rows = || {
        let mut rows = twin.own.dump(false);
        rows.remove(COUNTERS);
        rows.remove("auth_group");
        rows
    };
    let seeded = rows();
    let Own::Postgres(_, place) = &twin.own else { unreachable!("this is a test of PostgreSQL") };
    let proxy = Proxy::new(place.socket());
    let address = format!("postgres://postgres@127.0.0.1:{}/{}", proxy.port, place.name);
    // A session that is in sync, the bytes that went each way until then, and those of a reset.
    let begin = |cut, next| {
        proxy.cut(cut, next);
        let mut session = twin.warm_at(&address, now, 0)?;
        session.reset(None, now, &mut |_| {})?;
        Ok::<_, seedbed::Error>(session)
    };
    let mut session = begin(Cut::Nowhere, Next::HandedOn).unwrap();
    let open = proxy.passed();
    twin.own.sql(DAMAGE);
    session.reset(None, now, &mut |_| {}).unwrap();
    let done = proxy.passed();
    assert_eq!(rows(), seeded);
    let mut cuts = vec![Cut::BeforeCommit, Cut::InCommit, Cut::AfterCommit];
    cuts.extend((0..8).map(|part| Cut::To(open.to + (done.to - open.to) * part / 8)));
    cuts.extend((0..8).map(|part| Cut::From(open.from + (done.from - open.from) * part / 8)));
    for cut in cuts {
        let mut session = begin(cut, Next::HandedOn).unwrap_or_else(|_| twin.warm_at(&address, now, 0).unwrap());
        twin.own.sql(DAMAGE);
        let answer = session.reset(None, now, &mut |_| {});
        let said = format!("{cut:?}: {:?}", answer.as_ref().map(|(receipt, _)| receipt.written));
        if answer.is_ok() {
            assert_eq!(rows(), seeded, "{said}");
        }
        session.reset(None, now, &mut |_| {}).unwrap_or_else(|error| panic!("{said}: {error}"));
        assert_eq!(rows(), seeded, "{said}");
    }
}
