//! Keys of an issuer, made on this machine.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey as Ed25519Key;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use p256::SecretKey as P256Key;
use p384::SecretKey as P384Key;
use p384::elliptic_curve::sec1::{Coordinates, ToEncodedPoint};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};

/// Made once in a process: it takes seconds.
static RSA_KEY: LazyLock<RsaPrivateKey> =
    LazyLock::new(|| RsaPrivateKey::new(&mut OsRng, 2048).expect("a machine has randomness"));

/// A key pair.
#[derive(Clone)]
pub struct IssuerKey {
    pub id: String,
    /// The algorithm by which it signs, unless told otherwise.
    pub algorithm: Algorithm,
    /// As JWK sets publish it.
    pub jwk: Value,
    /// In PEM and in DER, as somebody would try them for a secret.
    pub public: Vec<Vec<u8>>,
    pub(super) private: EncodingKey,
}

impl IssuerKey {
    /// A new key for an algorithm; those of RSA are all the same one.
    pub fn new(id: &str, algorithm: Algorithm) -> Self {
        let (private, public, mut jwk) = match algorithm.family() {
            AlgorithmFamily::Rsa => rsa(&RSA_KEY),
            AlgorithmFamily::Ec if algorithm == Algorithm::ES384 => {
                let key = P384Key::random(&mut OsRng);
                let point = key.public_key().to_encoded_point(false);
                (EncodingKey::from_ec_der(&pkcs8(&key)), public(&key.public_key()), ec("P-384", point.coordinates()))
            }
            AlgorithmFamily::Ec => {
                let key = P256Key::random(&mut OsRng);
                let point = key.public_key().to_encoded_point(false);
                (EncodingKey::from_ec_der(&pkcs8(&key)), public(&key.public_key()), ec("P-256", point.coordinates()))
            }
            AlgorithmFamily::Ed => {
                let key = Ed25519Key::from_bytes(&random());
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": text(key.verifying_key().as_bytes()) });
                (EncodingKey::from_ed_der(&pkcs8(&key)), public(&key.verifying_key()), jwk)
            }
            AlgorithmFamily::Hmac => panic!("an issuer publishes its keys, so it has no secret ones"),
        };
        jwk["kid"] = id.into();
        jwk["use"] = "sig".into();
        jwk["alg"] = format!("{algorithm:?}").into();
        Self { id: id.to_owned(), algorithm, jwk, public, private }
    }

    /// An RSA key of any size, also of one that is too small.
    pub fn rsa_of_bits(id: &str, bits: usize) -> Self {
        let key = RsaPrivateKey::new(&mut OsRng, bits).expect("a machine has randomness");
        let (private, public, mut jwk) = rsa(&key);
        jwk["kid"] = id.into();
        Self { id: id.to_owned(), algorithm: Algorithm::RS256, jwk, public, private }
    }
}

fn rsa(key: &RsaPrivateKey) -> (EncodingKey, Vec<Vec<u8>>, Value) {
    let private = key.to_pkcs1_der().expect("a key can be written");
    let public_key: RsaPublicKey = key.to_public_key();
    let mut forms = public(&public_key);
    forms.push(public_key.to_pkcs1_pem(LineEnding::LF).expect("a key can be written").into_bytes());
    forms.push(public_key.to_pkcs1_der().expect("a key can be written").into_vec());
    let jwk = json!({ "kty": "RSA", "n": text(&key.n().to_bytes_be()), "e": text(&key.e().to_bytes_be()) });
    (EncodingKey::from_rsa_der(private.as_bytes()), forms, jwk)
}

fn ec(curve: &str, point: Coordinates<'_, impl p384::elliptic_curve::sec1::ModulusSize>) -> Value {
    match point {
        Coordinates::Uncompressed { x, y } => json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) }),
        Coordinates::Identity | Coordinates::Compact { .. } | Coordinates::Compressed { .. } => {
            unreachable!("it was asked for uncompressed")
        }
    }
}

fn pkcs8(key: &impl EncodePrivateKey) -> Vec<u8> {
    key.to_pkcs8_der().expect("a key can be written").as_bytes().to_vec()
}

fn public(key: &impl EncodePublicKey) -> Vec<Vec<u8>> {
    let pem = key.to_public_key_pem(LineEnding::LF).expect("a key can be written");
    let der = key.to_public_key_der().expect("a key can be written");
    vec![pem.trim_end().as_bytes().to_vec(), pem.into_bytes(), der.into_vec()]
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rsa::rand_core::RngCore::fill_bytes(&mut OsRng, &mut bytes);
    bytes
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
