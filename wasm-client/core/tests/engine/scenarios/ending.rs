//! Pause, cancel, giving up, opening anew, and what the storage doubts.

use nearput_core::parts::Event;
use nearput_core::retry::Failure;

use crate::upload::{Ending, PART};
use crate::world::World;

use super::reply;

const DAY: u64 = 24 * 3_600_000;

#[test]
fn a_pause_stops_everything_and_keeps_whole_parts() {
    let mut world = World::new(2).with_upload(6 * PART);
    world.prepare();
    world.store(world.sending[0]);
    world.moved(world.sending[0], PART / 2);
    world.event(1, Event::Pause);
    assert!(world.sending.is_empty());
    assert_eq!(world.queue.parts(1).expect("an upload").loaded(), PART);
    world.prepare();
    assert!(world.sending.is_empty() && !world.sleep(), "it rests");

    world.now += DAY;
    world.event(1, Event::Resume);
    world.prepare();
    world.fail(world.sending[0], Failure::Network);
    world.finish();
    assert!(world.is_complete(1));
    assert_eq!(world.begun.iter().filter(|sent| sent.number == 1).count(), 1);
}

#[test]
fn a_pause_before_the_upload_is_open_holds_it_back() {
    let mut world = World::new(2);
    world.add(1, 3 * PART);
    world.event(1, Event::Pause);
    world.open_all();
    assert!(world.opening.is_empty() && world.begun.is_empty());
    world.event(1, Event::Resume);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn a_pause_while_the_upload_is_being_opened_holds_it_back() {
    let mut world = World::new(2);
    world.add(1, 3 * PART);
    world.sleep();
    assert_eq!(world.opening, [[1]]);
    world.event(1, Event::Pause);
    world.open_all();
    world.prepare();
    assert!(world.begun.is_empty());
    world.event(1, Event::Resume);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn a_paused_upload_leaves_its_place_to_the_next() {
    let mut world = World::new(1).with_upload(3 * PART);
    world.event(1, Event::Pause);
    world.add(2, 3 * PART);
    world.finish();
    assert!(world.is_complete(2) && world.ending(1).is_none());
}

#[test]
fn after_a_cancel_nothing_is_heard_and_every_place_is_free() {
    let mut world = World::new(3).with_upload(9 * PART);
    world.prepare();
    world.cancel(1);
    assert_eq!(world.queue.paths.requests(), 0);
    assert!(!world.sleep());
}

#[test]
fn what_is_cancelled_while_it_is_being_opened_is_not_begun() {
    let mut world = World::new(2);
    world.add(1, 3 * PART);
    world.sleep();
    world.cancel(1);
    world.open_all();
    assert!(world.begun.is_empty() && !world.sleep());
    world.add(2, PART);
    world.finish();
    assert!(world.is_complete(2), "the call that opened nothing has ended too");
}

#[test]
fn an_error_that_nothing_helps_against_stops_the_other_requests_at_once() {
    let mut world = World::new(3).with_upload(9 * PART);
    world.prepare();
    assert_eq!(world.sending.len(), 3);
    world.fail(world.sending[0], reply(400, "EntityTooLarge"));
    assert_eq!(world.ending(1), Some(&Ending::GaveUp(reply(400, "EntityTooLarge"))));
    assert_eq!((world.sending.len(), world.stopped.len()), (0, 2));
}

#[test]
fn an_upload_that_the_storage_does_not_know_is_opened_anew_and_sent_in_full() {
    let mut world = World::new(3).with_upload(9 * PART);
    world.prepare();
    world.store(world.sending[0]);
    world.prepare();
    world.fail(world.sending[0], reply(404, "NoSuchUpload"));
    assert!(world.sending.is_empty());
    let begun = world.begun.len();
    world.finish();
    assert!(world.is_complete(1));
    assert_eq!(world.begun.len() - begun, 9);
}

/// An upload of five parts that is being completed; the third one was sent twice if that is asked for.
fn completing(third_twice: bool) -> World {
    let mut world = World::new(1).with_upload(5 * PART);
    let mut fails = third_twice;
    while world.completing.is_empty() {
        world.prepare();
        match world.sending.first().copied() {
            Some(sent) if sent.number == 3 && std::mem::take(&mut fails) => world.fail(sent, Failure::Network),
            Some(sent) => world.store(sent),
            None => assert!(world.sleep()),
        }
    }
    world.begun.clear();
    world
}

fn sent_again(world: &World) -> Vec<u32> {
    world.begun.iter().map(|sent| sent.number).collect()
}

#[test]
fn what_the_storage_lacks_and_what_may_have_arrived_twice_is_sent_again_in_full() {
    let mut world = completing(true);
    let held = world.uploads[&1].listed().into_iter().filter(|part| part.number != 5).collect();
    world.doubt(1, held);
    assert_eq!(world.queue.parts(1).expect("an upload").loaded(), 3 * PART);
    world.finish();
    assert!(world.is_complete(1));
    assert_eq!(sent_again(&world), [3, 5]);
}

#[test]
fn a_part_that_the_storage_holds_otherwise_is_sent_again() {
    let mut world = completing(true);
    let mut held = world.uploads[&1].listed();
    held[1].checksum = held[0].checksum;
    world.doubt(1, held);
    world.finish();
    assert_eq!(sent_again(&world), [2, 3]);
}

#[test]
fn a_storage_that_lists_no_checksums_is_believed_to_hold_what_it_lists() {
    let mut world = completing(true);
    let mut held = world.uploads[&1].listed();
    held.iter_mut().for_each(|part| part.checksum = None);
    world.doubt(1, held);
    world.finish();
    assert_eq!(sent_again(&world), [3]);
}

#[test]
fn where_there_is_no_part_to_doubt_all_are_sent_again() {
    let mut world = completing(false);
    let held = world.uploads[&1].listed();
    world.doubt(1, held);
    world.finish();
    assert_eq!(sent_again(&world), [1, 2, 3, 4, 5]);
}

#[test]
fn a_doubt_about_an_upload_that_is_not_being_completed_changes_nothing() {
    let mut world = World::new(1).with_upload(5 * PART);
    world.prepare();
    world.store(world.sending[0]);
    world.event(1, Event::Doubted { held: vec![] });
    world.finish();
    assert_eq!(sent_again(&world), [1, 2, 3, 4, 5]);
}

#[test]
fn thousands_of_parts_in_doubt_are_signed_and_sent_again_by_and_by() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(1_000 * PART);
    while world.completing.is_empty() {
        world.prepare();
        world.store(world.sending[0]);
    }
    world.begun.clear();
    world.doubt(1, vec![]);
    assert!(world.signing[0].1.len() <= 24, "{}", world.signing[0].1.len());
    world.finish();
    assert!(world.is_complete(1));
    assert_eq!(sent_again(&world), (1..=1_000).collect::<Vec<_>>());
}

#[test]
fn a_storage_that_doubts_for_ever_is_given_up() {
    let mut world = completing(true);
    let mut doubts = 0;
    while world.ending(1).is_none() {
        world.prepare();
        match world.sending.first().copied() {
            Some(sent) => world.store(sent),
            None => {
                doubts += 1;
                world.doubt(1, vec![]);
            }
        }
    }
    assert_eq!(doubts, 4);
    assert_eq!(world.ending(1), Some(&Ending::GaveUp(reply(400, "InvalidPart"))));
}
