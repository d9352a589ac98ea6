//! One fault at a time.

use std::time::Duration;

use nearput_core::checksum::Checksum;
use nearput_core::parts::Event;
use nearput_core::retry::Failure;

use crate::world::{Ending, GIVE_UP, PART, World, checksum};

fn reply(status: u16, code: &str) -> Failure {
    Failure::Reply { status, code: code.to_owned() }
}

#[test]
fn the_parts_come_out_in_order_with_the_checksum_of_the_whole() {
    let mut world = World::with_upload(3, 5);
    world.prepare();
    // The storage answers in another order than it was asked in.
    while let Some(part) = world.sending.last().copied() {
        world.store(part);
        world.prepare();
    }
    let Ending::Complete(parts, whole) = &world.endings[&1] else { panic!("not complete") };
    assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let expected = (1..=5).filter_map(checksum).fold(Checksum::EMPTY, |whole, part| whole.followed_by(part, PART));
    assert_eq!(*whole, Some(expected));
}

#[test]
fn parts_are_signed_ahead_of_need() {
    let mut world = World::with_upload(2, 20);
    world.prepare();
    assert_eq!(world.sending.len(), 2);
    world.store(world.sending[0]);
    assert_eq!(world.sending.len(), 2, "the next request begins without a word to the signer");
}

#[test]
fn no_more_parts_are_prepared_than_the_window_holds() {
    let mut world = World::with_upload(2, 50);
    world.prepare();
    assert_eq!(world.asked_to_read, 3, "four in the window, of which one was read before the upload was opened");
    world.store((1, 1));
    world.prepare();
    assert_eq!(world.asked_to_read, 4);
}

#[test]
fn a_part_that_the_signer_left_out_is_asked_for_again() {
    let mut world = World::with_upload(1, 3);
    let part = world.reading[0];
    world.read(part);
    world.signing.clear();
    world.event(1, Event::Signed(vec![]));
    assert_eq!(world.signing.len(), 1);
    world.finish();
    assert!(matches!(world.endings[&1], Ending::Complete(..)));
}

#[test]
fn a_part_that_failed_is_sent_again_after_a_wait() {
    let mut world = World::with_upload(1, 2);
    world.prepare();
    world.fail((1, 1), Failure::Network);
    assert!(world.queue.parts(1).expect("an upload").trouble().is_some());
    world.finish();
    assert!(matches!(world.endings[&1], Ending::Complete(..)));
    assert!(world.now > Duration::ZERO);
}

#[test]
fn a_storage_that_is_away_is_waited_for_and_then_given_up() {
    let mut world = World::with_upload(2, 4);
    while world.endings.is_empty() {
        world.prepare();
        match world.sending.first().copied() {
            Some(part) => world.fail(part, Failure::Network),
            None => assert!(world.sleep(), "it waits for something"),
        }
    }
    assert_eq!(world.endings[&1], Ending::GaveUp(Failure::Network));
    assert!(world.now >= GIVE_UP && world.now < 2 * GIVE_UP, "{:?}", world.now);
}

#[test]
fn a_storage_that_refuses_with_a_passing_error_for_ever_is_given_up() {
    let mut world = World::with_upload(1, 2);
    while world.endings.is_empty() {
        world.prepare();
        if let Some(part) = world.sending.first().copied() {
            world.event(1, Event::Moved { number: part.1, sent: PART });
            world.fail(part, reply(503, "SlowDown"));
        } else {
            world.sleep();
        }
    }
    assert_eq!(world.endings[&1], Ending::GaveUp(reply(503, "SlowDown")));
}

#[test]
fn a_refused_signature_is_renewed_once() {
    let mut world = World::with_upload(1, 2);
    world.prepare();
    world.fail((1, 1), reply(403, "AccessDenied"));
    assert!(world.endings.is_empty());
    world.prepare();
    while world.sending.first() != Some(&(1, 1)) {
        world.store(world.sending[0]);
        world.prepare();
    }
    world.fail((1, 1), reply(403, "AccessDenied"));
    assert_eq!(world.endings[&1], Ending::GaveUp(reply(403, "AccessDenied")));
}

#[test]
fn an_error_that_nothing_helps_against_stops_the_other_requests_at_once() {
    let mut world = World::with_upload(3, 9);
    world.prepare();
    assert_eq!(world.sending.len(), 3);
    world.fail(world.sending[0], reply(404, "NoSuchUpload"));
    assert_eq!(world.endings[&1], Ending::GaveUp(reply(404, "NoSuchUpload")));
    assert!(world.sending.is_empty());
}

#[test]
fn a_signature_that_would_end_before_its_turn_is_renewed() {
    let mut world = World::with_upload(1, 3);
    world.prepare();
    world.now += Duration::from_secs(895);
    world.store(world.sending[0]);
    assert!(world.sending.is_empty() && world.signing.len() == 1);
    world.finish();
    assert!(matches!(world.endings[&1], Ending::Complete(..)));
}

#[test]
fn a_pause_stops_everything_and_keeps_what_is_stored() {
    let mut world = World::with_upload(2, 6);
    world.prepare();
    world.store((1, 1));
    world.event(1, Event::Pause);
    assert!(world.sending.is_empty());
    let loaded = world.queue.parts(1).expect("an upload").loaded();
    assert_eq!(loaded, PART);
    world.prepare();
    assert!(world.sending.is_empty() && !world.sleep(), "it rests");

    world.now += Duration::from_secs(24 * 3600);
    world.event(1, Event::Resume);
    world.finish();
    assert!(matches!(world.endings[&1], Ending::Complete(..)));
}

#[test]
fn a_pause_before_the_upload_is_open_holds_it_back() {
    let mut world = World::new(2);
    world.add(1, 3 * PART);
    world.event(1, Event::Pause);
    world.open();
    world.prepare();
    assert_eq!(world.sent, 0);
    world.event(1, Event::Resume);
    world.finish();
    assert!(matches!(world.endings[&1], Ending::Complete(..)));
}

#[test]
fn a_paused_upload_leaves_its_place_to_the_next() {
    let mut world = World::new(1);
    world.add(1, 3 * PART);
    world.open();
    world.event(1, Event::Pause);
    world.add(2, 3 * PART);
    world.finish();
    assert!(matches!(world.endings[&2], Ending::Complete(..)));
    assert!(!world.endings.contains_key(&1));
}

#[test]
fn connections_are_shared_among_the_uploads() {
    let mut world = World::new(4);
    world.add(1, 50 * PART);
    world.add(2, 50 * PART);
    world.prepare();
    for _ in 0..20 {
        world.store(world.sending[0]);
        world.prepare();
    }
    let of_one = world.stored.iter().filter(|(id, _)| *id == 1).count();
    assert!((8..=12).contains(&of_one), "{of_one} of 20");
}

#[test]
fn many_small_files_pass_through_a_narrow_queue() {
    let mut world = World::new(6);
    (1..=500).for_each(|id| world.add(id, 100));
    world.finish();
    assert_eq!(world.endings.len(), 500);
    assert_eq!(world.sent, 500);
}
