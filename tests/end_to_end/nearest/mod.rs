//! Three sites and three signers, as seen from three places: files go to the nearest, and whatever dies costs seconds, not uploads.

mod choice;
mod demo;
mod losses;
mod replicas;
mod scene;
