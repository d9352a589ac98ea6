//! Requests that stand still.
