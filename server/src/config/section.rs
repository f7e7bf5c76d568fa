//! How a section of the configuration is listed.

macro_rules! at {
    ($settings:ident, $key:ident) => {
        $settings.$key
    };
    ($settings:ident, $key:ident, $($place:ident).+) => {
        $settings.$($place).+
    };
}

/// Makes the section of some settings. A key has the name of the field it fills,
/// unless the field is named after `=>`.
macro_rules! section {
    ($name:ident of $settings:ty { $($key:ident: $part:ty $(=> $($place:ident).+)?,)+ }) => {
        #[derive(Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $name {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                $key: Option<$part>,
            )+
        }

        impl Part for $name {
            type Setting = $settings;

            fn fill(self, settings: &mut $settings) {
                $(if let Some(part) = self.$key {
                    part.fill(&mut at!(settings, $key $(, $($place).+)?));
                })+
            }

            fn of(settings: &$settings) -> Self {
                Self {
                    $($key: Some(Part::of(&at!(settings, $key $(, $($place).+)?))),)+
                }
            }

            fn schema() -> Schema {
                Schema::Section(vec![$((stringify!($key), <$part>::schema()),)+])
            }
        }
    };
}

pub(super) use {at, section};
