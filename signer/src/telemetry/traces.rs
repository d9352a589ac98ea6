//! Traces, by OTLP over HTTP: a span for each call and for each call to the storage. A caller's `traceparent` is gone on with.
//! See <https://www.w3.org/TR/trace-context/>.

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::config::Origin;
use crate::crypto;

const SERVICE: &str = "nearput-signer";

/// Traces that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent: {0}")]
pub struct TracesError(ExporterBuildError);

pub(super) fn provider(collector: &Origin) -> Result<SdkTracerProvider, TracesError> {
    crypto::install();
    let exporter = SpanExporter::builder().with_http().with_endpoint(format!("{collector}/v1/traces"));
    let exporter = exporter.build().map_err(TracesError)?;
    Ok(SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(SERVICE).build())
        .with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build())
        .build())
}

pub(super) fn layer<S>(provider: &SdkTracerProvider) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE)).with_location(false).with_threads(false)
}

/// Makes the span part of the trace that the caller is in, if it says so.
pub(super) fn go_on(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        // Fails where no traces are sent, and then nothing is lost.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
