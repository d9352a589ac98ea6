//! Several host names of one bucket.
