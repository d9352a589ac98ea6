//! The machines of the engine, in virtual time: hand-made scenarios, and random ones against a model.

mod choice;
mod line;
mod model;
mod scenarios;
mod sites;
mod upload;
mod world;
