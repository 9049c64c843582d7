//! Judging: what holds in an assignment, and the search through all of them.

use super::*;

impl Plan {
    pub(super) fn user_is(&self, s: &State, u: usize, p: &User) -> bool {
        match p {
            User::On(yes) => s.on[u] == *yes,
            User::Age(lo, hi) => (*lo..=*hi).contains(&s.age[u]),
            User::Kind(yes) => self.kind[u] == *yes,
            User::Rank(group) => s.group[u] == *group,
            User::Is(other) => u == *other,
            User::Among(others) => others.contains(&u),
            User::Not(p) => !self.user_is(s, u, p),
            User::Items(many) => {
                let items = (0..self.items).filter(|i| s.owner[*i] == Some(u));
                holds(many, items, |i, p| self.item_is(s, i, p))
            }
            User::Likes(many) => {
                let likes = (0..self.items).filter(|i| s.likes[u][*i]);
                holds(many, likes, |i, p| self.like_is(s, (u, i), p))
            }
            User::Follows(many) => {
                let follows = (0..self.users).filter(|v| s.follows[u][*v]);
                holds(many, follows, |v, p| self.follow_is(s, (u, v), p))
            }
            User::Followers(many) => {
                let follows = (0..self.users).filter(|v| s.follows[*v][u]);
                holds(many, follows, |v, p| self.follow_is(s, (v, u), p))
            }
            User::Notes((lo, hi)) => (*lo..=*hi).contains(&s.notes[u]),
            User::Colors((lo, hi)) => {
                let mut colors: Vec<u8> =
                    (0..self.items).filter(|i| s.owner[*i] == Some(u)).map(|i| s.color[i]).collect();
                colors.sort_unstable();
                colors.dedup();
                (*lo..=*hi).contains(&(colors.len() as u32))
            }
            User::Either(a, b) => self.user_is(s, u, a) || self.user_is(s, u, b),
        }
    }

    pub(super) fn item_is(&self, s: &State, i: usize, p: &Item) -> bool {
        match p {
            Item::Red(yes) => (s.color[i] == 0) == *yes,
            Item::Tone(tone) => s.tone[i] == *tone,
            Item::Big(yes) => self.big[i] == *yes,
            Item::Owned(yes) => s.owner[i].is_some() == *yes,
            Item::Owner(p) => s.owner[i].map_or_else(|| nobody(p), |u| self.user_is(s, u, p)),
            Item::Fans(many) => {
                let fans = (0..self.users).filter(|u| s.likes[*u][i]);
                holds(many, fans, |u, p| self.like_is(s, (u, i), p))
            }
            Item::Either(a, b) => self.item_is(s, i, a) || self.item_is(s, i, b),
        }
    }

    pub(super) fn like_is(&self, s: &State, (u, i): (usize, usize), p: &Like) -> bool {
        match p {
            Like::User(p) => self.user_is(s, u, p),
            Like::Item(p) => self.item_is(s, i, p),
            Like::Own(yes) => (s.owner[i] == Some(u)) == *yes,
            Like::Followed(yes) => s.owner[i].is_some_and(|v| s.follows[u][v]) == *yes,
        }
    }

    pub(super) fn follow_is(&self, s: &State, (u, v): (usize, usize), p: &Follow) -> bool {
        match p {
            Follow::Follower(p) => self.user_is(s, u, p),
            Follow::Followed(p) => self.user_is(s, v, p),
            Follow::Mutual => s.follows[v][u],
            Follow::SameOn => s.on[u] == s.on[v],
        }
    }

    /// Whether a fact holds.
    pub(crate) fn fact_holds(&self, s: &State, fact: &Fact) -> bool {
        let items_of = |u: usize| (0..self.items).filter(move |i| s.owner[*i] == Some(u));
        let ask_items = |items: Vec<usize>| {
            let Condition::Items(all) = &fact.condition else { unreachable!("items are asked as items") };
            let counted = items.iter().copied().filter(|i| all.iter().all(|p| self.item_is(s, *i, p)));
            let key = |i: usize, key: Key| match key {
                Key::Color => Some(s.color[i] as usize),
                _ => s.owner[i],
            };
            within(
                fact,
                items.len(),
                counted.map(|i| (fact.per.and_then(|k| key(i, k)), fact.distinct.map(|k| key(i, k)))),
            )
        };
        let ask_likes = |likes: Vec<(usize, usize)>| {
            let Condition::Likes(all) = &fact.condition else { unreachable!("likes are asked as likes") };
            let counted = likes.iter().copied().filter(|l| all.iter().all(|p| self.like_is(s, *l, p)));
            let key = |(u, i): (usize, usize), key: Key| match key {
                Key::ItemColor => Some(s.color[i] as usize),
                Key::LikedItem => Some(i),
                Key::Liker => Some(u),
                _ => s.owner[i],
            };
            within(
                fact,
                likes.len(),
                counted.map(|l| (fact.per.and_then(|k| key(l, k)), fact.distinct.map(|k| key(l, k)))),
            )
        };
        let ask_follows = |follows: Vec<(usize, usize)>| {
            let Condition::Follows(all) = &fact.condition else { unreachable!("follows are asked as follows") };
            let counted = follows.iter().copied().filter(|l| all.iter().all(|p| self.follow_is(s, *l, p)));
            let key = |(_, v): (usize, usize), key: Key| match key {
                Key::FollowedOn => Some(usize::from(!s.on[v])),
                _ => Some(v),
            };
            within(
                fact,
                follows.len(),
                counted.map(|l| (fact.per.and_then(|k| key(l, k)), fact.distinct.map(|k| key(l, k)))),
            )
        };
        let pairs = |matrix: &[Vec<bool>]| -> Vec<(usize, usize)> {
            (0..matrix.len())
                .flat_map(|a| (0..matrix[a].len()).filter(move |b| matrix[a][*b]).map(move |b| (a, b)))
                .collect()
        };
        match &fact.subject {
            Subject::Users => {
                let Condition::Users(all) = &fact.condition else { unreachable!("users are asked as users") };
                let counted = (0..self.users).filter(|u| all.iter().all(|p| self.user_is(s, *u, p)));
                let key = |u: usize| Some(usize::from(!s.on[u]));
                within(
                    fact,
                    self.users,
                    counted.map(|u| (fact.per.and_then(|_| key(u)), fact.distinct.map(|_| key(u)))),
                )
            }
            Subject::Items => ask_items((0..self.items).collect()),
            Subject::Likes => ask_likes(pairs(&s.likes)),
            Subject::Follows => ask_follows(pairs(&s.follows)),
            Subject::Notes => {
                let all = s.notes.iter().sum::<u32>() as usize;
                within(fact, all, (0..all).map(|_| (None, None)))
            }
            Subject::ItemsOf(rows) => rows.iter().all(|u| ask_items(items_of(*u).collect())),
            Subject::LikesOf(rows) => {
                rows.iter().all(|u| ask_likes((0..self.items).filter(|i| s.likes[*u][*i]).map(|i| (*u, i)).collect()))
            }
            Subject::FollowsOf(rows) => rows
                .iter()
                .all(|u| ask_follows((0..self.users).filter(|v| s.follows[*u][*v]).map(|v| (*u, v)).collect())),
            Subject::FeedOf(rows) => rows.iter().all(|u| {
                let followed = (0..self.users).filter(|v| s.follows[*u][*v]);
                ask_items(followed.flat_map(items_of).collect())
            }),
            Subject::FansOf(rows) => rows.iter().all(|u| {
                let fans =
                    items_of(*u).flat_map(|i| (0..self.users).filter(move |v| s.likes[*v][i]).map(move |v| (v, i)));
                ask_likes(fans.collect())
            }),
        }
    }

    /// Whether the structure of a part stands, given those before it.
    pub(super) fn stands(&self, s: &State, part: u16) -> bool {
        let inside = |n: usize, range: Option<Range>| range.is_none_or(|(lo, hi)| (lo..=hi).contains(&(n as u32)));
        match part {
            ON => s.on.iter().filter(|on| **on).count() == self.on,
            COLOR => s.color.iter().filter(|color| **color == 0).count() == self.red,
            AGE => self.young.is_none_or(|young| s.age.iter().filter(|age| **age < 2).count() == young),
            GROUP => self.groups.iter().enumerate().all(|(g, group)| {
                let members: Vec<usize> = (0..self.users).filter(|u| s.group[*u] == g).collect();
                inside(members.len(), group.size)
                    && group.who.iter().all(|u| members.contains(u))
                    && members.iter().all(|u| group.only.as_ref().is_none_or(|p| self.user_is(s, *u, p)))
            }),
            OWNER => {
                s.owner.iter().flatten().count() == self.owned.unwrap_or(self.items)
                    && s.owner.iter().flatten().all(|u| self.owner_only.as_ref().is_none_or(|p| self.user_is(s, *u, p)))
                    && (0..self.users).all(|u| {
                        let count = s.owner.iter().filter(|owner| **owner == Some(u)).count();
                        self.group_of(s, u).is_none_or(|group| inside(count, group.items))
                    })
            }
            NOTES => (0..self.users).all(|u| self.group_of(s, u).is_some_and(|g| inside(s.notes[u] as usize, g.notes))),
            LIKES => {
                let all: usize = s.likes.iter().flatten().filter(|yes| **yes).count();
                self.likes_total.is_none_or(|total| all == total)
                    && (0..self.users).all(|u| {
                        let count = s.likes[u].iter().filter(|yes| **yes).count();
                        self.group_of(s, u).is_none_or(|group| inside(count, group.likes))
                    })
                    && (0..self.users).all(|u| {
                        (0..self.items).filter(|i| s.likes[u][*i]).all(|i| match &self.like_only {
                            None => true,
                            Some(LikeOnly::Item(p)) => self.item_is(s, i, p),
                            Some(LikeOnly::NotOwn) => s.owner[i] != Some(u),
                        })
                    })
            }
            FOLLOWS => {
                let all: usize = s.follows.iter().flatten().filter(|yes| **yes).count();
                self.follows_total.is_none_or(|total| all == total)
                    && (0..self.users).all(|u| {
                        let count = s.follows[u].iter().filter(|yes| **yes).count();
                        !s.follows[u][u] && self.group_of(s, u).is_none_or(|group| inside(count, group.follows))
                    })
            }
            _ => true,
        }
    }

    pub(super) fn group_of(&self, s: &State, u: usize) -> Option<&Group> {
        self.has(GROUP).then(|| &self.groups[s.group[u]])
    }

    /// What is wrong with an assignment of all parts.
    pub(crate) fn wrong(&self, s: &State) -> Option<String> {
        for (index, name) in PARTS.iter().enumerate().filter(|(index, _)| self.has(1 << index)) {
            if !self.stands(s, 1 << index) {
                return Some(format!("{name} break the structure"));
            }
        }
        let fact = self.facts.iter().position(|fact| !self.fact_holds(s, fact))?;
        Some(format!("fact {fact} does not hold"))
    }

    /// Returns an assignment that holds everything, where there is one; `fixed` keeps the parts of
    /// the lower layer.
    pub(crate) fn search(&self, lower: Option<&State>) -> Option<State> {
        let mut state = lower.cloned().unwrap_or_else(|| self.empty());
        let open = if lower.is_some() { self.parts & (GROUP | LIKES | FOLLOWS) } else { self.parts };
        // A fact is asked as soon as all it mentions is assigned.
        let mut asked: Vec<Vec<&Fact>> = vec![Vec::new(); PARTS.len() + 1];
        for fact in &self.facts {
            let last = (self.mentions(fact) & open).checked_ilog2().map_or(0, |last| last as usize + 1);
            asked[last].push(fact);
        }
        if !asked[0].iter().all(|fact| self.fact_holds(&state, fact)) {
            return None;
        }
        self.assign(&mut state, open, 0, &asked).then_some(state)
    }

    /// The same plan with the lower layer only.
    pub(crate) fn lower(&self) -> Self {
        let mut lower = self.clone();
        lower.layered = false;
        lower.parts &= ON | AGE | COLOR | TONE | OWNER;
        lower.facts.retain(|fact| !fact.upper);
        lower
    }

    pub(super) fn empty(&self) -> State {
        State {
            on: vec![false; self.users],
            age: vec![0; self.users],
            color: vec![0; self.items],
            tone: vec![0; self.items],
            group: vec![0; self.users],
            owner: vec![None; self.items],
            notes: vec![0; self.users],
            likes: vec![vec![false; self.items]; self.users],
            follows: vec![vec![false; self.users]; self.users],
        }
    }

    pub(super) fn assign(&self, s: &mut State, open: u16, at: usize, asked: &[Vec<&Fact>]) -> bool {
        if at == PARTS.len() {
            return true;
        }
        let part = 1u16 << at;
        if open & part == 0 {
            return self.assign(s, open, at + 1, asked);
        }
        let (slots, choices) = self.shape(part);
        let mut digits = vec![0usize; slots];
        loop {
            for (slot, digit) in digits.iter().copied().enumerate() {
                self.set(s, part, slot, digit);
            }
            if self.stands(s, part)
                && asked[at + 1].iter().all(|fact| self.fact_holds(s, fact))
                && self.assign(s, open, at + 1, asked)
            {
                return true;
            }
            let Some(slot) = (0..slots).find(|slot| {
                let diagonal = part == FOLLOWS && slot / self.users == slot % self.users;
                digits[*slot] + 1 < choices && !diagonal
            }) else {
                return false;
            };
            digits[slot] += 1;
            digits[..slot].fill(0);
        }
    }

    /// How many slots a part has, and how many choices each.
    pub(super) fn shape(&self, part: u16) -> (usize, usize) {
        let slots: usize = match part {
            ON | AGE | GROUP | NOTES => self.users,
            COLOR | TONE | OWNER => self.items,
            LIKES => self.users * self.items,
            _ => self.users * self.users,
        };
        let choices: usize = match part {
            ON | COLOR | LIKES | FOLLOWS => 2,
            AGE => 4,
            TONE | NOTES => 3,
            GROUP => self.groups.len(),
            _ => self.users + usize::from(self.owned.is_some()),
        };
        (slots, choices)
    }

    pub(super) fn set(&self, s: &mut State, part: u16, slot: usize, digit: usize) {
        match part {
            ON => s.on[slot] = digit == 1,
            AGE => s.age[slot] = digit as i64,
            COLOR => s.color[slot] = digit as u8,
            TONE => s.tone[slot] = digit as u8,
            GROUP => s.group[slot] = digit,
            OWNER => s.owner[slot] = (digit < self.users).then_some(digit),
            NOTES => s.notes[slot] = digit as u32,
            LIKES => s.likes[slot / self.items][slot % self.items] = digit == 1,
            _ => s.follows[slot / self.users][slot % self.users] = digit == 1,
        }
    }

    /// The parts a fact mentions.
    pub(super) fn mentions(&self, fact: &Fact) -> u16 {
        let text = format!("{:?} {:?} {:?} {:?}", fact.subject, fact.condition, fact.per, fact.distinct);
        let mut parts = 0;
        for (word, part) in [
            ("On(", ON),
            ("UserOn", ON),
            ("FollowedOn", ON),
            ("SameOn", ON),
            ("Age(", AGE),
            ("Red(", COLOR),
            ("Color", COLOR),
            ("Tone(", TONE),
            ("Rank(", GROUP),
            ("Owner", OWNER),
            ("Owned(", OWNER),
            ("Own(", OWNER),
            ("Items(", OWNER),
            ("ItemsOf", OWNER),
            ("FeedOf", OWNER | FOLLOWS),
            ("FansOf", OWNER | LIKES),
            ("Colors(", OWNER),
            ("Followed(true", OWNER | FOLLOWS),
            ("Followed(false", OWNER | FOLLOWS),
            ("Notes", NOTES),
            ("Likes", LIKES),
            ("LikesOf", LIKES),
            ("Fans(", LIKES),
            ("Follow", FOLLOWS),
            ("Mutual", FOLLOWS),
        ] {
            if text.contains(word) {
                parts |= part;
            }
        }
        parts
    }
}

pub(super) fn holds<T>(many: &Many<T>, rows: impl Iterator<Item = usize>, is: impl Fn(usize, &T) -> bool) -> bool {
    let every = |row: usize, all: &[T]| all.iter().all(|p| is(row, p));
    let mut rows = rows;
    match many {
        Many::Count((lo, hi)) => (*lo..=*hi).contains(&(rows.count() as u32)),
        Many::Some(all) => rows.any(|row| every(row, all)),
        Many::None(all) => !rows.any(|row| every(row, all)),
        Many::All(all) => rows.all(|row| every(row, all)),
    }
}

/// What a test says of a row that is not there: only `not` and tests of no rows hold.
pub(super) fn nobody(p: &User) -> bool {
    match p {
        User::Not(p) => !nobody(p),
        User::Items(many) => nothing(many),
        User::Likes(many) => nothing(many),
        User::Follows(many) | User::Followers(many) => nothing(many),
        User::Notes((lo, _)) | User::Colors((lo, _)) => *lo == 0,
        User::Either(a, b) => nobody(a) || nobody(b),
        _ => false,
    }
}

pub(super) fn nothing<T>(many: &Many<T>) -> bool {
    match many {
        Many::Count((lo, _)) => *lo == 0,
        Many::Some(_) => false,
        Many::None(_) | Many::All(_) => true,
    }
}

/// Whether what is counted lies in a fact's bounds: each row with its value of `per` and of `distinct`.
pub(super) fn within(
    fact: &Fact,
    all: usize,
    counted: impl Iterator<Item = (Option<usize>, Option<Option<usize>>)>,
) -> bool {
    let bound = |n: i64| if fact.percent { (n * 100 * all as i64 + 5_000) / 10_000 } else { n };
    let fits =
        |n: usize| fact.lo.is_none_or(|lo| n as i64 >= bound(lo)) && fact.hi.is_none_or(|hi| n as i64 <= bound(hi));
    let counted: Vec<(Option<usize>, Option<Option<usize>>)> = counted.collect();
    let number = |of: &dyn Fn(&&(Option<usize>, Option<Option<usize>>)) -> bool| {
        let rows = counted.iter().filter(of);
        if fact.distinct.is_some() {
            let mut values: Vec<usize> = rows.filter_map(|(_, value)| value.flatten()).collect();
            values.sort_unstable();
            values.dedup();
            values.len()
        } else {
            rows.count()
        }
    };
    match fact.per {
        None => fits(number(&|_| true)),
        Some(_) => (0..2).all(|value| fits(number(&|(per, _)| *per == Some(value)))),
    }
}

impl Plan {
    /// Finds the groups of an upper layer, which no column shows: any that fit the pairs.
    pub(crate) fn complete_groups(&self, s: &mut State) {
        if !self.layered || !self.has(GROUP) {
            return;
        }
        let all = self.groups.len().pow(self.users as u32);
        for code in 0..all {
            s.group = (0..self.users as u32).map(|u| code / self.groups.len().pow(u) % self.groups.len()).collect();
            if [GROUP, LIKES, FOLLOWS].iter().all(|part| !self.has(*part) || self.stands(s, *part)) {
                return;
            }
        }
    }
}
