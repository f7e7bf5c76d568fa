//! Stand-ins for types of `proto` that are on their way; goes when they land.

use std::convert::Infallible;

macro_rules! text {
    ($name:ident) => {
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Keeps the text.
            ///
            /// # Errors
            /// None yet.
            pub fn parse(text: &str) -> Result<Self, Infallible> {
                Ok(Self(text.to_owned()))
            }
        }
    };
}

text!(ProxyList);
text!(Patterns);
text!(VerifierKey);
