//! Which keys there may be.

use super::{BlobError, Result};

/// Long enough for all of ours, and short enough for every home.
const MAX_BYTES: usize = 512;

/// A key is made of segments between slashes: letters, digits, `-`, `_` and `.`, the last not at the beginning. So no key
/// leaves its folder, none needs escaping in a URL, and names that begin with a dot are free for what is half written.
pub fn check(key: &str) -> Result<()> {
    let is_sound = !key.is_empty() && key.len() <= MAX_BYTES && key.split('/').all(is_segment);
    if is_sound { Ok(()) } else { Err(BlobError::Refused(format!("'{}' is no key", key.escape_debug()))) }
}

fn is_segment(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn our_keys_are_keys() {
        for key in ["workbooks/0af3", "samples/0198-a/0198-b-3.parquet", "x"] {
            check(key).unwrap();
        }
    }

    #[test]
    fn what_leaves_a_folder_or_hides_in_it_is_no_key() {
        let long = "x".repeat(513);
        for key in [
            "", "/", "/x", "x/", "x//y", "../x", "x/../y", ".", ".x", "x/.y", "x\\y", "x y", "é", "x\0",
            &long,
        ] {
            assert!(matches!(check(key), Err(BlobError::Refused(_))), "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_stays_below_any_folder(key in "[a-z./\\\\]{0,12}") {
            if check(&key).is_ok() {
                let path = std::path::Path::new("/root").join(&key);
                prop_assert!(path.starts_with("/root"));
                prop_assert!(path.components().skip(1).all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
