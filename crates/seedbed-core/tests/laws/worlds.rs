//! Worlds: small random scenarios with an evaluator of their own, and all assignments of them.
//!
//! Nothing in here uses the generator: a state is plain vectors, a predicate is a `match`.

use std::fmt::Write as _;

/// Numbers that look random and are the same everywhere (`SplitMix64`, Steele et al. 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5EED)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `lo` to `hi`, both included.
    pub(crate) fn between(&mut self, lo: usize, hi: usize) -> usize {
        lo + (self.bits() % (hi - lo + 1) as u64) as usize
    }

    /// Yes, in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.between(0, of.len() - 1)]
    }
}

/// What is decided, in the order in which assignments are enumerated.
pub(crate) const PARTS: [&str; 9] = ["on", "age", "color", "tone", "group", "owner", "notes", "likes", "follows"];
const ON: u16 = 1;
const AGE: u16 = 2;
const COLOR: u16 = 4;
const TONE: u16 = 8;
const GROUP: u16 = 16;
const OWNER: u16 = 32;
const NOTES: u16 = 64;
const LIKES: u16 = 128;
const FOLLOWS: u16 = 256;

/// An assignment of every decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) on: Vec<bool>,
    pub(crate) age: Vec<i64>,
    /// 0 red, 1 blue.
    pub(crate) color: Vec<u8>,
    pub(crate) tone: Vec<u8>,
    pub(crate) group: Vec<usize>,
    pub(crate) owner: Vec<Option<usize>>,
    pub(crate) notes: Vec<u32>,
    /// likes[user][item]
    pub(crate) likes: Vec<Vec<bool>>,
    /// follows[follower][followed]
    pub(crate) follows: Vec<Vec<bool>>,
}

type Range = (u32, u32);

/// A predicate of a user.
#[derive(Clone, Debug)]
pub(crate) enum User {
    On(bool),
    Age(i64, i64),
    Kind(bool),
    Rank(usize),
    Is(usize),
    Among(Vec<usize>),
    Not(Box<User>),
    Items(Many<Item>),
    Likes(Many<Like>),
    Follows(Many<Follow>),
    Followers(Many<Follow>),
    Notes(Range),
    /// Different colours of its items.
    Colors(Range),
    Either(Box<User>, Box<User>),
}

/// A predicate of an item.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Red(bool),
    Tone(u8),
    Big(bool),
    Owner(Box<User>),
    Owned(bool),
    Fans(Many<Like>),
    Either(Box<Item>, Box<Item>),
}

#[derive(Clone, Debug)]
pub(crate) enum Like {
    User(Box<User>),
    Item(Box<Item>),
    /// The item is the user's own.
    Own(bool),
    /// The item's owner is one the user follows.
    Followed(bool),
}

#[derive(Clone, Debug)]
pub(crate) enum Follow {
    Follower(Box<User>),
    Followed(Box<User>),
    /// The followed one follows back.
    Mutual,
    SameOn,
}

/// A test of the rows a way back leads to.
#[derive(Clone, Debug)]
pub(crate) enum Many<T> {
    Count(Range),
    Some(Vec<T>),
    None(Vec<T>),
    All(Vec<T>),
}

/// What an ensure counts.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Users,
    Items,
    Likes,
    Follows,
    Notes,
    /// For each of these users, its items.
    ItemsOf(Vec<usize>),
    LikesOf(Vec<usize>),
    FollowsOf(Vec<usize>),
    /// `following.followed.items`
    FeedOf(Vec<usize>),
    /// `items.fans`
    FansOf(Vec<usize>),
}

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Users(Vec<User>),
    Items(Vec<Item>),
    Likes(Vec<Like>),
    Follows(Vec<Follow>),
    None,
}

/// What values are told apart by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Color,
    Owner,
    ItemColor,
    LikedItem,
    Liker,
    ItemOwner,
    UserOn,
    FollowedOn,
    Followed,
}

#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) upper: bool,
    pub(crate) subject: Subject,
    pub(crate) condition: Condition,
    pub(crate) per: Option<Key>,
    pub(crate) distinct: Option<Key>,
    pub(crate) lo: Option<i64>,
    pub(crate) hi: Option<i64>,
    pub(crate) percent: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    size: Option<Range>,
    who: Vec<usize>,
    only: Option<User>,
    likes: Option<Range>,
    follows: Option<Range>,
    items: Option<Range>,
    notes: Option<Range>,
}

/// A scenario, or two layers of one.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) users: usize,
    pub(crate) items: usize,
    pub(crate) layered: bool,
    /// Which of [`PARTS`] there are.
    parts: u16,
    kind: Vec<bool>,
    big: Vec<bool>,
    on: usize,
    red: usize,
    /// How many users have an age below 2, where the ages are a mix.
    young: Option<usize>,
    /// How many items have an owner.
    owned: Option<usize>,
    owner_only: Option<User>,
    likes_total: Option<usize>,
    follows_total: Option<usize>,
    like_only: Option<LikeOnly>,
    groups: Vec<Group>,
    pub(crate) facts: Vec<Fact>,
}

#[derive(Clone, Debug)]
enum LikeOnly {
    Item(Item),
    NotOwn,
}

// ---- making --------------------------------------------------------------------------------

impl Plan {
    /// Returns a random world whose assignments can be counted through.
    pub(crate) fn random(dice: &mut Dice) -> Self {
        loop {
            let plan = Self::draft(dice);
            if plan.size() < 3.0e6 {
                return plan;
            }
        }
    }

    fn draft(dice: &mut Dice) -> Self {
        let (users, items) = (dice.between(2, 4), dice.between(2, 4));
        let mut parts = ON | COLOR | OWNER;
        for (part, percent) in [(AGE, 30), (TONE, 25), (GROUP, 60), (LIKES, 70), (FOLLOWS, 50)] {
            if dice.chance(percent) {
                parts |= part;
            }
        }
        if parts & GROUP != 0 && dice.chance(25) {
            parts |= NOTES;
        }
        let mut plan = Self {
            users,
            items,
            layered: dice.chance(25) && parts & (LIKES | FOLLOWS) != 0 && parts & NOTES == 0,
            parts,
            kind: (0..users).map(|_| dice.chance(50)).collect(),
            big: (0..items).map(|_| dice.chance(50)).collect(),
            on: dice.between(0, users),
            red: dice.between(0, items),
            young: (parts & AGE != 0 && dice.chance(30)).then(|| dice.between(0, users)),
            owned: dice.chance(25).then(|| dice.between(0, items)),
            owner_only: None,
            likes_total: dice.chance(75).then(|| dice.between(0, users * items * 2 / 3)),
            follows_total: dice.chance(75).then(|| dice.between(0, users * (users - 1) * 2 / 3)),
            like_only: None,
            groups: Vec::new(),
            facts: Vec::new(),
        };
        if dice.chance(25) {
            plan.owner_only = Some(if dice.chance(50) { User::On(true) } else { User::Kind(true) });
        }
        if plan.has(LIKES) && dice.chance(30) {
            plan.like_only = Some(if dice.chance(50) { LikeOnly::Item(Item::Red(true)) } else { LikeOnly::NotOwn });
        }
        if plan.has(GROUP) {
            plan.draft_groups(dice);
        }
        // Half of the worlds are made around a state that holds their facts: tight, and satisfiable.
        let hidden = if dice.chance(50) { plan.some_state(dice) } else { None };
        for _ in 0..if hidden.is_some() { dice.between(8, 40) } else { dice.between(1, 4) } {
            let fact = plan.draft_fact(dice);
            if plan.facts.len() < 7 && hidden.as_ref().is_none_or(|state| plan.fact_holds(state, &fact)) {
                plan.facts.push(fact);
            }
        }
        plan
    }

    /// Returns a random state that stands, where one is found by luck.
    fn some_state(&self, dice: &mut Dice) -> Option<State> {
        let mut s = self.empty();
        for part in (0..PARTS.len()).map(|index| 1u16 << index).filter(|part| self.has(*part)) {
            let (slots, choices) = self.shape(part);
            let luck = dice.between(1, 5);
            (0..400).find(|_| {
                for slot in 0..slots {
                    let pairs = part == LIKES || part == FOLLOWS;
                    let digit =
                        if pairs { usize::from(dice.between(0, 5) < luck) } else { dice.between(0, choices - 1) };
                    let diagonal = part == FOLLOWS && slot / self.users == slot % self.users;
                    self.set(&mut s, part, slot, if diagonal { 0 } else { digit });
                }
                self.stands(&s, part)
            })?;
        }
        Some(s)
    }

    fn has(&self, part: u16) -> bool {
        self.parts & part != 0
    }

    fn draft_groups(&mut self, dice: &mut Dice) {
        let range = |dice: &mut Dice, most: usize| {
            let lo = dice.between(0, most);
            (lo as u32, dice.between(lo, most) as u32)
        };
        let (likes, follows) = (self.has(LIKES) && dice.chance(60), self.has(FOLLOWS) && dice.chance(60));
        // What a group of the upper layer says of a link of the lower one comes too late.
        let items = !self.layered && dice.chance(40);
        let count = dice.between(2, 3);
        for group in 0..count {
            let last = group + 1 == count;
            let size = if last { None } else { Some(range(dice, self.users)) };
            let who = if dice.chance(25) { vec![group] } else { Vec::new() };
            let only = match dice.between(0, 9) {
                0 => Some(User::Kind(true)),
                1 => Some(User::On(true)),
                _ => None,
            };
            self.groups.push(Group {
                size: size.map(|(lo, hi)| (lo.max(who.len() as u32), hi.max(who.len() as u32))),
                who: who.into_iter().filter(|who| *who < self.users).collect(),
                only,
                likes: likes.then(|| range(dice, self.items)),
                follows: follows.then(|| range(dice, self.users - 1)),
                items: items.then(|| range(dice, self.items)),
                notes: self.has(NOTES).then(|| range(dice, 2)),
            });
        }
    }

    /// How many assignments there are at most.
    fn size(&self) -> f64 {
        let mut size = 1.0;
        let choose = |n: usize, k: usize| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
        size *= choose(self.users, self.on) * choose(self.items, self.red);
        if self.has(AGE) {
            size *= 4f64.powi(self.users as i32);
        }
        if self.has(TONE) {
            size *= 3f64.powi(self.items as i32);
        }
        if self.has(GROUP) {
            size *= (self.groups.len() as f64).powi(self.users as i32);
        }
        if self.has(NOTES) {
            size *= 3f64.powi(self.users as i32);
        }
        size *= (self.users as f64).powi(self.items as i32);
        for (part, pairs) in [(LIKES, self.users * self.items), (FOLLOWS, self.users * (self.users - 1))] {
            if self.has(part) {
                size *= 2f64.powi(pairs as i32);
            }
        }
        size
    }

    fn draft_fact(&self, dice: &mut Dice) -> Fact {
        let mut subjects = vec![0, 0, 1, 1, 5];
        if self.has(LIKES) {
            subjects.extend([2, 2, 2, 6, 9]);
        }
        if self.has(FOLLOWS) {
            subjects.extend([3, 3, 7, 8]);
        }
        if self.has(NOTES) {
            subjects.push(4);
        }
        let rows = |dice: &mut Dice| {
            let first = dice.between(0, self.users - 1);
            if dice.chance(50) { vec![first] } else { vec![first, (first + 1) % self.users] }
        };
        let number = dice.pick(&subjects);
        let (subject, condition) = match number {
            0 => (Subject::Users, Condition::Users(self.some(dice, |plan, dice| plan.user(dice, 2)))),
            1 => (Subject::Items, Condition::Items(self.some(dice, |plan, dice| plan.item(dice, 2)))),
            2 => (Subject::Likes, Condition::Likes(self.some(dice, |plan, dice| plan.like(dice, 2)))),
            3 => (Subject::Follows, Condition::Follows(self.some(dice, |plan, dice| plan.follow(dice, 2)))),
            4 => (Subject::Notes, Condition::None),
            5 => (Subject::ItemsOf(rows(dice)), Condition::Items(self.some(dice, |plan, dice| plan.item(dice, 1)))),
            6 => (Subject::LikesOf(rows(dice)), Condition::Likes(self.some(dice, |plan, dice| plan.like(dice, 1)))),
            7 => {
                (Subject::FollowsOf(rows(dice)), Condition::Follows(self.some(dice, |plan, dice| plan.follow(dice, 1))))
            }
            8 => (Subject::FeedOf(rows(dice)), Condition::Items(self.some(dice, |plan, dice| plan.item(dice, 1)))),
            _ => (Subject::FansOf(rows(dice)), Condition::Likes(self.some(dice, |plan, dice| plan.like(dice, 1)))),
        };
        let keys: &[Key] = match &subject {
            Subject::Items | Subject::ItemsOf(_) => &[Key::Color, Key::Owner],
            Subject::FeedOf(_) => &[Key::Color, Key::Owner],
            Subject::Likes | Subject::LikesOf(_) | Subject::FansOf(_) => {
                &[Key::ItemColor, Key::LikedItem, Key::Liker, Key::ItemOwner]
            }
            Subject::Users => &[Key::UserOn],
            Subject::Follows | Subject::FollowsOf(_) => &[Key::FollowedOn, Key::Followed],
            Subject::Notes => &[],
        };
        let valued = |key: &Key| matches!(key, Key::Color | Key::ItemColor | Key::UserOn | Key::FollowedOn);
        let per: Vec<Key> = keys.iter().copied().filter(valued).collect();
        let (mut by, mut distinct) = (None, None);
        match dice.between(0, 9) {
            0 | 1 if !per.is_empty() => by = Some(dice.pick(&per)),
            2 | 3 if !keys.is_empty() => distinct = Some(dice.pick(keys)),
            _ => {}
        }
        let most = if distinct.is_some() || by.is_some() { 2 } else { 3 };
        let (lo, hi) = match dice.between(0, 3) {
            0 => (Some(dice.between(1, most) as i64), None),
            1 => (None, Some(dice.between(0, most) as i64)),
            2 => {
                let n = dice.between(0, most) as i64;
                (Some(n), Some(n))
            }
            _ => {
                let n = dice.between(0, most) as i64;
                (Some(n), Some(n + 1))
            }
        };
        let percent = distinct.is_none() && dice.chance(12);
        let scale = |n: Option<i64>| n.map(|n| if percent { n * 25 } else { n });
        let (lo, hi) = (scale(lo), scale(hi));
        let mut fact = Fact { upper: self.layered, subject, condition, per: by, distinct, lo, hi, percent };
        if self.layered && self.mentions(&fact) & (GROUP | LIKES | FOLLOWS) == 0 {
            fact.upper = dice.chance(50);
        }
        fact
    }

    fn some<T: Line>(&self, dice: &mut Dice, mut one: impl FnMut(&Self, &mut Dice) -> T) -> Vec<T> {
        apart((0..dice.pick(&[0, 1, 1, 1, 2])).map(|_| one(self, dice)).collect())
    }

    fn user(&self, dice: &mut Dice, depth: u32) -> User {
        let mut kinds = vec![0, 0, 1, 2];
        if self.has(AGE) {
            kinds.extend([3, 3]);
        }
        if self.has(GROUP) && !self.layered {
            kinds.push(4);
        }
        if depth > 0 {
            kinds.extend([5, 6, 7, 7]);
            if self.has(LIKES) {
                kinds.extend([8, 8]);
            }
            if self.has(FOLLOWS) {
                kinds.extend([9, 10]);
            }
            if self.has(NOTES) {
                kinds.push(11);
            }
            kinds.extend([12, 13]);
        }
        match dice.pick(&kinds) {
            0 => User::On(dice.chance(50)),
            1 => User::Kind(dice.chance(50)),
            2 => User::Is(dice.between(0, self.users - 1)),
            3 => {
                let lo = dice.between(0, 3) as i64;
                if dice.chance(50) { User::Age(lo, 9) } else { User::Age(0, lo) }
            }
            4 => User::Rank(dice.between(0, self.groups.len() - 1)),
            5 => User::Among((0..self.users).filter(|_| dice.chance(50)).chain([0]).collect()),
            6 => User::Not(Box::new(match dice.between(0, 2) {
                0 => User::On(dice.chance(50)),
                1 => User::Is(dice.between(0, self.users - 1)),
                _ => User::Kind(true),
            })),
            7 => User::Items(self.many(dice, |dice| self.item(dice, depth - 1))),
            8 => User::Likes(self.many(dice, |dice| self.like(dice, depth - 1))),
            9 => User::Follows(self.many(dice, |dice| self.follow(dice, depth - 1))),
            10 => User::Followers(self.many(dice, |dice| self.follow(dice, depth - 1))),
            11 => User::Notes(few(dice)),
            12 => User::Colors(few(dice)),
            _ => User::Either(Box::new(self.user(dice, depth - 1)), Box::new(self.user(dice, depth - 1))),
        }
    }

    fn item(&self, dice: &mut Dice, depth: u32) -> Item {
        let mut kinds = vec![0, 0, 1, 2];
        if self.has(TONE) {
            kinds.extend([3, 3]);
        }
        if depth > 0 {
            kinds.extend([4, 4, 4]);
            if self.has(LIKES) {
                kinds.extend([5, 5]);
            }
            kinds.push(6);
        }
        match dice.pick(&kinds) {
            0 => Item::Red(dice.chance(50)),
            1 => Item::Big(dice.chance(50)),
            2 => Item::Owned(dice.chance(50)),
            3 => Item::Tone(dice.between(0, 2) as u8),
            4 => Item::Owner(Box::new(self.user(dice, depth - 1))),
            5 => Item::Fans(self.many(dice, |dice| self.like(dice, depth - 1))),
            _ => Item::Either(Box::new(self.item(dice, depth - 1)), Box::new(self.item(dice, depth - 1))),
        }
    }

    fn like(&self, dice: &mut Dice, depth: u32) -> Like {
        match dice.between(0, if self.has(FOLLOWS) { 6 } else { 5 }) {
            0 | 1 => Like::User(Box::new(self.user(dice, depth))),
            2 | 3 => Like::Item(Box::new(self.item(dice, depth))),
            4 | 5 => Like::Own(dice.chance(50)),
            _ => Like::Followed(dice.chance(60)),
        }
    }

    fn follow(&self, dice: &mut Dice, depth: u32) -> Follow {
        match dice.between(0, 9) {
            0..=3 => Follow::Follower(Box::new(self.user(dice, depth))),
            4..=7 => Follow::Followed(Box::new(self.user(dice, depth))),
            8 => Follow::Mutual,
            _ => Follow::SameOn,
        }
    }

    fn many<T: Line>(&self, dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> T) -> Many<T> {
        let some = |dice: &mut Dice, one: &mut dyn FnMut(&mut Dice) -> T| {
            apart((0..dice.pick(&[0, 1, 1, 2])).map(|_| one(dice)).collect::<Vec<T>>())
        };
        match dice.between(0, 4) {
            0 | 1 => Many::Count(few(dice)),
            2 => Many::Some(some(dice, &mut one)),
            3 => Many::None(some(dice, &mut one)),
            _ => Many::All(vec![one(dice)]),
        }
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

/// Keeps lines that name different paths: a path stands in a `where` once.
fn apart<T: Line>(lines: Vec<T>) -> Vec<T> {
    let mut names: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for line in lines {
        let name = line.text().split(':').next().unwrap_or_default().to_owned();
        if !names.contains(&name) {
            names.push(name);
            kept.push(line);
        }
    }
    kept
}

fn few(dice: &mut Dice) -> Range {
    let lo = dice.between(0, 2) as u32;
    (lo, if dice.chance(40) { u32::MAX } else { lo + dice.between(0, 1) as u32 })
}

// ---- judging -------------------------------------------------------------------------------

impl Plan {
    fn user_is(&self, s: &State, u: usize, p: &User) -> bool {
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

    fn item_is(&self, s: &State, i: usize, p: &Item) -> bool {
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

    fn like_is(&self, s: &State, (u, i): (usize, usize), p: &Like) -> bool {
        match p {
            Like::User(p) => self.user_is(s, u, p),
            Like::Item(p) => self.item_is(s, i, p),
            Like::Own(yes) => (s.owner[i] == Some(u)) == *yes,
            Like::Followed(yes) => s.owner[i].is_some_and(|v| s.follows[u][v]) == *yes,
        }
    }

    fn follow_is(&self, s: &State, (u, v): (usize, usize), p: &Follow) -> bool {
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
    fn stands(&self, s: &State, part: u16) -> bool {
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

    fn group_of(&self, s: &State, u: usize) -> Option<&Group> {
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

    fn empty(&self) -> State {
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

    fn assign(&self, s: &mut State, open: u16, at: usize, asked: &[Vec<&Fact>]) -> bool {
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
    fn shape(&self, part: u16) -> (usize, usize) {
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

    fn set(&self, s: &mut State, part: u16, slot: usize, digit: usize) {
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
    fn mentions(&self, fact: &Fact) -> u16 {
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

fn holds<T>(many: &Many<T>, rows: impl Iterator<Item = usize>, is: impl Fn(usize, &T) -> bool) -> bool {
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
fn nobody(p: &User) -> bool {
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

fn nothing<T>(many: &Many<T>) -> bool {
    match many {
        Many::Count((lo, _)) => *lo == 0,
        Many::Some(_) => false,
        Many::None(_) | Many::All(_) => true,
    }
}

/// Whether what is counted lies in a fact's bounds: each row with its value of `per` and of `distinct`.
fn within(fact: &Fact, all: usize, counted: impl Iterator<Item = (Option<usize>, Option<Option<usize>>)>) -> bool {
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

// ---- writing -------------------------------------------------------------------------------

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

    fn named(&self, yes: &[bool], letter: char, column: &str) -> String {
        let rows = yes.iter().enumerate().filter(|(_, yes)| **yes);
        let rows: Vec<String> =
            rows.map(|(row, _)| format!("{letter}{}: {{for: x, set: {{{column}: fine}}}}", row + 1)).collect();
        rows.join(", ")
    }

    fn groups_text(&self) -> String {
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

fn fact_text(fact: &Fact) -> String {
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

fn lines_text<T: Line>(lines: &[T]) -> Vec<String> {
    lines.iter().map(Line::text).collect()
}

fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "self") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

fn range_text((lo, hi): Range) -> String {
    if hi == u32::MAX { format!("{{min: {lo}}}") } else { format!("[{lo}, {hi}]") }
}

fn many_text<T: Line>(many: &Many<T>) -> String {
    let lines = |all: &[T]| lines_text(all).join(", ");
    match many {
        Many::Count(range) => format!("{{count: {}}}", range_text(*range)),
        Many::Some(all) => format!("{{some: {{{}}}}}", lines(all)),
        Many::None(all) => format!("{{none: {{{}}}}}", lines(all)),
        Many::All(all) => format!("{{all: {{{}}}}}", lines(all)),
    }
}

fn user_text(prefix: &str, p: &User) -> String {
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

fn item_text(prefix: &str, p: &Item) -> String {
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

fn like_text(p: &Like) -> String {
    match p {
        Like::User(p) => user_text("user", p),
        Like::Item(p) => item_text("item", p),
        Like::Own(true) => "item.owner: {same_as: user}".into(),
        Like::Own(false) => "item.owner: {not: {same_as: user}}".into(),
        Like::Followed(true) => "item.owner: {in: user.following.followed}".into(),
        Like::Followed(false) => "item.owner: {not_in: user.following.followed}".into(),
    }
}

fn follow_text(p: &Follow) -> String {
    match p {
        Follow::Follower(p) => user_text("follower", p),
        Follow::Followed(p) => user_text("followed", p),
        Follow::Mutual => "follower: {in: followed.following.followed}".into(),
        Follow::SameOn => "follower.on: {same_as: followed.on}".into(),
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
