//! One change at a time to an object and to the uploads of its key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks by name. They are held by threads, not tasks: a request that ends early cannot leave work half-done.
#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<String, Arc<Mutex<()>>>>);

impl Locks {
    /// Does `work` while nobody else holds this name.
    pub(super) fn hold<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let named = Arc::clone(lock(&self.0).entry(name.to_owned()).or_default());
        let result = {
            let _held = lock(&named);
            work()
        };
        let mut all = lock(&self.0);
        drop(named);
        if all.get(name).is_some_and(|named| Arc::strong_count(named) == 1) {
            all.remove(name);
        }
        result
    }
}

/// What the locks guard is on disk and is whole after each step, so a panic while one was held does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
