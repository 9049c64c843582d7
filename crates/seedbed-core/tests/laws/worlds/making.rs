//! Making: random worlds, small enough that all their assignments can be counted through.

use super::writing::Line;
use super::*;

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

    pub(super) fn draft(dice: &mut Dice) -> Self {
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
    pub(super) fn some_state(&self, dice: &mut Dice) -> Option<State> {
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

    pub(super) fn has(&self, part: u16) -> bool {
        self.parts & part != 0
    }

    pub(super) fn draft_groups(&mut self, dice: &mut Dice) {
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
    pub(super) fn size(&self) -> f64 {
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

    pub(super) fn draft_fact(&self, dice: &mut Dice) -> Fact {
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

    pub(super) fn some<T: Line>(&self, dice: &mut Dice, mut one: impl FnMut(&Self, &mut Dice) -> T) -> Vec<T> {
        apart((0..dice.pick(&[0, 1, 1, 1, 2])).map(|_| one(self, dice)).collect())
    }

    pub(super) fn user(&self, dice: &mut Dice, depth: u32) -> User {
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

    pub(super) fn item(&self, dice: &mut Dice, depth: u32) -> Item {
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

    pub(super) fn like(&self, dice: &mut Dice, depth: u32) -> Like {
        match dice.between(0, if self.has(FOLLOWS) { 6 } else { 5 }) {
            0 | 1 => Like::User(Box::new(self.user(dice, depth))),
            2 | 3 => Like::Item(Box::new(self.item(dice, depth))),
            4 | 5 => Like::Own(dice.chance(50)),
            _ => Like::Followed(dice.chance(60)),
        }
    }

    pub(super) fn follow(&self, dice: &mut Dice, depth: u32) -> Follow {
        match dice.between(0, 9) {
            0..=3 => Follow::Follower(Box::new(self.user(dice, depth))),
            4..=7 => Follow::Followed(Box::new(self.user(dice, depth))),
            8 => Follow::Mutual,
            _ => Follow::SameOn,
        }
    }

    pub(super) fn many<T: Line>(&self, dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> T) -> Many<T> {
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

/// Keeps lines that name different paths: a path stands in a `where` once.
pub(super) fn apart<T: Line>(lines: Vec<T>) -> Vec<T> {
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

pub(super) fn few(dice: &mut Dice) -> Range {
    let lo = dice.between(0, 2) as u32;
    (lo, if dice.chance(40) { u32::MAX } else { lo + dice.between(0, 1) as u32 })
}
