//! The words of `nearput-api` in the browser's own JSON: serde's would cost every page some 20 KB. The tests hold both to the same
//! shapes.

use js_sys::{Array, Object};
use nearput_api::{ChecksumAlgorithm, Plan, Profile};
use nearput_core::checksum::Checksum;
use nearput_core::parts::{Checked, Stored};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn property(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn property_at(list: &JsValue, index: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn set_property(object: &JsValue, name: &str, value: &JsValue);
}

/// A value that came, or is to go, as JSON. Names, tickets, addresses and the like pass through without becoming Rust's.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Json(pub(crate) JsValue);

impl Json {
    pub(crate) fn object() -> Self {
        Self(Object::new().into())
    }

    /// This object with one more property. Undefined is left out.
    pub(crate) fn with(self, name: &str, value: impl Into<JsValue>) -> Self {
        self.set(name, value.into());
        self
    }

    pub(crate) fn set(&self, name: &str, value: JsValue) {
        if !value.is_undefined() {
            set_property(&self.0, name, &value);
        }
    }

    pub(crate) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        let list = Array::new();
        items.into_iter().for_each(|item| _ = list.push(&item.0));
        Self(list.into())
    }

    /// The property of this name; undefined if there is none, or it is null.
    pub(crate) fn get(&self, name: &str) -> Self {
        Self(property(&self.0, name).ok().filter(|value| !value.is_null()).unwrap_or_default())
    }

    pub(crate) fn exists(&self) -> bool {
        !self.0.is_undefined()
    }

    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.exists() { self } else { other() }
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.get(name).0.as_string()
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).0.as_f64()
    }

    /// The items of this array.
    pub(crate) fn all(&self) -> impl Iterator<Item = Self> {
        self.0.clone().dyn_into::<Array>().unwrap_or_default().into_iter().map(Self)
    }

    /// What came of each of many: an empty object for those of which nothing is said.
    pub(crate) fn outcomes(&self, name: &str) -> impl Iterator<Item = Self> {
        let items = self.get(name);
        (0..).map(move |index| Self(property_at(&items.0, index).unwrap_or_default()).or(Self::object))
    }

    /// The items of the array of this name.
    pub(crate) fn items(&self, name: &str) -> impl Iterator<Item = Self> {
        self.get(name).0.dyn_into::<Array>().unwrap_or_default().into_iter().map(Self)
    }
}

impl From<Json> for JsValue {
    fn from(json: Json) -> Self {
        json.0
    }
}

/// What the storage of a site can do; nothing if that is more than this client knows of.
pub(crate) fn profile(site: &Json) -> Option<Profile> {
    let profile = site.get("profile");
    let can = |name: &str| profile.get(name).0.is_truthy();
    Some(Profile {
        max_parts: profile.number("max_parts")? as u32,
        min_part_size: profile.number("min_part_size")? as u64,
        checksum: match profile.string("checksum").as_deref() {
            None => None,
            Some("crc64nvme") => Some(ChecksumAlgorithm::Crc64nvme),
            Some("crc32c") => Some(ChecksumAlgorithm::Crc32c),
            Some(_) => return None,
        },
        form: can("form"),
        second_copies: can("second_copies"),
    })
}

pub(crate) fn plan(plan: Plan) -> Json {
    match plan {
        Plan::Form => Json::object().with("kind", "form"),
        Plan::Put => Json::object().with("kind", "put"),
        Plan::Multipart { part_size } => Json::object().with("kind", "multipart").with("part_size", part_size as f64),
    }
}

pub(crate) fn checksum(checksum: Option<Checksum>) -> JsValue {
    checksum.map(Checksum::to_base64).into()
}

pub(crate) fn parts_to_sign(parts: &[Checked]) -> Json {
    Json::list(parts.iter().map(|part| part_to_sign(part.number, part.checksum)))
}

pub(crate) fn completed_parts(parts: &[Stored]) -> Json {
    Json::list(parts.iter().map(|part| part_to_sign(part.number, part.checksum).with("etag", part.etag.as_ref())))
}

/// The parts that the storage holds, with their sizes in bytes.
pub(crate) fn stored_parts(reply: &Json) -> Vec<(Checked, u64)> {
    reply.items("parts").map(|part| (part_of(&part), part.number("size").unwrap_or_default() as u64)).collect()
}

/// The parts that a record of an interrupted upload tells of.
pub(crate) fn known_parts(record: &Json) -> Vec<Checked> {
    record.items("parts").map(|part| part_of(&part)).collect()
}

fn part_of(part: &Json) -> Checked {
    let checksum = part.string("checksum").and_then(|text| Checksum::from_base64(&text));
    Checked { number: part.number("number").unwrap_or_default() as u32, checksum }
}

pub(crate) fn counted(code: &str, count: u32) -> Json {
    Json::object().with("code", code).with("count", count)
}

fn part_to_sign(number: u32, of: Option<Checksum>) -> Json {
    Json::object().with("number", number).with("checksum", checksum(of))
}

#[cfg(test)]
mod tests {
    use js_sys::JSON;
    use nearput_api::{CompletedPart, OpenFile, PartToSign, Path, PathKind, Site};
    use nearput_core::checksum::Hasher;
    use serde::de::DeserializeOwned;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// As the signer reads it.
    fn read<T: DeserializeOwned>(json: &Json) -> T {
        let text = String::from(JSON::stringify(&json.0).expect("it can be sent"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    fn some_checksum() -> Checksum {
        Hasher::new(ChecksumAlgorithm::Crc64nvme).extend(Checksum::EMPTY, b"123456789")
    }

    #[wasm_bindgen_test]
    fn a_sites_profile_is_read_as_the_signer_wrote_it() {
        for checksum in [Some(ChecksumAlgorithm::Crc64nvme), Some(ChecksumAlgorithm::Crc32c), None] {
            let site = Site {
                id: "tokyo".to_owned(),
                region: "ap-northeast-1".to_owned(),
                paths: vec![Path {
                    id: "regional".to_owned(),
                    kind: PathKind::Regional,
                    probe_url: "https://probe.example".to_owned(),
                }],
                profile: Profile {
                    max_parts: 10_000,
                    min_part_size: 5 << 20,
                    checksum,
                    form: checksum.is_some(),
                    second_copies: checksum.is_none(),
                },
                credentials: false,
                access_point: false,
            };
            let text = serde_json::to_string(&site).expect("it can be written");
            let json = Json(JSON::parse(&text).expect("it is JSON"));
            assert_eq!(profile(&json), Some(site.profile));
        }
    }

    #[wasm_bindgen_test]
    fn whatever_a_reply_leaves_out_has_an_outcome_all_the_same() {
        for (reply, has_first) in
            [(r#"{"uploads": [{"key": "k"}]}"#, true), (r#"{"uploads": []}"#, false), ("{}", false)]
        {
            let reply = Json(JSON::parse(reply).expect("it is JSON"));
            let keys: Vec<bool> = reply.outcomes("uploads").take(2).map(|one| one.get("key").exists()).collect();
            assert_eq!(keys, [has_first, false]);
        }
    }

    #[wasm_bindgen_test]
    fn an_algorithm_of_a_later_version_is_not_taken_for_none() {
        let site = r#"{"profile": {"max_parts": 1, "min_part_size": 1, "checksum": "crc128"}}"#;
        assert_eq!(profile(&Json(JSON::parse(site).expect("it is JSON"))), None);
    }

    #[wasm_bindgen_test]
    fn the_signer_reads_what_is_asked_of_it() {
        let checked = [Checked { number: 1, checksum: Some(some_checksum()) }, Checked { number: 2, checksum: None }];
        let file = Json::object()
            .with("name", "a \u{1f4e6}\".txt")
            .with("size", 9_000_000_000_000f64)
            .with("type", "text/plain")
            .with("access", JsValue::UNDEFINED)
            .with("plan", plan(Plan::Multipart { part_size: 8 << 20 }))
            .with("parts", parts_to_sign(&checked));
        let file: OpenFile = read(&file);
        assert_eq!((file.name.as_str(), file.size, file.access), ("a \u{1f4e6}\".txt", 9_000_000_000_000, None));
        assert_eq!(file.plan, Plan::Multipart { part_size: 8 << 20 });
        let text = Some("rosUhgp5mIg=".to_owned());
        let part = |number, checksum| PartToSign { number, checksum };
        assert_eq!(file.parts, [part(1, text.clone()), part(2, None)]);
        for kind in [Plan::Form, Plan::Put] {
            assert_eq!(read::<Plan>(&plan(kind)), kind);
        }

        let etag = Some("\"e\"".to_owned());
        let stored = [Stored { number: 7, checksum: Some(some_checksum()), etag, doubtful: false }];
        let parts: Vec<CompletedPart> = read(&completed_parts(&stored));
        assert_eq!(parts, [CompletedPart { number: 7, etag: Some("\"e\"".to_owned()), checksum: text }]);
    }
}
