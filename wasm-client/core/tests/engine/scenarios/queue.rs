//! Many files at once.

use crate::upload::PART;
use crate::world::World;

#[test]
fn large_files_share_the_connections_evenly() {
    let mut world = World::new(4);
    (1..=2).for_each(|id| world.add(id, 50 * PART));
    world.open_all();
    for _ in 0..20 {
        world.prepare();
        world.store(world.sending[0]);
    }
    let of_one = world.uploads[&1].stored.len();
    assert!((8..=12).contains(&of_one), "{of_one} of 20");
}

#[test]
fn thousands_of_small_files_pass_through_a_narrow_queue() {
    let mut world = World::new(6);
    (1..=3_000).for_each(|id| world.add(id, 100));
    world.finish();
    assert!((1..=3_000).all(|id| world.is_complete(id)));
    assert_eq!(world.begun.len(), 3_000);
}
