//! A section of the profile: its settings, each declared once with its meaning, default, variables and bounds.

use std::ops::RangeInclusive;

use super::reader::Reader;
use super::value::SettingValue;

/// What is known of a setting before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Where it stands in a file, as `section.key`.
    pub key: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Its value where none is given.
    pub default: &'static str,
    /// The variables that give it, the first being the usual one.
    pub variables: &'static [&'static str],
    /// Whether each variable may also be given as `*_FILE`, the path of a file that holds the value.
    pub is_secret: bool,
}

/// A group of settings.
pub(super) trait Section: Sized {
    /// All of them.
    const SETTINGS: &'static [Setting];

    /// Reads all of them, and notes every mistake.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Refuses what is out of bounds.
pub(super) fn check<T: SettingValue + PartialOrd>(
    range: &RangeInclusive<T>,
) -> impl Fn(&T) -> Result<(), String> {
    move |value| {
        if range.contains(value) {
            return Ok(());
        }
        Err(format!("is out of bounds: choose from {} to {}", range.start().show(), range.end().show()))
    }
}

/// Declares a section: `field "key": Type = "default", ["VARIABLE", ..], bounds;`, bounds being optional.
macro_rules! section {
    (@bounds) => { |_: &_| Ok(()) };
    (@bounds $range:expr) => { $crate::profile::section::check(&$range) };
    ($(#[$doc:meta])* $section:ident $name:literal {
        $($(#[doc = $about:literal])+
        $field:ident $key:literal : $type:ty = $default:literal,
        [$($variable:literal),+ $(,)?] $(, $range:expr)?;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $section {
            $($(#[doc = $about])+ pub $field: $type,)+
        }

        impl $crate::profile::section::Section for $section {
            const SETTINGS: &'static [$crate::profile::section::Setting] = &[
                $($crate::profile::section::Setting {
                    key: concat!($name, ".", $key),
                    about: concat!($($about),+).trim_ascii_start(),
                    default: $default,
                    variables: &[$($variable),+],
                    is_secret: <$type as $crate::profile::value::SettingValue>::SECRET,
                }),+
            ];

            fn read(reader: &mut $crate::profile::reader::Reader<'_>) -> Option<Self> {
                let mut settings = Self::SETTINGS.iter();
                // Read all before any is missed, so that every mistake is noted.
                $(let $field = reader.read::<$type>(settings.next()?, section!(@bounds $($range)?));)+
                Some($section { $($field: $field?),+ })
            }
        }
    };
}
pub(super) use section;
