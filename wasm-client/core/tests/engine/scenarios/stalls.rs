//! Requests that stand still.

use std::collections::BTreeMap;

use nearput_core::parts::Event;
use nearput_core::retry::Failure;

use crate::line::Fate;
use crate::upload::{Ending, PART};
use crate::world::{GIVE_UP, STALL, Sent, World};

const MIB: u64 = 1 << 20;

/// Two paths, one upload of so many parts, and no second copies.
fn world(parts: u64) -> World {
    let mut world = World::with_paths(&[false, false]).far();
    world.second_copies = false;
    world.with_upload(parts * PART)
}

/// The third part does not move at first.
fn third_stands_still(sent: &Sent, world: &World) -> Fate {
    let first = world.begun.iter().find(|other| other.number == 3).is_some_and(|first| first.is_same(sent));
    Fate::Moves(if first { 0 } else { MIB / 50 })
}

#[test]
fn a_part_that_stands_still_is_alone_sent_again_by_another_path() {
    let mut world = world(8);
    world.run(120_000, third_stands_still);
    assert!(world.is_complete(1));
    let [stopped] = world.stopped[..] else { panic!("one is stopped: {:?}", world.stopped) };
    assert_eq!(stopped.number, 3);
    let third: Vec<_> = world.begun.iter().filter(|sent| sent.number == 3).collect();
    assert_eq!((third.len(), third[1].begun - third[0].begun), (2, STALL), "at once, and no sooner");
    assert_ne!(third[0].path, third[1].path);
    assert_eq!(world.begun.len(), 9);
}

#[test]
fn where_there_is_no_other_path_it_is_sent_again_by_the_same() {
    let mut world = World::new(2).with_upload(4 * PART);
    world.run(120_000, third_stands_still);
    assert!(world.is_complete(1));
    assert_eq!((world.begun.len(), world.stopped.len()), (5, 1));
}

#[test]
fn a_part_that_crawls_is_not_called_stalled() {
    let mut world = world(4);
    // A byte every ten seconds.
    world.run(2 * GIVE_UP, |_, world| Fate::Moves(u64::from(world.now % 10_000 < 100)));
    assert_eq!((world.begun.len(), world.stopped.len()), (4, 0));
    world.fail(world.sending[0], Failure::Network);
    assert!(world.ending(1).is_none(), "every byte is progress");
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn on_a_line_that_answers_late_every_part_has_more_patience_each_time() {
    let mut world = world(6);
    world.run(10 * 60_000, |sent, world| Fate::Moves(if world.now - sent.begun < 70_000 { 0 } else { PART }));
    assert!(world.is_complete(1));
    assert_eq!(world.stopped.len(), 12, "after 20 s, and after 40 s");
}

#[test]
fn where_everything_stands_still_that_is_said_although_requests_are_under_way() {
    let mut world = world(6);
    world.run(STALL + 1_000, |_, _| Fate::Moves(0));
    let parts = world.queue.parts(1).expect("an upload");
    assert!(parts.requests() > 0);
    assert_eq!(parts.trouble(world.now), Some(&Failure::Stalled));
}

#[test]
fn of_one_part_that_stands_still_among_others_nothing_is_said() {
    let mut world = world(60);
    world.run(STALL + 1_000, third_stands_still);
    assert_eq!(world.stopped.len(), 1);
    assert_eq!(world.queue.parts(1).expect("an upload").trouble(world.now), None);
}

#[test]
fn a_line_that_swallows_everything_is_given_up_after_an_hour() {
    let mut world = world(6);
    world.run(2 * GIVE_UP, |_, _| Fate::Moves(0));
    assert_eq!(world.ending(1), Some(&Ending::GaveUp(Failure::Stalled)));
    assert!(world.now >= GIVE_UP && world.now <= GIVE_UP + 8 * STALL, "{}", world.now);
}

#[test]
fn a_line_that_swallows_everything_for_half_an_hour_is_waited_out() {
    let mut world = world(6);
    world.run(GIVE_UP, |_, world| Fate::Moves(if world.now < GIVE_UP / 2 { 0 } else { MIB }));
    assert!(world.is_complete(1));
    assert!(world.now <= GIVE_UP / 2 + 9 * STALL, "{}", world.now);
}

#[test]
fn a_line_too_slow_for_so_many_requests_is_not_wasted_on_parts_that_stand_still() {
    const TOTAL: u64 = 64_000;
    // What a request has sent shows only now and then.
    const LUMP: u64 = 256_000;
    let mut world = World::with_paths(&[false; 4]).far().with_upload(10 * PART);
    let mut under_way = BTreeMap::new();
    world.run(2 * GIVE_UP, |sent, world| {
        let bytes: &mut u64 = under_way.entry((sent.number, sent.path, sent.begun)).or_default();
        *bytes += TOTAL / 10 / world.sending.len() as u64;
        let shown = if *bytes >= PART { PART } else { *bytes / LUMP * LUMP };
        Fate::Moves(shown - sent.bytes)
    });
    assert!(world.is_complete(1));
    assert!(!world.stopped.is_empty());
    let best = 10 * PART * 1_000 / TOTAL;
    assert!(world.now < best + best / 5, "{} ms instead of {best}", world.now);
}

#[test]
fn an_upload_of_which_nothing_moves_stands_still_unless_the_user_wants_that() {
    let mut world = world(8);
    world.run(5_000, |_, _| Fate::Moves(MIB / 50));
    let since = world.now;
    let stands_still = |world: &World| world.queue.parts(1).expect("it is open").stands_still(10_000, world.now);
    world.run(9_000, |_, _| Fate::Moves(0));
    assert!(!stands_still(&world), "not for long");
    world.run(2_000, |_, _| Fate::Moves(0));
    assert!(stands_still(&world) && world.now == since + 11_000);
    world.event(1, Event::Pause);
    assert!(!stands_still(&world));
    world.event(1, Event::Resume);
    world.run(1_000, |_, _| Fate::Moves(MIB / 50));
    assert!(!stands_still(&world), "it moves");
}
