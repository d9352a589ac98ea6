//! `[limits]`

use serde::Deserialize;

use super::{Daily, Rates, Redis};
use crate::media_type::TypePattern;

/// How much a caller may ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// The largest file, in bytes.
    pub(crate) max_file_size: u64,
    /// The media types that may be uploaded.
    pub(crate) types: Vec<TypePattern>,
    /// The most files that one call may open or complete.
    pub(crate) max_files_per_call: u32,
    /// The most parts that one call may have signed for one upload.
    pub(crate) max_parts_per_call: u32,
    /// How often may be called.
    pub(crate) rate: Rates,
    /// What a caller may upload in a day.
    pub(crate) daily: Daily,
    /// The most uploads of a caller that are open at a time.
    pub(crate) open_uploads: Option<u64>,
    /// Where all this is counted; without it, in the signer's memory.
    pub(crate) redis: Option<Redis>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_size: 50 << 30,
            types: vec![TypePattern::any()],
            max_files_per_call: 1000,
            max_parts_per_call: 100,
            rate: Rates::default(),
            daily: Daily::default(),
            open_uploads: None,
            redis: None,
        }
    }
}
