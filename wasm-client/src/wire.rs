//! The words of `nearput-api` in the browser's own JSON. Serde would double the module; `tests/wire.rs` holds both to the same
//! shapes.

use js_sys::{Array, JSON, Object, Reflect};
use nearput_api::{ChecksumAlgorithm, Plan, Profile};
use nearput_core::checksum::Checksum;
use nearput_core::parts::{Checked, Stored};
use wasm_bindgen::{JsCast, JsValue};

/// A value that came, or is to go, as JSON.
#[derive(Clone)]
pub(crate) struct Json(pub(crate) JsValue);

impl Json {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    /// The property of this name, if there is one and it is not null.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        let value = Reflect::get(&self.0, &name.into()).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.get(name)?.0.as_string()
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.0.as_f64()
    }

    /// The items of the array of this name.
    pub(crate) fn items(&self, name: &str) -> Vec<Self> {
        let array = self.get(name).and_then(|value| value.0.dyn_into::<Array>().ok());
        array.map_or(Vec::new(), |array| array.iter().map(Self).collect())
    }

    /// The names and values of an object.
    pub(crate) fn entries(&self) -> Vec<(String, String)> {
        let Some(object) = self.0.dyn_ref::<Object>() else { return Vec::new() };
        let pair = |entry: JsValue| {
            let entry: Array = entry.unchecked_into();
            Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
        };
        Object::entries(object).iter().filter_map(pair).collect()
    }
}

/// A JavaScript object; what is undefined is left out.
pub(crate) fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    for (name, value) in entries {
        set(&object, name, value);
    }
    object
}

pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    if !value.is_undefined() {
        // A plain object takes any property.
        let _ = Reflect::set(object, &name.into(), value);
    }
}

pub(crate) fn array(items: impl Iterator<Item = JsValue>) -> JsValue {
    let array = Array::new();
    items.for_each(|item| _ = array.push(&item));
    array.into()
}

/// What the storage of a site can do; nothing if that is more than this client knows of.
pub(crate) fn profile(site: &Json) -> Option<Profile> {
    let profile = site.get("profile")?;
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

pub(crate) fn plan(plan: Plan) -> JsValue {
    match plan {
        Plan::Put => object(&[("kind", "put".into())]),
        Plan::Multipart { part_size } => {
            object(&[("kind", "multipart".into()), ("part_size", (part_size as f64).into())])
        }
    }
}

pub(crate) fn checksum(checksum: Option<Checksum>) -> JsValue {
    checksum.map(Checksum::to_base64).into()
}

pub(crate) fn parts_to_sign(parts: &[Checked]) -> JsValue {
    array(parts.iter().map(|part| object(&[("number", part.number.into()), ("checksum", checksum(part.checksum))])))
}

pub(crate) fn completed_parts(parts: &[Stored]) -> JsValue {
    array(parts.iter().map(|part| {
        let etag = part.etag.as_ref().into();
        object(&[("number", part.number.into()), ("etag", etag), ("checksum", checksum(part.checksum))])
    }))
}
