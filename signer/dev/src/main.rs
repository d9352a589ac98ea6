//! `nearput-dev`: the demo on this machine.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use nearput_dev::{Ports, World, WorldOptions};
use nearput_signer::BuildError;
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
                eprintln!("Stop what uses the port, or choose others: `--port 5000` takes 5000, 5001 and 5002.");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { port, data, web }: Arguments) -> Result<()> {
    let ports = Ports { page: port, signer: port + 1, s3: port + 2 };
    let world = World::start(WorldOptions { ports, data: Some(data), web, ..WorldOptions::default() }).await?;
    println!("Open {} in a browser. Ctrl-C ends the demo.", world.page_url());
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
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
