//! Random worlds, against the promises of the machines. `World` itself asserts those that hold at every step: no more requests than
//! the limit, no part sent twice, nothing sent while paused or after the end, nothing stopped that was not begun.

use nearput_core::parts::Event;
use nearput_core::retry::Failure;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::world::{Ending, PART, World};

#[derive(Debug, Clone)]
enum Happening {
    Add {
        size: u64,
    },
    Open,
    Read(Index),
    Sign(Index),
    Moved(Index, u64),
    Store(Index),
    Fail(Index, Failure),
    Pause(u32),
    Resume(u32),
    Cancel(u32),
    Sleep,
    /// Something about a request that is not, or no longer, under way.
    Stale(u32, u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    let id = 1..5u32;
    let failure = prop_oneof![
        4 => Just(Failure::Network),
        2 => Just(Failure::Reply { status: 503, code: "SlowDown".to_owned() }),
        1 => Just(Failure::Reply { status: 403, code: "AccessDenied".to_owned() }),
        1 => Just(Failure::Reply { status: 404, code: "NoSuchUpload".to_owned() }),
    ];
    prop_oneof![
        2 => (0..10 * PART).prop_map(|size| Happening::Add { size }),
        3 => Just(Happening::Open),
        8 => any::<Index>().prop_map(Happening::Read),
        6 => any::<Index>().prop_map(Happening::Sign),
        6 => (any::<Index>(), 0..=PART).prop_map(|(part, sent)| Happening::Moved(part, sent)),
        8 => any::<Index>().prop_map(Happening::Store),
        3 => (any::<Index>(), failure).prop_map(|(part, failure)| Happening::Fail(part, failure)),
        1 => id.clone().prop_map(Happening::Pause),
        2 => id.clone().prop_map(Happening::Resume),
        1 => id.clone().prop_map(Happening::Cancel),
        2 => Just(Happening::Sleep),
        1 => (id, 0..12u32).prop_map(|(id, number)| Happening::Stale(id, number)),
    ]
}

fn pick<T: Clone>(items: &[T], index: &Index) -> Option<T> {
    (!items.is_empty()).then(|| index.get(items).clone())
}

fn happen(world: &mut World, uploads: &mut u32, happening: Happening) {
    match happening {
        Happening::Add { size } => {
            *uploads += 1;
            world.add(*uploads, size);
        }
        Happening::Open => world.open(),
        Happening::Read(index) => {
            if let Some(part) = pick(&world.reading, &index) {
                world.read(part);
            }
        }
        Happening::Sign(index) => {
            if let Some((id, _)) = pick(&world.signing, &index) {
                world.sign(id);
            }
        }
        Happening::Moved(index, sent) => {
            if let Some((id, number)) = pick(&world.sending, &index) {
                world.event(id, Event::Moved { number, sent });
            }
        }
        Happening::Store(index) => {
            if let Some(part) = pick(&world.sending, &index) {
                world.store(part);
            }
        }
        Happening::Fail(index, failure) => {
            if let Some(part) = pick(&world.sending, &index) {
                world.fail(part, failure);
            }
        }
        Happening::Pause(id) => world.event(id, Event::Pause),
        Happening::Resume(id) => world.event(id, Event::Resume),
        Happening::Cancel(id) => world.cancel(id),
        Happening::Sleep => {
            world.sleep();
        }
        Happening::Stale(id, number) => {
            if !world.sending.contains(&(id, number)) {
                world.event(id, Event::Moved { number, sent: 1 });
                world.event(id, Event::Stored { number, etag: None });
                world.event(id, Event::Failed { number, failure: Failure::Network, random: 0.5 });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_upload_completes_or_is_given_up_for_a_reason(limit in 1..7usize, happenings in prop::collection::vec(happening(), 1..120)) {
        let mut world = World::new(limit);
        let mut uploads = 0;
        for happening in happenings {
            happen(&mut world, &mut uploads, happening);
        }
        // From here on everything succeeds.
        (1..=uploads).for_each(|id| world.event(id, Event::Resume));
        world.finish();
        for id in (1..=uploads).filter(|id| !world.cancelled.contains(id)) {
            match world.endings.get(&id) {
                Some(Ending::Complete(parts, checksum)) => {
                    prop_assert!(checksum.is_some());
                    let stored: Vec<u32> = world.stored.iter().filter(|(of, _)| *of == id).map(|(_, number)| *number).collect();
                    let completed: Vec<u32> = parts.iter().map(|part| part.number).collect();
                    prop_assert_eq!(completed, stored, "complete with exactly what is stored");
                    prop_assert_eq!(parts.len() as u64, world.part_count(id), "complete with every part");
                }
                Some(Ending::GaveUp(failure)) => prop_assert_ne!(failure, &Failure::Network, "the line was never down for long"),
                None => prop_assert!(false, "upload {} is stuck", id),
            }
        }
    }
}
