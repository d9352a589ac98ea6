//! What the program says of itself while it runs: logs, and traces where a collector is configured. What it counts is in
//! [`crate::metrics`].

mod request;
mod traces;

use std::io::IsTerminal as _;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

pub(crate) use request::{REQUEST_ID, observe};
pub use traces::TracesError;

use crate::config::{Config, LogFormat};

/// Keeps what is still to be sent. What is left at the end is sent by [`Telemetry::end`].
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Begins to log to the standard error, first what is doubtful in the configuration, and to send traces, as that has it. To be called once, in a runtime of tokio.
pub fn start(config: &Config) -> Result<Telemetry, TracesError> {
    let telemetry = &config.telemetry;
    let provider = telemetry.traces.as_ref().map(traces::provider).transpose()?;
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match telemetry.format {
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(log.with_filter(own(telemetry.log.into())))
        .with(provider.as_ref().map(|provider| traces::layer(provider).with_filter(own(Level::INFO))))
        .init();
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    Ok(Telemetry(provider))
}

/// What the libraries say below a warning holds requests, and so secrets.
fn own(level: Level) -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target("nearput_signer", level)
}

impl Telemetry {
    /// Sends what is left to be sent. Blocks for a moment.
    pub fn end(self) {
        if let Some(provider) = self.0 {
            // A collector that is gone by now is no reason to fail.
            let _ = provider.shutdown();
        }
    }
}
