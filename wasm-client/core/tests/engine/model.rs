//! Random worlds, against the promises of the machines. `World` itself asserts those that hold at every step.

use nearput_core::Millis;
use nearput_core::parts::{Event, Request};
use nearput_core::paths::Kind;
use nearput_core::retry::Failure;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::upload::{Ending, PART, checksum};
use crate::world::{LIFETIME, World};

#[derive(Debug, Clone)]
enum Happening {
    /// Every bit of `held` stands for a part that an earlier visit has left with the storage.
    Add {
        size: u64,
        priority: i32,
        held: u64,
    },
    /// Whatever is to be opened, read and signed is.
    Prepare,
    /// An open call ends. Every bit stands for one of its files: whether it is opened.
    Open(Index, u64),
    Read(Index),
    /// Every bit stands for a part: whether it is signed.
    Sign(Index, u64, Millis),
    Moved(Index, u64),
    Store(Index),
    Fail(Index, Failure),
    Complete(Index),
    /// The storage has lost the parts whose bits are set in the first, and holds other bytes for those in the second.
    Doubt(Index, u64, u64),
    /// The driver finds that an upload must be opened anew.
    Reopen(u32),
    Pause(u32),
    Resume(u32),
    Cancel(u32),
    Online(bool),
    Sleep,
    /// Time passes, and nobody looks.
    Nap(Millis),
    /// Something about a request that is not, or no longer, under way, or about parts that are not to be completed.
    Stale(u32, Request),
}

/// The paths of a world: of each its site, and whether its bytes cost extra.
const PATHS: [&[(usize, bool)]; 7] = [
    &[(0, false)],
    &[(0, true)],
    &[(0, false), (0, false)],
    &[(0, false), (0, false), (0, true)],
    &[(0, false); 4],
    &[(0, false), (1, false)],
    &[(0, false), (0, true), (1, false), (2, true), (2, false)],
];

fn failure() -> impl Strategy<Value = Failure> {
    let reply = |status, code: &str| Just(Failure::Reply { status, code: code.to_owned(), retry_after: None });
    let retry_after = (0..100_000u64).prop_map(Some);
    prop_oneof![
        4 => Just(Failure::Network),
        2 => reply(500, "InternalError"),
        1 => reply(503, "SlowDown"),
        1 => retry_after.prop_map(|retry_after| Failure::Reply { status: 429, code: String::new(), retry_after }),
        2 => reply(403, "AccessDenied"),
        1 => reply(400, "BadDigest"),
        1 => reply(404, "NoSuchUpload"),
        1 => reply(400, "EntityTooLarge"),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let id = 1..6u32;
    let index = any::<Index>;
    let some = || prop_oneof![2 => Just(0), 1 => any::<u64>().prop_map(|bits| bits & bits >> 7)];
    let mostly = prop_oneof![Just(u64::MAX), any::<u64>()];
    let size = prop_oneof![1 => 0..=PART, 2 => PART..10 * PART];
    let held = prop_oneof![2 => Just(0), 1 => any::<u64>()];
    let request = (0..14u32, 0..4usize).prop_map(|(number, path)| Request { number, path });
    let lifetime = prop_oneof![4 => Just(LIFETIME), 1 => 11_000..60_000u64];
    prop_oneof![
        4 => (size, -1..2i32, held).prop_map(|(size, priority, held)| Happening::Add { size, priority, held }),
        24 => Just(Happening::Prepare),
        6 => (index(), mostly.clone()).prop_map(|(call, opened)| Happening::Open(call, opened)),
        8 => index().prop_map(Happening::Read),
        6 => (index(), mostly, lifetime).prop_map(|(call, signed, lifetime)| Happening::Sign(call, signed, lifetime)),
        14 => (index(), 0..PART + 1_000).prop_map(|(request, sent)| Happening::Moved(request, sent)),
        40 => index().prop_map(Happening::Store),
        8 => (index(), failure()).prop_map(|(request, failure)| Happening::Fail(request, failure)),
        4 => index().prop_map(Happening::Complete),
        6 => (index(), some(), some()).prop_map(|(upload, lost, other)| Happening::Doubt(upload, lost, other)),
        1 => id.clone().prop_map(Happening::Reopen),
        2 => id.clone().prop_map(Happening::Pause),
        5 => id.clone().prop_map(Happening::Resume),
        1 => id.clone().prop_map(Happening::Cancel),
        4 => prop_oneof![1 => Just(false), 3 => Just(true)].prop_map(Happening::Online),
        12 => Just(Happening::Sleep),
        8 => prop_oneof![20 => 0..5_000u64, 1 => 0..10_000_000u64].prop_map(Happening::Nap),
        2 => (id, request).prop_map(|(id, request)| Happening::Stale(id, request)),
    ]
}

fn pick<T: Clone>(items: &[T], index: &Index) -> Option<T> {
    (!items.is_empty()).then(|| index.get(items).clone())
}

fn bit(bits: u64, number: u32) -> bool {
    bits >> (number % 64) & 1 == 1
}

fn happen(world: &mut World, happening: Happening) {
    match happening {
        Happening::Add { size, priority, held } => {
            let id = world.uploads.len() as u32 + 1;
            world.add_with(id, size, priority);
            world.hold(id, |number| bit(held, number));
        }
        Happening::Prepare => world.prepare(),
        Happening::Open(call, opened) => {
            if !world.opening.is_empty() {
                world.open(call.index(world.opening.len()), |id| bit(opened, id));
            }
        }
        Happening::Read(part) => {
            if let Some(part) = pick(&world.reading, &part) {
                world.read(part);
            }
        }
        Happening::Sign(call, signed, lifetime) => {
            if let Some((id, _)) = pick(&world.signing, &call) {
                world.sign(id, lifetime, |number| bit(signed, number));
            }
        }
        Happening::Moved(request, bytes) => {
            if let Some(sent) = pick(&world.sending, &request) {
                world.moved(sent, bytes);
            }
        }
        Happening::Store(request) => {
            if let Some(sent) = pick(&world.sending, &request) {
                world.store(sent);
            }
        }
        Happening::Fail(request, failure) => {
            if let Some(sent) = pick(&world.sending, &request) {
                world.fail(sent, failure);
            }
        }
        Happening::Complete(upload) => {
            if let Some(id) = pick(&world.completing, &upload) {
                world.complete(id);
            }
        }
        Happening::Doubt(upload, lost, other) => {
            if let Some(id) = pick(&world.completing, &upload) {
                let mut held = world.uploads[&id].listed();
                held.retain(|part| !bit(lost, part.number));
                let others = held.iter_mut().filter(|part| bit(other, part.number));
                others.for_each(|part| part.checksum = Some(checksum(0)));
                world.doubt(id, held);
            }
        }
        Happening::Reopen(id) => {
            if world.queue.parts(id).is_some() {
                world.reopen(id);
            }
        }
        Happening::Pause(id) => world.event(id, Event::Pause),
        Happening::Resume(id) => world.event(id, Event::Resume),
        Happening::Cancel(id) => world.cancel(id),
        Happening::Online(online) => world.set_online(online),
        Happening::Sleep => {
            world.sleep();
        }
        Happening::Nap(time) => world.nap(time),
        Happening::Stale(id, request) => {
            if !world.completing.contains(&id) {
                world.event(id, Event::Doubted { held: vec![] });
            }
            if !world.sending.iter().any(|sent| sent.is(id, request)) {
                world.event(id, Event::Moved { request, sent: 1 });
                world.event(id, Event::Stored { request, etag: None });
                world.event(id, Event::Failed { request, failure: Failure::Network, random: 0.5 });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_upload_completes_or_is_given_up_for_a_reason(
        paths in prop::sample::select(PATHS.to_vec()),
        is_far: bool,
        second_copies: bool,
        checksums: bool,
        happenings in prop::collection::vec(happening(), 1..200),
    ) {
        let kinds = paths.iter().map(|&(site, costly)| Kind { site, costly });
        let mut world = World::with_kinds(kinds.collect());
        if is_far {
            world = world.far();
        }
        world.second_copies = second_copies;
        world.checksums = checksums;
        world.add(1, 6 * PART);
        for happening in happenings {
            happen(&mut world, happening);
        }
        // From here on everything succeeds.
        world.set_online(true);
        let ids: Vec<_> = world.uploads.keys().copied().collect();
        ids.iter().for_each(|id| world.event(*id, Event::Resume));
        world.finish();
        for id in ids {
            match world.ending(id) {
                // What comes of it is checked as it comes.
                Some(Ending::Complete(_) | Ending::GaveUp(_) | Ending::Cancelled) => {}
                None => prop_assert!(false, "upload {} is stuck", id),
            }
        }
    }
}
