//! The embedded S3 and the world around it, asked by AWS's own client and by raw HTTP.

mod bucket;
mod cors;
mod objects;
mod raw;
mod restart;
mod signatures;
mod upload_listing;
mod uploads;
mod world;
