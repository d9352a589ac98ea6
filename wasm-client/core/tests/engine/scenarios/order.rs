//! What is done when nothing goes wrong.

use nearput_core::checksum::Checksum;

use crate::upload::{Ending, PART, checksum};
use crate::world::{LIFETIME, World};

#[test]
fn the_parts_come_out_in_order_with_the_checksum_of_the_whole() {
    let mut world = World::new(3).with_upload(5 * PART);
    world.prepare();
    // The storage answers in another order than it was asked in.
    while let Some(sent) = world.sending.last().copied() {
        world.store(sent);
        world.prepare();
    }
    world.complete(1);
    let Some(Ending::Complete((parts, whole))) = world.ending(1) else { panic!("not complete") };
    assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let expected = (1..=5).fold(Checksum::EMPTY, |whole, number| whole.followed_by(checksum(number), PART));
    assert_eq!(*whole, Some(expected));
}

#[test]
fn where_the_site_knows_no_algorithm_there_is_no_checksum_of_the_whole() {
    let mut world = World::new(3);
    world.checksums = false;
    let mut world = world.with_upload(5 * PART);
    world.finish();
    let Some(Ending::Complete((parts, whole))) = world.ending(1) else { panic!("not complete") };
    assert_eq!((parts.len(), *whole), (5, None));
}

#[test]
fn parts_are_signed_ahead_of_need() {
    let mut world = World::new(2).with_upload(20 * PART);
    world.prepare();
    assert_eq!(world.sending.len(), 2);
    world.store(world.sending[0]);
    assert_eq!(world.sending.len(), 2, "the next request begins without a word to the signer");
}

#[test]
fn no_more_parts_are_prepared_than_the_window_holds() {
    let mut world = World::new(2).with_upload(50 * PART);
    world.prepare();
    assert_eq!(world.asked_to_read, 2, "four in the window, of which two were read before the upload was opened");
    world.store(world.sending[0]);
    world.prepare();
    assert_eq!(world.asked_to_read, 3);
}

#[test]
fn a_part_that_the_signer_left_out_is_asked_for_again() {
    let mut world = World::new(2).with_upload(3 * PART);
    world.read((1, 3));
    world.sign(1, LIFETIME, |_| false);
    assert_eq!(world.signing.len(), 1);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn a_signature_that_would_end_before_its_turn_is_renewed() {
    let mut world = World::new(1).with_upload(3 * PART);
    world.prepare();
    world.now += LIFETIME - 5_000;
    world.store(world.sending[0]);
    assert!(world.sending.is_empty() && world.signing.len() == 1);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn a_signature_that_is_good_for_a_moment_is_used_in_that_moment() {
    let mut world = World::new(1);
    world.lifetime = 5_000;
    let mut world = world.with_upload(3 * PART);
    assert!(world.sending.is_empty());
    world.sign(1, 5_000, |_| true);
    assert_eq!((world.sending.len(), world.signing.len()), (1, 0));
}

#[test]
fn what_an_earlier_visit_has_stored_is_not_sent_again() {
    let mut world = World::new(2);
    world.add(1, 10 * PART);
    world.hold(1, |number| [1, 2, 5, 10].contains(&number));
    world.open_all();
    assert_eq!(world.queue.parts(1).expect("it is open").loaded(), 4 * PART);
    world.finish();
    assert!(world.is_complete(1));
    let sent: Vec<_> = world.begun.iter().map(|sent| sent.number).collect();
    assert_eq!(sent, [3, 4, 6, 7, 8, 9]);
}

#[test]
fn an_upload_of_which_everything_is_stored_is_completed_at_once() {
    let mut world = World::new(2);
    world.add(1, 3 * PART);
    world.hold(1, |_| true);
    world.open_all();
    assert_eq!(world.completing, [1]);
    world.complete(1);
    assert!(world.begun.is_empty() && world.asked_to_read == 0);
}

#[test]
fn an_empty_file_is_sent_and_completed() {
    let mut world = World::new(2).with_upload(0);
    world.finish();
    assert!(world.is_complete(1));
    assert_eq!(world.begun.len(), 1);
}

#[test]
fn a_request_that_is_larger_than_its_part_counts_for_no_more_than_the_part() {
    let mut world = World::new(1).with_upload(1_000);
    world.moved(world.sending[0], 1_400);
    assert_eq!(world.queue.parts(1).expect("an upload").loaded(), 1_000);
}
