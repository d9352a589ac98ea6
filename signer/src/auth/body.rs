//! The JSON of a body, read straight into what the call takes: a tree of values in between could take a hundred times the memory
//! of what was sent, and who sent it is not known yet.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::call::InvalidBody;

const TOKEN: &str = "token";

/// The token in a body, which must be an object of JSON.
pub(super) fn token(body: &[u8]) -> Result<Option<String>, InvalidBody> {
    let mut json = serde_json::Deserializer::from_slice(or_nothing(body));
    let found = json.deserialize_map(TokenVisitor).and_then(|found| json.end().map(|()| found));
    match found.map_err(InvalidBody::NotJson)? {
        Shown::Nothing => Ok(None),
        Shown::Text(token) => Ok(Some(token)),
        Shown::Other => Err(InvalidBody::TokenNotText),
    }
}

/// What the call takes. A token beside it is passed over, unless it was shown elsewhere.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], may_have_token: bool) -> Result<T, InvalidBody> {
    let mut json = serde_json::Deserializer::from_slice(or_nothing(body));
    let object = Object { json: &mut json, may_have_token };
    let read = serde_path_to_error::deserialize(object).map_err(InvalidBody::NotTheCall)?;
    json.end().map_err(InvalidBody::NotJson)?;
    Ok(read)
}

/// An empty body asks for nothing.
fn or_nothing(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"{}" } else { body }
}

/// What stands where a token should.
enum Shown {
    Nothing,
    Text(String),
    Other,
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shown, A::Error> {
        let mut shown = Shown::Nothing;
        while let Some(key) = map.next_key::<String>()? {
            if key == TOKEN {
                shown = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(shown)
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShownVisitor)
    }
}

struct ShownVisitor;

impl<'de> Visitor<'de> for ShownVisitor {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E>(self, text: &str) -> Result<Shown, E> {
        Ok(Shown::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Shown, E> {
        Ok(Shown::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shown, E> {
        Ok(Shown::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shown, E> {
        Ok(Shown::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shown, E> {
        Ok(Shown::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shown, E> {
        Ok(Shown::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shown, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shown::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shown, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shown::Other)
    }
}

/// An object of JSON, and nothing else. (A struct would else be read from a list as well.)
struct Object<'a, R> {
    json: &'a mut serde_json::Deserializer<R>,
    may_have_token: bool,
}

impl<'de, R: serde_json::de::Read<'de>> Deserializer<'de> for Object<'_, R> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let may_have_token = self.may_have_token;
        self.json.deserialize_map(Fields { visitor, may_have_token, of: PhantomData })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of an object, without its token.
struct Fields<'de, I> {
    visitor: I,
    may_have_token: bool,
    of: PhantomData<&'de ()>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Fields { visitor: map, may_have_token: self.may_have_token, of: PhantomData })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.visitor.next_key::<String>()? {
            if self.may_have_token && key == TOKEN {
                self.visitor.next_value::<IgnoredAny>()?;
            } else {
                return seed.deserialize(StringDeserializer::new(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.visitor.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        names: Vec<String>,
    }

    #[test]
    fn a_token_is_found_wherever_it_stands_and_passed_over_when_the_rest_is_read() {
        for body in [r#"{"token":"t","names":["a"]}"#, r#"{"names":["a"],"token":"t"}"#] {
            assert_eq!(token(body.as_bytes()).expect("an object").as_deref(), Some("t"));
            assert_eq!(read::<Asked>(body.as_bytes(), true).expect("a call"), Asked { names: vec!["a".to_owned()] });
            let error = read::<Asked>(body.as_bytes(), false).expect_err("the token was shown elsewhere");
            assert!(error.to_string().contains("unknown field `token`"), "{error}");
        }
        for none in ["", "{}", r#"{"token":null}"#, r#"{"names":[{"token":"t"}]}"#] {
            assert_eq!(token(none.as_bytes()).expect("an object"), None, "{none}");
        }
    }

    #[test]
    fn only_an_object_is_a_body_and_only_text_is_a_token() {
        for wrong in ["[]", "7", r#""{}""#, "{", "{}}", "[[\"a\"]]", "null"] {
            assert!(matches!(token(wrong.as_bytes()), Err(InvalidBody::NotJson(_))), "{wrong}");
            assert!(read::<Asked>(wrong.as_bytes(), true).is_err(), "{wrong}");
        }
        for wrong in ["7", "-7", "1.5", "true", "[\"t\"]", r#"{"t":1}"#] {
            let body = format!(r#"{{"token":{wrong}}}"#);
            assert!(matches!(token(body.as_bytes()), Err(InvalidBody::TokenNotText)), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let error = read::<Asked>(b"{\"names\":\n[\"a\",7]}", true).expect_err("7 is no name").to_string();
        assert!(error.contains("names[1]") && error.contains("line 2"), "{error}");
    }
}
