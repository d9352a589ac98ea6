//! The words of `nearput-api` in the browser's own JSON. Serde would double the module; `tests/wire.rs` holds both to the same
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

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn set_property(object: &JsValue, name: &str, value: &JsValue);
}

/// A value that came, or is to go, as JSON. Names, tickets, addresses and the like pass through without becoming Rust's.
#[derive(Clone, PartialEq)]
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
    Some(Profile {
        max_parts: profile.number("max_parts")? as u32,
        min_part_size: profile.number("min_part_size")? as u64,
        checksum: match profile.string("checksum").as_deref() {
            None => None,
            Some("crc64nvme") => Some(ChecksumAlgorithm::Crc64nvme),
            Some(_) => return None,
        },
    })
}

pub(crate) fn plan(plan: Plan) -> Json {
    match plan {
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

fn part_to_sign(number: u32, of: Option<Checksum>) -> Json {
    Json::object().with("number", number).with("checksum", checksum(of))
}
