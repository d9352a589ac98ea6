//! What TLS is made of in this process.

/// Makes ring the one that rustls uses wherever nothing else is said. To be called before anything speaks TLS; again does no harm.
pub(crate) fn install() {
    // Fails where it has been done, or where the program around this library has chosen another.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
