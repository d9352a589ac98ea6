//! `nearput-dev`: the demo on this machine.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use nearput_dev::{Place, Ports, SiteOptions, Visitor, World, WorldOptions};
use nearput_signer::BuildError;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// What a connection carries in a round trip, in bytes: so little that a person can watch a file go, and see which way is short.
const WINDOW: usize = 64 << 10;

/// After so long an object is in the other regions as well. S3 takes some seconds to some minutes.
const REPLICATION: Duration = Duration::from_secs(5);

/// Runs the demo page on this machine, as seen from Tokyo, and three regions: in each a signer and an S3 server.
#[derive(Parser)]
#[command(name = "nearput-dev", version)]
struct Arguments {
    /// The page's port; the next nine lead to signers and storages.
    #[arg(long, default_value_t = 4400, value_parser = clap::value_parser!(u16).range(1..=65526))]
    port: u16,
    /// The folder that keeps what is uploaded.
    #[arg(long, value_name = "FOLDER", default_value = ".nearput/demo")]
    data: PathBuf,
    /// The folder of the page.
    #[arg(long, value_name = "FOLDER", default_value = "web")]
    web: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    // What the libraries say below a warning holds requests, and so secrets.
    let filter = Targets::new().with_target("nearput_signer", Level::WARN);
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(output).with(filter).init();

    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if is_taken_port(&error) {
                eprintln!("Stop what uses the port, or choose others: `--port 5000` takes 5000 to 5009.");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { port, data, web }: Arguments) -> Result<()> {
    let options = WorldOptions {
        ports: Ports { page: port, sites: port + 1 },
        data: Some(data),
        web,
        sites: SiteOptions::three(),
        visitor: Some(Visitor { place: Place::Tokyo, window: WINDOW }),
        replication: Some(REPLICATION),
        ..WorldOptions::default()
    };
    let mut world = World::start(options).await?;
    println!("Open {} in a browser. Ctrl-C ends the demo.", world.page_url());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C cannot be waited for")?,
        obeyed = world.obey() => obeyed.context("the page's controls failed")?,
    }
    world.stop().await;
    Ok(())
}

fn is_taken_port(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let problem = match cause.downcast_ref::<BuildError>() {
            Some(BuildError::Listen { problem, .. }) => Some(problem),
            Some(_) | None => cause.downcast_ref::<io::Error>(),
        };
        problem.is_some_and(|problem| problem.kind() == io::ErrorKind::AddrInUse)
    })
}
