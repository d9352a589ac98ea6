//! The program: `signer serve`, and what an operator does besides.

mod advising;
mod checking;
mod signals;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Args, Parser, Subcommand};
use nearput_signer::{
    Config, Secrets, SweepOptions, Trial, build, build_function, health, parse_duration, start_telemetry, sweep,
};

use advising::Advise;
use checking::Check;
use signals::Signals;

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
    /// Says by its exit code whether the signer with this configuration runs on this machine.
    Health(ConfigFile),
    /// Lists the multipart uploads that were opened long ago, and aborts them if it is told to.
    Sweep(Sweep),
    /// Compares the topologies by what they cost and how fast they are, and recommends one.
    Advise(Box<Advise>),
    /// Looks whether buckets, signers and names are as they should be, and says how to mend what is not.
    Check(Box<Check>),
    /// Works on the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Asks the rules of the configuration.
    #[command(subcommand)]
    Policy(PolicyCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Says whether the file is valid, and what is doubtful in it. Secrets and certificates are looked at by `serve`.
    Check(ConfigFile),
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Says what would become of a file, and why. Fails where it would be refused.
    Test(PolicyTest),
}

#[derive(Args)]
struct PolicyTest {
    #[command(flatten)]
    config: ConfigFile,
    /// A JSON file with the claims of the caller's token. Without it, or with `{}` in it, the caller is anonymous.
    #[arg(long = "as", value_name = "FILE")]
    claims: Option<PathBuf>,
    /// The file's name, its size in bytes and its media type.
    #[arg(long, value_name = "NAME,SIZE,TYPE", value_parser = parse_file)]
    file: TriedFile,
    /// The access level; without it, the caller's default.
    #[arg(long, value_name = "LEVEL")]
    access: Option<String>,
    /// The site; without it, the one that the signer prefers.
    #[arg(long, value_name = "ID")]
    site: Option<String>,
}

#[derive(Clone)]
struct TriedFile {
    name: String,
    size: u64,
    content_type: String,
}

#[derive(Args)]
struct Sweep {
    #[command(flatten)]
    file: ConfigFile,
    /// Only uploads that were opened longer ago, such as 36h or 7d. An upload may take as long as
    /// `tickets.max_lifetime` says.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Duration,
    /// Only at this site; at every site without it.
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Only keys that begin so, where the bucket has other users as well.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Aborts them. Without this, they are only listed.
    #[arg(long)]
    abort: bool,
}

#[derive(Args)]
struct ConfigFile {
    /// The TOML file with the configuration.
    #[arg(long = "config", value_name = "FILE")]
    path: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Lambda starts a program without arguments: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() && env::args_os().len() == 1 {
        return ended(serve_events().await);
    }
    ended(match Arguments::parse().command {
        Command::Serve(file) => serve(file).await,
        Command::Health(file) => ask_health(file).await,
        Command::Sweep(sweep) => clear_away(sweep).await,
        Command::Advise(asked) => asked.run(),
        Command::Check(asked) => return asked.run().await,
        Command::Config(ConfigCommand::Check(file)) => check(file),
        Command::Policy(PolicyCommand::Test(asked)) => test_policy(asked),
    })
}

fn ended(done: Result<(), Box<dyn Error>>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    let config = Config::load(&file.path)?;
    println!("{} is valid", file.path.display());
    for doubt in config.doubts() {
        println!("but consider {doubt}");
    }
    Ok(())
}

fn test_policy(asked: PolicyTest) -> Result<(), Box<dyn Error>> {
    let PolicyTest { config, claims, file: TriedFile { name, size, content_type }, access, site } = asked;
    let claims = claims.map(|path| read(&path)).transpose()?;
    let trial = Trial { claims, name, size, content_type, access, site };
    println!("{}", trial.run(Config::load(&config.path)?)?);
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|problem| format!("{} cannot be read: {problem}", path.display()))
}

/// A name may have commas.
fn parse_file(text: &str) -> Result<TriedFile, String> {
    let mut parts = text.rsplitn(3, ',');
    let (content_type, size, name) = (parts.next(), parts.next(), parts.next());
    let size = size.and_then(|size| size.trim().parse().ok());
    match (name, size, content_type) {
        (Some(name), Some(size), Some(content_type)) => {
            Ok(TriedFile { name: name.to_owned(), size, content_type: content_type.trim().to_owned() })
        }
        (None, _, _) | (_, None, _) | (_, _, None) => {
            Err("write name, size in bytes and media type, as in `a.png,1024,image/png`".to_owned())
        }
    }
}

async fn serve(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    let signals = Signals::listen()?;
    let config = Config::load(&file.path)?;
    let secrets = Secrets::from_environment(&config)?;
    let telemetry = start_telemetry(&config)?;
    let server = build(config, secrets).await?;
    let reload = server.reload();
    let stop = signals.stop(move || {
        let (reload, path) = (reload.clone(), file.path.clone());
        async move { reload.file(&path).await }
    });
    server.run(stop).await?;
    tokio::task::spawn_blocking(|| telemetry.end()).await?;
    Ok(())
}

async fn clear_away(Sweep { file, older_than, site, prefix, abort }: Sweep) -> Result<(), Box<dyn Error>> {
    let config = Config::load(&file.path)?;
    let secrets = Secrets::of_sites(&config)?;
    let mut count = 0;
    let options = SweepOptions { older_than, site, prefix, abort };
    sweep(&config, secrets, &options, SystemTime::now(), |stale| {
        println!("{}  {}  opened {} h ago", stale.site, stale.key, stale.age.as_secs() / 3600);
        count += 1;
    })
    .await?;
    match (count, abort) {
        (0, _) => println!("There are no uploads so old."),
        (_, true) => println!("{count} uploads aborted."),
        (_, false) => println!("{count} uploads found. Abort them with --abort."),
    }
    Ok(())
}

async fn ask_health(file: ConfigFile) -> Result<(), Box<dyn Error>> {
    Ok(health(&Config::load(&file.path)?).await?)
}

/// Answers the events of AWS Lambda.
async fn serve_events() -> Result<(), Box<dyn Error>> {
    let config = Config::from_environment()?;
    let secrets = Secrets::from_environment(&config)?;
    let _telemetry = start_telemetry(&config)?;
    let function = build_function(config, secrets).await?;
    function.run().await.map_err(|error| error as Box<dyn Error>)
}
