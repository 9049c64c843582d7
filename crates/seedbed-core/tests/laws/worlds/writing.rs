//! Writing: a world as scenario files.

use std::fmt::Write as _;

use super::*;

impl Plan {
    /// Returns the scenario files as text, lower layer first.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut populations = format!(
            "  users:\n    table: users\n    rows: [u1..u{}]\n    personas: {{{}}}\n    columns:\n      kind: dull\n      on: {{quota: {{true: {}, false: rest}}}}\n",
            self.users,
            self.named(&self.kind, 'u', "kind"),
            self.on
        );
        if self.has(AGE) {
            populations += &match self.young {
                None => "      age: {integer: [0, 3]}\n".to_owned(),
                Some(young) => {
                    format!(
                        "      age: {{mix: [{{share: {young}, integer: [0, 1]}}, {{share: rest, integer: [2, 3]}}]}}\n"
                    )
                }
            };
        }
        let share = self.owned.map_or(String::new(), |owned| format!(", share: {owned}"));
        let only = self.owner_only.as_ref().map_or(String::new(), |p| format!(", where: {{{}}}", user_text("", p)));
        let _ = write!(
            populations,
            "  items:\n    table: items\n    rows: [i1..i{}]\n    personas: {{{}}}\n    links: {{owner: {{column: owner_id, to: users, back: items{share}{only}}}}}\n    columns:\n      big: dull\n      color: {{quota: {{red: {}, blue: rest}}}}\n",
            self.items,
            self.named(&self.big, 'i', "big"),
            self.red
        );
        if self.has(TONE) {
            populations += "      tone: {pick: tones}\n";
        }
        if self.has(NOTES) {
            populations += "  notes:\n    table: notes\n    links: {user: {column: user_id, to: users, back: notes}}\n    columns: {}\n";
        }
        let mut relations = String::new();
        let total = |total: Option<usize>| total.map_or(String::new(), |total| format!("    total: {total}\n"));
        if self.has(LIKES) {
            let only = match &self.like_only {
                None => String::new(),
                Some(LikeOnly::Item(p)) => format!(", where: {{{}}}", item_text("", p)),
                Some(LikeOnly::NotOwn) => ", where: {owner: {not: {same_as: user}}}".into(),
            };
            let _ = write!(
                relations,
                "  likes:\n    table: likes\n{}    links:\n      user: {{column: user_id, to: users, back: likes}}\n      item: {{column: item_id, to: items, back: fans{only}}}\n",
                total(self.likes_total)
            );
        }
        if self.has(FOLLOWS) {
            let _ = write!(
                relations,
                "  follows:\n    table: follows\n{}    links:\n      follower: {{column: follower_id, to: users, back: following}}\n      followed: {{column: followed_id, to: users, back: followers}}\n",
                total(self.follows_total)
            );
        }
        let groups = self.groups_text();
        let facts = |upper: bool| {
            let lines: Vec<String> = self
                .facts
                .iter()
                .filter(|fact| fact.upper == upper)
                .map(|fact| format!("  - {{{}}}\n", fact_text(fact)))
                .collect();
            if lines.is_empty() { String::new() } else { format!("ensure:\n{}", lines.concat()) }
        };
        let relations = if relations.is_empty() { relations } else { format!("relations:\n{relations}") };
        let head = "scenario: low\nlayer: 1\nlists: {tones: tones.json}\n";
        if self.layered {
            return vec![
                format!("{head}populations:\n{populations}{}", facts(false)),
                format!("scenario: top\nlayer: 2\nrequires: [low]\n{relations}{groups}{}", facts(true)),
            ];
        }
        vec![format!("{head}populations:\n{populations}{relations}{groups}{}", facts(false))]
    }

    pub(super) fn named(&self, yes: &[bool], letter: char, column: &str) -> String {
        let rows = yes.iter().enumerate().filter(|(_, yes)| **yes);
        let rows: Vec<String> =
            rows.map(|(row, _)| format!("{letter}{}: {{for: x, set: {{{column}: fine}}}}", row + 1)).collect();
        rows.join(", ")
    }

    pub(super) fn groups_text(&self) -> String {
        if !self.has(GROUP) {
            return String::new();
        }
        let mut text = "groups:\n  users:\n    sort:\n".to_owned();
        for (index, group) in self.groups.iter().enumerate() {
            let mut parts = vec![group.size.map_or("rows: rest".into(), |(lo, hi)| {
                if lo == hi { format!("rows: {lo}") } else { format!("rows: [{lo}, {hi}]") }
            })];
            if !group.who.is_empty() {
                let names: Vec<String> = group.who.iter().map(|u| format!("u{}", u + 1)).collect();
                parts.push(format!("who: [{}]", names.join(", ")));
            }
            if let Some(only) = &group.only {
                parts.push(format!("where: {{{}}}", user_text("", only)));
            }
            if !self.layered {
                parts.push(format!("set: {{rank: {index}}}"));
            }
            let has: Vec<String> =
                [("likes", group.likes), ("following", group.follows), ("items", group.items), ("notes", group.notes)]
                    .iter()
                    .filter_map(|(name, range)| range.map(|(lo, hi)| format!("{name}: [{lo}, {hi}]")))
                    .collect();
            if !has.is_empty() {
                parts.push(format!("has: {{{}}}", has.join(", ")));
            }
            let _ = writeln!(text, "      g{index}: {{{}}}", parts.join(", "));
        }
        text
    }
}

/// A line of a `where`.
pub(crate) trait Line {
    fn text(&self) -> String;
}

impl Line for User {
    fn text(&self) -> String {
        user_text("", self)
    }
}

impl Line for Item {
    fn text(&self) -> String {
        item_text("", self)
    }
}

impl Line for Like {
    fn text(&self) -> String {
        like_text(self)
    }
}

impl Line for Follow {
    fn text(&self) -> String {
        follow_text(self)
    }
}

pub(super) fn fact_text(fact: &Fact) -> String {
    let rows = |rows: &[usize]| rows.iter().map(|u| format!("u{}", u + 1)).collect::<Vec<_>>().join(", ");
    let (count, rows) = match &fact.subject {
        Subject::Users => ("users", None),
        Subject::Items => ("items", None),
        Subject::Likes => ("likes", None),
        Subject::Follows => ("follows", None),
        Subject::Notes => ("notes", None),
        Subject::ItemsOf(of) => ("items", Some(rows(of))),
        Subject::LikesOf(of) => ("likes", Some(rows(of))),
        Subject::FollowsOf(of) => ("following", Some(rows(of))),
        Subject::FeedOf(of) => ("following.followed.items", Some(rows(of))),
        Subject::FansOf(of) => ("items.fans", Some(rows(of))),
    };
    let mut parts = vec!["fact: x".to_owned(), format!("count: {count}")];
    parts.extend(rows.map(|rows| format!("for_each: {{users: [{rows}]}}")));
    let lines: Vec<String> = match &fact.condition {
        Condition::Users(all) => lines_text(all),
        Condition::Items(all) => lines_text(all),
        Condition::Likes(all) => lines_text(all),
        Condition::Follows(all) => lines_text(all),
        Condition::None => Vec::new(),
    };
    if !lines.is_empty() {
        parts.push(format!("where: {{{}}}", lines.join(", ")));
    }
    let key = |key: Key| match key {
        Key::Color => "color",
        Key::Owner => "owner",
        Key::ItemColor => "item.color",
        Key::LikedItem => "item",
        Key::Liker => "user",
        Key::ItemOwner => "item.owner",
        Key::UserOn => "on",
        Key::FollowedOn => "followed.on",
        Key::Followed => "followed",
    };
    parts.extend(fact.per.map(|k| format!("per: {}", key(k))));
    parts.extend(fact.distinct.map(|k| format!("distinct: {}", key(k))));
    let bound = |n: i64| if fact.percent { format!("\"{n}%\"") } else { n.to_string() };
    match (fact.lo, fact.hi) {
        (Some(lo), Some(hi)) if lo == hi => parts.push(format!("exactly: {}", bound(lo))),
        (lo, hi) => {
            parts.extend(lo.map(|lo| format!("at_least: {}", bound(lo))));
            parts.extend(hi.map(|hi| format!("at_most: {}", bound(hi))));
        }
    }
    parts.join(", ")
}

pub(super) fn lines_text<T: Line>(lines: &[T]) -> Vec<String> {
    lines.iter().map(Line::text).collect()
}

pub(super) fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "self") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

pub(super) fn range_text((lo, hi): Range) -> String {
    if hi == u32::MAX { format!("{{min: {lo}}}") } else { format!("[{lo}, {hi}]") }
}

pub(super) fn many_text<T: Line>(many: &Many<T>) -> String {
    let lines = |all: &[T]| lines_text(all).join(", ");
    match many {
        Many::Count(range) => format!("{{count: {}}}", range_text(*range)),
        Many::Some(all) => format!("{{some: {{{}}}}}", lines(all)),
        Many::None(all) => format!("{{none: {{{}}}}}", lines(all)),
        Many::All(all) => format!("{{all: {{{}}}}}", lines(all)),
    }
}

pub(super) fn user_text(prefix: &str, p: &User) -> String {
    let at = |name: &str| joined(prefix, name);
    match p {
        User::On(yes) => format!("{}: {yes}", at("on")),
        User::Age(lo, 9) => format!("{}: {{min: {lo}}}", at("age")),
        User::Age(_, hi) => format!("{}: {{max: {hi}}}", at("age")),
        User::Kind(yes) => format!("{}: {}", at("kind"), if *yes { "fine" } else { "dull" }),
        User::Rank(group) => format!("{}: {group}", at("rank")),
        User::Is(u) => format!("{}: u{}", at("self"), u + 1),
        User::Among(of) => {
            let names: Vec<String> = of.iter().map(|u| format!("u{}", u + 1)).collect();
            format!("{}: {{in: [{}]}}", at("self"), names.join(", "))
        }
        User::Not(p) => {
            let inner = user_text(prefix, p);
            let (path, test) = inner.split_once(": ").expect("a line has a path");
            format!("{path}: {{not: {test}}}")
        }
        User::Items(many) => format!("{}: {}", at("items"), many_text(many)),
        User::Likes(many) => format!("{}: {}", at("likes"), many_text(many)),
        User::Follows(many) => format!("{}: {}", at("following"), many_text(many)),
        User::Followers(many) => format!("{}: {}", at("followers"), many_text(many)),
        User::Notes(range) => format!("{}: {{count: {}}}", at("notes"), range_text(*range)),
        User::Colors(range) => format!("{}: {{distinct: {}}}", at("items.color"), range_text(*range)),
        User::Either(a, b) => format!("any: [{{{}}}, {{{}}}]", user_text(prefix, a), user_text(prefix, b)),
    }
}

pub(super) fn item_text(prefix: &str, p: &Item) -> String {
    let at = |name: &str| joined(prefix, name);
    match p {
        Item::Red(yes) => format!("{}: {}", at("color"), if *yes { "red" } else { "blue" }),
        Item::Tone(tone) => format!("{}: {}", at("tone"), ["low", "mid", "high"][*tone as usize]),
        Item::Big(yes) => format!("{}: {}", at("big"), if *yes { "fine" } else { "dull" }),
        Item::Owned(true) => format!("{}: {{not: null}}", at("owner")),
        Item::Owned(false) => format!("{}: null", at("owner")),
        Item::Owner(p) => user_text(&at("owner"), p),
        Item::Fans(many) => format!("{}: {}", at("fans"), many_text(many)),
        Item::Either(a, b) => format!("any: [{{{}}}, {{{}}}]", item_text(prefix, a), item_text(prefix, b)),
    }
}

pub(super) fn like_text(p: &Like) -> String {
    match p {
        Like::User(p) => user_text("user", p),
        Like::Item(p) => item_text("item", p),
        Like::Own(true) => "item.owner: {same_as: user}".into(),
        Like::Own(false) => "item.owner: {not: {same_as: user}}".into(),
        Like::Followed(true) => "item.owner: {in: user.following.followed}".into(),
        Like::Followed(false) => "item.owner: {not_in: user.following.followed}".into(),
    }
}

pub(super) fn follow_text(p: &Follow) -> String {
    match p {
        Follow::Follower(p) => user_text("follower", p),
        Follow::Followed(p) => user_text("followed", p),
        Follow::Mutual => "follower: {in: followed.following.followed}".into(),
        Follow::SameOn => "follower.on: {same_as: followed.on}".into(),
    }
}
