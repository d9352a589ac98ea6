//! Right tokens that were changed, in any way.

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use nearput_dev::IssuerKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{REFUSED, Scene};

/// A way to change a token.
#[derive(Debug, Clone)]
enum Change {
    Bit {
        at: prop::sample::Index,
        bit: u8,
    },
    Insert {
        at: prop::sample::Index,
        byte: u8,
    },
    Remove {
        at: prop::sample::Index,
    },
    Cut {
        at: prop::sample::Index,
    },
    /// A part of the token in the place of another one.
    Part {
        of: usize,
        by: usize,
    },
    Swap {
        one: usize,
        other: usize,
    },
    /// A claim, or an entry of the header, with another value.
    Entry {
        part: usize,
        name: String,
        value: u32,
    },
    /// The signature of another right token.
    Signature,
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let name = prop::sample::select(vec!["sub", "aud", "iss", "exp", "groups", "alg", "kid", "typ", "new"]);
    prop_oneof![
        (at(), 0..7_u8).prop_map(|(at, bit)| Change::Bit { at, bit }),
        (at(), prop::sample::select(b".=-_Aa0 ".to_vec())).prop_map(|(at, byte)| Change::Insert { at, byte }),
        at().prop_map(|at| Change::Remove { at }),
        at().prop_map(|at| Change::Cut { at }),
        (0..3_usize, 0..3_usize).prop_map(|(of, by)| Change::Part { of, by }),
        (0..3_usize, 0..3_usize).prop_map(|(one, other)| Change::Swap { one, other }),
        (0..2_usize, name, any::<u32>()).prop_map(|(part, name, value)| Change::Entry {
            part,
            name: name.to_owned(),
            value
        }),
        Just(Change::Signature),
    ]
}

fn apply(change: &Change, token: &str, other: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    match change {
        Change::Bit { at, bit } => bytes[at.index(token.len())] ^= 1 << bit,
        Change::Insert { at, byte } => bytes.insert(at.index(token.len()), *byte),
        Change::Remove { at } => _ = bytes.remove(at.index(token.len())),
        Change::Cut { at } => bytes.truncate(at.index(token.len())),
        Change::Part { of, by } => parts[*by] = parts[*of].clone(),
        Change::Swap { one, other } => parts.swap(*one, *other),
        Change::Entry { part, name, value } => {
            let json = BASE64_URL_SAFE_NO_PAD.decode(&parts[*part]).expect("a right token");
            let mut object: Value = serde_json::from_slice(&json).expect("a right token");
            object[name] = (*value).into();
            parts[*part] = BASE64_URL_SAFE_NO_PAD.encode(object.to_string());
        }
        Change::Signature => parts[2] = other.rsplit('.').next().expect("three parts").to_owned(),
    }
    let by_parts = parts.join(".");
    if by_parts == token { String::from_utf8(bytes).expect("ASCII stays ASCII") } else { by_parts }
}

#[test]
fn no_change_to_a_token_is_accepted() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keys = vec![IssuerKey::new("ec", Algorithm::ES256), IssuerKey::new("ed", Algorithm::EdDSA)];
    let scene = runtime.block_on(Scene::start(keys, "algorithms = ['ES256', 'EdDSA']"))?;
    let tokens: Vec<_> = scene
        .issuer
        .keys()
        .iter()
        .map(|key| {
            ["me", "you"].map(|sub| key.sign(&key.header(), &scene.issuer.claims(json!({ "sub": sub, "groups": [] }))))
        })
        .collect();
    for [token, _] in &tokens {
        assert_eq!(runtime.block_on(scene.answer(token))?.0, 200);
    }
    proptest!(ProptestConfig::with_cases(1000), |(key in 0..2_usize, change in change())| {
        let [token, other] = &tokens[key];
        let changed = apply(&change, token, other);
        prop_assume!(changed != *token);
        // What no header can carry is sent in the body of a call elsewhere.
        prop_assume!(changed.bytes().all(|byte| byte.is_ascii_graphic()));
        let (status, code) = runtime.block_on(scene.answer(&changed)).expect("an answer");
        prop_assert_eq!((status, code.as_str()), REFUSED, "{}", changed);
    });
    Ok(())
}
