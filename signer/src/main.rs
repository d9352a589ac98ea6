//! `signer serve` and `signer config check`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use nearput_signer::{Config, Secrets, build, start_telemetry};

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
    Serve(ConfigFile),
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
        Command::Serve(file) => serve(file).await,
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

async fn serve(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    let config = Config::load(&file.path)?;
    let secrets = Secrets::from_environment(&config)?;
    let telemetry = start_telemetry(&config)?;
    build(config, secrets).await?.run(interrupted()).await?;
    tokio::task::spawn_blocking(|| telemetry.end()).await?;
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
