//! Promises that no compiler holds.

pub(crate) mod arrows;
pub(crate) mod imports;
pub(crate) mod size;
