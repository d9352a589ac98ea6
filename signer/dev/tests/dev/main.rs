//! The embedded S3 and the world around it, asked by AWS's own client and by raw HTTP.

mod access_point;
mod bucket;
mod cors;
mod crc32c;
mod credentials;
mod forms;
mod names;
mod objects;
mod raw;
mod replication;
mod restart;
mod rules;
mod sessions;
mod signatures;
mod sites;
mod status;
mod sweep;
mod tls;
mod tokens;
mod upload_listing;
mod uploads;
mod world;
