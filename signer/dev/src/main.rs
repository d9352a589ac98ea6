//! `nearput-dev`: the demo on this machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use nearput_dev::{Ports, World, WorldOptions};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Runs the demo page, its signer and an S3 server on this machine.
#[derive(Parser)]
#[command(name = "nearput-dev", version)]
struct Arguments {
    /// The page's port; the signer has the next one, and S3 the one after.
    #[arg(long, default_value_t = 4400, value_parser = clap::value_parser!(u16).range(1..=65533))]
    port: u16,
    /// The folder that keeps what is uploaded.
    #[arg(long, value_name = "FOLDER", default_value = ".nearput/demo")]
    data: PathBuf,
    /// The folder of the page.
    #[arg(long, value_name = "FOLDER", default_value = "web")]
    web: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { port, data, web } = Arguments::parse();
    // What the libraries say below a warning holds requests, and so secrets.
    let filter = Targets::new().with_target("nearput_signer", Level::WARN);
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(output).with(filter).init();

    let ports = Ports { page: port, signer: port + 1, s3: port + 2 };
    let world = World::start(WorldOptions { ports, data: Some(data), web, ..WorldOptions::default() });
    let world = world.await.context(
        "the demo has not started; if a port is taken, choose others: `--port 5000` takes 5000, 5001 and 5002",
    )?;
    println!("Open {} in a browser. Ctrl-C ends the demo.", world.page_url());
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
    world.stop().await;
    Ok(())
}
