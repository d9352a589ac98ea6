//! `signer serve` and `signer config check`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use nearput_signer::{Config, Secrets, build};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Says who may upload what to S3, and never touches the bytes.
#[derive(Parser)]
#[command(name = "signer", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is interrupted.
    Serve {
        #[command(flatten)]
        file: ConfigFile,
        /// How much the signer logs about itself: error, warn, info, debug or trace.
        #[arg(long, default_value = "info")]
        log: Level,
    },
    /// Works on the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Says whether the signer would start with it.
    Check(ConfigFile),
}

#[derive(Args)]
struct ConfigFile {
    /// The TOML file with the configuration.
    #[arg(long = "config", value_name = "FILE")]
    path: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve { file, log } => serve(file, log).await,
        Command::Config(ConfigCommand::Check(file)) => check(file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    Config::load(&file.path)?;
    println!("{} is valid", file.path.display());
    Ok(())
}

async fn serve(file: ConfigFile, log: Level) -> Result<(), Box<dyn Error>> {
    // What the libraries say below a warning holds requests, and so secrets.
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("nearput_signer", log);
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(output).with(filter).init();

    let config = Config::load(&file.path)?;
    let secrets = Secrets::from_environment(&config)?;
    build(config, secrets).await?.run(interrupted()).await?;
    Ok(())
}

/// Done when the process is asked to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM can be set");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}
