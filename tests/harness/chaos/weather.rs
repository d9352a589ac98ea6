//! Which request gets which fault.

use std::mem::discriminant;

use super::{Call, Fault};

/// Clear at first: nothing is disturbed.
#[derive(Default)]
pub(super) struct Weather {
    planted: Vec<(Call, Fault)>,
    storm: Option<Storm>,
}

/// A fault in every so many requests.
struct Storm {
    dice: Dice,
    every: u64,
    /// Which of the next `every` requests has come, and which gets the fault.
    turn: u64,
    due: u64,
    /// Faults that each kind of call has not had yet, so that all of them come as often.
    bags: Vec<(Call, Vec<Fault>)>,
}

impl Weather {
    pub(super) fn plant(&mut self, call: Call, fault: Fault) {
        self.planted.push((call, fault));
    }

    pub(super) fn disturb(&mut self, seed: u64, every: u64) {
        self.storm = Some(Storm { dice: Dice(seed), every, turn: 0, due: 0, bags: Vec::new() });
    }

    /// The fault for a request that has come, with a body of `length` bytes.
    pub(super) fn next(&mut self, call: Call, length: u64) -> Option<Fault> {
        if let Some(index) = self.planted.iter().position(|(planted, _)| *planted == call) {
            return Some(self.planted.remove(index).1);
        }
        self.storm.as_mut()?.next(call, length)
    }
}

impl Storm {
    fn next(&mut self, call: Call, length: u64) -> Option<Fault> {
        if self.turn == 0 {
            self.due = self.dice.below(self.every);
        }
        let is_due = self.turn == self.due;
        self.turn = (self.turn + 1) % self.every;
        is_due.then(|| self.draw(call, length))
    }

    fn draw(&mut self, call: Call, length: u64) -> Fault {
        let menu = Fault::menu(call, length);
        let kind = |other: &Call| discriminant(other) == discriminant(&call);
        let index = self.bags.iter().position(|(other, _)| kind(other)).unwrap_or_else(|| {
            self.bags.push((call, Vec::new()));
            self.bags.len() - 1
        });
        let bag = &mut self.bags[index].1;
        let fits = |fault: &Fault| menu.contains(fault);
        if !bag.iter().any(fits) {
            bag.extend(&menu);
            self.dice.shuffle(bag);
        }
        let place = bag.iter().position(fits).expect("what does not fit was refilled");
        bag.remove(place)
    }
}

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
