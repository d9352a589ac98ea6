//! How much a call asks for.

use nearput_api::{
    AbortUpload, AskCredentials, AskStatus, CompleteUploads, CreatedUpload, ListParts, OpenUploads, SignParts,
};

use crate::auth::NoBody;

/// So many items cost the signer about as much as a call by itself.
const ITEMS_PER_CALL: usize = 100;

/// A call that names items.
pub(crate) trait Weighed: Send {
    fn items(&self) -> usize {
        1
    }

    /// As how many calls it counts: one, and one more for each further hundred items.
    fn weight(&self) -> u32 {
        u32::try_from(self.items().div_ceil(ITEMS_PER_CALL).max(1)).unwrap_or(u32::MAX)
    }
}

impl Weighed for OpenUploads {
    fn items(&self) -> usize {
        self.files.len().max(self.files.iter().map(|file| file.parts.len()).sum())
    }
}

impl Weighed for SignParts {
    fn items(&self) -> usize {
        self.parts.len()
    }
}

impl Weighed for CreatedUpload {
    fn items(&self) -> usize {
        self.parts.len()
    }
}

impl Weighed for CompleteUploads {
    fn items(&self) -> usize {
        self.uploads.len()
    }
}

impl Weighed for NoBody {}
impl Weighed for ListParts {}
impl Weighed for AbortUpload {}
impl Weighed for AskCredentials {}
impl Weighed for AskStatus {}
